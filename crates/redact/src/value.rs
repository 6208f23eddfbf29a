//! What a value looks like: harmless, structured, or random. Not for: where values stand ([`super::assignment`]), and what
//! stands in a value's place ([`super::placeholder`]).

use super::{marked, placeholder};

pub(super) use super::placeholder::{is_masked_value, url_password};

/// Words that stand in a secret's place and say nothing.
const HARMLESS_WORDS: &[&str] = &[
    "true",
    "false",
    "null",
    "none",
    "nil",
    "undefined",
    // What Envoy says of a request; and the answers to the kernel's settings.
    "denied",
    "allowed",
    "y",
    "n",
    "m",
    "yes",
    "no",
    "on",
    "off",
    "auto",
    "default",
    "required",
    "optional",
    "enabled",
    "disabled",
    "empty",
    "missing",
    "invalid",
    "expired",
    "deleted",
    "unknown",
    "n/a",
    "na",
    "unset",
    "string",
    "bool",
    "int",
    "integer",
    "object",
    "bytes",
    "redacted",
    "masked",
    "filtered",
    // What kubectl and Envoy write in a secret's place, the latter in base64.
    "data+omitted",
    "w3jlzgfjdgvkxq==",
    "protected",
    "scrubbed",
    "censored",
    "sensitive",
    "sensitive value",
    "known after apply",
    "passwort",
    "kennwort",
    "hidden",
    "removed",
    "omitted",
    "secret",
    "secrets",
    "password",
    "passphrase",
    "username",
    "credentials",
    "token",
    "key",
    "valuefrom",
    "secretkeyref",
    "todo",
    "tbd",
    "example",
    "not",
    "is",
    "the",
    "and",
    "for",
    "from",
    "with",
    "was",
    "file",
    "env",
    "basic",
    "bearer",
    "any",
    "all",
    "string,",
    "nan",
    "void",
    "str",
    "text",
    "keyword",
    "self",
    "this",
    "new",
    "via",
    "or",
    "in",
    "to",
    "instead",
    "use",
    "flag",
    "option",
    "argument",
    "argon2id",
    "bcrypt",
    "scrypt",
    "pbkdf2",
    "base64",
    "utf8",
    "utf-8",
    "hex",
];

/// Whether a value hides nothing: empty, a constant word, already masked, a reference, a template, a path, a digest.
pub(super) fn is_harmless(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    let text = text.trim();
    // What `kubectl describe secret` tells instead of a value.
    let size = text.strip_suffix(" bytes").is_some_and(|count| count.bytes().all(|byte| byte.is_ascii_digit()));
    // A comment behind a name without a value; what passwd tells: `passwd: password updated successfully`.
    text.starts_with("# ")
        || text.starts_with("password updated")
        || text.ends_with("updated successfully")
        || is_constant(text)
        || placeholder::is_masked(text)
        || placeholder::is_reference(text)
        || is_path(text)
        || is_route(text)
        || is_digest(text)
        || is_pointer(text)
        || is_number_with_point(text)
        || is_action(text)
        || is_prose(text)
        || is_time(text)
        || is_cipher_suite(text)
        || size
        // OAuth's public half at Google.
        || text.ends_with(".apps.googleusercontent.com")
}

fn is_constant(text: &str) -> bool {
    let bare = text.trim_matches(['<', '>', '[', ']', '{', '}', '(', ')']);
    // GraphQL's `[String!]!`.
    let named_type = bare.trim_matches(['[', ']', '!', '}', ' ']);
    text.is_empty()
        || HARMLESS_WORDS.iter().any(|word| word.eq_ignore_ascii_case(bare))
        || text.contains('!') && named_type == "String"
        || text.bytes().all(|byte| byte.is_ascii_punctuation())
}

/// What names of files with keys and settings end with.
const FILE_ENDS: &[&str] =
    &[".pem", ".key", ".crt", ".cer", ".p12", ".jks", ".yaml", ".yml", ".json", ".txt", ".env", ".conf"];

