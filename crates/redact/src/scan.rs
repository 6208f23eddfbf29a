//! Finds what is secret in one window of text. Not for: windows (stream) and what replaces a find (engine).

use regex::bytes::{Captures, Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use super::assignment::Assignments;
use super::columns;
use super::cri;
use super::decode;
use super::family::Family;
use super::literals::Literals;
use super::marked;
use super::name;
use super::pem::Blocks;
use super::rule::{Detector, Expression, Rule};
use super::rules;
use super::secret_object::{self, Open};
use super::span::{Finder, Span, Tail};
use super::unnamed;
use super::vendor;

/// The least run that is looked at.
const LEAST_RUN: usize = 20;
/// The lengths of runs that marks and expressions without literals are looked for in.
const LEAST_WHOLE: usize = 22;
const LONGEST_RUN: usize = 96;
/// The least run of base64 that may be a key.
const LEAST_BASE64: usize = 40;
/// The longest run that may be a marked token.
const LONGEST_MARKED: usize = 512;
/// Bytes of a password behind its first blank.
const LONGEST_PHRASE: usize = 128;
/// Letters of base64 before a plus that make it one of them.
const BASE64_BEFORE: usize = 16;
/// Encodings inside encodings that are followed.
const DEPTH: u8 = 2;

/// The compiled rule table.
pub(super) struct Table {
    rules: Vec<&'static Rule>,
    /// By rule; only expressions have one.
    expressions: Vec<Option<Regex>>,
    literals: Literals,
    /// Those with letters beyond ASCII.
    foreign_literals: Literals,
    /// The place of the first of them among the actions.
    foreign_from: usize,
    /// By literal.
    actions: Vec<Vec<Action>>,
    /// The rules without literals, and their expressions for a whole run.
    runs: Vec<u16>,
    whole_runs: RegexSet,
    names: Option<u16>,
    keys: Option<u16>,
    marked: Option<u16>,
    unnamed: Option<u16>,
    objects: Option<u16>,
}

/// Where the part of a window begins that was not read before, and what is open there.
#[derive(Clone, Copy)]
pub(super) struct Begin<'o> {
    pub(super) at: usize,
    pub(super) open: Option<&'o Open>,
    /// Whether more text follows the window.
    pub(super) more: bool,
}

impl Begin<'_> {
    /// A text that is looked at as a whole.
    pub(super) const WHOLE: Self = Self { at: 0, open: None, more: false };
}

/// What a scan found so far, and what it took.
#[derive(Default)]
pub(super) struct Found {
    pub(super) spans: Vec<Span>,
    pub(super) visited: u64,
    /// Whether a Secret was looked for, so that one may be open at the end.
    pub(super) objects: bool,
    /// Which copies of the text are worth their making.
    views: decode::Wanted,
}

impl Found {
    fn visit(&mut self, bytes: usize) {
        self.visited += bytes as u64;
    }
}

#[derive(Clone, Copy)]
enum Action {
    Expression(u16),
    Name,
    PrivateKey,
    SecretObject,
    DataMap,
    Unseen,
    SplitRecord,
    Columns(u16),
}

