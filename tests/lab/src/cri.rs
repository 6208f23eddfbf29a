//! Container logs in the form in which a container runtime writes them (CRI: `TIMESTAMP STREAM F|P TEXT`), since kwok
//! serves such files. Not for: what a log says.

use std::io::{self, BufRead, BufReader, Read, Write};

use k8s_openapi::jiff::Timestamp;

/// The text of one entry at most, as containerd has it; a longer line becomes several.
const LONGEST: u64 = 16 * 1024;

/// One entry of a log. The time is now: a reader that asks for the last hour must get it.
fn entry(stream: &str, whole: bool, text: &[u8]) -> Vec<u8> {
    let tag = if whole { 'F' } else { 'P' };
    let mut entry = format!("{:.9} {stream} {tag} ", Timestamp::now()).into_bytes();
    entry.extend_from_slice(text);
    entry.push(b'\n');
    entry
}

/// Writes what comes from a process as entries, until it ends.
pub(crate) fn copy(stream: &str, from: impl Read, mut to: impl Write) -> io::Result<()> {
    let mut from = BufReader::new(from);
    let mut text = Vec::new();
    loop {
        text.clear();
        if (&mut from).take(LONGEST).read_until(b'\n', &mut text)? == 0 {
            return Ok(());
        }
        let whole = text.pop_if(|last| *last == b'\n').is_some();
        // One write: two streams share the file.
        to.write_all(&entry(stream, whole, &text))?;
    }
}

/// A whole log of these lines on standard output.
pub(crate) fn log(lines: &[&str]) -> Vec<u8> {
    lines.iter().flat_map(|text| entry("stdout", true, text.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_nine_digits_of_a_second_a_stream_a_tag_and_its_text() {
        let mut log = Vec::new();
        copy("stderr", &b"a b\n\nlast"[..], &mut log).unwrap();
        let log = String::from_utf8(log).unwrap();
        let mut rests = Vec::new();
        for entry in log.lines() {
            let (time, rest) = entry.split_once(' ').unwrap();
            assert_eq!(time.len(), "2026-01-01T00:00:00.000000000Z".len(), "{time}");
            rests.push(rest);
        }
        assert_eq!(rests, ["stderr F a b", "stderr F ", "stderr P last"]);
    }

    #[test]
    fn a_line_longer_than_an_entry_becomes_several() {
        let line = [vec![b'x'; 40_000], vec![b'\n']].concat();
        let mut log = Vec::new();
        copy("stdout", &line[..], &mut log).unwrap();
        let log = String::from_utf8(log).unwrap();
        let tags: String = log.lines().map(|entry| entry.split(' ').nth(2).unwrap()).collect();
        assert_eq!(tags, "PPF");
        assert_eq!(log.matches('x').count(), 40_000);
    }
}
