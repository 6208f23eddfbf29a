//! What the schemas say about texts: rules that a single field carries, for the derives to take up.
//! Not for: rules between fields (they stand at the types), nor the finishing of whole definitions (`definition.rs`).

use schemars::Schema;
use serde_json::{Value, json};

/// An e-mail address: ASCII, so that comparing without case means the same to everybody.
pub(super) const EMAIL: &str = r"^[!-?A-~]+@[!-?A-~]+$";

/// One line that people write: not blank, nothing that hides or turns what a terminal shows.
///
/// `\p{Cf}` holds zero-width characters and the overrides of writing direction, `\p{Zl}` and `\p{Zp}` the line separators.
/// Of `\p{Cf}` the joiners ZWNJ and ZWJ are letters of Persian and Hindi, and parts of emoji.
pub(super) fn one_line(schema: &mut Schema) {
    line(schema, r"!self.matches(r'[\p{Cc}\p{Zl}\p{Zp}]|[^\P{Cf}\x{200C}\x{200D}]')");
}

/// One line that names something to a machine: as [`one_line`], and no joiners, by which two names could look alike.
pub(super) fn one_name(schema: &mut Schema) {
    line(schema, r"!self.matches(r'[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]')");
}

fn line(schema: &mut Schema, rule: &str) {
    add_rule(schema, r"self.matches(r'[^\s\p{Z}\p{Cc}\p{Cf}]')", "must not be blank");
    add_rule(
        schema,
        rule,
        "must be one line without control characters, zero-width characters or direction overrides: \
         control characters are not allowed",
    );
    // What the server makes of bytes that are no UTF-8; in a text of several lines it may be quoted from a log.
    add_rule(
        schema,
        r"!self.matches(r'\x{FFFD}')",
        "must be UTF-8: the character U+FFFD stands for bytes that were none",
    );
}

/// A text of several lines: no control characters but tab and line ends, no overrides of writing direction.
pub(super) fn text(schema: &mut Schema) {
    add_rule(
        schema,
        r"!self.matches(r'[\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x{9F}\x{202A}-\x{202E}\x{2066}-\x{2069}]')",
        "must hold no control characters but tab and line ends, and no direction overrides: \
         control characters are not allowed",
    );
}

fn add_rule(schema: &mut Schema, rule: &str, message: &str) {
    let rule = json!({"rule": rule, "message": message});
    match schema.get_mut("x-kubernetes-validations") {
        Some(Value::Array(rules)) => rules.push(rule),
        _ => {
            schema.insert("x-kubernetes-validations".to_owned(), json!([rule]));
        }
    }
}
