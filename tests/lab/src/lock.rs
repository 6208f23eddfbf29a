//! One holder at a time on this machine, for what cannot be had twice. Not for: threads of one process that share a value.

use std::fs::File;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use crate::{Context, Result, wait_for};

/// A held lock. It goes with this value, and with its process however that ends: children do not inherit it.
#[derive(Debug)]
pub(crate) struct MachineLock {
    _file: File,
}

impl MachineLock {
    /// Waits for the lock called `name`, in the machine's temporary folder.
    pub(crate) async fn take(name: &str, within: Duration) -> Result<Self> {
        let path = std::env::temp_dir().join(format!("meshcase-lab-{name}.lock"));
        // Opened to read first: it may be another user's. It is never removed, else two could hold one each.
        let file = File::open(&path).or_else(|_| File::create_new(&path)).or_else(|_| File::open(&path));
        let file = file.context(format!("opening {}", path.display()))?;
        let what = format!("the lock {}, which another laboratory holds", path.display());
        let held = wait_for(&what, within, async || flock(&file, FlockOperation::NonBlockingLockExclusive).ok());
        held.await?;
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_lock_has_one_holder_and_goes_with_it() {
        let held = MachineLock::take("test", Duration::from_secs(60)).await.unwrap();
        let refused = MachineLock::take("test", Duration::ZERO).await.unwrap_err();
        assert!(refused.to_string().contains("another laboratory holds"), "{refused}");
        drop(held);
        MachineLock::take("test", Duration::from_secs(60)).await.unwrap();
    }
}
