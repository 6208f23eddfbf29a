//! The members of tar and zip archives. Not for: unpacking; nothing is ever written under a member's name.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek, Write};
use std::path::{Component, Path};
use std::rc::Rc;

use tar::EntryType;
use tempfile::SpooledTempFile;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::bounds::Bounded;
use super::{FileRedactor, LeftOut, Refusal, SPOOL};

/// Members of one archive; in most there are some thousand.
const MOST_MEMBERS: usize = 1_000_000;

/// An archive that is being written: its members' names, each once.
struct Names<'a> {
    archive: &'a str,
    taken: BTreeSet<String>,
}

impl<'a> Names<'a> {
    fn of(archive: &'a str) -> Self {
        Self { archive, taken: BTreeSet::new() }
    }

    /// The member's redacted name; a second one of the same name gets a number.
    fn of_member(&mut self, name: &str) -> String {
        let mut given = name.to_owned();
        let mut number = 1;
        // Archives tell a folder more than once.
        if name.ends_with('/') {
            return given;
        }
        while !self.taken.insert(given.clone()) {
            number += 1;
            given = format!("{name}-{number}");
        }
        given
    }

    /// The name for a person: the archive's before it.
    fn told(&self, member: &str) -> String {
        format!("{}/{member}", self.archive)
    }
}