/// `cms/sites/passwords#edit`: words between slashes, as routes of a site are.
fn is_route(text: &str) -> bool {
    let mut segments = text.split(['/', '#']);
    text.matches('/').count() >= 2
        && segments.all(|segment| {
            segment.len() >= 2 && segment.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'))
        })
}

/// File-system paths and references to registry objects; base64 may begin with a slash and is not one.
fn is_path(text: &str) -> bool {
    let rooted = ["/", "./", "../", "~/"].iter().any(|root| text.starts_with(root));
    let drive = text.len() > 3 && text.as_bytes()[1] == b':' && matches!(text.as_bytes()[2], b'\\' | b'/');
    let file = text.contains('/') && FILE_ENDS.iter().any(|end| text.ends_with(end));
    if !(rooted || drive || file) || text.contains(char::is_whitespace) {
        return false;
    }
    let mut segments =
        text.split(['/', '\\']).filter(|segment| !segment.is_empty() && *segment != "." && *segment != "..");
    let plain = |segment: &str| segment.len() < 64 && (!is_random(segment.as_bytes(), 20) || is_uuid(segment));
    // A folder's name may be a generated one, below others that are words: `/registry/leases/x/apiserver-5pl2fvupkoj2t57b`.
    let words = segments.clone().take_while(|segment| is_words(segment)).count();
    let named =
        segments.clone().next().is_some_and(|first| first.len() >= 5 && first.bytes().all(|b| b.is_ascii_lowercase()));
    text.len() < 4096 && (words >= 2 || named && words == 1 || segments.all(plain))
}

/// `sha256:…`, an image with its digest, a bare UUID.
fn is_digest(text: &str) -> bool {
    let lower_hex = |digits: &str| digits.len() >= 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    ["sha256:", "sha512:", "sha1:", "md5:", "SHA256:", "hmac-sha256:"].iter().any(|prefix| text.starts_with(prefix))
        || text.rsplit_once("@sha256:").is_some_and(|(_, digest)| lower_hex(digest))
}

/// `0.25`, and the version of a package, `0.0.3.post2`.
fn is_number_with_point(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit());
    let suffix = |part: &str| ["post", "dev", "rc"].iter().any(|word| part.strip_prefix(word).is_some_and(number));
    let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
    parts.next().is_some_and(number) && text.contains('.') && parts.all(|part| number(part) || suffix(part))
}

/// What a policy allows: `ssm:GetParameter`.
fn is_action(text: &str) -> bool {
    text.split_once(':').is_some_and(|(service, action)| {
        service.len() >= 2
            && service.bytes().all(|byte| byte.is_ascii_lowercase())
            && action.bytes().all(|byte| byte.is_ascii_alphabetic())
            && ["Get", "List", "Describe", "Put", "Create", "Delete", "Update", "Decrypt", "Encrypt", "Generate"]
                .iter()
                .any(|verb| action.starts_with(verb))
    })
}

/// Whether words that join others stand among some words.
pub(super) fn is_sentence(value: &[u8]) -> bool {
    const JOINTS: &[&[u8]] =
        &[b"is", b"for", b"to", b"this", b"must", b"be", b"will", b"used", b"with", b"your", b"not"];
    value.split(|byte| *byte == b' ').any(|word| JOINTS.contains(&word))
}

