//! Texts from outside (errors of a store or of the API server, what a parser quotes, names and values of the cluster's
//! objects) as people may read them: in a status, an Event, a log line. Not for: a bundle's members, which have a key.

use std::sync::LazyLock;

use super::token::token_shape;
use super::{BundleKey, End, Gathered, RedactOptions, Redactor};

/// More of a text is not looked at: what is shown of it is shorter still.
const LONGEST: usize = 32 * 1024;
/// What stands for a text that could not be redacted.
const NOT_SHOWN: &str = "(not shown)";

/// A text from outside on one line of at most `most` characters: secrets are masked, control characters and those that turn
/// or hide text are gone, and one that was cut ends with an ellipsis. The same text always gives the same line.
#[must_use]
pub fn shown(text: &str, most: usize) -> String {
    static REDACTOR: LazyLock<Option<Redactor>> = LazyLock::new(|| {
        // The tokens' letters are taken out below: nothing depends on the key.
        Redactor::new(&BundleKey::from_bytes(b"texts for people"), &RedactOptions::default()).ok()
    });
    let Some(redactor) = REDACTOR.as_ref() else { return NOT_SHOWN.to_owned() };
    let end = text.floor_char_boundary(LONGEST);
    let mut stream = redactor.stream();
    let begin = stream.push(Gathered::from(printable(&text[..end])));
    let (rest, _) = stream.finish(if end < text.len() { End::Cut } else { End::Complete });
    let redacted = begin.to_text() + &rest.to_text();
    let line = without_letters(&redacted).split_whitespace().collect::<Vec<_>>().join(" ");
    cut(line, most)
}

/// A text without control characters, but for tabs and ends of lines, and without characters that turn or hide what a reader
/// sees. The joiners of Persian, Hindi and emoji stay.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| matches!(c, '\t' | '\n') || !(c.is_control() || hides(*c))).collect()
}

/// Whether a character is one of Unicode's formats (Cf) or a line separator, and no joiner.
fn hides(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
        | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0001}'..='\u{e007f}')
}

/// Tokens without their letters: those tell equal values apart within a bundle, and here there is none.
fn without_letters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('‹') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        match token_shape(rest.as_bytes()) {
            Some((family, _, length)) => {
                out.extend(["‹", family, "›"]);
                rest = &rest[length..];
            }
            None => {
                out.push('‹');
                rest = &rest['‹'.len_utf8()..];
            }
        }
    }
    out + rest
}

fn cut(mut line: String, most: usize) -> String {
    if line.chars().count() > most {
        let end = line.char_indices().nth(most.saturating_sub(1)).map_or(0, |(end, _)| end);
        line.truncate(end);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_text_from_outside_is_masked_the_same_way_each_time() {
        let secret = ["hunter", "2swordfish"].concat();
        for (text, shows) in [
            (format!("error sending request for url (https://ops:{secret}@store.example/b)"), "store.example/b"),
            (format!("invalid value: \"password: {secret}\", expected a list"), "expected a list"),
            (format!("pass\u{200b}word={secret}\nnext line"), "next line"),
        ] {
            let line = shown(&text, 256);
            assert!(!line.contains(&secret) && line.contains(shows) && !line.contains('\n'), "{line}");
            assert!(line.contains('‹') && !line.contains(':') || line.matches('‹').count() == 1, "{line}");
            assert_eq!(shown(&text, 256), line);
            assert_eq!(shown(&line, 256), line, "shown again");
        }
    }

    #[test]
    fn what_steers_a_terminal_or_turns_text_is_gone_and_joiners_stay() {
        assert_eq!(shown("a\u{1b}[31mb\u{202e}c\r\nd\u{2028}e\u{feff}", 64), "a[31mbc de");
        for text in ["پرداخت نمی\u{200c}شود", "क्\u{200d}ष", "👩\u{200d}👩\u{200d}👧 is down"] {
            assert_eq!(shown(text, 64), text);
        }
    }

    #[test]
    fn a_long_text_is_cut_by_characters() {
        assert_eq!(shown("äöüß", 4), "äöüß");
        assert_eq!(shown("äöüßx", 4), "äöü…");
        let long = "word ".repeat(1_000_000);
        assert_eq!(shown(&long, 256).chars().count(), 256);
    }

    #[test]
    fn ordinary_errors_are_shown_as_they_are() {
        for text in [
            "the API server answered 500: kubelet is unhappy",
            "key `h.ics` of ConfigMap `feed`: line 3 cannot be read",
            "Generic S3 error: Error performing PUT http://127.0.0.1:9/bundles/u-1/20261120T170000Z.tar.gz in 1.2s",
            "invalid type: map, expected a sequence at line 1, column 1",
            "Accepted: the contract covers the case and it is being handled",
            "AcceptedLimited: known workarounds and fixes only (LimitedSupport): 1.24 is two releases behind",
            "it was due at 2026-11-20T18:00:00Z",
            "spec.contact.email must name one of the contract's contacts",
            "beyond the plan's limit, so that they may not open cases: ann@x.example, bob@x.example and 16 more",
            "Unable to create dir /var/lib/meshcase/bundles: Not a directory (os error 20)",
        ] {
            assert_eq!(shown(text, 256), text);
        }
    }
}
