//! IP addresses, e-mail addresses and host names, found so that each gets a pseudonym. Not for: secrets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::family::Family;
use super::span::{Finder, Span, Tail};
use super::token::{CLOSE, OPEN};

/// What gets a pseudonym: the same value the same token in every file of a bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pseudonymize {
    IpAddresses,
    /// Each address gets two tokens: its subnet's (/24, /64), and its own.
    IpAddressesKeepSubnets,
    EmailAddresses,
    HostNames,
}

/// Top-level words that make dotted words a host name; others are versions, files and packages.
const TOP_LEVEL: &[&str] = &[
    "com", "net", "org", "io", "dev", "cloud", "app", "internal", "local", "lan", "corp", "intra", "svc", "home", "de",
    "uk", "eu", "us", "fr", "ch", "at", "nl", "jp", "cn", "in", "au", "ca", "br", "it", "es", "se", "no", "fi", "dk",
    "pl", "edu", "gov", "mil", "info", "biz", "tech", "ai", "co", "me", "xyz", "site", "online", "network", "systems",
    "tools",
];

#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    addresses: bool,
    subnets: bool,
    emails: bool,
    hosts: bool,
}

impl Pseudonyms {
    pub(super) fn new(wanted: &[Pseudonymize]) -> Self {
        let has = |kind| wanted.contains(&kind);
        Self {
            addresses: has(Pseudonymize::IpAddresses) || has(Pseudonymize::IpAddressesKeepSubnets),
            subnets: has(Pseudonymize::IpAddressesKeepSubnets),
            emails: has(Pseudonymize::EmailAddresses),
            hosts: has(Pseudonymize::HostNames),
        }
    }

    /// The subnet of an address in text form: /24 of v4, /64 of v6.
    pub(super) fn subnet(address: &[u8]) -> Option<Vec<u8>> {
        match std::str::from_utf8(address).ok()?.parse().ok()? {
            IpAddr::V4(v4) => Some(v4.octets()[..3].to_vec()),
            IpAddr::V6(v6) => Some(v6.octets()[..8].to_vec()),
        }
    }

    pub(super) fn find(&self, text: &[u8], spans: &mut Vec<Span>) {
        if self.emails {
            find_emails(text, spans);
        }
        if self.addresses || self.hosts {
            self.find_words(text, spans);
        }
    }

    /// Walks over the words that consist of letters, digits, dots, colons and dashes.
    fn find_words(&self, text: &[u8], spans: &mut Vec<Span>) {
        let mut at = 0;
        while at < text.len() {
            if !is_word(text[at]) {
                at += 1;
                continue;
            }
            let end = text[at..].iter().position(|byte| !is_word(*byte)).map_or(text.len(), |next| at + next);
            if end - at <= 320 && text[at..end].iter().any(|byte| matches!(byte, b'.' | b':')) {
                self.word(text, at, end, spans);
            }
            at = end;
        }
    }

    fn word(&self, text: &[u8], start: usize, end: usize, spans: &mut Vec<Span>) {
        // Of `a@b.example::2` a token stands for the first part, of `fe80::1:y@b.example` for the last: what such a part leaves
        // of its word was no address and no host, and is none beside the token. A port may well be a token.
        if text[start] == b':' && text[..start].ends_with(CLOSE) {
            return;
        }
        let goes_on = text[end..].starts_with(OPEN);
        let is_part = |from: usize, to: usize| goes_on && (text[to] != b':' || text[from..to].contains(&b':'));
        if self.addresses
            && let Some((from, to)) = address(&text[start..end])
            && !is_part(start + from, start + to)
        {
            let family = if self.subnets { Family::Subnet } else { Family::Address };
            return spans.push(found(start + from, start + to, family));
        }
        if self.hosts && may_begin_host(text, start) {
            let name_end = text[start..end].iter().position(|byte| *byte == b':').map_or(end, |colon| start + colon);
            let name = text[start..name_end].trim_ascii_end();
            let name = name.strip_suffix(b".").unwrap_or(name);
            if is_host(name) && !is_part(start, name_end) {
                spans.push(found(start, start + name.len(), Family::Host));
            }
        }
    }
}

fn found(start: usize, end: usize, family: Family) -> Span {
    Span { start, end, finder: Finder::Pseudonym(family), priority: 0, quote: None, tail: Tail::Token }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-')
}