/// Sentences, which say what a value is for: words that join others stand in them, and a full stop.
fn is_prose(text: &str) -> bool {
    const JOINTS: &[&str] =
        &["the", "of", "is", "for", "to", "this", "when", "must", "be", "will", "used", "with", "your"];
    let words = text.split_ascii_whitespace();
    words.clone().count() >= 5
        && words.clone().any(|word| word.ends_with('.'))
        && words.clone().filter(|word| JOINTS.contains(word)).count() >= 3
        && words.clone().all(|word| !word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// `ECDHE-RSA-AES256-GCM-SHA384:256`, `PRF_HMAC_SHA2_256/MODP_2048`.
fn is_cipher_suite(text: &str) -> bool {
    const PARTS: &[&str] = &["AES", "SHA", "HMAC", "GCM", "CBC", "ECDHE", "RSA", "MODP", "PRF", "CHACHA", "POLY", "DH"];
    let mut parts = text.split(['-', '_', '/', ':', '.']).filter(|part| !part.is_empty());
    let known = |part: &str| PARTS.iter().any(|name| part.starts_with(name));
    parts.clone().filter(|part| known(part)).count() >= 2
        && parts.all(|part| {
            known(part) || part.len() <= 5 && part.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        })
}

/// `0xc0004d2a80`, an address in memory, perhaps with what stands behind it in a trace.
fn is_pointer(text: &str) -> bool {
    let digits = text.strip_prefix("0x").map(|rest| rest.bytes().take_while(u8::is_ascii_hexdigit).count());
    digits.is_some_and(|digits| (8..=12).contains(&digits) && !text[2 + digits..].starts_with(char::is_alphanumeric))
}

/// A date with time, or a duration such as `30s`, `1h0m0s`.
fn is_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let date = bytes.len() >= 10 && bytes[4] == b'-' && bytes[7] == b'-' && bytes[..4].iter().all(u8::is_ascii_digit);
    let duration = bytes.len() >= 2
        && bytes[0].is_ascii_digit()
        && bytes
            .iter()
            // `µ` has two bytes.
            .all(|byte| {
                byte.is_ascii_digit() || matches!(byte, b'.' | b'h' | b'm' | b's' | b'u' | b'n' | b'd' | 0xC2 | 0xB5)
            })
        && !bytes[bytes.len() - 1].is_ascii_digit();
    date || duration
}

/// 8-4-4-4-12 hexadecimal digits.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a value may be a token beside a name that says so: not words, names, addresses or versions.
pub(super) fn looks_like_token(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return true };
    // Erlang's cookies.
    if text.len() >= 20 && text.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return true;
    }
    let plain =
        is_uuid(text) || looks_like_url(text) || is_words(text) || text.len() < 24 && text.parse::<f64>().is_ok();
    if text.len() < 8 || text.contains(char::is_whitespace) || plain {
        return false;
    }
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    // Times and counts are shorter.
    if digits == text.len() {
        return digits >= 24;
    }
    digits > 0
        || has_random_letters(text)
        || (text.bytes().any(|byte| {
            byte.is_ascii_punctuation()
                && !matches!(byte, b'-' | b'_' | b'.' | b'/' | b':' | b'(' | b')' | b'[' | b']' | b',')
        }))
}

/// Whether a value may be a password: anything but a URL without credentials, a sentence, or a bare identifier beside code.
pub(super) fn may_be_password(value: &[u8], quoted: bool) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return true };
    if looks_like_url(text) && !text.contains('@') {
        return false;
    }
    let sentence = quoted && text.split_ascii_whitespace().count() > 6;
    // A number of a field, a count.
    let small = text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    !sentence && !small
}

fn looks_like_url(text: &str) -> bool {
    text.find("://")
        .is_some_and(|at| at > 1 && text[..at].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+'))
}

/// Whether a value is random: long enough, digits among letters (or irregular letters), not made of words.
pub(super) fn is_random(value: &[u8], least: usize) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    if text.len() < least
        || text.contains(char::is_whitespace)
        || is_uuid(text)
        || is_words(text)
        || looks_like_url(text)
    {
        return false;
    }
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).count();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let enough = entropy(value) >= if hexadecimal { 2.8 } else { (text.len() as f64).log2().min(4.6) * 0.72 };
    let plain = text.bytes().all(|byte| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'+' | b'/' | b'=' | b'_' | b'-' | b'.' | b'~' | b'!' | b'@' | b'#' | b'$' | b'%' | b'^' | b'*' | b':'
            )
    });
    // A lone digit in one case is a name's: `openapiv2converter`.
    let both_cases = text.bytes().any(|b| b.is_ascii_lowercase()) && text.bytes().any(|b| b.is_ascii_uppercase());
    let mixed = digits * 14 >= text.len() || digits > 0 && both_cases || has_random_letters(text);
    enough && plain && letters > 0 && mixed
}

