//! What holds for every text: cutting, redacting twice, UTF-8, and documents that parse. Not for: single rules.

use serde_json::{Map, Value};

use super::samples::{Random, expand};
use super::tests::{redact, redactor};
use super::*;

/// A text that mixes samples, clean lines, long lines and imitations.
pub(super) fn mixture(seed: u64, least: usize) -> String {
    let all: Vec<String> = rules()
        .flat_map(|rule| rule.positive.iter().chain(rule.negative))
        .map(|template| expand(template).text)
        .collect();
    let mut random = Random::of(&seed.to_string());
    let mut text = String::new();
    while text.len() < least {
        let sample = &all[(random.next() % all.len() as u64) as usize];
        match random.next() % 6 {
            0 => text.push_str(&format!("{sample}\n")),
            1 => text.push_str(&format!("{{\"msg\":{}}}\n", serde_json::to_string(sample).unwrap())),
            2 => text.push_str(&format!("2026-11-25T03:04:05Z info ä {sample} — end\n")),
            3 => text.push_str(&format!("‹password:abcdef› {sample} ")),
            4 => text.push_str(&"word ".repeat((random.next() % 200) as usize)),
            _ => text.push_str(&format!("{}\n", "x".repeat((random.next() % 500) as usize))),
        }
    }
    text
}

fn in_pieces(redactor: &Redactor, text: &[u8], mut next: impl FnMut() -> usize) -> (Vec<u8>, MemberReport) {
    let mut stream = redactor.stream();
    let mut out = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = (at + next().max(1)).min(text.len());
        out.extend_from_slice(stream.push(text[at..end].to_vec().into()).as_bytes());
        at = end;
    }
    let (rest, report) = stream.finish(End::Complete);
    out.extend_from_slice(rest.as_bytes());
    (out, report)
}

#[test]
fn the_output_does_not_depend_on_how_the_input_is_cut() {
    let redactor = redactor();
    let mut cuttings = 0;
    // Short texts in many cuttings, and texts of several windows in a few.
    for (seed, least, rounds) in [(1, 300, 2_400), (2, 1_000, 2_400), (3, 200, 2_600), (4, 120, 2_600), (5, 700_000, 6)]
    {
        let text = mixture(seed, least);
        let (whole, report) = in_pieces(&redactor, text.as_bytes(), || usize::MAX / 2);
        let mut random = Random::of(&format!("cuts {seed}"));
        for round in 0..rounds {
            let largest = [3, 17, 100, 5_000, 300_000][round % 5];
            let cut = in_pieces(&redactor, text.as_bytes(), || (random.next() % largest) as usize);
            assert!(cut.0 == whole && cut.1 == report, "seed {seed}, round {round}");
            cuttings += 1;
        }
    }
    assert!(cuttings >= 10_000);
}

#[test]
fn redacting_a_mixture_twice_changes_nothing_more() {
    let redactor = redactor();
    for seed in 0..60 {
        changes_nothing_more(&redactor, mixture(seed, 4_000).into(), seed);
    }
}

/// A text with some of its signs taken away, doubled or put elsewhere: what a cut or a careless writer makes of documents.
fn broken(text: &str, random: &mut Random) -> Vec<u8> {
    const SIGNS: &[u8] = b"\"'\\:,{}[]\n -=@.&<>|\x1b%/#";
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..1 + random.next() % 12 {
        let at = (random.next() % bytes.len().max(1) as u64) as usize;
        let sign = SIGNS[(random.next() % SIGNS.len() as u64) as usize];
        let length = (random.next() % 40) as usize;
        match random.next() % 4 {
            0 => drop(bytes.drain(at..(at + length).min(bytes.len()))),
            1 => bytes.insert(at, sign),
            2 => {
                let piece = bytes[at..(at + length).min(bytes.len())].to_vec();
                let to = (random.next() % (bytes.len() + 1) as u64) as usize;
                bytes.splice(to..to, piece);
            }
            _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = sign),
        }
    }
    bytes
}

