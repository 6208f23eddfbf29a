//! Random words beside a name that says nothing about them, as in `acme: 8fJx…`: so most makers' keys are written down.
//! Not for: names that say secret ([`super::name`]), and words whose name says what else they are.

use super::{decode, marked, name, placeholder, value};

/// Letters of a word of both cases and digits.
const LEAST_MIXED: usize = 20;
/// Letters of a word in one case: identifiers in one case are shorter.
const LEAST_ONE_CASE: usize = 28;
/// Letters of a word that is a line of its own.
const LEAST_LINE: usize = 32;
/// Bytes between a name and its word.
const GAP: usize = 12;
/// Bytes behind a word that its quotation marks may enclose with it.
const LONGEST_STRING: usize = 256;
/// Letters of a name.
const NAME_REACH: usize = 64;
/// Words that stand between a name and what it names.
const FILLERS: &[&[u8]] = &[
    b"is", b"was", b"the", b"a", b"an", b"of", b"to", b"as", b"with", b"for", b"value", b"new", b"old", b"by", b"got",
    b"string", b"and", b"or", b"from", b"equals",
];

/// What stands before the names of public keys and of digests, as in `public key: …` and `checksum/tls: …`.
const OWNERS: &[&[u8]] = &[b"public", b"checksum/", b"host", b"fingerprint of", b"sha256", b"md5"];

/// How a word looks, which says how much its surroundings must tell.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Letters of both cases and digits, or of one case beyond the hexadecimal ones.
    Random,
    /// base64 with signs among its letters, as data have.
    Base64,
    /// What may as well be a digest.
    Digest,
}

impl Look {
    /// Whether what stands between a name and the word is enough.
    fn is_assigned(self, between: &[u8]) -> bool {
        let signs: &[u8] = match self {
            Self::Random => return true,
            Self::Base64 => b"=:\"'",
            Self::Digest => b"=:",
        };
        between.iter().any(|byte| signs.contains(byte))
    }
}

/// What the names of calls end with that take a key.
const CALLS: &[&[u8]] = &[b"client", b"api", b"sdk", b"connect", b"algoliasearch"];

/// What digests are made with.
const DIGESTS: &[&[u8]] = &[b"sha256", b"sha1", b"sha512", b"md5"];

/// Which keys are told so, as in `hmac key 4bf9…`.
const KEYS: &[&[u8]] =
    &[b"hmac", b"aes", b"encryption", b"signing", b"master", b"shared", b"cipher", b"api", b"access", b"secret"];

/// What begins the base64 of certificates, public keys, pictures and compressed data, symbols of compilers, addresses of
/// content and peers.
const KNOWN_DATA: &[&[u8]] = &[
    b"MII",
    b"sha256/",
    b"AAAA",
    b"iVBOR",
    b"H4sI",
    b"UEsD",
    b"LS0t",
    b"R0lG",
    b"PHN2",
    b"PD94",
    b"_ZN",
    b"Qm",
    b"bafy",
    b"12D3KooW",
    b"0x",
    // Addresses of wallets.
    b"bc1",
    b"tb1",
    b"addr1",
    b"cosmos1",
];

/// Whether the word from `start` to `end`, a run of letters, digits, dots, dashes and underscores, is random while nothing
/// tells that it is anything but a key.
pub(super) fn is_secret(text: &[u8], start: usize, end: usize) -> bool {
    let word = &text[start..end];
    let Some(look) = look(word) else { return false };
    let random = look == Look::Random || !is_called_an_id(text, start) && is_hexadecimal(word);
    random
        && stands_alone(text, start, end)
        && !is_known(word)
        && (is_beside_plain_name(text, start, look) || look == Look::Random && is_line(text, start, end))
}

