//! The tracking number of a case: stable, unique, easy to read out on the phone. Not for: finding a case by it.

use sha2::{Digest, Sha256};

/// Crockford's base 32: no I, L, O and U, so that nothing sounds or looks alike.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Twelve characters are 60 bits: a million cases share none with a probability of 1 in a million.
const CHARACTERS: usize = 12;

/// The tracking number of an object's UID, such as `MC-7K3F-9QZ2-M4TX-5`; the last character is the check character.
#[must_use]
pub fn tracking_number(uid: &str) -> String {
    let digest = Sha256::digest(uid.as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let values: Vec<usize> = (0..CHARACTERS).map(|index| (number >> (59 - 5 * index) & 31) as usize).collect();
    let groups: Vec<String> =
        values.chunks(4).map(|group| group.iter().map(|value| letter(*value)).collect()).collect();
    format!("MC-{}-{}", groups.join("-"), letter(check_value(&values)))
}

/// Whether a tracking number was read back without a mistake; letter case, hyphens and blanks do not matter.
#[must_use]
pub fn is_tracking_number(text: &str) -> bool {
    let plain: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
    let Some(digits) = plain.strip_prefix("MC") else { return false };
    let values: Option<Vec<usize>> = digits.bytes().map(|c| ALPHABET.iter().position(|letter| *letter == c)).collect();
    match values.as_deref() {
        Some([values @ .., check]) if values.len() == CHARACTERS => check_value(values) == *check,
        _ => false,
    }
}

/// The check value by Luhn's algorithm modulo 32: it notices every wrong character and most swapped neighbours.
fn check_value(values: &[usize]) -> usize {
    let sum: usize = values
        .iter()
        .rev()
        .enumerate()
        .map(|(index, value)| if index % 2 == 0 { 2 * value / 32 + 2 * value % 32 } else { *value })
        .sum();
    (32 - sum % 32) % 32
}

fn letter(value: usize) -> char {
    char::from(ALPHABET[value % 32])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tracking_number_is_stable_and_reads_back() {
        let number = tracking_number("6f1d1c1e-6f0b-4d5c-9a55-0d9c3a7f4b11");
        assert_eq!(number, tracking_number("6f1d1c1e-6f0b-4d5c-9a55-0d9c3a7f4b11"));
        assert_eq!(number.len(), "MC-7K3F-9QZ2-M4TX-5".len());
        assert!(is_tracking_number(&number));
        assert!(is_tracking_number(&number.to_lowercase().replace('-', " ")));
        assert_ne!(number, tracking_number("6f1d1c1e-6f0b-4d5c-9a55-0d9c3a7f4b12"));
    }

    #[test]
    fn the_check_character_notices_every_single_wrong_character() {
        let number = tracking_number("a");
        for (index, right) in number.char_indices().skip(3).filter(|(_, c)| *c != '-') {
            for wrong in ALPHABET.iter().map(|c| char::from(*c)).filter(|c| *c != right) {
                let mut misread = number.clone();
                misread.replace_range(index..=index, &wrong.to_string());
                assert!(!is_tracking_number(&misread), "{misread}");
            }
        }
    }
}
