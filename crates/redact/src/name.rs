//! What a name says about its value: `DB_PASSWORD`, `tokenExpirationSeconds`, `apiKey`. Not for: the value itself.

mod words;

use super::{marked, vendor};
pub(super) use words::LITERALS;
use words::{
    ABOUT, HARMLESS_KEYS, NO_PASSWORDS, NOT_OF_SERVICES, PASSWORDS, SECRET_IDS, THINGS, TOKENS, WHOLE_PASSWORDS,
};

/// How much a name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// A key or signature of some sort: only a random value is secret.
    Key,
    /// A key of a named service: a random value, or a UUID where the name says key.
    Service,
    /// A token, cookie or session: a value that may be one is secret.
    Token,
    /// A password or secret key: every value that is not harmless is secret.
    Password,
}

/// Whether a name says what its value is, and that it is no secret: an identifier, a digest, a place.
pub(super) fn is_of_thing(name: &[u8]) -> bool {
    let words = words(name);
    let joined: String = words.concat();
    let Some(last) = words.last().map(String::as_str) else { return true };
    let one = last.strip_suffix('s').unwrap_or(last);
    // `-k=…` is a flag, `k: …` a part of a key that may be public.
    joined.len() == 1 && !name.starts_with(b"-")
        || [last, one].iter().any(|word| {
            ABOUT.contains(word)
                || NOT_OF_SERVICES.contains(word)
                || THINGS.contains(word)
                || marked::is_thing(word.as_bytes())
        })
        || ["id", "ids", "hash", "sum", "digest", "sha", "commit", "fingerprint"].iter().any(|end| last.ends_with(end))
        || HARMLESS_KEYS.iter().any(|phrase| joined.ends_with(phrase))
}

/// Whether a UUID beside the name is a secret: the name's last word says so.
pub(super) fn takes_uuid(name: &[u8]) -> bool {
    let words = words(name);
    let joined: String = words.concat();
    let Some(last) = words.last() else { return false };
    let ends = |all: &[&str]| all.iter().any(|word| last.ends_with(word));
    // `RECORD_KEY`: of two words, for a lone key may be that of a map.
    let some_key = words.len() > 1 && last == "key";
    (ends(&["token", "secret", "pat", "auth"]) || some_key)
        && !HARMLESS_KEYS.iter().any(|phrase| joined.ends_with(phrase))
        || vendor::is_named(&words)
            && (words.len() == 1 || ends(&["key", "auth", "credential", "credentials"]) || joined.ends_with("clientid"))
}

/// Whether a text ends with a word, whatever its case.
pub(super) fn ends_with_word(text: &[u8], word: &[u8]) -> bool {
    text.len() >= word.len() && text[text.len() - word.len()..].eq_ignore_ascii_case(word)
}

/// Whether a name is that of several passwords or tokens: what it holds has the names of their owners.
pub(super) fn is_plural_of_secrets(name: &[u8]) -> bool {
    words(name).last().is_some_and(|last| matches!(last.as_str(), "passwords" | "tokens" | "passwds" | "apikeys"))
}

/// Whether a name of several words, the last of which is `Secret`, says where a secret is and not which: `tlsSecret`.
pub(super) fn refers_to_a_secret(name: &[u8]) -> bool {
    const OWN: &[&str] = &[
        "client",
        "api",
        "app",
        "application",
        "consumer",
        "shared",
        "jwt",
        "signing",
        "session",
        "cookie",
        "webhook",
        "oauth",
        "token",
        "access",
        "hmac",
        "user",
        "my",
        "the",
        "key",
    ];
    let words = words(name);
    let [.., before, last] = &words[..] else { return false };
    let camel = name.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    camel && last == "secret" && !OWN.contains(&before.as_str())
}

