//! Time is linear for every text: the bytes that are visited grow with the text, not with its square, whatever it is made
//! of. Not for: how fast a byte is visited; see `benches/redact.rs`.

use super::rule::{Detector, Rule};
use super::samples::expand;
use super::scan::{Begin, Table};
use super::{name, rules, vendor};

/// Bytes by which texts grow, for rules that look far.
const STEP: usize = 32 * 1024;
/// How often each byte is visited at most: as often as rules with a long reach have a literal that begins within it.
const MOST_VISITS: u64 = 4096;

/// What another step of the unit's text costs, once after one step and once after two. Equal costs are linear time.
fn costs(table: &Table, unit: &str, step: usize) -> (u64, u64) {
    let text = unit.repeat(3 * step / unit.len() + 1);
    let [one, two, three] =
        [1, 2, 3].map(|steps| table.scan(&text.as_bytes()[..steps * step], Begin::WHOLE, &|_, _| {}).visited);
    (two - one, three - two)
}

/// More than the rule's reach, so that the end of a text weighs the same in all.
fn step(rule: &Rule) -> usize {
    match &rule.detector {
        Detector::Expression(expression) => (2 * expression.reach).max(8 * 1024),
        _ => STEP,
    }
}

/// Texts that keep a rule busy: its literals without what they lead to, its own samples, and what its expression loops over.
fn hostile(rule: &Rule) -> Vec<String> {
    let mut units: Vec<String> = rule.positive.iter().map(|template| expand(template).text).collect();
    let literals: Vec<&str> = match &rule.detector {
        Detector::Expression(expression) => expression.literals.to_vec(),
        Detector::Assignment => name::LITERALS.iter().chain(vendor::NAMES).copied().step_by(7).collect(),
        Detector::Pem => vec!["-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n"],
        Detector::SecretData => {
            vec!["kind: Secret\n", "kind: Secret\ndata:\n a: b\n", "{\"kind\":\"Secret\",\"data\":{"]
        }
        Detector::Marked => vec!["acme_", "a_b-c.d_", "Aa1_"],
        Detector::Unnamed => vec!["a: 8fJx2kQz9LmW4tVb7NcR ", "= the of is "],
        Detector::Columns => vec!["insert into t (password) values (", "a,password\n", "|--\n"],
    };
    // Half of a sample, over and over: whatever it opens is never closed.
    units.truncate(1);
    units.extend(units.clone().iter().filter_map(|unit| unit.get(..unit.len() / 2).map(str::to_owned)));
    for literal in literals.iter().take(1) {
        units.push(format!("{literal}=\""));
    }
    units.retain(|unit| !unit.is_empty());
    units
}

#[test]
fn the_bytes_visited_grow_with_the_text_for_hostile_texts_of_every_rule() {
    let table = Table::shared().unwrap();
    let mut worst = (0, String::new());
    for rule in rules() {
        for unit in hostile(rule) {
            let (second, third) = costs(table, &unit, step(rule));
            // A fifth more for what is rounded to whole units.
            assert!(third <= second * 12 / 10, "{}: {second}, then {third} bytes for {unit:?}", rule.id);
            worst = worst.max((third / step(rule) as u64, format!("{}: {unit:?}", rule.id)));
        }
    }
    assert!(worst.0 <= MOST_VISITS, "{worst:?}");
}

#[test]
fn encodings_of_encodings_are_linear_too() {
    let table = Table::shared().unwrap();
    for unit in [
        "\\\\\\\\",
        "%25%25",
        "\\u005c\\u005c",
        "\u{1b}[1m",
        "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB",
        "ZXlKaGJHY2lPaUpJVXpJMU5pSjkuZXlK\n",
        "\\\"",
        "‹password:",
    ] {
        let (second, third) = costs(table, unit, STEP);
        assert!(third <= second * 12 / 10, "{second}, then {third} bytes for {unit:?}");
    }
}