impl FileRedactor<'_> {
    pub(super) fn tar(
        &mut self,
        name: &str,
        input: &mut dyn Read,
        out: &mut dyn Write,
        depth: usize,
    ) -> Result<(), Refusal> {
        let mut names = Names::of(name);
        let mut packed = tar::Builder::new(out);
        let mut archive = tar::Archive::new(input);
        let entries = archive.entries().map_err(|error| self.unreadable(&error))?;
        for (number, entry) in entries.enumerate() {
            let mut entry = match entry {
                Ok(entry) if number < MOST_MEMBERS => entry,
                Ok(_) => {
                    self.leave_out(names.told("…"), format!("it has more than {MOST_MEMBERS} members"), true);
                    break;
                }
                // What follows a broken header is not to be found.
                Err(error) => {
                    let refusal = self.unreadable(&error);
                    self.refused(names.told("…"), refusal)?;
                    break;
                }
            };
            let written = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let member = names.of_member(&self.name(&written));
            let told = names.told(&member);
            let done = if leaves_the_archive(Path::new(&written)) {
                Err(Refusal::failed("its name leaves the archive"))
            } else {
                self.tar_member(&mut entry, &member, &told, &mut packed, depth)
            };
            if let Err(refusal) = done {
                self.refused(told, refusal)?;
            }
        }
        packed.finish().map_err(Refusal::output)
    }

    fn tar_member(
        &mut self,
        entry: &mut tar::Entry<'_, &mut dyn Read>,
        member: &str,
        told: &str,
        packed: &mut tar::Builder<&mut dyn Write>,
        depth: usize,
    ) -> Result<(), Refusal> {
        let kind = entry.header().entry_type();
        let mut header = tar::Header::new_gnu();
        header.set_mode(entry.header().mode().unwrap_or(0o644));
        header.set_mtime(entry.header().mtime().unwrap_or(0));
        header.set_size(0);
        match kind {
            EntryType::XGlobalHeader => Ok(()),
            EntryType::Directory if Path::new(member).components().all(|part| part == Component::CurDir) => Ok(()),
            EntryType::Directory => {
                header.set_entry_type(EntryType::Directory);
                packed.append_data(&mut header, member, io::empty()).map_err(Refusal::output)
            }
            EntryType::Symlink | EntryType::Link => {
                let target = entry.link_name_bytes().unwrap_or_default();
                let target = self.name(&String::from_utf8_lossy(&target));
                header.set_entry_type(kind);
                packed.append_link(&mut header, member, &target).map_err(Refusal::output)
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let mut spool = SpooledTempFile::new(SPOOL);
                // The holes of a sparse file are nowhere in the archive.
                let sparse = kind == EntryType::GNUSparse;
                let mut plain = Bounded::of_member(entry, Rc::clone(&self.meter), sparse);
                self.any(told, &mut plain, &mut spool, depth, 0)?;
                header.set_entry_type(EntryType::Regular);
                header.set_size(spool.stream_position().map_err(Refusal::output)?);
                spool.rewind().map_err(Refusal::output)?;
                packed.append_data(&mut header, member, spool).map_err(Refusal::output)
            }
            _ => Err(Refusal::Member { reason: "is no file".to_owned(), failed: false }),
        }
    }

    pub(super) fn zip(
        &mut self,
        name: &str,
        input: &mut dyn Read,
        out: &mut dyn Write,
        depth: usize,
    ) -> Result<(), Refusal> {
        // A zip is read from its end.
        let mut spool = SpooledTempFile::new(SPOOL);
        self.copy(input, &mut spool)?;
        let broken = |error: zip::result::ZipError| Refusal::failed(format!("cannot read: {error}"));
        let mut archive = ZipArchive::new(spool).map_err(broken)?;
        if archive.len() > MOST_MEMBERS {
            return Err(Refusal::failed(format!("it has more than {MOST_MEMBERS} members")));
        }
        let mut names = Names::of(name);
        let mut packed = ZipWriter::new_stream(out);
        for index in 0..archive.len() {
            let mut entry = match archive.by_index(index) {
                Ok(entry) => entry,
                Err(error) => {
                    self.leave_out(names.told(&format!("member {index}")), format!("cannot read: {error}"), true);
                    continue;
                }
            };
            let Ok(written) = entry.name().map(|name| name.into_owned()) else {
                self.leave_out(names.told(&format!("member {index}")), "its name is no text".to_owned(), true);
                continue;
            };
            let member = names.of_member(&self.name(&written));
            let told = names.told(&member);
            let done = if leaves_the_archive(Path::new(&written)) {
                Err(Refusal::failed("its name leaves the archive"))
            } else if entry.is_dir() {
                packed
                    .add_directory(member, SimpleFileOptions::default())
                    .map_err(|error| Refusal::output(error.into()))
            } else if entry.is_symlink() {
                Err(Refusal::Member { reason: "is no file".to_owned(), failed: false })
            } else {
                let options = SimpleFileOptions::default()
                    .large_file(true)
                    .unix_permissions(entry.unix_mode().unwrap_or(0o644))
                    .last_modified_time(entry.last_modified().unwrap_or_default());
                self.zip_member(&mut entry, &member, &told, options, &mut packed, depth)
            };
            if let Err(refusal) = done {
                self.refused(told, refusal)?;
            }
        }
        packed.finish().map(drop).map_err(|error| Refusal::output(error.into()))
    }

    fn zip_member(
        &mut self,
        entry: &mut dyn Read,
        member: &str,
        told: &str,
        options: SimpleFileOptions,
        packed: &mut ZipWriter<zip::write::StreamWriter<&mut dyn Write>>,
        depth: usize,
    ) -> Result<(), Refusal> {
        let mut spool = SpooledTempFile::new(SPOOL);
        let mut plain = Bounded::of_member(entry, Rc::clone(&self.meter), true);
        self.any(told, &mut plain, &mut spool, depth, 0)?;
        spool.rewind().map_err(Refusal::output)?;
        packed.start_file(member, options).map_err(|error| Refusal::output(error.into()))?;
        io::copy(&mut spool, packed).map(drop).map_err(Refusal::output)
    }

    /// Goes on without a member, unless its refusal stops the whole file.
    fn refused(&mut self, member: String, refusal: Refusal) -> Result<(), Refusal> {
        match refusal {
            Refusal::Member { reason, failed } => {
                self.leave_out(member, reason, failed);
                Ok(())
            }
            Refusal::File(_) => Err(refusal),
        }
    }

    fn leave_out(&mut self, member: String, reason: String, failed: bool) {
        self.left_out.push(LeftOut { member, reason, failed });
    }
}

/// Whether a name leads out of the folder that it is unpacked into.
fn leaves_the_archive(name: &Path) -> bool {
    name.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir))
}
