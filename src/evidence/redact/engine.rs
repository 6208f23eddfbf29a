//! One bundle's redaction: its key, its options, what stands where a find stood. Not for: windows; see [`super::stream`].

use super::family::Family;
use super::pseudonym::Pseudonyms;
use super::report::MemberReport;
use super::scan::Table;
use super::span::{self, Finder, Quote, Span, Tail};
use super::token::{self, BundleKey, OPEN};
use super::user_rule::CompiledUserRule;
use super::{InvalidRule, RedactOptions};

pub(super) struct Engine {
    key: BundleKey,
    table: &'static Table,
    user_rules: Vec<CompiledUserRule>,
    pseudonyms: Pseudonyms,
    /// Marks each token with the id of the rule that found it.
    explain: bool,
    #[cfg(test)]
    pub(super) fault: Option<super::Fault>,
}

impl Engine {
    pub(super) fn new(key: &BundleKey, options: &RedactOptions, explain: bool) -> Result<Self, InvalidRule> {
        let table = Table::shared().map_err(|reason| InvalidRule { id: "built-in".to_owned(), offset: 0, reason })?;
        let user_rules = options.user_rules.iter().map(CompiledUserRule::new).collect::<Result<_, _>>()?;
        let pseudonyms = Pseudonyms::new(&options.pseudonymize);
        Ok(Self {
            key: key.duplicate(),
            table,
            user_rules,
            pseudonyms,
            explain,
            #[cfg(test)]
            fault: None,
        })
    }

    #[cfg(test)]
    pub(super) fn fail(&self) {
        match self.fault {
            None => {}
            Some(super::Fault::Panic) => panic!("the redactor was told to fail"),
            Some(super::Fault::Hang(time)) => std::thread::sleep(time),
        }
    }

    /// What is to be replaced in a window: sorted and disjoint.
    pub(super) fn scan(&self, text: &[u8]) -> Vec<Span> {
        let user_rules = |text: &[u8], spans: &mut Vec<Span>| {
            for (index, rule) in (0u16..).zip(&self.user_rules) {
                rule.find(index, text, spans);
            }
        };
        let mut spans = self.table.scan(text, &user_rules);
        self.pseudonyms.find(text, &mut spans);
        self.find_tokens(text, &mut spans);
        let mut spans = span::merge(spans);
        for span in &mut spans {
            if span.quote.is_none() && !matches!(span.finder, Finder::OwnToken | Finder::Imitation) {
                span.quote = span::json_quote(text, span.start, span.end);
            }
        }
        spans
    }

    /// Tokens of ours, which stay, and imitations, which are marked.
    fn find_tokens(&self, text: &[u8], spans: &mut Vec<Span>) {
        for start in memchr::memmem::find_iter(text, OPEN) {
            let Some((_, _, length)) = token::token_shape(&text[start..]) else { continue };
            let own = self.key.own_token(&text[start..]).is_some();
            let finder = if own { Finder::OwnToken } else { Finder::Imitation };
            // Of an imitation only the opening sign is marked: what it encloses is text like any other.
            let end = if own { start + length } else { start + OPEN.len() };
            spans.push(Span { start, end, finder, priority: 0, quote: None, tail: Tail::Token });
        }
    }

    /// Writes what stands in a value's place, and counts it.
    pub(super) fn replace(
        &self,
        finder: Finder,
        quote: Option<Quote>,
        value: &[u8],
        report: &mut MemberReport,
        out: &mut Vec<u8>,
    ) {
        let (family, id) = match finder {
            Finder::Rule(rule) => self.table.rule(rule).map_or((Family::Password, ""), |rule| (rule.family, rule.id)),
            Finder::User(rule) => {
                let id = self.user_rules.get(usize::from(rule)).map_or("", |rule| rule.id.as_str());
                report.user_rule_masked(id, value.len());
                (Family::UserRule, id)
            }
            Finder::Pseudonym(family) => (family, family.name()),
            Finder::OwnToken | Finder::Imitation => return,
        };
        report.count(id);
        if let Some(quote) = quote {
            quote.write(out);
        }
        if let (Finder::Pseudonym(Family::Subnet), Some(subnet)) = (finder, Pseudonyms::subnet(value)) {
            out.extend_from_slice(self.key.token(Family::Subnet, &subnet).as_bytes());
            out.extend_from_slice(self.key.token(Family::Address, value).as_bytes());
        } else {
            out.extend_from_slice(self.key.token(family, value).as_bytes());
        }
        if self.explain {
            out.extend_from_slice(format!("⟨{id}⟩").as_bytes());
        }
        if let Some(quote) = quote {
            quote.write(out);
        }
    }
}
