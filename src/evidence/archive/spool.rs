//! The work folder of one bundle: redacted members, compressed, waiting for the packer, under one limit of bytes.
//! Only [`Redacted`] bytes can be written. Not for the finished archive, and not for anything that must outlive the process.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::evidence::archive::name::MemberName;
use meshcase_redact::Redacted;

/// The work folder of one bundle. Dropping it removes the folder and all in it.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    left: Arc<AtomicU64>,
}

/// Why a member could not be written on.
#[derive(Debug, Error)]
pub enum SpoolError {
    #[error("the bundle's size limit is reached")]
    Full,
    #[error("the work folder cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// A finished member.
#[derive(Debug)]
pub struct Spooled {
    pub name: MemberName,
    pub bytes: u64,
    pub sha256: String,
    path: PathBuf,
}

impl Spool {
    /// Makes an empty folder for one bundle; what a crashed run left there is removed first.
    ///
    /// # Errors
    /// The folder cannot be made.
    pub fn create(folder: PathBuf, limit_bytes: u64) -> io::Result<Self> {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::create_dir_all(&folder)?,
        }
        Ok(Self { folder, left: Arc::new(AtomicU64::new(limit_bytes)) })
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Compressed bytes that may still be written.
    pub fn left_bytes(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    /// Opens a member that may take at most `share_bytes` (compressed) of what is left.
    ///
    /// # Errors
    /// The file cannot be made, or a member of this name exists already.
    pub fn member(&self, name: MemberName, share_bytes: u64) -> io::Result<Member> {
        // The file's name is a digest: a member's name may be longer than a file system allows.
        let path = self.folder.join(format!("{:x}", Sha256::digest(name.as_str())));
        let file = File::options().write(true).create_new(true).open(&path)?;
        let metered = Metered { file, left: self.left.clone(), share: share_bytes };
        Ok(Member {
            name,
            path,
            encoder: GzEncoder::new(metered, Compression::fast()),
            digest: Sha256::new(),
            bytes: 0,
        })
    }

    /// Removes a member that must not be packed.
    pub fn discard(&self, name: &MemberName) {
        let path = self.folder.join(format!("{:x}", Sha256::digest(name.as_str())));
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "a discarded member could not be removed from the work folder");
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(%error, folder = %self.folder.display(), "the work folder could not be removed");
        }
    }
}

/// A member being written.
pub struct Member {
    name: MemberName,
    path: PathBuf,
    encoder: GzEncoder<Metered>,
    digest: Sha256,
    bytes: u64,
}

impl Member {
    /// Appends redacted bytes.
    ///
    /// # Errors
    /// [`SpoolError::Full`] once the member's share or the bundle's limit is used up: what was written stays, the rest is cut.
    pub fn write(&mut self, redacted: &Redacted) -> Result<(), SpoolError> {
        let bytes = redacted.as_bytes();
        if bytes.is_empty() {
            return Ok(());
        }
        if self.encoder.get_ref().is_spent() {
            return Err(SpoolError::Full);
        }
        self.encoder.write_all(bytes)?;
        self.digest.update(bytes);
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Ends the member.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> io::Result<Spooled> {
        self.encoder.finish()?;
        let sha256 = format!("{:x}", self.digest.finalize());
        Ok(Spooled { name: self.name, bytes: self.bytes, sha256, path: self.path })
    }
}

impl Spooled {
    /// The member's redacted content.
    ///
    /// # Errors
    /// The file is gone.
    pub fn open(&self) -> io::Result<impl Read + use<>> {
        Ok(GzDecoder::new(BufReader::new(File::open(&self.path)?)))
    }
}

/// Counts what reaches the disk. It never refuses a byte, so that a member always ends well formed: the writer asks first.
struct Metered {
    file: File,
    left: Arc<AtomicU64>,
    share: u64,
}

impl Metered {
    fn is_spent(&self) -> bool {
        self.share == 0 || self.left.load(Ordering::Relaxed) == 0
    }
}

impl Write for Metered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        let used = written as u64;
        self.share = self.share.saturating_sub(used);
        let take = |left: u64| Some(left.saturating_sub(used));
        let _ = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