/// The strength of a name, or none.
pub(super) fn strength(name: &[u8]) -> Option<Strength> {
    let words = words(name);
    let last = words.last()?;
    let joined: String = words.concat();
    // "lastfm_api": the key of it, if the value is random.
    if last == "api" && words.len() > 1 {
        return Some(Strength::Service);
    }
    let secret_id = SECRET_IDS.iter().any(|phrase| joined.ends_with(phrase));
    if !secret_id {
        if ABOUT.contains(&last.as_str()) || HARMLESS_KEYS.iter().any(|phrase| joined.ends_with(phrase)) {
            return None;
        }
        // "no_password", "has_token": a flag.
        if matches!(
            words[0].as_str(),
            "has"
                | "is"
                | "label"
                | "no"
                | "use"
                | "skip"
                | "allow"
                | "require"
                | "requires"
                | "enable"
                | "disable"
                | "num"
                | "max"
                | "min"
                | "total"
                | "need"
                | "needs"
        ) && words.len() > 1
        {
            return None;
        }
    }
    let pass = |word: &String| {
        WHOLE_PASSWORDS.contains(&word.as_str())
            || word.ends_with("pass") && !NO_PASSWORDS.iter().any(|other| word.ends_with(other))
    };
    if PASSWORDS.iter().any(|phrase| has_phrase(&joined, phrase)) || words.iter().any(pass) {
        return Some(Strength::Password);
    }
    if words.iter().any(|word| word.ends_with("secret")) {
        // The lone word names Kubernetes objects more often than values.
        return Some(if words.len() > 1 || last != "secret" { Strength::Password } else { Strength::Token });
    }
    let token = |word: &String| {
        TOKENS.contains(&word.as_str())
            || ["token", "tokens", "bearer", "credential", "credentials", "cookie", "sessionid", "sessid"]
                .iter()
                .any(|end| word.ends_with(end))
    };
    if words.iter().any(token) {
        return Some(Strength::Token);
    }
    let service = vendor::is_named(&words);
    if service && !NOT_OF_SERVICES.contains(&last.as_str()) {
        return Some(Strength::Service);
    }
    let key = |word: &String| {
        matches!(
            word.as_str(),
            "key" | "keys" | "keytab" | "sig" | "signature" | "salt" | "hmac" | "license" | "webhook" | "dsn" | "seed"
        ) || (word.ends_with("key")
            && word.len() <= 12
            && !matches!(word.as_str(), "monkey" | "turkey" | "hockey" | "whiskey" | "jockey" | "donkey" | "hotkey"))
    };
    (words.iter().any(key) || joined.ends_with("clientid")).then_some(Strength::Key)
}

/// Whether a phrase stands in a name, and not as the begin of a longer word: "master-keying".
fn has_phrase(joined: &str, phrase: &str) -> bool {
    joined.find(phrase).is_some_and(|at| !joined[at + phrase.len()..].starts_with("ing"))
}

/// The words of a name in lower case: separated by punctuation, by a change of case, never by digits.
fn words(name: &[u8]) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, byte) in name.iter().enumerate() {
        if !byte.is_ascii_alphanumeric() {
            flush(&mut word, &mut words);
            continue;
        }
        let after_lower = at > 0 && (name[at - 1].is_ascii_lowercase() || name[at - 1].is_ascii_digit());
        let before_lower =
            name.get(at + 1).is_some_and(u8::is_ascii_lowercase) && at > 0 && name[at - 1].is_ascii_uppercase();
        if byte.is_ascii_uppercase() && (after_lower || before_lower) {
            flush(&mut word, &mut words);
        }
        word.push(char::from(byte.to_ascii_lowercase()));
    }
    flush(&mut word, &mut words);
    words
}

fn flush(word: &mut String, words: &mut Vec<String>) {
    // Numbering says nothing: password1, key2.
    let trimmed = word.trim_end_matches(|c: char| c.is_ascii_digit());
    if !trimmed.is_empty() {
        words.push(trimmed.to_owned());
    }
    word.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_phrase_that_says_secret_holds_a_literal_of_the_pre_filter() {
        for phrase in [PASSWORDS, WHOLE_PASSWORDS, SECRET_IDS].concat() {
            let assigned = format!("{phrase}=");
            assert!(LITERALS.iter().any(|literal| assigned.contains(literal)), "{phrase}");
        }
    }
}
