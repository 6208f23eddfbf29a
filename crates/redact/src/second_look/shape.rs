//! What the second look takes for a secret. Code of its own on purpose: a fault of the first look must not blind the
//! second one. It is sure rather than complete, for a find costs the whole bundle. Not for: archives and windows.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Kind;

/// Encodings within encodings that are followed.
const DEPTH: u8 = 2;
/// base64 words from this length on are decoded.
const LEAST_ENCODED: usize = 40;
/// Letters of a token beside a name, from which on it can be judged.
const LEAST_TOKEN: usize = 20;
/// Bytes between a name's end and its value: quotation marks, escapes, a separator.
const GAP: usize = 16;

/// Names beside which a random value is a secret. No word of a sentence follows them with a separator and a random value.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "accesskey",
    "private_key",
    "credential",
    "bearer",
];

/// The first secret-looking place in `text`, decoded forms included.
pub(super) fn first(text: &[u8]) -> Option<(usize, Kind)> {
    [plain(text), encoded(text, 0)].into_iter().flatten().min_by_key(|(at, _)| *at)
}

fn plain(text: &[u8]) -> Option<(usize, Kind)> {
    let looks = [private_key, web_token, url_password, named_token];
    looks.iter().filter_map(|look| look(text)).min_by_key(|(at, _)| *at)
}

/// A PEM header of a private key with something behind it.
fn private_key(text: &[u8]) -> Option<(usize, Kind)> {
    memchr::memmem::find_iter(text, b"-----BEGIN ").find_map(|begin| {
        let rest = &text[begin + 11..];
        let dashes = rest.iter().take(48).position(|byte| *byte == b'-')?;
        let label = &rest[..dashes];
        let private = label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK");
        let body = &rest[dashes..rest.len().min(dashes + 160)];
        let letters = body.split(|byte| *byte == b'\n').map(longest_word).max().unwrap_or(0);
        (private && letters >= 16).then_some((begin, Kind::PrivateKey))
    })
}

/// The longest run of base64 letters.
fn longest_word(line: &[u8]) -> usize {
    line.split(|byte| !is_encoded(*byte)).map(<[u8]>::len).max().unwrap_or(0)
}

/// Three dotted words of which the first two begin as an encoded JSON object does (RFC 7519), or five with an encrypted
/// one (RFC 7516).
fn web_token(text: &[u8]) -> Option<(usize, Kind)> {
    let mut seen = 0;
    memchr::memmem::find_iter(text, b"eyJ").find_map(|begin| {
        if begin < seen {
            return None;
        }
        let word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let length = text[begin..].iter().take_while(|byte| word(byte)).count();
        seen = begin + length;
        let words: Vec<&[u8]> = text[begin..seen].split(|byte| *byte == b'.').collect();
        let signed = words.len() >= 2 && words[0].len() >= 16 && words[1].len() >= 16 && words[1].starts_with(b"eyJ");
        let encrypted = words.len() == 5 && words[0].len() >= 16 && words[2..].iter().all(|part| part.len() >= 8);
        (signed || encrypted).then_some((begin, Kind::Jwt))
    })
}

/// `scheme://user:password@host` with a password that is spelled out.
fn url_password(text: &[u8]) -> Option<(usize, Kind)> {
    memchr::memmem::find_iter(text, b"://").find_map(|scheme| {
        let rest = &text[scheme + 3..text.len().min(scheme + 400)];
        let authority = &rest[..rest.iter().position(|byte| ends_authority(*byte))?];
        let at = authority.iter().rposition(|byte| *byte == b'@')?;
        let colon = authority[..at].iter().position(|byte| *byte == b':')?;
        let password = &authority[colon + 1..at];
        let host = authority.get(at + 1).is_some_and(u8::is_ascii_alphanumeric);
        (host && is_spelled_out(password)).then_some((scheme + 4 + colon, Kind::CredentialInUrl))
    })
}

fn ends_authority(byte: u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, b'/' | b'?' | b'#' | b'"' | b'\'' | b'<' | b'>' | b'\\' | b',' | b')')
}

/// Neither a token of ours, nor a template, nor nothing but a mask.
fn is_spelled_out(password: &[u8]) -> bool {
    password.len() >= 4 && password.is_ascii() && !is_mask(password) && !is_template(password)
}

/// `***`, `xxxxx`, `redacted`, also in brackets: a mask from the first letter to the last.
fn is_mask(password: &[u8]) -> bool {
    const WORDS: [&[u8]; 6] = [b"redacted", b"masked", b"hidden", b"removed", b"sanitized", b"elided"];
    let bracket = |byte: &u8| matches!(byte, b'[' | b']' | b'<' | b'>' | b'(' | b')' | b'{' | b'}');
    let letters: Vec<u8> = password.iter().filter(|byte| !bracket(byte)).map(u8::to_ascii_lowercase).collect();
    WORDS.contains(&letters.as_slice())
        || password.iter().all(|byte| Some(byte) == password.first())
        || letters.iter().all(|byte| matches!(byte, b'x' | b'*' | b'-' | b'.'))
}

