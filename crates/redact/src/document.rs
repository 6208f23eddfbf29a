//! Writes `docs/redaction.md` from the rule table. Not for: the text's checking in; a test holds the two together.

use std::fmt::Write as _;

use super::columns;
use super::family::Family;
use super::rule::Detector;
use super::rules;

const OPENING: &str = "\
<!-- Generated from crates/redact/src/rules by `make generate`. Do not edit. -->

# What the redaction masks

Everything that the operator gathers is redacted before its first byte reaches a disk, a socket or a status. A secret
is replaced by a token such as `‹password:Xk3_9a›`: the word is the family below, the letters depend on the value and on
a key that is made for one bundle and thrown away. Equal values have equal letters in every file of a bundle; nobody can
go back from the letters to the value. What looks like such a token and is none is marked as `‹!…›`.

Try it on your own logs: `kubectl meshcase redact --explain FILE`. Each token is then followed by the id of its rule. With
`-o OUT` it reads folders and archives of any vendor, too. A file that is no text is left out there, and told: nobody would
find a secret in it.

A rule looks at the text itself and, two levels deep, at base64, base32, hexadecimal digits, percent and JSON escapes in it; with
colour codes, backspaces and zero-width letters left out; with Cyrillic and full-width letters read as the Latin ones that
they look like; and at UTF-16 logs. Lines that belong together are read together: records that docker or the CRI split,
tokens that were wrapped at a terminal's columns, texts that go on behind a backslash or in the next line's quotation marks. A
secret found in an encoded form masks the encoded form, and one that stands in several parts is masked in each. Harmless
values beside a secret's name stay: `true`, `null`, paths, references, templates, digests, and what is masked already.

Kubernetes Secrets are read as documents, in YAML, JSON at any level of escapes, diffs, audit events, and in what Go and Java print
of them. An object is a Secret by its own `kind` or by the list, event or request that holds it, wherever that word stands
and however long the object is; of one that goes on beyond what is read together (512 KiB) without a word of its kind, values
are masked if all of them may be a Secret's. A ConfigMap beside a Secret stays.

As many lines come out as went in, so that a line's number is the same before and after: a private key of 30 lines becomes a
token and 29 empty lines.

A random word of twenty letters or more is masked beside a name that says nothing about it, too (`acme: …`), since most
makers' keys are written down so; so is one of 32 letters that is a line of its own. Beside names such as `id`, `hash`, `etag`,
`nonce` or `trace`, in paths, and elsewhere without a name it stays. So a log that calls its identifiers by such names keeps
them.

Nothing finds every secret. What no name, shape or surroundings give away is missed: a password in the middle of prose, or
one that is a common word in a place where words stand. Look through a bundle before you hand it on.

Values of Secrets, keys and tokens are masked always. IP addresses, e-mail addresses and host names get pseudonyms when the
contract's `evidence.pseudonymize` says so. Rules of your own come from the ConfigMaps in `evidence.redactionRules`; they may carry
samples, which `kubectl meshcase redact rules test FILE` runs.
";

/// The whole document.
pub fn markdown() -> String {
    let mut text = OPENING.to_owned();
    for family in Family::ALL {
        let rows: Vec<_> = rules::all().filter(|rule| rule.family == family).collect();
        if rows.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {}\n\n| rule | masks | looked at where |\n|---|---|---|\n", family.name());
        for rule in rows {
            let place = match &rule.detector {
                Detector::Expression(expression) if expression.literals.is_empty() => "words of its length".to_owned(),
                Detector::Expression(expression) => literals(expression.literals),
                Detector::Assignment => "a name that says secret stands before a value".to_owned(),
                Detector::Pem => "`PRIVATE KEY`".to_owned(),
                Detector::SecretData => "`kind: Secret`".to_owned(),
                Detector::Columns => literals(columns::LITERALS),
                Detector::Marked | Detector::Unnamed => "long words".to_owned(),
            };
            let _ = writeln!(text, "| {} | {} | {place} |", rule.id, rule.finds);
        }
    }
    text
}

/// As it stands in a table's cell.
fn escaped(literal: &str) -> String {
    literal.replace('|', "\\|").replace('\n', "\\n").replace('\r', "\\r")
}

fn literals(all: &[&str]) -> String {
    let shown: Vec<String> = all.iter().take(6).map(|literal| format!("`{}`", escaped(literal))).collect();
    let more = if all.len() > 6 { " …" } else { "" };
    shown.join(" ") + more
}