/// Names, hosts, versions, images: segments that are words or short numbers.
fn is_words(text: &str) -> bool {
    let mut segments =
        text.split(['-', '_', '.', '/', ':', '@', ',', '=', '+', '~']).filter(|segment| !segment.is_empty());
    let count = segments.clone().count();
    segments.all(|segment| is_word(segment, count))
}

fn is_word(segment: &str, count: usize) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let letters = segment.len() - digits;
    if digits == 0 {
        return !has_random_letters(segment);
    }
    if letters == 0 {
        return segment.len() <= 10;
    }
    // `v1beta1`, `ipv6`, `x86`, and the suffixes of generated object names.
    let trailing = segment.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbered = trailing.bytes().all(|byte| byte.is_ascii_alphabetic())
        && segment.len() - trailing.len() <= 3
        && !has_random_letters(trailing);
    let lower = segment.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    numbered && (count > 1 || letters <= 4 || segment.len() < 8) || (lower && count > 1 && segment.len() <= 10)
}

/// Letters in no natural order: many changes of case, or long runs without a vowel.
fn has_random_letters(text: &str) -> bool {
    let letters: Vec<u8> = text.bytes().filter(u8::is_ascii_alphabetic).collect();
    if letters.len() < 8 {
        return false;
    }
    let changes =
        letters.windows(2).filter(|pair| pair[0].is_ascii_lowercase() != pair[1].is_ascii_lowercase()).count();
    let quick = changes >= 4 && changes * 100 / letters.len() >= 36 && !is_words_with_capitals(&letters);
    if letters.len() < 12 {
        return quick;
    }
    let mut run = 0;
    let mut longest = 0;
    let mut vowels = 0;
    for letter in &letters {
        if matches!(letter.to_ascii_lowercase(), b'a' | b'e' | b'i' | b'o' | b'u' | b'y') {
            vowels += 1;
            run = 0;
        } else {
            run += 1;
            longest = longest.max(run);
        }
    }
    quick || longest >= 7 || vowels * 100 / letters.len() < 15
}

/// `MySecretManagerKey`: words of some length, each with its capital.
fn is_words_with_capitals(letters: &[u8]) -> bool {
    let capitals = letters.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    capitals * 3 <= letters.len() && marked::is_camel_case(letters)
}

/// Shannon entropy in bits per byte.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0u32; 256];
    value.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let total = value.len() as f64;
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / total;
            -share * share.log2()
        })
        .sum()
}

/// For expressions: a value that is not harmless and may be a token.
pub(super) fn token(value: &[u8]) -> bool {
    !is_harmless(value) && looks_like_token(value)
}

/// For expressions: the same, or a UUID, where nothing but a secret can stand.
pub(super) fn token_or_uuid(value: &[u8]) -> bool {
    token(value) || std::str::from_utf8(value).is_ok_and(is_uuid)
}

/// For expressions: a random value.
pub(super) fn random(value: &[u8]) -> bool {
    !is_harmless(value) && is_random(value, 12)
}

/// For expressions: a password as people choose one, so that a sentence need not say more than the word before it: letters
/// with a digit, of both cases or with a sign that no name has.
pub(super) fn is_chosen(value: &[u8]) -> bool {
    let end = value.iter().rposition(|byte| !matches!(byte, b'.' | b',' | b';' | b')')).map_or(0, |at| at + 1);
    let value = &value[..end];
    let has = |kind: fn(&u8) -> bool| value.iter().any(kind);
    let sign = has(|byte| matches!(byte, b'!' | b'#' | b'$' | b'%' | b'^' | b'&' | b'*' | b'?' | b'+' | b'~' | b'@'));
    value.len() >= 8
        && !is_harmless(value)
        && !is_words_text(value)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_digit)
        && (has(u8::is_ascii_uppercase) || sign)
        && !has(|byte| matches!(byte, b'/' | b':' | b'=' | b'(' | b'<' | b'{'))
}

/// For expressions: a random value, or a UUID, where nothing but a secret can stand.
pub(super) fn random_or_uuid(value: &[u8]) -> bool {
    random(value) && is_random(value, 16) || std::str::from_utf8(value).is_ok_and(is_uuid)
}

