//! Keyed tokens: what stands in a bundle where a secret stood. Not for: deciding what is secret.
//!
//! A token is `‹family:xxxxxx›`. Its letters are 24 bits of HMAC-SHA256 over the value and 12 bits of HMAC-SHA256 over
//! family and letters, so that equal values give equal letters in every file of a bundle, and whoever holds the key can
//! tell a token of ours from an imitation without knowing the value. A pseudonym has two more letters: a bundle holds
//! many more addresses than secrets, and two of them must not fall together.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::family::Family;

/// The sign that opens a token, U+2039.
pub(super) const OPEN: &[u8] = "‹".as_bytes();
/// The sign that closes a token, U+203A.
pub(super) const CLOSE: &[u8] = "›".as_bytes();
/// Letters of a family's longest name and of a token's longest tail; bounds the look for a token's end.
const LONGEST_TOKEN: usize = 64;

/// Letters at a token's end by which its key is known.
const CHECK_LETTERS: usize = 2;

/// The key of one bundle's tokens. Made anew for each bundle, kept in memory only, overwritten when dropped.
pub struct BundleKey(Zeroizing<[u8; 32]>);

impl BundleKey {
    /// A fresh random key from the operating system.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, KeyUnavailable> {
        let mut key = Zeroizing::new([0u8; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|error| KeyUnavailable(error.to_string()))?;
        Ok(Self(key))
    }

    /// A key derived from the bytes of a key file. The same bytes give the same tokens, so that outputs can be joined.
    pub fn from_bytes(material: &[u8]) -> Self {
        let mut key = Zeroizing::new([0u8; 32]);
        key.copy_from_slice(&mac(b"meshcase bundle key", &[material]));
        Self(key)
    }

    pub(super) fn duplicate(&self) -> Self {
        Self(self.0.clone())
    }

    /// The token of a value: `‹family:xxxxxx›`.
    pub(super) fn token(&self, family: Family, value: &[u8]) -> String {
        let digest = mac(self.0.as_slice(), &[b"value", value]);
        let value_letters = URL_SAFE_NO_PAD.encode(&digest[..6]);
        let value_letters = &value_letters[..family.value_letters()];
        format!("‹{}:{}{}›", family.name(), value_letters, self.check_letters(family.name(), value_letters))
    }

    /// The length in bytes of the token of ours that `text` begins with, if it does.
    pub(super) fn own_token(&self, text: &[u8]) -> Option<usize> {
        let (family, letters, length) = token_shape(text)?;
        let family = Family::named(family)?;
        let value_letters = letters.get(..family.value_letters())?;
        let check = letters.get(family.value_letters()..)?;
        (check == self.check_letters(family.name(), value_letters)).then_some(length)
    }

    /// The length in bytes of what `text` begins with, if some key may have made such a token.
    pub(super) fn foreign_token(text: &[u8]) -> Option<usize> {
        let (family, letters, length) = token_shape(text)?;
        (letters.len() == Family::named(family)?.value_letters() + CHECK_LETTERS).then_some(length)
    }

    fn check_letters(&self, family: &str, value_letters: &str) -> String {
        let digest = mac(self.0.as_slice(), &[b"check", family.as_bytes(), value_letters.as_bytes()]);
        let mut letters = URL_SAFE_NO_PAD.encode(&digest[..3]);
        letters.truncate(CHECK_LETTERS);
        letters
    }
}

/// The operating system gave no random bytes for a bundle's key.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes for the bundle's key: {0}")]
pub struct KeyUnavailable(String);

/// Family, letters and length of what looks like a token at the start of `text`, ours or an imitation.
pub(super) fn token_shape(text: &[u8]) -> Option<(&str, &str, usize)> {
    let inner = text.strip_prefix(OPEN)?;
    let bounded = &inner[..inner.len().min(LONGEST_TOKEN)];
    let end = bounded.windows(CLOSE.len()).position(|window| window == CLOSE)?;
    let inner = std::str::from_utf8(&bounded[..end]).ok()?;
    let (family, letters) = inner.split_once(':')?;
    let named = !family.is_empty() && family.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let lettered = letters.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    (named && lettered).then_some((family, letters, OPEN.len() + end + CLOSE.len()))
}

/// HMAC-SHA256 over the parts, each preceded by its length, so that no two lists of parts give the same bytes.
fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is accepted by HMAC (RFC 2104); the fallback is never taken and still hides the value.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_give_equal_letters_and_another_key_gives_others() {
        let key = BundleKey::from_bytes(b"one");
        assert_eq!(key.token(Family::Password, b"hunter2"), key.token(Family::Password, b"hunter2"));
        assert_ne!(key.token(Family::Password, b"hunter2"), key.token(Family::Password, b"hunter3"));
        assert_ne!(
            key.token(Family::Password, b"hunter2"),
            BundleKey::from_bytes(b"two").token(Family::Password, b"hunter2")
        );
    }

    #[test]
    fn a_token_is_verified_under_its_key_only() {
        let key = BundleKey::from_bytes(b"one");
        let token = key.token(Family::Password, b"hunter2");
        assert_eq!(key.own_token(token.as_bytes()), Some(token.len()));
        let verified_elsewhere = (0u32..64)
            .filter(|n| BundleKey::from_bytes(&n.to_be_bytes()).own_token(token.as_bytes()).is_some())
            .count();
        assert!(verified_elsewhere <= 1, "{verified_elsewhere} of 64 foreign keys accept the token");
    }

    #[test]
    fn a_token_has_six_letters_after_its_family_and_a_pseudonym_eight() {
        let key = BundleKey::from_bytes(b"one");
        let letters = |family| {
            let token = key.token(family, b"x");
            token_shape(token.as_bytes()).map(|(_, letters, _)| letters.len())
        };
        assert_eq!(letters(Family::Password), Some(6));
        assert_eq!(letters(Family::Address), Some(8));
    }
}
