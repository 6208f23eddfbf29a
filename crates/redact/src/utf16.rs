//! UTF-16 logs, and UTF-32 ones that say so, become UTF-8 before they are scanned. Not for: other encodings, which pass as
//! bytes.

/// Bytes looked at before the encoding is decided, when no byte order mark decides it.
const PROBE: usize = 64;

/// Decides the encoding once, at the member's begin, and then decodes.
#[derive(Default)]
pub(super) struct Decoder {
    state: State,
    probe: Vec<u8>,
    high: Option<u16>,
    odd: Option<u8>,
    /// The first bytes of a letter in UTF-32.
    quad: Vec<u8>,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum State {
    #[default]
    Undecided,
    Bytes,
    LittleEndian,
    BigEndian,
    /// UTF-32.
    WideLittleEndian,
    WideBigEndian,
}

impl Decoder {
    pub(super) fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        match self.state {
            State::Bytes => out.extend_from_slice(chunk),
            State::Undecided => {
                self.probe.extend_from_slice(chunk);
                if self.probe.len() >= PROBE {
                    self.decide(out);
                }
            }
            State::LittleEndian | State::BigEndian => self.decode(chunk, out),
            State::WideLittleEndian | State::WideBigEndian => self.decode_wide(chunk, out),
        }
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.state == State::Undecided {
            self.decide(out);
        }
        if self.high.take().is_some() || self.odd.take().is_some() || !std::mem::take(&mut self.quad).is_empty() {
            push_char(char::REPLACEMENT_CHARACTER, out);
        }
    }

    fn decide(&mut self, out: &mut Vec<u8>) {
        let probe = std::mem::take(&mut self.probe);
        let start = &probe[..probe.len().min(PROBE)];
        let (state, mark) = match start {
            [0xFF, 0xFE, 0, 0, ..] => (State::WideLittleEndian, 4),
            [0, 0, 0xFE, 0xFF, ..] => (State::WideBigEndian, 4),
            [0xFF, 0xFE, ..] => (State::LittleEndian, 2),
            [0xFE, 0xFF, ..] => (State::BigEndian, 2),
            _ if start.len() >= 4 && mostly_zero(start, 1) => (State::LittleEndian, 0),
            _ if start.len() >= 4 && mostly_zero(start, 0) => (State::BigEndian, 0),
            _ => (State::Bytes, 0),
        };
        self.state = state;
        self.push(&probe[mark..], out);
    }

    fn decode_wide(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        for byte in chunk {
            self.quad.push(*byte);
            let Ok(unit) = <[u8; 4]>::try_from(self.quad.as_slice()) else { continue };
            self.quad.clear();
            let code = match self.state {
                State::WideBigEndian => u32::from_be_bytes(unit),
                _ => u32::from_le_bytes(unit),
            };
            let decoded = char::from_u32(code).filter(|decoded| *decoded != '\0');
            push_char(decoded.unwrap_or(char::REPLACEMENT_CHARACTER), out);
        }
    }

    fn decode(&mut self, chunk: &[u8], out: &mut Vec<u8>) {
        for byte in chunk {
            let Some(first) = self.odd.take() else {
                self.odd = Some(*byte);
                continue;
            };
            let unit = match self.state {
                State::BigEndian => u16::from_be_bytes([first, *byte]),
                _ => u16::from_le_bytes([first, *byte]),
            };
            self.unit(unit, out);
        }
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        let units = match self.high.take() {
            Some(high) => vec![high, unit],
            None if (0xD800..0xDC00).contains(&unit) => {
                self.high = Some(unit);
                return;
            }
            None => vec![unit],
        };
        for decoded in char::decode_utf16(units) {
            // A zero would make the decoded text look encoded when it is redacted again; no log holds one.
            let decoded = decoded.ok().filter(|decoded| *decoded != '\0');
            push_char(decoded.unwrap_or(char::REPLACEMENT_CHARACTER), out);
        }
    }
}

/// Whether every second byte, from `offset`, is zero and the others are not: Latin text in UTF-16.
fn mostly_zero(start: &[u8], offset: usize) -> bool {
    let pairs = start.chunks_exact(2);
    let count = pairs.len();
    let fitting = pairs.filter(|pair| pair[offset] == 0 && pair[1 - offset] != 0).count();
    fitting * 10 >= count * 9
}

fn push_char(decoded: char, out: &mut Vec<u8>) {
    out.extend_from_slice(decoded.encode_utf8(&mut [0; 4]).as_bytes());
}