/// Whether the last letters of the name before a word say that it is an identifier or a digest: most of a log's are told so,
/// and need no closer look.
fn is_called_an_id(text: &[u8], start: usize) -> bool {
    const ENDS: &[&[u8]] = &[b"id", b"ID", b"Id", b"hash", b"sha"];
    let before = &text[start.saturating_sub(8)..start];
    let signs = before.iter().rev().take_while(|byte| matches!(byte, b'"' | b'=' | b':' | b' ')).count();
    signs > 0 && ENDS.iter().any(|end| before[..before.len() - signs].ends_with(end))
}

/// How a word looks, or none where it is no random one; of what may be a digest that is still to be seen. Most words are
/// told apart by one walk over their letters.
fn look(word: &[u8]) -> Option<Look> {
    let (mut small, mut capital, mut digits, mut beyond) = (0, 0, 0, 0);
    for byte in word {
        match byte {
            b'0'..=b'9' => digits += 1,
            b'a'..=b'f' => small += 1,
            b'A'..=b'F' => capital += 1,
            b'g'..=b'z' => (small, beyond) = (small + 1, beyond + 1),
            b'G'..=b'Z' => (capital, beyond) = (capital + 1, beyond + 1),
            _ => {}
        }
    }
    let letters = small + capital;
    // Letters of one case beyond the hexadecimal ones of digests.
    let one_case = (small == 0 || capital == 0) && beyond >= 4 && digits >= 2;
    let digest = beyond == 0 && digits >= 4 && digits < word.len() * 9 / 10 && letters + digits + 4 > word.len();
    if small >= 3 && capital >= 3 && digits >= 1 && is_mixed(word) || one_case && is_one_case(word) {
        Some(Look::Random)
    } else {
        digest.then_some(Look::Digest)
    }
}

/// The same of a run of base64's letters with signs among them, padded or not.
pub(super) fn is_base64_secret(text: &[u8], start: usize, end: usize) -> bool {
    let word = &text[start..end];
    // `/var/lib/…`: a path.
    let folder = word.iter().skip(1).take_while(|byte| byte.is_ascii_lowercase()).count();
    let path = folder > 1 && word.get(folder + 1) == Some(&b'/');
    (40..=96).contains(&word.len())
        && !path
        && word.iter().any(|byte| matches!(byte, b'+' | b'/'))
        && marked::is_quick_mix(word)
        && stands_alone(text, start, end)
        && !is_known(word)
        && is_beside_plain_name(text, start, Look::Base64)
}

/// Whether the word is called the name of a key, a digest, or something else that a mark does not make a token.
pub(super) fn is_called_a_digest(text: &[u8], start: usize) -> bool {
    const CALLED: &[&[u8]] = &[
        b"kid",
        b"x5t",
        b"x5t#S256",
        b"jti",
        b"nonce",
        b"etag",
        b"hash",
        b"digest",
        b"checksum",
        b"fingerprint",
        b"queue",
    ];
    let before = &text[start.saturating_sub(NAME_REACH)..start];
    // HTTP's weak etags.
    let before = before.strip_suffix(b"W/\"").unwrap_or(before);
    let signs = before.iter().rev().take_while(|byte| is_between(**byte)).count();
    let before = &before[..before.len() - signs];
    let length = before.iter().rev().take_while(|byte| is_name_byte(**byte) || **byte == b'#').count();
    signs > 0 && CALLED.iter().any(|name| before[before.len() - length..].eq_ignore_ascii_case(name))
}

/// All that the quotation marks around a word enclose, if they stand right before it and hold no blank.
pub(super) fn whole_string(text: &[u8], start: usize, end: usize) -> usize {
    let Some(mark @ (b'"' | b'\'')) = start.checked_sub(1).map(|at| text[at]) else { return end };
    let ends = |byte: &u8| *byte == mark || byte.is_ascii_whitespace() || *byte == b'\\';
    let more = text[end..].iter().take(LONGEST_STRING).position(ends);
    more.filter(|more| text[end + more] == mark).map_or(end, |more| end + more)
}