/// `${NAME}`, `$NAME`, `{name}`, `%NAME%`, `[name]`: what is filled in later.
fn is_template(password: &[u8]) -> bool {
    let word = |name: &[u8]| {
        let figures = name.iter().any(u8::is_ascii_digit);
        let plain = name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        plain && !(figures && name.iter().any(u8::is_ascii_lowercase)) && !name.first().is_none_or(u8::is_ascii_digit)
    };
    match password {
        [b'$' | b'%', b'{', .., b'}'] | [b'$', b'(', .., b')'] => true,
        [b'{', .., b'}'] | [b'[', .., b']'] | [b'<', .., b'>'] => true,
        [b'%', name @ .., b'%'] => {
            name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
                && name.first().is_some_and(|byte| !byte.is_ascii_digit())
        }
        [b'$', name @ ..] => word(name),
        _ => false,
    }
}

/// A random word of some length behind a secret's name.
fn named_token(text: &[u8]) -> Option<(usize, Kind)> {
    static FINDER: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(NAMES).ok());
    // Without its finder the look cannot say that a text is clean.
    let Some(finder) = FINDER.as_ref() else { return Some((0, Kind::Unreadable)) };
    finder.find_overlapping_iter(text).find_map(|name| {
        // `publicToken`: for everybody.
        let before = text[..name.start()].trim_ascii_end();
        let before = before.strip_suffix(b"_").or(before.strip_suffix(b"-")).unwrap_or(before);
        if before.len() >= 6 && before[before.len() - 6..].eq_ignore_ascii_case(b"public") {
            return None;
        }
        if is_in_resource_name(before) {
            return None;
        }
        let gap = &text[name.end()..text.len().min(name.end() + GAP)];
        let between = gap.iter().take_while(|byte| matches!(byte, b'"' | b'\'' | b'\\' | b' ' | b':' | b'=' | b'>'));
        let length = between.clone().count();
        if !between.clone().any(|byte| matches!(byte, b':' | b'=')) && !gap.starts_with(b" ") {
            return None;
        }
        let start = name.end() + length;
        let word = text[start..].iter().take(512).take_while(|byte| is_encoded(**byte)).count();
        is_random(&text[start..start + word]).then_some((start, Kind::HighEntropyToken))
    })
}

/// Whether a name goes on from `before`, as in `arn:aws:secretsmanager:eu-central-1:1234:secret:db-Xk2`: it says where a
/// secret is, not what it is.
fn is_in_resource_name(before: &[u8]) -> bool {
    let length = before.iter().rev().take(128).take_while(|byte| byte.is_ascii_alphanumeric() || b":-".contains(byte));
    before[before.len() - length.count()..].starts_with(b"arn:")
}

