//! Reads a zoneinfo folder: time zone data that are newer than those compiled in. Not for: what a zone says.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::domain::time::{ZoneData, ZoneDataError};

/// A zone is a few KiB, and the source of all of them about 110 KiB; more is something else.
const LARGEST_FILE: u64 = 1 << 20;
/// About 600 zones there are.
const MOST_ZONES: usize = 2_000;
/// `America/Argentina/Ushuaia` is the deepest kind of name.
const DEEPEST: usize = 3;
/// What a compiled zone begins with (RFC 9636).
const MAGIC: &[u8] = b"TZif";

/// Why a folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("--zoneinfo {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("--zoneinfo {}: more than {MOST_ZONES} zones; accepted is a folder such as /usr/share/zoneinfo", path.display())]
    TooMany { path: PathBuf },
    #[error("--zoneinfo {}: {source}", path.display())]
    Unusable { path: PathBuf, source: ZoneDataError },
}

/// The zones of a folder, or those that are compiled in where none is given.
///
/// # Errors
/// [`Error`], where the folder cannot be read, holds no zone, or one that is damaged.
pub fn load(folder: Option<&Path>) -> Result<ZoneData, Error> {
    let Some(folder) = folder else { return Ok(ZoneData::built_in()) };
    let mut zones = BTreeMap::new();
    collect(folder, folder, DEEPEST, &mut zones)?;
    let version = version(folder, &zones);
    ZoneData::of(version, zones).map_err(|source| Error::Unusable { path: folder.to_owned(), source })
}

fn collect(root: &Path, folder: &Path, depth: usize, zones: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Error> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::Unreadable { path, source }
    };
    for entry in fs::read_dir(folder).map_err(unreadable(folder))? {
        let path = entry.map_err(unreadable(folder))?.path();
        // What a mounted volume keeps beside its files (`..data`) is no zone; `posix` and `right` repeat all of them, the
        // latter with leap seconds.
        let name = path.strip_prefix(root).ok().and_then(Path::to_str).unwrap_or_default().to_owned();
        if name.is_empty() || name.starts_with('.') || ["posix", "right", "posixrules", "localtime"].contains(&&*name) {
            continue;
        }
        if path.is_dir() {
            if depth > 1 {
                collect(root, &path, depth - 1, zones)?;
            }
            continue;
        }
        let bytes = read(&path).map_err(unreadable(&path))?;
        if bytes.starts_with(MAGIC) {
            zones.insert(name, bytes);
        }
        if zones.len() > MOST_ZONES {
            return Err(Error::TooMany { path: root.to_owned() });
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LARGEST_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The release of the IANA database, as `tzdata.zi` (`zic`, Debian, Python) or `+VERSION` (BSD, macOS) tell it; a digest of
/// the zones where neither is there.
fn version(folder: &Path, zones: &BTreeMap<String, Vec<u8>>) -> String {
    let first_line = |name: &str| {
        let bytes = read(&folder.join(name)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.lines().next()?.trim_start_matches("# version ").trim().to_owned())
    };
    let is_release = |version: &String| {
        (5..=32).contains(&version.len())
            && version.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    };
    ["tzdata.zi", "+VERSION"].into_iter().filter_map(first_line).find(is_release).unwrap_or_else(|| {
        let mut digest = Sha256::new();
        for (name, bytes) in zones {
            digest.update(name);
            digest.update(bytes);
        }
        digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with one zone, under a name of its own, and what else is given.
    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        folder
    }

    /// The shortest zone: always UTC (RFC 9636, version 2).
    fn utc() -> Vec<u8> {
        let part = [&b"TZif2"[..], &[0; 31], &[0, 0, 0, 1, 0, 0, 0, 4], &[0; 6], b"UTC\0"].concat();
        [&part[..], &part[..], b"\nUTC0\n"].concat()
    }

    #[test]
    fn a_folder_gives_its_zones_and_the_version_that_stands_beside_them() {
        for (file, text, version) in
            [("tzdata.zi", "# version 2031a\n# This is public domain\n", "2031a"), ("+VERSION", "2031b\n", "2031b")]
        {
            let folder = folder(&[
                ("Mars/Tharsis/Olympus", &utc()),
                ("posix/Mars/Phobos", &utc()),
                ("..data/Mars/Deimos", &utc()),
                ("zone.tab", b"no zone"),
                (file, text.as_bytes()),
            ]);
            let zones = load(Some(folder.path())).unwrap();
            assert_eq!((zones.version(), zones.names()), (version, vec!["Mars/Tharsis/Olympus"]));
        }
    }

    #[test]
    fn without_a_version_the_zones_themselves_tell_two_folders_apart() {
        let version = |name| load(Some(folder(&[(name, &utc())]).path())).unwrap().version().to_owned();
        assert_eq!(version("Mars/Olympus"), version("Mars/Olympus"));
        assert_ne!(version("Mars/Olympus"), version("Mars/Phobos"));
        assert_eq!(version("Mars/Olympus").len(), 12);
    }

    #[test]
    fn a_folder_that_cannot_be_used_is_named_with_the_reason() {
        let error = |folder: &Path| load(Some(folder)).unwrap_err().to_string();
        assert!(error(Path::new("/nowhere")).starts_with("--zoneinfo /nowhere: No such file"));
        assert!(
            error(folder(&[("readme", b"text")]).path()).contains("there is no compiled time zone data (TZif) in it")
        );
        assert!(error(folder(&[("Mars", b"TZif2")]).path()).contains("Mars is no zone of compiled time zone data"));
    }
}
