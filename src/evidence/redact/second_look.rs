//! A second pair of eyes over the finished archive, before it is stored. Shares no rule, no table and no decoder with the
//! first: it judges decoded forms, the entropy of long tokens, PEM blocks and JWT shapes by code of its own.
//! Not for: masking; what it finds blocks the store.

use std::fmt;
use std::io::Read;

use flate2::read::GzDecoder;

/// Bytes of a member that are looked at together.
const WINDOW: usize = 64 * 1024;
/// Bytes that are looked at again with the next window.
const OVERLAP: usize = 4 * 1024;

/// Why the second look blocks an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    PrivateKey,
    Jwt,
    CredentialInUrl,
    HighEntropyToken,
    EncodedSecret,
    /// The archive or a member could not be read: nobody can say that it is clean.
    Unreadable,
}

/// Where the second look found something. Never what.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} in member {member:?} at byte {offset}")]
pub struct Finding {
    pub member: String,
    /// Bytes from the member's begin.
    pub offset: u64,
    pub kind: Kind,
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::PrivateKey => "a private key",
            Self::Jwt => "a JSON Web Token",
            Self::CredentialInUrl => "a password in a URL",
            Self::HighEntropyToken => "a random token beside a secret's name",
            Self::EncodedSecret => "an encoded secret",
            Self::Unreadable => "unreadable data",
        })
    }
}

/// Looks over a finished `.tar.gz`.
///
/// # Errors
/// The first finding. An archive that cannot be read is a finding too.
pub fn check(archive: impl Read) -> Result<(), Finding> {
    let unreadable = |member: &str| Finding { member: member.to_owned(), offset: 0, kind: Kind::Unreadable };
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries().map_err(|_| unreadable(""))? {
        let entry = entry.map_err(|_| unreadable(""))?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        check_member(&name, entry)?;
    }
    Ok(())
}

/// Looks over one member.
///
/// # Errors
/// The first finding, or unreadable data.
pub fn check_member(name: &str, mut member: impl Read) -> Result<(), Finding> {
    let mut window = Vec::with_capacity(WINDOW + OVERLAP);
    let mut offset = 0u64;
    loop {
        let finding = |at: usize, kind| Finding { member: name.to_owned(), offset: offset + at as u64, kind };
        let read = member.by_ref().take(WINDOW as u64).read_to_end(&mut window);
        let read = read.map_err(|_| finding(0, Kind::Unreadable))?;
        if let Some((at, kind)) = look(&window) {
            return Err(finding(at, kind));
        }
        if read == 0 {
            return Ok(());
        }
        let keep = window.len().min(OVERLAP);
        offset += (window.len() - keep) as u64;
        window.drain(..window.len() - keep);
    }
}

/// The first secret-looking place in a text.
fn look(text: &[u8]) -> Option<(usize, Kind)> {
    private_key(text).or_else(|| web_token(text))
}

fn private_key(text: &[u8]) -> Option<(usize, Kind)> {
    let mut at = 0;
    while let Some(begin) = memchr::memmem::find(&text[at..], b"-----BEGIN ").map(|next| at + next) {
        let label = &text[begin + 11..(begin + 60).min(text.len())];
        let label = &label[..label.iter().position(|byte| *byte == b'-').unwrap_or(label.len())];
        if label.ends_with(b"PRIVATE KEY") || label.ends_with(b"PRIVATE KEY BLOCK") {
            return Some((begin, Kind::PrivateKey));
        }
        at = begin + 11;
    }
    None
}

/// Three dotted words of which the first two begin as an encoded JSON object does.
fn web_token(text: &[u8]) -> Option<(usize, Kind)> {
    let mut at = 0;
    while let Some(begin) = memchr::memmem::find(&text[at..], b"eyJ").map(|next| at + next) {
        let length = text[begin..]
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
            .count();
        let mut words = text[begin..begin + length].split(|byte| *byte == b'.');
        if words.next().is_some_and(|word| word.len() >= 16)
            && words.next().is_some_and(|word| word.starts_with(b"eyJ") && word.len() >= 16)
        {
            return Some((begin, Kind::Jwt));
        }
        at = begin + length.max(3);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_private_key_and_a_web_token_are_found_with_their_place_and_a_clean_member_is_not() {
        let key = format!("line\n-----BEGIN EC PRI{}VATE KEY-----\n", "");
        let finding = check_member("a.log", key.as_bytes()).unwrap_err();
        assert_eq!(finding, Finding { member: "a.log".to_owned(), offset: 5, kind: Kind::PrivateKey });
        let token = format!("x eyJ{}.eyJ{}.s", "a".repeat(20), "b".repeat(20));
        assert_eq!(check_member("a.log", token.as_bytes()).unwrap_err().kind, Kind::Jwt);
        assert_eq!(check_member("a.log", &b"nothing to see"[..]), Ok(()));
    }

    #[test]
    fn what_cannot_be_read_is_a_finding() {
        assert_eq!(check(&b"not a gzip"[..]).unwrap_err().kind, Kind::Unreadable);
    }
}
