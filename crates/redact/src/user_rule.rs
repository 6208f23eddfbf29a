//! Rules that the contract's ConfigMaps bring. Not for: reading ConfigMaps.

use regex::bytes::{Regex, RegexBuilder};

use super::span::{Finder, Span, Tail};

/// The compiled size in bytes that a user's expression may have.
const SIZE_LIMIT: usize = 1 << 20;

/// A rule as the user wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRule {
    /// Its name in reports.
    pub id: String,
    /// A regular expression in RE2 syntax.
    pub expression: String,
    /// The group to mask; 0 is the whole match.
    pub group: usize,
}

impl UserRule {
    /// Whether the rule can be applied.
    ///
    /// # Errors
    /// Why not, with the offset in its expression.
    pub fn check(&self) -> Result<(), InvalidRule> {
        CompiledUserRule::new(self).map(|_| ())
    }
}

/// A user's rule that cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("redaction rule {id:?}: {reason} at offset {offset}")]
pub struct InvalidRule {
    pub id: String,
    /// Where in the expression, in bytes.
    pub offset: usize,
    pub reason: String,
}

#[derive(Debug)]
pub(super) struct CompiledUserRule {
    pub(super) id: String,
    regex: Regex,
    group: usize,
}

impl CompiledUserRule {
    pub(super) fn new(rule: &UserRule) -> Result<Self, InvalidRule> {
        let invalid = |offset, reason: String| InvalidRule { id: rule.id.clone(), offset, reason };
        let regex = RegexBuilder::new(&rule.expression)
            .size_limit(SIZE_LIMIT)
            .build()
            .map_err(|error| invalid(error_offset(&rule.expression), reason(&error)))?;
        if rule.group >= regex.captures_len() {
            let groups = regex.captures_len() - 1;
            return Err(invalid(0, format!("group {} does not exist; the expression has {groups}", rule.group)));
        }
        if regex.is_match(b"") {
            return Err(invalid(0, "the expression matches the empty string".to_owned()));
        }
        Ok(Self { id: rule.id.clone(), regex, group: rule.group })
    }

    /// Every match in each line of the text.
    pub(super) fn find(&self, index: u16, text: &[u8], spans: &mut Vec<Span>) {
        let mut offset = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            let body = line.strip_suffix(b"\n").unwrap_or(line);
            let mut push = |start: usize, end: usize| {
                if start < end {
                    let (start, end) = (offset + start, offset + end);
                    spans.push(Span {
                        start,
                        end,
                        finder: Finder::User(index),
                        priority: 2,
                        quote: None,
                        tail: Tail::Token,
                    });
                }
            };
            if self.group == 0 {
                self.regex.find_iter(body).for_each(|found| push(found.start(), found.end()));
            } else {
                let groups = self.regex.captures_iter(body).filter_map(|captures| captures.get(self.group));
                groups.for_each(|found| push(found.start(), found.end()));
            }
            offset += line.len();
        }
    }
}

/// Where the shortest prefix stops being the begin of a valid expression: the parser's error does not give its place away
/// through the public interface, but its message marks the column with a caret.
fn error_offset(expression: &str) -> usize {
    let Err(regex::Error::Syntax(message)) = Regex::new(expression) else { return 0 };
    message.lines().find_map(|line| line.strip_prefix("    ").filter(|rest| rest.trim_start().starts_with('^'))).map_or(
        0,
        |marks| {
            let column = marks.chars().take_while(|c| *c == ' ').count();
            expression.chars().take(column).map(char::len_utf8).sum()
        },
    )
}

fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("the expression compiles to more than {limit} bytes"),
        regex::Error::Syntax(message) => {
            message.lines().last().unwrap_or(message).trim_start_matches("error: ").to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(expression: &str, group: usize) -> Result<CompiledUserRule, InvalidRule> {
        CompiledUserRule::new(&UserRule { id: "mine".to_owned(), expression: expression.to_owned(), group })
    }

    #[test]
    fn an_invalid_expression_says_where_it_is_wrong() {
        let error = compile(r"abc(def", 0).unwrap_err();
        assert_eq!((error.offset, error.reason.as_str()), (3, "unclosed group"));
        assert_eq!(compile("ä(", 0).unwrap_err().offset, 2);
    }

    #[test]
    fn look_around_is_refused_with_its_offset() {
        let error = compile(r"user(?=x)", 0).unwrap_err();
        assert_eq!(error.offset, 4);
        assert!(error.reason.contains("look-around"), "{}", error.reason);
    }

    #[test]
    fn an_expression_that_matches_nothing_at_all_is_refused() {
        assert!(compile("a*", 0).unwrap_err().reason.contains("empty string"));
    }

    #[test]
    fn an_expression_that_explodes_is_refused() {
        assert!(compile(r"(?:\w{1000}){1000}", 0).unwrap_err().reason.contains("more than"));
    }

    #[test]
    fn what_is_allowed_stays_and_what_reaches_beyond_it_does_not() {
        let rule = |expression: &str| UserRule { id: "a".to_owned(), expression: expression.to_owned(), group: 0 };
        let allow = vec![rule("password=sample-[a-z0-9]+")];
        let options = crate::RedactOptions { allow, ..Default::default() };
        let redactor = crate::Redactor::new(&crate::BundleKey::from_bytes(b"test"), &options).unwrap();
        let out =
            redactor.text("password=sample-7x9y\npassword=sample-7x9y!z\npassword=other-7x9y\n".to_owned().into());
        let out = out.to_text();
        assert!(out.starts_with("password=sample-7x9y\npassword=‹") && out.matches('‹').count() == 2, "{out}");
    }

    #[test]
    fn a_group_that_does_not_exist_is_refused() {
        assert!(compile("(a)b", 2).unwrap_err().reason.contains("group 2"));
        assert!(compile("(a)b", 1).is_ok());
    }
}
