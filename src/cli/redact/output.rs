//! Where redacted files go: always to new ones, and under their name only when they are whole. Not for: standard output.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use meshcase_redact::{Gathered, Redactor};
use tempfile::NamedTempFile;

use super::unreadable;
use crate::cli::{Error, warn};

/// A file to read.
pub(super) struct Found {
    pub(super) file: PathBuf,
    /// Its path below the folder that was named, or its name.
    below: PathBuf,
}

/// Every file of the inputs, those of folders in order. Links and devices in folders are left out, and told.
pub(super) fn walk(inputs: &[PathBuf]) -> Result<Vec<Found>, Error> {
    let mut found = Vec::new();
    for input in inputs {
        if input.is_dir() {
            folder(input, input, &mut found)?;
        } else {
            found.push(Found { file: input.clone(), below: input.file_name().map(PathBuf::from).unwrap_or_default() });
        }
    }
    Ok(found)
}

fn folder(root: &Path, folder_path: &Path, found: &mut Vec<Found>) -> Result<(), Error> {
    let unread = |error: io::Error| unreadable(folder_path.display(), &error);
    let entries = std::fs::read_dir(folder_path).map_err(unread)?;
    let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(unread)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        match entry.file_type().map_err(unread)? {
            kind if kind.is_dir() => folder(root, &path, found)?,
            kind if kind.is_file() => {
                let below = path.strip_prefix(root).unwrap_or(&path).to_owned();
                found.push(Found { file: path, below });
            }
            _ => warn(&format!("{}: left out: is no file", path.display())),
        }
    }
    Ok(())
}

/// The new file or folder that the user named.
pub(super) struct Output {
    path: PathBuf,
    /// Whether it is a folder, for several files.
    folder: bool,
    taken: RefCell<BTreeSet<PathBuf>>,
}

impl Output {
    /// # Errors
    /// When it exists, or lies within an input.
    pub(super) fn new(path: &Path, inputs: &[PathBuf]) -> Result<Self, Error> {
        if path.exists() {
            return Err(Error::Input(format!("-o {}: it exists; nothing is written over", path.display())));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let parent = parent.canonicalize().map_err(|error| unreadable(parent.display(), &error))?;
        for input in inputs.iter().filter(|input| input.is_dir()) {
            let input = input.canonicalize().map_err(|error| unreadable(input.display(), &error))?;
            if parent.starts_with(&input) {
                return Err(Error::Input(format!("-o {}: it lies within {}", path.display(), input.display())));
            }
        }
        let folder = inputs.len() > 1 || inputs.iter().any(|input| input.is_dir());
        Ok(Self { path: path.to_owned(), folder, taken: RefCell::default() })
    }

    /// The file that is written in a found one's place.
    pub(super) fn target(&self, found: &Found, redactor: &Redactor) -> Result<Target, Error> {
        let path = if self.folder { self.path.join(self.name(&found.below, redactor)) } else { self.path.clone() };
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
        let file = NamedTempFile::new_in(parent).map_err(|error| unwritable(parent, &error))?;
        Ok(Target { file, path })
    }

    /// The redacted path; a second one of the same gets a number.
    fn name(&self, below: &Path, redactor: &Redactor) -> PathBuf {
        let part = |part: std::path::Component<'_>| {
            redactor.text(Gathered::from(part.as_os_str().to_string_lossy().into_owned())).to_text()
        };
        let name: PathBuf = below.components().map(part).collect();
        let mut given = name.clone();
        let mut number = 1;
        while !self.taken.borrow_mut().insert(given.clone()) {
            number += 1;
            given = name.with_added_extension(number.to_string());
        }
        given
    }
}

/// A file that is being written.
pub(super) struct Target {
    file: NamedTempFile,
    path: PathBuf,
}

impl Target {
    /// Gives it its name.
    pub(super) fn keep(self) -> Result<(), Error> {
        let Self { file, path } = self;
        file.persist_noclobber(&path).map(drop).map_err(|error| unwritable(&path, &error.error))
    }
}

impl Write for Target {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("cannot write {}: {error}", path.display()))
}
