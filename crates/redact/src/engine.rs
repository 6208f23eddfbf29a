//! One bundle's redaction: its key, its options, what stands where a find stood. Not for: windows; see [`super::stream`].

use super::family::Family;
use super::masked::Masked;
use super::pseudonym::Pseudonyms;
use super::report::MemberReport;
use super::scan::{Begin, Table};
use super::secret_object::{self, Open};
use super::span::{self, Finder, Span, Tail};
use super::token::{self, BundleKey, OPEN};
use super::user_rule::CompiledUserRule;
use super::{ForeignTokens, InvalidRule, RedactOptions};

/// How often a window is read before what does not settle goes: broken documents take three readings at times.
const MOST_READINGS: usize = 8;
/// Windows up to these bytes are read again whatever was found.
const SHORT: usize = 64 * 1024;

pub(super) struct Engine {
    key: BundleKey,
    table: &'static Table,
    user_rules: Vec<CompiledUserRule>,
    allow: Vec<CompiledUserRule>,
    pseudonyms: Pseudonyms,
    foreign_tokens: ForeignTokens,
    /// Marks each token with the id of the rule that found it.
    explain: bool,
    #[cfg(feature = "faults")]
    pub(super) fault: Option<super::Fault>,
}

impl Engine {
    pub(super) fn new(key: &BundleKey, options: &RedactOptions, explain: bool) -> Result<Self, InvalidRule> {
        let table = Table::shared().map_err(|reason| InvalidRule { id: "built-in".to_owned(), offset: 0, reason })?;
        let user_rules = options.user_rules.iter().map(CompiledUserRule::new).collect::<Result<_, _>>()?;
        let allow = options.allow.iter().map(CompiledUserRule::new).collect::<Result<_, _>>()?;
        let pseudonyms = Pseudonyms::new(&options.pseudonymize);
        Ok(Self {
            key: key.duplicate(),
            table,
            user_rules,
            allow,
            pseudonyms,
            foreign_tokens: options.foreign_tokens,
            explain,
            #[cfg(feature = "faults")]
            fault: None,
        })
    }

    #[cfg(feature = "faults")]
    pub(super) fn fail(&self) {
        match self.fault {
            None => {}
            Some(super::Fault::Panic) => std::panic::resume_unwind(Box::new("the redactor was told to fail")),
            Some(super::Fault::Hang(time)) => std::thread::sleep(time),
        }
    }

    /// What is to be replaced in a window: sorted and disjoint. The window is read again as it will be written, until
    /// nothing more is found, for a token may change how the rest reads; a window that finds no end is given up. Also whether
    /// a Secret was looked for, so that one may be open at the window's end.
    pub(super) fn scan(&self, text: &[u8], begin: Begin<'_>) -> (Vec<Span>, bool) {
        let (mut spans, objects) = self.scan_once(text, begin);
        let mut readings = 1;
        while may_read_otherwise(text, &spans) {
            let masked = Masked::new(text, &spans, |span, value, out| self.write(span, value, false, out));
            let begin = Begin { at: masked.copy(begin.at), ..begin };
            let more = self.scan_once(&masked.text, begin).0.into_iter().filter(Span::is_masked);
            let late: Vec<Span> = more.map(|span| masked.original(span)).collect();
            let Some(first) = late.first().cloned() else { break };
            match readings {
                ..MOST_READINGS => spans.extend(late),
                MOST_READINGS.. => {
                    let kept = if readings < 2 * MOST_READINGS { first.start } else { 0 };
                    give_up(text, kept, first, &mut spans);
                }
            }
            // A late find may enclose an imitation's sign.
            spans = span::merge(spans);
            readings += 1;
        }
        (spans, objects)
    }

    fn scan_once(&self, text: &[u8], begin: Begin<'_>) -> (Vec<Span>, bool) {
        let user_rules = |text: &[u8], spans: &mut Vec<Span>| {
            for (index, rule) in (0u16..).zip(&self.user_rules) {
                rule.find(index, text, spans);
            }
        };
        let found = self.table.scan(text, begin, &user_rules);
        let mut spans = found.spans;
        self.keep_allowed(text, &mut spans);
        self.pseudonyms.find(text, &mut spans);
        self.find_tokens(text, &mut spans);
        let mut spans = span::merge(spans);
        for span in &mut spans {
            if span.quote.is_none() && span.is_masked() {
                span.quote = span::json_quote(text, span.start, span.end);
            }
        }
        (spans, found.objects)
    }

    /// What is open of a Secret at `to`.
    pub(super) fn open_at(text: &[u8], to: usize, begin: Begin<'_>) -> Option<Open> {
        secret_object::open_at(text, begin.at, to, begin.open.unwrap_or(&Open::default()))
    }

    /// Drops the finds that lie within what is allowed.
    fn keep_allowed(&self, text: &[u8], spans: &mut Vec<Span>) {
        if self.allow.is_empty() || spans.is_empty() {
            return;
        }
        let mut allowed = Vec::new();
        self.allow.iter().for_each(|rule| rule.find(0, text, &mut allowed));
        let allowed = span::merge(allowed);
        spans.retain(|find| {
            let after = allowed.partition_point(|stretch| stretch.end < find.end);
            allowed.get(after).is_none_or(|stretch| find.start < stretch.start)
        });
    }