/// Where an address stands in a word that may also hold a port; loopback and unspecified addresses stay.
fn address(word: &[u8]) -> Option<(usize, usize)> {
    let text = std::str::from_utf8(word).ok()?;
    let trimmed = text.trim_end_matches(['.', ':', '-']);
    if let Ok(v6) = trimmed.parse::<Ipv6Addr>() {
        let mapped = v6.to_ipv4_mapped().is_some_and(kept_v4);
        return (trimmed.len() > 2 && !v6.is_loopback() && !v6.is_unspecified() && !mapped)
            .then_some((0, trimmed.len()));
    }
    let host = trimmed.split(':').next()?;
    let v4: Ipv4Addr = host.parse().ok()?;
    (!kept_v4(v4)).then_some((0, host.len()))
}

fn kept_v4(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_unspecified() || address.is_broadcast()
}

/// Not within a path, and behind an `@` only where that ends a URL's user: elsewhere it begins a version or a digest.
fn may_begin_host(text: &[u8], start: usize) -> bool {
    match text[..start] {
        [.., b'/', b'/'] => true,
        [.., b'/'] => false,
        [.., b'@'] => userinfo(text, start - 1).is_some(),
        _ => true,
    }
}

fn is_host(name: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(name) else { return false };
    let mut labels = text.split('.');
    let last = text.rsplit('.').next().unwrap_or_default();
    text.contains('.')
        && text.len() <= 253
        && TOP_LEVEL.contains(&last)
        && labels
            .all(|label| !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-'))
}

/// Letters of a URL's user and password that are looked at.
const LONGEST_USERINFO: usize = 256;

/// What stands between `://` and the `@` at `sign` (RFC 3986 §3.2.1), or none where that is no URL's.
fn userinfo(text: &[u8], sign: usize) -> Option<&[u8]> {
    let before = &text[sign.saturating_sub(LONGEST_USERINFO)..sign];
    let length =
        before.iter().rev().take_while(|byte| !byte.is_ascii_whitespace() && !b"/\"'<>".contains(byte)).count();
    let (scheme, userinfo) = before.split_at(before.len() - length);
    scheme.ends_with(b"://").then_some(userinfo)
}

/// `local@domain.tld`, each side bounded (RFC 5321: 64 and 255). A password before a URL's host is no address's local part:
/// there the host says where a connection went, and stays unless hosts get pseudonyms.
fn find_emails(text: &[u8], spans: &mut Vec<Span>) {
    let mut secret_ends: Vec<usize> = spans.iter().map(|span| span.end).collect();
    secret_ends.sort_unstable();
    for sign in memchr::memchr_iter(b'@', text) {
        let has_password = || userinfo(text, sign).is_some_and(|userinfo| userinfo.contains(&b':'));
        if secret_ends.binary_search(&sign).is_ok() || has_password() {
            continue;
        }
        let local = text[sign.saturating_sub(64)..sign]
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-'))
            .count();
        let domain = text[sign + 1..(sign + 256).min(text.len())]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
            .count();
        let name = text[sign + 1..sign + 1 + domain].trim_ascii_end();
        let name = name.strip_suffix(b".").unwrap_or(name);
        let top = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let labelled = name.split(|byte| *byte == b'.').all(|label| !label.is_empty());
        if local > 0 && labelled && name.contains(&b'.') && top.len() >= 2 && top.iter().all(u8::is_ascii_alphabetic) {
            spans.push(found(sign - local, sign + 1 + name.len(), Family::Email));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{BundleKey, RedactOptions, Redactor};
    use super::*;

    fn redact(pseudonymize: &[Pseudonymize], text: &str) -> String {
        let options = RedactOptions { pseudonymize: pseudonymize.to_vec(), ..RedactOptions::default() };
        let redactor = Redactor::new(&BundleKey::from_bytes(b"test"), &options).unwrap();
        redactor.text(text.to_owned().into()).to_text()
    }

    #[test]
    fn nothing_gets_a_pseudonym_that_is_not_asked_for() {
        let text = "10.1.2.3 fe80::1 bob@shop.example.com db.internal";
        assert_eq!(redact(&[], text), text);
    }

    #[test]
    fn equal_addresses_get_equal_pseudonyms_with_their_ports_beside_them() {
        let out = redact(&[Pseudonymize::IpAddresses], "10.1.2.3:8080 -> 10.1.2.3, 10.1.2.4 [2001:db8::7]:443");
        let words: Vec<&str> = out.split(' ').collect();
        assert!(words[0].starts_with("‹ip:") && words[0].ends_with("›:8080"), "{out}");
        assert_eq!(words[0].trim_end_matches(":8080"), words[2].trim_end_matches(','));
        assert_ne!(words[2].trim_end_matches(','), words[3]);
        assert!(words[4].starts_with("[‹ip:") && words[4].ends_with("›]:443"), "{out}");
    }

    #[test]
    fn loopback_and_unspecified_addresses_and_versions_stay() {
        let text = "127.0.0.1:80 0.0.0.0 ::1 :: 255.255.255.255 v1.31.0 1.2.3 12:34:56 a:b";
        assert_eq!(redact(&[Pseudonymize::IpAddresses], text), text);
    }

    #[test]
    fn what_a_mail_address_leaves_of_its_word_is_no_address_and_no_host_when_it_is_redacted_again() {
        let all = [Pseudonymize::IpAddresses, Pseudonymize::EmailAddresses, Pseudonymize::HostNames];
        let long = "x".repeat(64);
        for (text, kept) in [
            ("from a@b.exampl::2 to ::2", "›::2 to ‹ip:"),
            ("from fe80::1:y@b.example to ::2", "from fe80::1:‹email:"),
            (&format!("from 10.1.2.3{long}@b.example"), "from 10.1.2.3‹email:"),
            (&format!("from db.internal{long}@b.example"), "from db.internal‹email:"),
        ] {
            let out = redact(&all, text);
            assert!(out.contains(kept), "{out}");
            assert_eq!(redact(&all, &out), out);
        }
        let token = super::super::samples::expand("gh{}p_{a36}").text;
        for place in ["10.1.2.3", "db.internal"] {
            let out = redact(&all, &format!("{place}:{token}"));
            assert!(!out.contains(place), "a password in a port's place hides nothing: {out}");
            assert_eq!(redact(&all, &out), out);
        }
    }

    #[test]
    fn addresses_of_one_subnet_share_its_pseudonym_where_subnets_are_kept() {
        let out = redact(&[Pseudonymize::IpAddressesKeepSubnets], "10.1.2.3 10.1.2.4 10.1.3.3");
        let parts: Vec<(&str, &str)> = out.split(' ').map(|word| word.split_once("›‹").unwrap()).collect();
        assert!(parts[0].0.starts_with("‹subnet:"), "{out}");
        assert_eq!(parts[0].0, parts[1].0);
        assert_ne!(parts[0].0, parts[2].0);
        assert_ne!(parts[0].1, parts[1].1);
    }

    #[test]
    fn mail_addresses_and_host_names_get_pseudonyms_and_files_do_not() {
        let both = [Pseudonymize::EmailAddresses, Pseudonymize::HostNames];
        let out = redact(&both, "mail bob@shop.example.com, dial db.prod.internal:5432, read main.go config.yaml");
        assert!(out.starts_with("mail ‹email:") && out.contains(", dial ‹host:"), "{out}");
        assert!(out.ends_with("›:5432, read main.go config.yaml"), "{out}");
    }

    #[test]
    fn a_url_s_password_is_no_mail_address_and_its_host_gets_the_host_s_pseudonym_or_stays() {
        let token = super::super::samples::expand("gh{}p_{a36}").text;
        for credential in ["bob:hunter22", "bob:xxxxx", "bob:p.word%40shop.example.com", &token] {
            let url = |host: &str| format!("dial postgres://{credential}@{host}:5432/app end");
            let out = redact(&[Pseudonymize::EmailAddresses], &url("db.prod.internal"));
            assert!(out.ends_with("@db.prod.internal:5432/app end") && !out.contains("hunter22"), "{out}");
            let both = [Pseudonymize::EmailAddresses, Pseudonymize::HostNames];
            for wanted in [&both[..], &both[1..]] {
                let out = redact(wanted, &url("db.prod.internal"));
                assert!(
                    out.contains("@‹host:") && out.ends_with("›:5432/app end") && !out.contains("hunter22"),
                    "{out}"
                );
                assert_eq!(redact(wanted, &out), out);
            }
        }
        // Outside a URL a secret may stand right before a host as well.
        let out = redact(&[Pseudonymize::EmailAddresses], &format!("clone deploy:{token}@git.example.com"));
        assert!(out.ends_with("›@git.example.com"), "{out}");
    }
}