impl Table {
    /// The whole table, compiled once per process.
    ///
    /// # Errors
    /// When a row does not compile; a test keeps that from happening.
    pub(super) fn shared() -> Result<&'static Self, String> {
        static TABLE: OnceLock<Result<Table, String>> = OnceLock::new();
        TABLE.get_or_init(|| Self::of(rules::all())).as_ref().map_err(Clone::clone)
    }

    /// A table of some rules.
    ///
    /// # Errors
    /// Names the row that does not compile.
    pub(super) fn of(rules: impl Iterator<Item = &'static Rule>) -> Result<Self, String> {
        let rules: Vec<_> = rules.collect();
        let mut by_literal: BTreeMap<String, Vec<Action>> = BTreeMap::new();
        let mut names = None;
        let mut keys = None;
        let mut marked = None;
        let mut unnamed = None;
        let mut objects = None;
        let mut expressions = Vec::with_capacity(rules.len());
        let mut runs = Vec::new();
        let mut whole_runs = Vec::new();
        for (index, rule) in (0u16..).zip(&rules) {
            let mut compiled = None;
            match &rule.detector {
                Detector::Expression(expression) => {
                    if expression.literals.is_empty() {
                        runs.push(index);
                        whole_runs.push(format!(r"\A(?:{})\z", expression.pattern));
                    }
                    compiled = Some(compile(expression).map_err(|error| format!("{}: {error}", rule.id))?);
                    for literal in expression.literals {
                        by_literal.entry(literal.to_ascii_lowercase()).or_default().push(Action::Expression(index));
                    }
                }
                Detector::Assignment => {
                    names = Some(index);
                    for literal in name::LITERALS.iter().chain(vendor::NAMES) {
                        by_literal.entry((*literal).to_owned()).or_default().push(Action::Name);
                    }
                }
                Detector::Pem => {
                    keys = Some(index);
                    for literal in ["private key", "static key v1", "nkey seed"] {
                        by_literal.entry(literal.to_owned()).or_default().push(Action::PrivateKey);
                    }
                }
                Detector::Marked => marked = Some(index),
                Detector::Unnamed => unnamed = Some(index),
                Detector::Columns => {
                    for literal in columns::LITERALS {
                        by_literal.entry((*literal).to_owned()).or_default().push(Action::Columns(index));
                    }
                }
                Detector::SecretData => {
                    objects = Some(index);
                    for literal in secret_object::LITERALS {
                        by_literal.entry((*literal).to_owned()).or_default().push(Action::SecretObject);
                    }
                    for literal in secret_object::MAPS {
                        by_literal.entry((*literal).to_owned()).or_default().push(Action::DataMap);
                    }
                }
            }
            expressions.push(compiled);
        }
        for (literals, action) in [(decode::UNSEEN, Action::Unseen), (cri::SPLIT, Action::SplitRecord)] {
            for literal in literals {
                by_literal.entry((*literal).to_owned()).or_default().push(action);
            }
        }
        // Letters beyond ASCII would double each state's size, and few texts have any.
        let (ascii, foreign): (Vec<_>, Vec<_>) = by_literal.into_iter().partition(|(literal, _)| literal.is_ascii());
        let literals = Literals::new(ascii.iter().map(|(literal, _)| literal))?;
        let foreign_literals = Literals::new(foreign.iter().map(|(literal, _)| literal))?;
        let whole_runs = RegexSetBuilder::new(whole_runs).unicode(false).build().map_err(|error| error.to_string())?;
        Ok(Self {
            runs,
            whole_runs,
            rules,
            expressions,
            literals,
            foreign_literals,
            foreign_from: ascii.len(),
            actions: ascii.into_iter().chain(foreign).map(|(_, actions)| actions).collect(),
            names,
            keys,
            marked,
            unnamed,
            objects,
        })
    }

    pub(super) fn rule(&self, index: u16) -> Option<&'static Rule> {
        self.rules.get(usize::from(index)).copied()
    }

    /// Everything secret in `text`, unsorted, perhaps overlapping, with a count of the bytes that were visited, each as often
    /// as it was: the measure of linear time. `extra` adds the finds that are not in the table.
    pub(super) fn scan(&self, text: &[u8], begin: Begin<'_>, extra: &dyn Fn(&[u8], &mut Vec<Span>)) -> Found {
        let mut found = Found::default();
        self.scan_to_depth(text, begin, 0, extra, &mut found);
        found
    }

    fn scan_to_depth(
        &self,
        text: &[u8],
        begin: Begin<'_>,
        depth: u8,
        extra: &dyn Fn(&[u8], &mut Vec<Span>),
        found: &mut Found,
    ) {
        // The literals, the two walks over runs, and the six over encoded and split forms.
        found.visit(9 * text.len());
        self.scan_plain(text, begin, found);
        self.scan_runs(text, &mut found.spans);
        extra(text, &mut found.spans);
        if depth == DEPTH {
            return;
        }
        let mut keys = Vec::new();
        let seen = |start: usize, end: usize| {
            if end - start >= LEAST_BASE64 && unnamed::is_base64_secret(text, start, end) {
                keys.push((start, end));
            }
        };
        decode::base64_runs(text, seen, |start, end, decoded| {
            let mut inner = Found::default();
            self.scan_to_depth(&decoded, Begin::WHOLE, depth + 1, extra, &mut inner);
            found.visited += inner.visited;
            if let Some(best) = inner.spans.into_iter().max_by_key(|span| span.priority) {
                found.spans.push(Span { start, end, quote: None, tail: Tail::Token, ..best });
            }
        });
        if let Some(rule) = self.unnamed {
            found.spans.extend(keys.into_iter().map(|(start, end)| self.span(rule, start, end, Tail::Token)));
        }
        for view in decode::views(text, found.views) {
            let mut inner = Found::default();
            self.scan_to_depth(&view.text, Begin::WHOLE, depth + 1, extra, &mut inner);
            found.visited += inner.visited;
            for span in inner.spans {
                let parts = view.originals(span.start, span.end).into_iter();
                found.spans.extend(parts.map(|(start, end)| Span { start, end, quote: None, ..span.clone() }));
            }
        }
    }

    /// The rules without literals, on each run of token letters.
    fn scan_runs(&self, text: &[u8], spans: &mut Vec<Span>) {
        decode::runs(text, LEAST_RUN, &DOTTED_WORD, |start, end| {
            // The dot that ends a sentence is none of the word's.
            let end = if text[end - 1] == b'.' { end - 1 } else { end };
            if end - start > LONGEST_MARKED {
                return;
            }
            if let Some(rule) = self.marked
                && end - start >= LEAST_WHOLE
                && marked::is_token(&text[start..end])
                && !unnamed::is_called_a_digest(text, start)
            {
                spans.push(self.span(rule, start, end, Tail::Token));
            }
            if let Some(rule) = self.unnamed
                && unnamed::is_secret(text, start, end)
            {
                spans.push(self.span(rule, start, unnamed::whole_string(text, start, end), Tail::Token));
            }
            if !(LEAST_WHOLE..=LONGEST_RUN).contains(&(end - start)) {
                return;
            }
            for index in self.whole_runs.matches(&text[start..end]) {
                let Some(rule) = self.runs.get(index).copied() else { continue };
                let accepted = match self.rule(rule).map(|rule| &rule.detector) {
                    Some(Detector::Expression(expression)) => expression.accepts(&text[start..end]),
                    _ => false,
                };
                if accepted {
                    spans.push(self.span(rule, start, end, Tail::Token));
                }
            }
        });
    }

    fn scan_plain(&self, text: &[u8], begin: Begin<'_>, out: &mut Found) {
        let mut assignments = Assignments::new(text);
        let mut blocks = Blocks::new(text);
        let mut objects = begin.open.is_some();
        let mut last_map = None;
        let mut dumps = Vec::new();
        let mut rows_end = 0;
        let mut done = vec![0usize; self.rules.len()];
        let mut assigned = Vec::new();
        let mut act = |literal: usize, place: Range<usize>| {
            let Some(actions) = self.actions.get(literal) else { return };
            for action in actions {
                match *action {
                    Action::Name => assignments.at(place.start, &mut assigned),
                    Action::PrivateKey => {
                        let rule = self.keys.unwrap_or_default();
                        if let Some((start, end)) = blocks.at(place.start) {
                            out.spans.push(self.span(rule, start, end, Tail::Token));
                        }
                    }
                    Action::DataMap => last_map = Some(place.start),
                    Action::Unseen => out.views.unseen = true,
                    Action::SplitRecord => out.views.split_records = true,
                    Action::SecretObject => {
                        objects = true;
                        if matches!(text[place.end - 1], b'(' | b'{') {
                            dumps.push(place.start);
                        }
                    }
                    Action::Columns(rule) => {
                        if place.start < rows_end {
                            continue;
                        }
                        let mut values = Vec::new();
                        rows_end = columns::at(text, place.start, &mut values);
                        out.visit(rows_end.saturating_sub(place.start));
                        out.spans.extend(values.into_iter().map(|at| self.span(rule, at.start, at.end, Tail::Token)));
                    }
                    Action::Expression(rule) => {
                        let done = &mut done[usize::from(rule)];
                        if place.start < *done {
                            continue;
                        }
                        if let Some((start, end)) = self.expression_at(rule, text, place.clone(), &mut out.visited) {
                            *done = end;
                            out.spans.push(self.span(rule, start, end, Tail::Token));
                        }
                    }
                }
            }
        };
        self.literals.find(text, &mut act);
        if !text.is_ascii() {
            self.foreign_literals.find(text, |literal, place| act(self.foreign_from + literal, place));
        }
        objects |= begin.more && last_map.is_some_and(|at| secret_object::may_be_open(text, at));
        if let Some(rule) = self.objects.filter(|_| objects) {
            out.objects = true;
            out.visit(4 * text.len());
            let mut values = Vec::new();
            secret_object::find(text, begin.at, begin.open.unwrap_or(&Open::default()), &dumps, &mut values);
            out.spans.extend(values.into_iter().map(|value| self.span(rule, value.start, value.end, value.tail)));
        }
        out.visited += assignments.visited + blocks.visited;
        let names = self.names.unwrap_or_default();
        out.spans.extend(assigned.into_iter().map(|value| Span {
            quote: value.quote,
            tail: value.tail,
            ..self.span(names, value.start, value.end, value.tail)
        }));
    }

    fn span(&self, rule: u16, start: usize, end: usize, tail: Tail) -> Span {
        // Earlier rows say more about what was found; the pair of name and value says little, and a lone word least.
        let priority = if Some(rule) == self.unnamed {
            0
        } else if Some(rule) == self.names {
            1
        } else {
            255 - u8::try_from(rule.min(250)).unwrap_or(250)
        };
        Span { start, end, finder: Finder::Rule(rule), priority, quote: None, tail }
    }

    fn expression_at(
        &self,
        rule: u16,
        text: &[u8],
        literal: Range<usize>,
        visited: &mut u64,
    ) -> Option<(usize, usize)> {
        let regex = self.expressions.get(usize::from(rule))?.as_ref()?;
        let Detector::Expression(expression) = &self.rule(rule)?.detector else { return None };
        let at = literal.start;
        let from = at - expression.lead.min(at);
        if expression.lead == 0 && at > 0 && text[at].is_ascii_alphanumeric() && !is_boundary(text, at) {
            return None;
        }
        let slice = &text[from..(at + expression.reach).min(text.len())];
        *visited += slice.len() as u64;
        // Before its literal an expression may have a match of the literal before.
        let reaches = |captures: &Captures<'_>| captures.get(0).is_some_and(|whole| from + whole.end() >= literal.end);
        let captures = regex.captures_iter(slice).find(reaches)?;
        let whole = captures.get(0)?;
        let value = captures.iter().skip(1).flatten().next().unwrap_or(whole);
        let (mut start, mut end) = (from + value.start(), from + value.end());
        if expression.lead > 0 && start > 0 && text[start].is_ascii_alphanumeric() && !is_boundary(text, start) {
            return None;
        }
        if !expression.accepts(&text[start..end]) {
            return None;
        }
        let last_is_word = text[start..end].last().is_some_and(u8::is_ascii_alphanumeric);
        let more = text[end..].iter().take_while(|byte| is_word(**byte)).count();
        if expression.exact && last_is_word && text.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        if !expression.exact && last_is_word {
            end += more;
        }
        end += quoted_more(self.rule(rule)?.family, text, start, end);
        // White space around is none of the value: without it a line would lose its end or its indentation.
        start += text[start..end].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        end -= text[start..end].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
        // Nor is the escape of the quotation mark behind it.
        if matches!(text.get(end), Some(b'"' | b'\'')) {
            end -= text[start..end].iter().rev().take_while(|byte| **byte == b'\\').count();
        }
        Some((start, end))
    }
}

