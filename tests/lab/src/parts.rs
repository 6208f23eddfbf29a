//! Small things that starting a part needs: a free loopback port, a random token, a certificate, an answer over HTTP. Not for: anything with a part's name.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::identity::write_private;
use crate::{Context, LabError, Result};

/// Below the range from which the system takes the ports of outgoing connections (32768 to 60999 on Linux): a port that
/// is free now is then not taken by a connection of some other process before our part listens on it.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// A part listens some time after it was given its port: until then only this knows that the port is taken.
static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A loopback port on which nobody listens, and that this process was not given before. Drawn at random, so that laboratories that start at once do not meet.
pub(crate) fn free_port() -> Result<u16> {
    for _ in 0..100 {
        let draw = u16::from_le_bytes(random::<2>()?);
        let port = PORTS.start + draw % (PORTS.end - PORTS.start);
        let is_free = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
        if is_free && GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
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

/// Writes an executable file.
pub(crate) fn write_program(path: &Path, text: &str) -> Result<()> {
    let written = fs::write(path, text).and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o755)));
    written.context(format!("writing {}", path.display()))
}

/// The body of a 200 of a server on loopback. HTTP/1.0: the server ends its answer by closing, and no body is in chunks.
pub(crate) async fn http_get(port: u16, path: &str) -> Result<String> {
    let exchange = async {
        let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        server.write_all(format!("GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        server.read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer)
    };
    let what = format!("asking port {port} for {path}");
    let answer = tokio::time::timeout(Duration::from_secs(10), exchange).await.context(&what)?.context(&what)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context(&what)?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        Ok(body.to_owned())
    } else {
        Err(LabError::new(format!("{what}: the answer is {status}: {body}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_port_is_given_twice() {
        let given: BTreeSet<u16> = (0..500).map(|_| free_port().unwrap()).collect();
        assert_eq!(given.len(), 500);
    }
}