/// For expressions: a password as people choose one, or a word with the figures of a year behind it, as in `sommer2023`.
pub(super) fn is_likely_password(value: &[u8]) -> bool {
    let word = value.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let figures = value[word..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let end = value.get(word + figures).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    const ALGORITHMS: &[&[u8]] = &[b"sha", b"base", b"scram", b"argon", b"utf", b"pbkdf", b"blake", b"version"];
    let algorithm = ALGORITHMS.iter().any(|name| value.starts_with(name));
    is_chosen(value) || (word >= 4 && (2..=4).contains(&figures) && end || is_phrase(value)) && !algorithm
}

/// For expressions: a word that no sentence has, behind the word for a password in any language.
pub(super) fn is_told(value: &[u8]) -> bool {
    let signs = value.iter().filter(|byte| byte.is_ascii_punctuation()).count();
    let has = |kind: fn(&u8) -> bool| value.iter().any(kind);
    is_likely_password(value) || value.len() >= 8 && signs > 0 && has(u8::is_ascii_lowercase) && !is_harmless(value)
}

/// For expressions: a word that a shell shows below a command which prints a secret: no sentence and no message of an error.
pub(super) fn is_told_by_shell(value: &[u8]) -> bool {
    is_likely_password(value) || spoken_value(value)
}

/// Words with dashes between them and a number at the end, as people choose for a token: `glacier-island-351`. Kubernetes'
/// generated names and versions end otherwise.
pub(super) fn is_phrase_with_number(value: &[u8]) -> bool {
    const OBJECTS: &[&[u8]] = &[
        b"tls", b"ca", b"cert", b"secret", b"token", b"config", b"sa", b"key", b"auth", b"app", b"prod", b"test",
        b"web",
    ];
    let mut parts = value.split(|byte| matches!(byte, b'-' | b'_' | b'.'));
    let word = |part: &[u8]| {
        let letters = part.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        letters >= 4 && part[letters..].iter().all(u8::is_ascii_digit) && !OBJECTS.contains(&part)
    };
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let last = parts.next_back().unwrap_or_default();
    (2..=4).contains(&digits)
        && (word(last) || last.len() == digits)
        && value.len() >= 12
        && parts.clone().count() >= 1
        && parts.all(word)
}

/// Words with capitals and a number behind the last of them, as in `Winter-Storm42`.
fn is_phrase(value: &[u8]) -> bool {
    let digits = value.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let words = &value[..value.len() - digits];
    (1..=4).contains(&digits)
        && words.len() >= 10
        && words
            .split(|byte| matches!(byte, b'-' | b'_' | b'.'))
            .all(|word| word.len() >= 4 && word[0].is_ascii_uppercase() && word[1..].iter().all(u8::is_ascii_lowercase))
        && words.iter().filter(|byte| byte.is_ascii_uppercase()).count() >= 2
}

/// For expressions: a token in a query string; there also letters alone, of both cases, may be one.
pub(super) fn query_token(value: &[u8]) -> bool {
    let letters = value.len() >= 24
        && value.iter().all(u8::is_ascii_alphabetic)
        && value[1..].iter().filter(|byte| byte.is_ascii_uppercase()).count() * 4 >= value.len()
        && !is_harmless(value);
    letters || token_or_uuid(value)
}

/// For expressions: the first word of "… is the password".
pub(super) fn spoken(value: &[u8]) -> bool {
    value.split(|byte| *byte == b' ').next().is_some_and(spoken_value)
}

/// For expressions: a word that no sentence would have there.
pub(super) fn spoken_value(value: &[u8]) -> bool {
    let value = value.trim_ascii_end();
    let end = value.iter().rposition(|byte| !matches!(byte, b'.' | b',' | b')' | b';')).map_or(0, |at| at + 1);
    let value = &value[..end];
    // `(apiVersion=v1, …`, `(CVE-2024-28987)`
    let told = value.starts_with(b"CVE-")
        || value
            .iter()
            .position(|b| *b == b'=')
            .is_some_and(|at| at > 3 && at + 8 > value.len() && value[..at].iter().all(u8::is_ascii_alphabetic));
    !told && token(value)
        || !is_harmless(value)
            && !told
            && value.len() >= 6
            && value.iter().any(u8::is_ascii_digit)
            && value.iter().any(u8::is_ascii_alphabetic)
            && !value.contains(&b':')
            && !value.contains(&b'/')
}

/// For expressions: letters of both cases and a digit, as in every random token of some length.
pub(super) fn has_digit_and_cases(value: &[u8]) -> bool {
    let tail = &value[value.len().min(2)..];
    !placeholder::is_filler_value(value)
        && tail.iter().any(u8::is_ascii_digit)
        && tail.iter().any(u8::is_ascii_lowercase)
        && tail.iter().any(u8::is_ascii_uppercase)
}

/// For expressions: neither harmless nor of figures alone.
pub(super) fn no_number(value: &[u8]) -> bool {
    !is_harmless(value) && value.iter().any(|byte| !byte.is_ascii_digit())
}

/// For expressions: anything but a mask and words; numbers of some length are none.
pub(super) fn no_words(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    !is_harmless(value) && (digits >= 4 || !is_words_text(value))
}

/// For expressions: letters of both cases behind the mark that make no words.
pub(super) fn mixed_letters(value: &[u8]) -> bool {
    let value = value.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
    let capitals = value.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let small = value.iter().filter(|byte| byte.is_ascii_lowercase()).count();
    let words = capitals + small == value.len() && is_words_with_capitals(value);
    !placeholder::is_filler_value(value) && capitals >= 4 && small >= 4 && !words
}

/// For expressions: behind two letters, digits and letters in quick change.
pub(super) fn is_base62(value: &[u8]) -> bool {
    let tail = &value[value.len().min(2)..];
    let digits = tail.iter().filter(|byte| byte.is_ascii_digit()).count();
    has_digit_and_cases(value) || digits >= 3 && digits * 2 <= tail.len() && !is_words_text(tail)
}

fn is_words_text(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_ok_and(is_words)
}

/// For expressions: a mark with a random rest.
pub(super) fn marked(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let numbers = value.iter().all(|byte| byte.is_ascii_digit() || !byte.is_ascii_alphanumeric());
    !is_harmless(value) && !numbers && (is_random(value, 14) || digits * 7 >= value.len() && entropy(value) >= 3.2)
}

/// For expressions: a bootstrap token, whose second part holds letters and digits beyond hexadecimal ones, as those behind
/// the names of Kubernetes' events are.
pub(super) fn is_bootstrap_token(value: &[u8]) -> bool {
    let second = value.get(7..).unwrap_or_default();
    second.len() == 16
        && second.iter().filter(|byte| byte.is_ascii_digit()).count() >= 2
        && !second.iter().all(u8::is_ascii_hexdigit)
        && !is_words_text(second)
}

/// For expressions: base64 of `user:password`.
pub(super) fn is_basic_credential(value: &[u8]) -> bool {
    let trimmed = value.strip_suffix(b"==").or(value.strip_suffix(b"=")).unwrap_or(value);
    super::decode::decode_base64(trimmed)
        .is_some_and(|decoded| decoded.contains(&b':') && decoded.iter().all(|byte| (0x20..0x7F).contains(byte)))
}

/// For expressions: a GitHub token whose last six letters are the base62 CRC32 of the thirty before them, or one that is
/// random enough.
pub(super) fn github_checksum_or_entropy(value: &[u8]) -> bool {
    let body = &value[value.len().min(4)..];
    if body.len() == 36 {
        let mut crc = flate2::Crc::new();
        crc.update(&body[..30]);
        if base62(crc.sum()) == body[30..] {
            return true;
        }
    }
    entropy(body) >= 3.0
}

fn base62(mut number: u32) -> [u8; 6] {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut letters = [b'0'; 6];
    for letter in letters.iter_mut().rev() {
        *letter = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    letters
}
