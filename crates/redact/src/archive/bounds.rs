//! How far a file may expand. Not for: how long a text may be; a text that is as long as it says may have any length.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// How many times its size a file may expand to. Logs that repeat themselves come to a hundred.
pub(super) const RATIO: u64 = 300;

/// What was read of a file, and to what all its layers expanded together.
pub(super) struct Meter {
    always: u64,
    read: Cell<u64>,
    expanded: Cell<u64>,
    exceeded: Cell<Option<u64>>,
}

impl Meter {
    /// `always` bytes are allowed whatever the file's size.
    pub(super) fn new(always: u64) -> Self {
        Self { always, read: Cell::new(0), expanded: Cell::new(0), exceeded: Cell::new(None) }
    }

    /// The bytes beyond which the file expanded, if it did.
    pub(super) fn exceeded(&self) -> Option<u64> {
        self.exceeded.get()
    }

    /// Adds to what the file expanded to.
    fn expand(&self, bytes: u64) -> io::Result<()> {
        self.expanded.set(self.expanded.get().saturating_add(bytes));
        let limit = self.always.saturating_add(self.read.get().saturating_mul(RATIO));
        if self.expanded.get() > limit {
            self.exceeded.set(Some(limit));
            return Err(io::Error::other("it expands too far"));
        }
        Ok(())
    }
}

/// A reader whose bytes are counted.
pub(super) struct Bounded<R> {
    inner: R,
    meter: Rc<Meter>,
    counts: Counts,
}

/// What a reader's bytes are counted as.
#[derive(Clone, Copy, PartialEq)]
enum Counts {
    Read,
    Expanded,
    Nothing,
}

impl<R: Read> Bounded<R> {
    /// Of the file itself.
    pub(super) fn counting(inner: R, meter: Rc<Meter>) -> Self {
        Self { inner, meter, counts: Counts::Read }
    }

    /// Of what a layer expands to.
    pub(super) fn expanding(inner: R, meter: Rc<Meter>) -> Self {
        Self { inner, meter, counts: Counts::Expanded }
    }

    /// Of an archive's member, which expands if the archive compresses its members, or leaves out their holes.
    pub(super) fn of_member(inner: R, meter: Rc<Meter>, expands: bool) -> Self {
        Self { inner, meter, counts: if expands { Counts::Expanded } else { Counts::Nothing } }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.counts {
            Counts::Read => self.meter.read.set(self.meter.read.get() + read as u64),
            Counts::Expanded => self.meter.expand(read as u64)?,
            Counts::Nothing => {}
        }
        Ok(read)
    }
}
