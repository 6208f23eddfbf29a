//! A second pair of eyes over the finished archive, before it is stored. Shares no rule, no table and no decoder with the
//! first: it judges decoded forms, random words beside names, PEM blocks, JWT shapes and URLs by code of its own (`shape`).
//! Not for: masking; what it finds blocks the store.

mod shape;

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
        if let Some((at, kind)) = shape::first(&window) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> String {
        format!("https://bot:swordf{}ish7@host/x", "")
    }

    #[test]
    fn a_find_is_told_with_member_and_offset_and_never_with_its_value() {
        let finding = check_member("a.log", format!("line\n{}", secret()).as_bytes()).unwrap_err();
        assert_eq!(finding, Finding { member: "a.log".to_owned(), offset: 17, kind: Kind::CredentialInUrl });
        let told = finding.to_string();
        assert_eq!(told, "a password in a URL in member \"a.log\" at byte 17");
        assert_eq!(check_member("a.log", &b"nothing to see"[..]), Ok(()));
    }

    #[test]
    fn a_secret_is_found_at_every_place_around_the_border_of_two_windows() {
        for before in WINDOW - 60..WINDOW + 60 {
            let text = format!("{}{} after", ".".repeat(before), secret());
            assert_eq!(check_member("a", text.as_bytes()).unwrap_err().offset, before as u64 + 12, "{before}");
        }
    }

    #[test]
    fn an_archive_with_one_bad_member_is_blocked_by_its_name() {
        let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
        for (name, content) in [("good.log", "all is well".to_owned()), ("bad.log", secret())] {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            archive.append_data(&mut header, name, content.as_bytes()).unwrap();
        }
        let bytes = archive.into_inner().unwrap().finish().unwrap();
        assert_eq!(check(bytes.as_slice()).unwrap_err().member, "bad.log");
        assert_eq!(check(&bytes[..bytes.len() / 2]).unwrap_err().kind, Kind::Unreadable);
    }

    #[test]
    fn what_cannot_be_read_is_a_finding() {
        assert_eq!(check(&b"not a gzip"[..]).unwrap_err().kind, Kind::Unreadable);
    }
}
