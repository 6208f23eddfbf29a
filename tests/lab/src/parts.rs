//! Small things that starting a part needs: a free loopback port, a random token, a certificate. Not for: anything with a part's name.

use std::fs::File;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use crate::identity::write_private;
use crate::{Context, LabError, Result};

/// Below the range from which the system takes the ports of outgoing connections (32768 to 60999 on Linux): a port that
/// is free now is then not taken by a connection of some other process before our part listens on it.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A loopback port on which nobody listens. Drawn at random, so that laboratories that start at once do not meet.
pub(crate) fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let draw = u16::from_le_bytes(random::<2>()?);
        let port = PORTS.start + draw % (PORTS.end - PORTS.start);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    Err(LabError::new("no free loopback port among 100 drawn from 20000 to 29999"))
}

/// `N` random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).context("reading /dev/urandom")?;
    Ok(bytes)
}

/// `N` random bytes in lower-case hex.
pub(crate) fn random_hex<const N: usize>() -> Result<String> {
    Ok(random::<N>()?.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes a self-signed certificate for loopback and its key below `folder`, and gives both paths.
pub(crate) fn self_signed(folder: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).context("making a certificate")?;
    let certificate = write_private(&folder.join(format!("{name}.crt")), &made.cert.pem())?;
    let key = write_private(&folder.join(format!("{name}.key")), &made.signing_key.serialize_pem())?;
    Ok((certificate, key))
}