    /// Tokens of ours, which stay, and imitations, which are marked.
    fn find_tokens(&self, text: &[u8], spans: &mut Vec<Span>) {
        for start in memchr::memmem::find_iter(text, OPEN) {
            let Some((_, _, length)) = token::token_shape(&text[start..]) else { continue };
            let foreign = self.foreign_tokens == ForeignTokens::Keep;
            let own =
                if foreign { BundleKey::foreign_token(&text[start..]) } else { self.key.own_token(&text[start..]) };
            let own = own.is_some();
            if foreign && !own {
                continue;
            }
            let finder = if own { Finder::OwnToken } else { Finder::Imitation };
            // Of an imitation only the opening sign is marked: what it encloses is text like any other.
            let end = if own { start + length } else { start + OPEN.len() };
            spans.push(Span { start, end, finder, priority: 0, quote: None, tail: Tail::Token });
        }
    }

    /// Writes what stands in a find's place, and counts it.
    pub(super) fn replace(&self, span: &Span, value: &[u8], report: &mut MemberReport, out: &mut Vec<u8>) {
        if span.is_masked() {
            let id = self.id(span.finder);
            if let Finder::User(_) = span.finder {
                report.user_rule_masked(id, value.len());
            }
            report.count(id);
        }
        self.write(span, value, self.explain, out);
    }

    fn write(&self, span: &Span, value: &[u8], explain: bool, out: &mut Vec<u8>) {
        match span.finder {
            Finder::OwnToken => return out.extend_from_slice(value),
            Finder::Imitation => {
                out.extend_from_slice(OPEN);
                out.push(b'!');
                return out.extend_from_slice(&value[OPEN.len().min(value.len())..]);
            }
            _ => {}
        }
        let quote = |out: &mut Vec<u8>| span.quote.into_iter().for_each(|quote| quote.write(out));
        quote(out);
        match (span.finder, Pseudonyms::subnet(value)) {
            (Finder::Pseudonym(Family::Subnet), Some(subnet)) => {
                out.extend_from_slice(self.key.token(Family::Subnet, &subnet).as_bytes());
                out.extend_from_slice(self.key.token(Family::Address, value).as_bytes());
            }
            _ => out.extend_from_slice(self.key.token(self.family(span.finder), value).as_bytes()),
        }
        if explain {
            out.extend_from_slice(format!("⟨{}⟩", self.id(span.finder)).as_bytes());
        }
        quote(out);
        // As many lines as there were, so that a line's number is the same before and after.
        out.extend(memchr::memchr_iter(b'\n', value).map(|_| b'\n'));
    }

    fn family(&self, finder: Finder) -> Family {
        match finder {
            Finder::Rule(rule) => self.table.rule(rule).map_or(Family::Password, |rule| rule.family),
            Finder::Pseudonym(family) => family,
            Finder::User(_) | Finder::OwnToken | Finder::Imitation => Family::UserRule,
        }
    }

    pub(super) fn id(&self, finder: Finder) -> &str {
        match finder {
            Finder::Rule(rule) => self.table.rule(rule).map_or("", |rule| rule.id),
            Finder::User(rule) => self.user_rules.get(usize::from(rule)).map_or("", |rule| rule.id.as_str()),
            Finder::Pseudonym(family) => family.name(),
            Finder::OwnToken | Finder::Imitation => "",
        }
    }
}

/// Masks all behind the first `kept` bytes of a window that reads otherwise each time, as only hostile texts do: so it comes
/// to an end, and on the safe side.
fn give_up(text: &[u8], kept: usize, find: Span, spans: &mut Vec<Span>) {
    let start = spans.iter().filter(|span| span.end > kept).map(|span| span.start).fold(kept, usize::min);
    let end = text.trim_ascii_end().len().max(find.end);
    spans.retain(|span| span.end <= start);
    spans.push(Span { start, end, quote: None, ..find });
}

/// Whether a window may read otherwise once it is written: with an imitation marked, or with tokens for what was found. In
/// a long one only a find with signs that pair with others is thought to matter beyond its own place: a second reading
/// costs as much as the first.
fn may_read_otherwise(text: &[u8], spans: &[Span]) -> bool {
    spans.iter().any(|span| match span.finder {
        Finder::OwnToken => false,
        Finder::Imitation => true,
        _ => text.len() <= SHORT || pairs_beyond(&text[span.start..span.end]),
    })
}

/// Whether a stretch holds a quotation mark, a bracket without its other half, or an escape without its letter.
fn pairs_beyond(stretch: &[u8]) -> bool {
    let (mut open, mut escaped) = (0usize, false);
    for byte in stretch {
        match byte {
            b'"' | b'\'' => return true,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' | b'[' => open += 1,
            b'}' | b']' if open == 0 => return true,
            b'}' | b']' => open -= 1,
            _ => {}
        }
    }
    escaped || open > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_pairs_beyond_itself_by_a_mark_a_bracket_or_an_escape_that_it_does_not_close() {
        for stretch in ["it's", "a\"b", "{a", "a]", "]a[", "a\\"] {
            assert!(pairs_beyond(stretch.as_bytes()), "{stretch}");
        }
        for stretch in ["Zk3vQ9", "hun{te}r", "BEGIN\\nMII\\n", "a\\\\b", "[[]{}]"] {
            assert!(!pairs_beyond(stretch.as_bytes()), "{stretch}");
        }
    }
}