/// Bytes of a password behind the first blank in it, up to the mark that closes what was opened right before it:
/// `-p 'Ember 48 oyster'`.
fn quoted_more(family: Family, text: &[u8], start: usize, end: usize) -> usize {
    let secret = matches!(family, Family::Password | Family::UrlCredential | Family::ConnectionString);
    let mark = start.checked_sub(1).map(|at| text[at]).filter(|mark| matches!(mark, b'"' | b'\''));
    let Some(mark) = mark.filter(|_| secret && text.get(end) == Some(&b' ')) else { return 0 };
    let rest = text[end..].iter().take(LONGEST_PHRASE);
    let more = rest.clone().position(|byte| *byte == mark || matches!(byte, b'\n' | b'\\'));
    more.filter(|more| text[end + more] == mark).unwrap_or(0)
}

/// An expression's compiled form: bytes, anchored at its literal unless it may begin before it.
pub(super) fn compile(expression: &Expression) -> Result<Regex, regex::Error> {
    let pattern =
        if expression.lead == 0 { format!(r"\A(?:{})", expression.pattern) } else { expression.pattern.to_owned() };
    RegexBuilder::new(&pattern).unicode(false).size_limit(1 << 20).build()
}

/// Whether a word may begin at `at`: after no letter or digit, or after the letter of an escape.
fn is_boundary(text: &[u8], at: usize) -> bool {
    let before = text[at - 1];
    // Within base64 a plus begins no word.
    if before == b'+' && at > BASE64_BEFORE {
        return !text[at - 1 - BASE64_BEFORE..at].iter().all(|byte| decode::STANDARD_BASE64[usize::from(*byte)]);
    }
    !before.is_ascii_alphanumeric() || at >= 2 && text[at - 2] == b'\\' && matches!(before, b'n' | b'r' | b't')
}

static DOTTED_WORD: decode::Kind = decode::alphanumeric_and(b"_-.");

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