/// Whether nobody could have thought of a word: both cases and digits, or hexadecimal, in quick change, without a pattern.
fn is_random(word: &[u8]) -> bool {
    let word = word.strip_suffix(b"==").or(word.strip_suffix(b"=")).unwrap_or(word);
    if word.len() < LEAST_TOKEN {
        return false;
    }
    let class = |byte: &u8| match byte {
        b'a'..=b'z' => 0u8,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    let count = |wanted: u8| word.iter().filter(|byte| class(byte) == wanted).count();
    let changes = word.windows(2).filter(|pair| class(&pair[0]) != class(&pair[1])).count();
    let mixed = count(0) >= 3 && count(1) >= 3 && count(2) >= 2 && count(3) * 6 <= word.len();
    // What makers write into their manuals.
    let example = word.windows(7).any(|part| part == b"EXAMPLE");
    mixed && !example && changes * 5 >= word.len() * 2 && distinct(word) >= 12 && most(word) * 2 <= word.len()
}

fn distinct(word: &[u8]) -> usize {
    let mut seen = [false; 256];
    word.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

/// How often the commonest letter, of either case, occurs.
fn most(word: &[u8]) -> usize {
    (b'0'..=b'z')
        .map(|letter| word.iter().filter(|byte| byte.to_ascii_lowercase() == letter).count())
        .max()
        .unwrap_or(0)
}

/// A base64 word whose content is a secret.
fn encoded(text: &[u8], depth: u8) -> Option<(usize, Kind)> {
    if depth == DEPTH {
        return None;
    }
    let mut at = 0;
    while at + LEAST_ENCODED <= text.len() {
        // From the far end of the shortest word backwards, so that other text is left in strides.
        let probe = &text[at..at + LEAST_ENCODED];
        if let Some(other) = probe.iter().rposition(|byte| !is_letter(*byte)) {
            at += other + 1;
            continue;
        }
        let end = text[at..].iter().position(|byte| !is_letter(*byte)).map_or(text.len(), |end| at + end);
        if let Some(decoded) = decoded(&text[at..end])
            && (plain(&decoded).is_some() || encoded(&decoded, depth + 1).is_some())
        {
            return Some((at, Kind::EncodedSecret));
        }
        at = end;
    }
    None
}

fn is_encoded(byte: u8) -> bool {
    is_letter(byte) || byte == b'='
}

/// A letter of base64, in either alphabet; not its padding, which also stands between a name and its value.
fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// The text that a base64 word of either alphabet hides, if it hides text.
fn decoded(word: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let url_safe = word.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let alphabet = if url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let whole = if word.len() % 4 == 1 { word.len() - 1 } else { word.len() };
    let text = GeneralPurpose::new(alphabet, LENIENT).decode(&word[..whole]).ok()?;
    let printed = text.iter().filter(|byte| matches!(byte, 0x20..0x7F | b'\n' | b'\r' | b'\t')).count();
    (printed * 10 >= text.len() * 9).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> Option<Kind> {
        first(text.as_bytes()).map(|(_, kind)| kind)
    }

    fn encode(text: &str) -> String {
        base64::engine::general_purpose::STANDARD.encode(text)
    }

    const RANDOM: &str = "q7Zt0WmX4bKe9RvN2sLd";

    #[test]
    fn a_private_key_is_one_only_with_its_letters() {
        let header = format!("-----BEGIN EC PRI{}VATE KEY-----\n", "");
        assert_eq!(kind(&format!("x\n{header}MHcCAQEEIIGl2cJZ8nXyQ4Jv\n")), Some(Kind::PrivateKey));
        assert_eq!(kind(&format!("expected {header}...")), None);
        assert_eq!(kind("-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTAN\n"), None);
    }

    #[test]
    fn a_web_token_is_signed_or_encrypted() {
        let (head, body, rest) = (format!("eyJ{}", "a".repeat(20)), format!("eyJ{}", "b".repeat(20)), "c".repeat(12));
        assert_eq!(kind(&format!("x {head}.{body}.s")), Some(Kind::Jwt));
        assert_eq!(kind(&format!("x {head}..{rest}.{rest}.{rest}")), Some(Kind::Jwt));
        assert_eq!(kind(&format!("x {head} alone")), None);
    }

    #[test]
    fn a_password_in_a_url_counts_when_it_is_spelled_out() {
        assert_eq!(kind("dial postgres://app:hunt9r@db:5432/x"), Some(Kind::CredentialInUrl));
        for clean in [
            "postgres://app:‹url-credential:abcdef›@db/x",
            "https://u:xxxxx@h/",
            "https://u:[REDACTED]@h/",
            "https://u:***@h/",
            "https://u:${PASS}@h/",
            "https://u:$PASS@h/",
            "https://u:{pass}@h/",
            "https://u:%PASS%@h/",
            "http://h:80/a@b",
        ] {
            assert_eq!(kind(clean), None, "{clean}");
        }
    }

    #[test]
    fn a_password_that_only_holds_a_mask_or_begins_like_a_template_is_spelled_out() {
        for leak in ["unredacted7", "pass***word", "*abc1234", "$ecr3tword", "%40abc123", "{abc123", "xxxx1xxxx"] {
            assert_eq!(kind(&format!("redis://u:{leak}@h/")), Some(Kind::CredentialInUrl), "{leak}");
        }
    }

    #[test]
    fn a_random_word_beside_a_secret_s_name_counts_and_names_of_things_do_not() {
        for leak in ["api_key={}", "\"clientSecret\": \"{}\"", "{\\\"token\\\":\\\"{}\\\"}", "Bearer {} x"] {
            assert_eq!(kind(&leak.replace("{}", RANDOM)), Some(Kind::HighEntropyToken), "{leak}");
        }
        for clean in [
            "secret: istio-ca-root-cert-of-the-mesh",
            "token: ‹password:abcdef›",
            "secret \"ServiceAccountTokenVolumeProjection\" not found",
            "tokenReview: 2f6f0a52-5b1c-4f0e-9d8e-0d5a4d1b6c77",
            "publicToken: q7Zt0WmX4bKe9RvN2sLd",
            "public_token: q7Zt0WmX4bKe9RvN2sLd",
            "access_key: q7Zt0WmX4bKe9RvEXAMPLE",
            "arn:aws:secretsmanager:eu-central-1:570426344592:secret:q7Zt0WmX4bKe9RvN2sLd",
            "apikey: xXx1xXx2xBxDxExFxGxHxIxJxKxLxMx",
        ] {
            assert_eq!(kind(clean), None, "{clean}");
        }
    }

    #[test]
    fn an_encoded_secret_is_found_two_levels_deep_and_not_three() {
        let one = encode(&format!("some configuration with token={RANDOM} in it"));
        let two = encode(&format!("{{\"blob\":\"{one}\"}}"));
        assert_eq!(kind(&one), Some(Kind::EncodedSecret));
        assert_eq!(kind(&format!("data {two} end")), Some(Kind::EncodedSecret));
        assert_eq!(kind(&encode(&format!("{{\"blob\":\"{two}\"}}"))), None);
        assert_eq!(kind(&encode("nothing but a configuration without anything to hide")), None);
    }
}