fn is_mixed(word: &[u8]) -> bool {
    word.len() >= LEAST_MIXED && marked::is_quick_mix(word) && marked::longest_segment(word) * 5 >= LEAST_MIXED * 3
}

fn is_one_case(word: &[u8]) -> bool {
    word.len() >= LEAST_ONE_CASE
        && word.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'.')
        && marked::longest_segment(word) >= LEAST_MIXED
        && value::is_random(word, LEAST_ONE_CASE)
}

/// As long as digests are, perhaps several with dots between them.
fn is_hexadecimal(word: &[u8]) -> bool {
    matches!(word.len(), 32..=128)
        && word.split(|byte| *byte == b'.').all(|part| part.len() >= 24 && part.iter().all(u8::is_ascii_hexdigit))
        && value::is_random(word, 32)
}

/// A digest with its mark, a file's name, or base64 of something that is no key.
fn is_known(word: &[u8]) -> bool {
    let first = word.split(|byte| matches!(byte, b'-' | b'_' | b'.')).next().unwrap_or_default();
    marked::is_thing(first)
        || marked::is_file_name(word)
        || placeholder::is_alphabet(word)
        || KNOWN_DATA.iter().any(|begin| word.starts_with(begin))
        || decode::decode_base64(word)
            .filter(|data| !data.iter().all(u8::is_ascii_hexdigit))
            .is_some_and(|data| data.iter().filter(|byte| (0x20..0x7F).contains(*byte)).count() * 10 >= data.len() * 9)
}

/// Whether the word is no part of a path, of base64, of a call or of an address, and no name itself.
fn stands_alone(text: &[u8], start: usize, end: usize) -> bool {
    let before = start.checked_sub(1).map(|at| text[at]);
    // base64's padding belongs to the word.
    let signs = text[end..].iter().take(3).take_while(|byte| **byte == b'=').count();
    let end = if (end - start + signs).is_multiple_of(4) { end + signs } else { end };
    let (after, next) = (text.get(end), text.get(end + 1));
    let goes_on = matches!(after, Some(b'/' | b'+' | b'=' | b':'))
        && next.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'"' | b'\''));
    !matches!(before, Some(b'/' | b'+' | b'%' | b'@' | b'#' | b'$' | b'\\'))
        && !matches!(after, Some(b'(' | b'@' | b'%'))
        && !goes_on
}

/// Whether a long word is a line of its own, as tools show a key that they made, and no line of a block of base64.
fn is_line(text: &[u8], start: usize, end: usize) -> bool {
    fn beside<'b>(side: impl Iterator<Item = &'b u8> + Clone) -> bool {
        let is_blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\r');
        let rest = side.skip_while(is_blank);
        let neighbour = rest.clone().skip_while(|byte| byte.is_ascii_whitespace());
        let block = neighbour.take_while(|byte| decode::STANDARD_BASE64[usize::from(**byte)]).count() >= LEAST_MIXED;
        rest.clone().next().is_none_or(|byte| *byte == b'\n') && !block
    }
    end - start >= LEAST_LINE
        && beside(text[start.saturating_sub(NAME_REACH)..start].iter().rev())
        && beside(text[end..text.len().min(end + NAME_REACH)].iter())
}

/// Whether a name stands before the word in its line and does not say what the word is. A sign alone is as good as such a
/// name.
fn is_beside_plain_name(text: &[u8], start: usize, look: Look) -> bool {
    let mut before = &text[start.saturating_sub(4 * (GAP + NAME_REACH))..start];
    for _ in 0..3 {
        let signs = before.iter().rev().take_while(|byte| is_between(**byte)).count();
        let (rest, between) = before.split_at(before.len() - signs);
        let length = rest.iter().rev().take_while(|byte| is_name_byte(**byte)).count();
        let (rest, name) = rest.split_at(rest.len() - length);
        if signs > GAP || length > NAME_REACH {
            return false;
        }
        if length == 0 || name == b"-" {
            return between.contains(&b'=') && rest.last().is_none_or(|byte| *byte == b'\n');
        }
        if !FILLERS.iter().any(|filler| name.eq_ignore_ascii_case(filler)) {
            return says_nothing(rest, name, between, look);
        }
        if !look.is_assigned(between) {
            return false;
        }
        before = rest;
    }
    false
}