/// A Secret with secret and harmless names in its data and its annotations.
fn secret(random: &mut Random) -> String {
    let data = document(random, 2);
    let object = serde_json::json!({"kind": "Secret", "metadata": document(random, 1), "data": data});
    match random.next() % 4 {
        0 => object.to_string(),
        1 => Value::from(object.to_string()).to_string(),
        2 => serde_json::to_string_pretty(&object).unwrap(),
        _ => serde_saphyr::to_string(&object).unwrap(),
    }
}

fn with_pseudonyms() -> Redactor {
    let all = vec![Pseudonymize::IpAddressesKeepSubnets, Pseudonymize::EmailAddresses, Pseudonymize::HostNames];
    let options = RedactOptions { pseudonymize: all, ..RedactOptions::default() };
    Redactor::new(&BundleKey::from_bytes(b"test"), &options).unwrap()
}

#[test]
fn what_only_a_token_beside_it_uncovers_is_masked_the_first_time() {
    let redactor = with_pseudonyms();
    for text in [
        &b"\"kind\":\"Secret\",\"data\"{\"\"::Secret\",\"d\xbdv\\\"\"ssw\"r}"[..],
        br#"{"kt:y":"oct","k":"IFGHJfeXNfBFQnSbue720c"} "k":"kVDl2JVMQ0ZTLMWBKCeR8"}"#,
        // A find of the second reading encloses what imitates a token.
        "{7x%22 \u{1b}[0mk7\0\0\0\0E\"\0\0\0\0AqRJSecret\",\"dbword\\\":>\\(=\\\"/bwoet‹header:gM5UVb›veriffa\"::555/}\"".as_bytes(),
    ] {
        let once = redactor.text(text.to_vec().into());
        assert_ne!(once.as_bytes(), text);
        assert_eq!(redactor.text(once.as_bytes().to_vec().into()), once);
    }
}

#[test]
fn redacting_a_seed_of_the_fuzzer_twice_changes_nothing_more() {
    let redactor = with_pseudonyms();
    let seeds = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/seeds/redactor")).unwrap();
    for (number, seed) in (0..).zip(seeds) {
        // The first byte says where the fuzzer cuts the text.
        let text = std::fs::read(seed.unwrap().path()).unwrap();
        changes_nothing_more(&redactor, text[1..].to_vec(), number);
    }
}

#[test]
fn redacting_broken_text_twice_changes_nothing_more() {
    let redactor = with_pseudonyms();
    let mut long = Vec::new();
    for seed in 0..20_000 {
        let mut random = Random::of(&format!("broken {seed}"));
        let text = if seed % 3 == 0 { mixture(seed, 300) } else { secret(&mut random) };
        let text = broken(&text, &mut random);
        long.extend_from_slice(&text);
        long.push(b'\n');
        changes_nothing_more(&redactor, text, seed);
        if long.len() > 300_000 {
            changes_nothing_more(&redactor, std::mem::take(&mut long), seed);
        }
    }
}

#[test]
fn the_second_look_passes_what_the_first_has_redacted() {
    let redactor = redactor();
    for seed in 0..6_000 {
        let once = redactor.text(mixture(seed, 300).into());
        if let Err(finding) = second_look::check_member("member", once.as_bytes()) {
            panic!("seed {seed}: {finding}: {}", once.to_text());
        }
    }
}

fn changes_nothing_more(redactor: &Redactor, text: Vec<u8>, seed: u64) {
    let once = redactor.text(text.into());
    let twice = redactor.text(once.as_bytes().to_vec().into());
    assert!(twice == once, "seed {seed}: {}", first_difference(&once.to_text(), &twice.to_text()));
}

