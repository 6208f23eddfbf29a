//! Makes the sample texts of the rule table from templates, so that no secret stands in the source tree.
//! Not for: anything outside tests and documentation.
//!
//! `⟦…⟧` encloses what must be masked. `{a36}` becomes 36 pseudo-random characters: `a` letters and digits, `l` lower case
//! and digits, `u` upper case and digits, `d` digits, `h` hexadecimal, `H` upper-case hexadecimal, `b` base64, `s` URL-safe
//! base64, `w` letters, `x` the letter x so often. `{jwt}` becomes a token, `{uuid}` a UUID, `{}` nothing.

use std::ops::Range;

/// A sample and the stretches of it that must be masked.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) text: String,
    pub(super) places: Vec<Range<usize>>,
}

/// Expands a template; equal templates give equal samples.
pub(super) fn expand(template: &str) -> Sample {
    expand_within('{', '}', template, |_| None)
}

/// The same with other signs around places, and with places of the caller's own.
pub(super) fn expand_within(open: char, close: char, template: &str, own: impl Fn(&str) -> Option<String>) -> Sample {
    let mut random = Random::of(template);
    let mut text = String::new();
    let mut places = Vec::new();
    let mut start = None;
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '⟦' => start = Some(text.len()),
            '⟧' => places.push(start.take().unwrap_or(0)..text.len()),
            c if c == open => match rest.split_once(close).and_then(|(place, after)| {
                let made = if is_place(place) { Some(fill(place, &mut random)) } else { own(place) };
                made.map(|made| (made, after))
            }) {
                Some((made, after)) => {
                    text.push_str(&made);
                    rest = after;
                }
                None => text.push(open),
            },
            c => text.push(c),
        }
    }
    Sample { text, places }
}

/// Whether braces enclose a place, not a brace of the text itself.
fn is_place(place: &str) -> bool {
    let count = place.strip_prefix(|kind| "aludhHbswx".contains(kind)).unwrap_or_default();
    let numbered = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    matches!(place, "" | "jwt" | "uuid") || numbered
}

fn fill(place: &str, random: &mut Random) -> String {
    const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
    const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const DIGITS: &str = "0123456789";
    let mut some = |alphabet: &str, count: usize| (0..count).map(|_| random.pick(alphabet)).collect::<String>();
    let count = place.get(1..).and_then(|count| count.parse().ok()).unwrap_or(0);
    match place.chars().next() {
        None => String::new(),
        _ if place == "jwt" => {
            let alphabet = [LOWER, UPPER, DIGITS, "-_"].concat();
            format!("eyJhbGci{}.eyJpc3Mi{}.{}", some(&alphabet, 28), some(&alphabet, 80), some(&alphabet, 43))
        }
        _ if place == "uuid" => {
            let hex = "0123456789abcdef";
            [8, 4, 4, 4, 12].map(|length| some(hex, length)).join("-")
        }
        Some('a') => some(&[LOWER, UPPER, DIGITS].concat(), count),
        Some('l') => some(&[LOWER, DIGITS].concat(), count),
        Some('u') => some(&[UPPER, "234567"].concat(), count),
        Some('d') => some(DIGITS, count),
        Some('h') => some("0123456789abcdef", count),
        Some('H') => some("0123456789ABCDEF", count),
        Some('b') => some(&[LOWER, UPPER, DIGITS, "+/"].concat(), count),
        Some('s') => some(&[LOWER, UPPER, DIGITS, "-_"].concat(), count),
        Some('x') => "x".repeat(count),
        Some('w') => some(&[LOWER, UPPER].concat(), count),
        Some(_) => String::new(),
    }
}

/// SplitMix64, seeded by the template (FNV-1a).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn of(seed: &str) -> Self {
        Self(
            seed.bytes()
                .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)),
        )
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn pick(&mut self, alphabet: &str) -> char {
        let letters = alphabet.as_bytes();
        char::from(letters[(self.next() % letters.len() as u64) as usize])
    }
}