/// Whether `name`, behind `before` and with `between` in front of the word, may be that of a key.
fn says_nothing(before: &[u8], name: &[u8], between: &[u8], look: Look) -> bool {
    // `AcmeClient('4bf9…')`, `AcmeClientV2('app-1', '4bf9…')`
    if between.ends_with(b"('") || between.ends_with(b"(\"") {
        if is_client(name) {
            return true;
        }
    } else if matches!(between, b"\", \"" | b"', '" | b"\",\"" | b"','") {
        let call = before.strip_suffix(b"(\"").or_else(|| before.strip_suffix(b"('")).unwrap_or_default();
        if is_client(call) {
            return true;
        }
    }
    if look == Look::Digest {
        // `hmac-sha256:4bf9…`, as an audit log writes.
        if between == b":" && DIGESTS.iter().any(|digest| name::ends_with_word(name, digest)) {
            return false;
        }
        if between == b" " && name.eq_ignore_ascii_case(b"key") {
            return is_makers_key(before)
                || KEYS.iter().any(|word| name::ends_with_word(before.trim_ascii_end(), word));
        }
        if between.ends_with(b"('")
            || between.ends_with(b"(\"")
            || between.starts_with(b"\",")
            || between.starts_with(b"',")
        {
            return false;
        }
        // `"PROXY_SHA": "istio-proxy:4bf9…"`: what has the digest stands with it in a value that is called one.
        let outer = before.strip_suffix(b"\"").unwrap_or_default();
        let outer = &outer[..outer.len() - outer.iter().rev().take_while(|byte| is_between(**byte)).count()];
        let length = outer.iter().rev().take_while(|byte| is_name_byte(**byte)).count();
        if between == b":" && length > 0 && name::is_of_thing(&outer[outer.len() - length..]) {
            return false;
        }
        // `NativeCameraKit: 4bf92f…`: the digest of a part.
        if is_mixed_case(name) {
            return false;
        }
    }
    let owner = before.trim_ascii_end();
    look.is_assigned(between)
        && !name::is_of_thing(name)
        && !OWNERS.iter().any(|word| name::ends_with_word(owner, word))
}

/// Whether a name is that of a call that takes a key, perhaps of a version of it.
fn is_client(call: &[u8]) -> bool {
    let digits = call.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let bare = call[..call.len() - digits].strip_suffix(b"V").filter(|_| digits > 0).unwrap_or(call);
    CALLS.iter().any(|end| name::ends_with_word(bare, end))
}

/// Whether a maker's name stands before "key", and no word that says which other key it is: `the NetBox key 4bf9…`.
fn is_makers_key(before: &[u8]) -> bool {
    let before = before.trim_ascii_end();
    let length = before.iter().rev().take_while(|byte| is_name_byte(**byte)).count();
    let maker = &before[before.len() - length..];
    let capital = maker.first().is_some_and(u8::is_ascii_uppercase) && maker.iter().any(u8::is_ascii_lowercase);
    capital && !name::is_of_thing(&[maker, b"_key"].concat())
}

fn is_mixed_case(name: &[u8]) -> bool {
    name.iter().any(u8::is_ascii_uppercase) && name.iter().any(u8::is_ascii_lowercase)
}

fn is_between(byte: u8) -> bool {
    matches!(
        byte,
        b' ' | b'\t'
            | b'"'
            | b'\''
            | b'`'
            | b'\\'
            | b'('
            | b'['
            | b'{'
            | b'<'
            | b'|'
            | b'='
            | b':'
            | b'>'
            | b','
            | b'~'
    )
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}
