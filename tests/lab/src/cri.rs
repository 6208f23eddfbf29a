//! Container logs in the form in which a container runtime writes them (CRI: `TIMESTAMP STREAM F|P TEXT`), since kwok
//! serves such files. Not for: what a log says.

use k8s_openapi::jiff::Timestamp;

/// One whole line of a log, with its end. The time is now: a reader that asks for the last hour must get it.
pub(crate) fn line(stream: &str, text: &[u8]) -> Vec<u8> {
    let mut line = format!("{:.9} {stream} F ", Timestamp::now()).into_bytes();
    line.extend_from_slice(text);
    line.push(b'\n');
    line
}

/// A whole log of these lines on standard output.
pub(crate) fn log(lines: &[&str]) -> Vec<u8> {
    lines.iter().flat_map(|text| line("stdout", text.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_line_has_nine_digits_of_a_second_a_stream_and_its_text() {
        let line = String::from_utf8(super::line("stderr", b"a b")).unwrap();
        let (time, rest) = line.split_once(' ').unwrap();
        assert_eq!(time.len(), "2026-01-01T00:00:00.000000000Z".len(), "{time}");
        assert_eq!(rest, "stderr F a b\n");
    }
}
