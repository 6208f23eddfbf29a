//! Where the literals of the rules stand in a text: the one search that every byte goes through. Not for: what follows from
//! a literal; see [`super::scan`].

use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::dfa::DFA;
use aho_corasick::{Anchored, MatchKind};
use std::ops::Range;

/// Parts of a text that are walked at the same time: a step waits for the table's memory, and four wait together.
const LANES: usize = 4;
/// Parts of fewer bytes are not worth the steps before each.
const LEAST_LANE: usize = 1024;

/// Literals and the automaton that finds all of them, whatever the case of their ASCII letters.
pub(super) struct Literals {
    automaton: DFA,
}

/// A state in which a literal ends, and where.
type End = (StateID, usize);

impl Literals {
    /// # Errors
    /// When they are too many for an automaton.
    pub(super) fn new<'l>(literals: impl Iterator<Item = &'l String>) -> Result<Self, String> {
        let mut builder = DFA::builder();
        builder.ascii_case_insensitive(true).match_kind(MatchKind::Standard).prefilter(false);
        builder.build(literals).map(|automaton| Self { automaton }).map_err(|error| error.to_string())
    }

    /// Tells each literal in `text` by its number and place, also such as overlap, in the order of their ends.
    pub(super) fn find(&self, text: &[u8], mut found: impl FnMut(usize, Range<usize>)) {
        let mut tell = |(state, end): End| {
            for index in 0..self.automaton.match_len(state) {
                let literal = self.automaton.match_pattern(state, index);
                found(literal.as_usize(), end - self.automaton.pattern_len(literal)..end);
            }
        };
        let lane = text.len() / LANES;
        if lane < LEAST_LANE.max(self.automaton.max_pattern_len()) {
            self.walk(self.start(), text, 0, &mut tell);
            return;
        }
        let ends = self.walk_lanes(text, lane);
        ends.into_iter().flatten().for_each(&mut tell);
        let done = lane * LANES;
        self.walk(self.state_at(text, done), &text[done..], done, &mut tell);
    }

    fn start(&self) -> StateID {
        // An automaton of this kind starts anywhere; zero is its dead state, from which nothing is found.
        self.automaton.start_state(Anchored::No).unwrap_or_default()
    }

    fn step(&self, state: StateID, byte: u8) -> StateID {
        self.automaton.next_state(Anchored::No, state, byte)
    }

    /// The state before the byte at `at`: it depends on no more bytes than the longest literal has.
    fn state_at(&self, text: &[u8], at: usize) -> StateID {
        let before = &text[at.saturating_sub(self.automaton.max_pattern_len())..at];
        before.iter().fold(self.start(), |state, byte| self.step(state, *byte))
    }

    fn walk(&self, mut state: StateID, text: &[u8], offset: usize, tell: &mut impl FnMut(End)) {
        for (at, byte) in text.iter().enumerate() {
            state = self.step(state, *byte);
            if self.automaton.is_special(state) && self.automaton.is_match(state) {
                tell((state, offset + at + 1));
            }
        }
    }

    /// Walks the first `LANES` times `lane` bytes.
    fn walk_lanes(&self, text: &[u8], lane: usize) -> [Vec<End>; LANES] {
        let mut ends: [Vec<End>; LANES] = Default::default();
        let mut states: [StateID; LANES] = std::array::from_fn(|part| self.state_at(text, part * lane));
        for step in 0..lane {
            for (part, state) in states.iter_mut().enumerate() {
                let at = part * lane + step;
                *state = self.step(*state, text[at]);
                if self.automaton.is_special(*state) && self.automaton.is_match(*state) {
                    ends[part].push((*state, at + 1));
                }
            }
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LONGEST: &[u8] = b"A-very-long-one";

    fn literals() -> (Vec<String>, Literals) {
        let all = ["a", "ab", "bab", "token", "to", "kent", "a-very-long-one"].map(str::to_owned).to_vec();
        let automaton = Literals::new(all.iter()).unwrap();
        (all, automaton)
    }

    proptest! {
        #[test]
        fn every_literal_is_found_wherever_the_text_is_parted(
            text in proptest::collection::vec(proptest::sample::select(b"abtoken-AB ".to_vec()), 0..3 * LANES * LEAST_LANE),
            border in 1..=LANES,
            before in 0..=LONGEST.len(),
        ) {
            let mut text = text;
            let at = (text.len() / LANES * border).saturating_sub(before);
            text.iter_mut().skip(at).zip(LONGEST).for_each(|(byte, letter)| *byte = *letter);
            let (all, literals) = literals();
            let mut found = Vec::new();
            literals.find(&text, |literal, place| found.push((place.end, place.start, literal)));
            prop_assert!(found.is_sorted_by_key(|(end, ..)| *end), "in the order of their ends");
            let mut expected = Vec::new();
            for (number, literal) in all.iter().enumerate() {
                let here = text.windows(literal.len()).enumerate().filter(|(_, window)| window.eq_ignore_ascii_case(literal.as_bytes()));
                expected.extend(here.map(|(start, _)| (start + literal.len(), start, number)));
            }
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