fn first_difference(one: &str, two: &str) -> String {
    let at = one.bytes().zip(two.bytes()).position(|(a, b)| a != b).unwrap_or(0);
    let show = |text: &str| {
        text.chars()
            .scan(0, |n, c| {
                let here = *n;
                *n += c.len_utf8();
                Some((here, c))
            })
            .filter(|(here, _)| *here + 120 > at && *here < at + 80)
            .map(|(_, c)| c)
            .collect::<String>()
    };
    format!("{}\n---\n{}", show(one), show(two))
}

#[test]
fn what_was_utf_8_still_is() {
    let redactor = redactor();
    let signs = ["ä", "€", "𝄞", "‹", "›", "–", "\u{0}", "\u{1b}[1m", "\r"];
    for seed in 0..200 {
        let mut random = Random::of(&format!("signs {seed}"));
        let mut text = String::new();
        for part in mixture(seed, 600).split_inclusive(['=', '"', ' ', '.', '_']) {
            text.push_str(part);
            if random.next().is_multiple_of(4) {
                text.push_str(signs[(random.next() % signs.len() as u64) as usize]);
            }
        }
        let out = redactor.text(text.into());
        assert!(std::str::from_utf8(out.as_bytes()).is_ok(), "seed {seed}");
    }
}

/// A document of some depth with secret and harmless names, and with samples among its texts.
fn document(random: &mut Random, depth: u64) -> Value {
    const NAMES: &[&str] = &[
        "password",
        "apiKey",
        "client_secret",
        "token",
        "name",
        "value",
        "data",
        "auth",
        "kind",
        "note",
        "key",
        "url",
        "authorization",
        "algolia",
        "enabled",
    ];
    let words =
        ["", "plain", "a \"quoted\" word", "two\nlines", "back\\slash", "hunter22", "x: y", "# no comment", "{", "ü‹›"];
    let samples: Vec<&Rule> = rules().collect();
    match random.next() % if depth == 0 { 6 } else { 9 } {
        0 => Value::Bool(random.next().is_multiple_of(2)),
        1 => Value::from(random.next() % 10_000_000_000),
        2 => Value::Null,
        3 => Value::from(words[(random.next() % words.len() as u64) as usize]),
        4 => Value::from(expand(samples[(random.next() % samples.len() as u64) as usize].positive[0]).text),
        5 if depth > 0 => Value::from(document(random, depth - 1).to_string()),
        5 => Value::from("end"),
        6 => Value::from((0..random.next() % 4).map(|_| document(random, depth - 1)).collect::<Vec<_>>()),
        _ => {
            let mut object = Map::new();
            for _ in 0..random.next() % 5 {
                let name = NAMES[(random.next() % NAMES.len() as u64) as usize];
                object.insert(name.to_owned(), document(random, depth - 1));
            }
            Value::Object(object)
        }
    }
}

/// The same but for texts, which may be masked, and for numbers that became texts.
fn same_shape(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same_shape(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same_shape(one, other)))
        }
        (Value::String(_), Value::String(_)) => true,
        (Value::Number(_), Value::String(text)) => text.starts_with('‹'),
        (one, other) => one == other,
    }
}

#[test]
fn json_that_parsed_before_parses_after_with_the_same_names_in_the_same_places() {
    for seed in 0..1_500 {
        let before = document(&mut Random::of(&format!("json {seed}")), 4);
        for text in [before.to_string(), serde_json::to_string_pretty(&before).unwrap()] {
            let out = redact(&text);
            let after: Value = serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {text}\n{out}"));
            assert!(same_shape(&before, &after), "seed {seed}: {text}\n{out}");
        }
    }
}

#[test]
fn yaml_that_parsed_before_parses_after() {
    for seed in 0..1_500 {
        let before = document(&mut Random::of(&format!("yaml {seed}")), 4);
        let text = serde_saphyr::to_string(&before).unwrap();
        if serde_saphyr::from_str::<Value>(&text).is_err() {
            continue;
        }
        let out = redact(&text);
        let after: Result<Value, _> = serde_saphyr::from_str(&out);
        assert!(after.is_ok(), "seed {seed}: {text}\n---\n{out}\n{}", after.unwrap_err());
    }
}
