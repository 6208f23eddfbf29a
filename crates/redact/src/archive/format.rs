//! What a file is, by its first bytes. Not for: its name, which may say anything.

/// Bytes that are looked at.
pub(super) const HEAD: usize = 4096;

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    /// No text, and why.
    Binary(&'static str),
    Gzip,
    Xz,
    Zstd,
    Zip,
    Tar,
}

/// What files begin with that are no text, though the begin of some looks like one.
const BINARY: &[(&[u8], &str)] = &[
    (b"BZh", "is compressed (bzip2), which is not opened"),
    (b"7z\xBC\xAF\x27\x1C", "is an archive (7z), which is not opened"),
    (b"Rar!", "is an archive (rar), which is not opened"),
    (b"\x04\x22\x4D\x18", "is compressed (lz4), which is not opened"),
    (b"\xFE\xED\xFE\xED", "is a key store (JKS)"),
    (b"\xCE\xCE\xCE\xCE", "is a key store (JCEKS)"),
    (b"age-encryption.org/", "is encrypted (age)"),
    (b"Salted__", "is encrypted (OpenSSL)"),
    (b"%PDF-", "is no text (PDF)"),
    (b"\x7FELF", "is no text (a program)"),
    (b"SQLite format 3", "is no text (SQLite)"),
];

impl Format {
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [0x1F, 0x8B, 0x08, ..] => Self::Gzip,
            [0xFD, b'7', b'z', b'X', b'Z', 0x00, ..] => Self::Xz,
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Zstd,
            [b'P', b'K', 0x03, 0x04, ..] | [b'P', b'K', 0x05, 0x06, ..] => Self::Zip,
            _ if is_tar(head) => Self::Tar,
            _ => match BINARY.iter().find(|(begin, _)| head.starts_with(begin)) {
                Some((_, what)) => Self::Binary(what),
                None if is_text(head) => Self::Text,
                None => Self::Binary("is no text"),
            },
        }
    }

    pub(super) fn is_archive(self) -> bool {
        matches!(self, Self::Tar | Self::Zip)
    }

    pub(super) fn is_compressed(self) -> bool {
        matches!(self, Self::Gzip | Self::Xz | Self::Zstd)
    }
}

/// A header of POSIX or GNU, or of the time before, which is known by its checksum; or the two empty blocks of an archive
/// without members.
fn is_tar(head: &[u8]) -> bool {
    let Some(header) = head.get(..512) else { return false };
    if header[257..262] == *b"ustar" {
        return true;
    }
    let told = std::str::from_utf8(&header[148..156]).ok();
    let told = told.and_then(|digits| u32::from_str_radix(digits.trim_matches([' ', '\0']), 8).ok());
    let sum = |(at, byte): (usize, &u8)| if (148..156).contains(&at) { u32::from(b' ') } else { u32::from(*byte) };
    let empty = head.len() >= 1024 && head.iter().all(|byte| *byte == 0);
    empty || told.is_some_and(|told| told > 0 && told == header.iter().enumerate().map(sum).sum::<u32>())
}

/// Whether a file is a text: few signs that no text has, and few bytes that are no letters of UTF-8; or UTF-16 and UTF-32.
fn is_text(head: &[u8]) -> bool {
    if matches!(head, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, 0, 0xFE, 0xFF, ..]) || is_wide(head) {
        return true;
    }
    let control = |byte: &&u8| **byte < 0x20 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x08 | 0x0B | 0x0C | 0x1B);
    let foreign = || head.utf8_chunks().map(|chunk| chunk.invalid().len()).sum::<usize>();
    head.iter().filter(control).count() * 10 <= head.len() && foreign() * 10 <= head.len() * 3
}

/// Whether every second byte is zero and the others are not: Latin text in UTF-16.
fn is_wide(head: &[u8]) -> bool {
    let pairs = head.len() / 2;
    let zeros = |offset: usize| {
        head.chunks_exact(2).filter(|pair| pair[offset] == 0 && pair[1 - offset] != 0).count() * 10 >= pairs * 9
    };
    pairs >= 2 && (zeros(0) || zeros(1))
}
