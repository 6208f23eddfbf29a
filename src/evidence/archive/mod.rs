//! The bundle: a `tar.gz` whose bytes follow from its members alone (sorted, fixed times, fixed owners), with
//! `manifest.json` and `redactions.json` beside them. Not for reading from a cluster and not for storing.

pub mod manifest;
pub mod name;
pub mod spool;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};

use crate::evidence::archive::manifest::Manifest;
use crate::evidence::archive::name::{FixedName, MemberName};
use crate::evidence::archive::spool::Spooled;

/// A finished archive on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// Digest of the archive, in hexadecimal.
    pub sha256: String,
    pub size_bytes: u64,
}

/// Packs the members, the manifest and the redactor's report into `path`. The same input gives the same bytes:
/// members in order of name, time 0, owner 0, mode 0644, no time and no system in the gzip header.
///
/// `report` is the redactor's own account; it holds rules and counts, never values.
///
/// # Errors
/// A member or the archive cannot be read or written.
pub fn pack<R: serde::Serialize>(
    path: &Path,
    members: &[Spooled],
    manifest: &Manifest,
    report: &R,
) -> io::Result<Packed> {
    let mut own = [
        (MemberName::fixed(FixedName::Manifest), json(manifest)?),
        (MemberName::fixed(FixedName::Redactions), json(report)?),
    ]
    .into_iter()
    .peekable();
    let mut order: Vec<&Spooled> = members.iter().collect();
    order.sort_by(|a, b| a.name.cmp(&b.name));

    let digest = Digesting { inner: BufWriter::new(File::create(path)?), digest: Sha256::new(), bytes: 0 };
    let gzip = GzBuilder::new().mtime(0).operating_system(255).write(digest, Compression::default());
    let mut archive = tar::Builder::new(gzip);
    for member in order {
        while let Some((name, bytes)) = own.next_if(|(name, _)| *name < member.name.as_str()) {
            append(&mut archive, name, bytes.len() as u64, bytes.as_slice())?;
        }
        append(&mut archive, member.name.as_str(), member.bytes, member.open()?)?;
    }
    for (name, bytes) in own {
        append(&mut archive, name, bytes.len() as u64, bytes.as_slice())?;
    }
    let mut digest = archive.into_inner()?.finish()?;
    digest.flush()?;
    digest.inner.get_ref().sync_all()?;
    let sha256 = format!("{:x}", digest.digest.finalize());
    Ok(Packed { sha256, size_bytes: fs::metadata(path)?.len() })
}

fn append<W: Write>(archive: &mut tar::Builder<W>, name: &str, bytes: u64, content: impl Read) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    // A member shorter or longer than its header says would shift all that follow.
    let mut counted = content.take(bytes.saturating_add(1));
    archive.append_data(&mut header, name, &mut counted)?;
    match counted.limit() {
        1 => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, format!("member {name} is not {bytes} bytes long"))),
    }
}

fn json<T: serde::Serialize>(value: &T) -> io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(io::Error::other)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Hashes and counts on the way to the file.
struct Digesting<W> {
    inner: W,
    digest: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
