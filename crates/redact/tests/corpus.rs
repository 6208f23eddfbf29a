//! The corpus: texts with their expected outcome, one file for each kind (`corpus/README.md` has the format). It fails on
//! every difference that is not listed in the file as known, and prints recall and precision by kind. Not for: single rules,
//! whose samples stand in their rows and are compared here too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test file: clippy exempts only the bodies of tests"
)]

#[path = "../src/samples.rs"]
mod samples;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use base64::Engine as _;
use meshcase_redact::{BundleKey, End, Gathered, RedactOptions, Redactor, rules, second_look};
use samples::Sample;

/// One text of a kind, and why its outcome is still another, if it is.
struct Case {
    /// Where it stands, for a person to find it.
    place: String,
    sample: Sample,
    known: Option<String>,
    /// Whether a mask may hold more than the secret; the rules' samples say only what must go.
    loose: bool,
}

/// What was counted of a kind.
#[derive(Default)]
struct Count {
    secrets: usize,
    whole: usize,
    masks: usize,
    right: usize,
    clean: usize,
    touched: usize,
    known: usize,
}

/// Prints what was found by kind; `cargo test … -- kind` looks at some kinds only.
fn main() -> ExitCode {
    let redactor = Redactor::new(&BundleKey::from_bytes(b"corpus"), &RedactOptions::default()).unwrap();
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let mut faults = Vec::new();
    let mut all = Count::default();
    println!(
        "{:<44} {:>16} {:>18} {:>14} {:>6}",
        "kind", "secrets masked", "masks that are right", "clean touched", "known"
    );
    for (kind, cases) in kinds().into_iter().filter(|(kind, _)| kind.contains(&filter)) {
        let mut count = Count::default();
        for case in &cases {
            let wrong = judge(&redactor, case, &mut count);
            match (&case.known, wrong) {
                (None, Some(wrong)) => faults.push(format!("{}: {wrong}", case.place)),
                (Some(_), None) => faults.push(format!("{}: is right by now: strike `known`", case.place)),
                (Some(_), Some(_)) => count.known += 1,
                (None, None) => {}
            }
        }
        print(&kind, &count);
        all.add(&count);
    }
    print("all", &all);
    faults.iter().for_each(|fault| eprintln!("{fault}\n"));
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Count {
    fn add(&mut self, other: &Self) {
        self.secrets += other.secrets;
        self.whole += other.whole;
        self.masks += other.masks;
        self.right += other.right;
        self.clean += other.clean;
        self.touched += other.touched;
        self.known += other.known;
    }
}

fn print(kind: &str, count: &Count) {
    let share = |part: usize, whole: usize| match whole {
        0 => "-".to_owned(),
        _ => format!("{part}/{whole} {:>3} %", 100 * part / whole),
    };
    let (recall, precision) = (share(count.whole, count.secrets), share(count.right, count.masks));
    println!("{kind:<44} {recall:>16} {precision:>18} {:>14} {:>6}", share(count.touched, count.clean), count.known);
}

/// Every kind with its texts: the files, and the samples of the rule table by family.
fn kinds() -> BTreeMap<String, Vec<Case>> {
    let mut kinds = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    for side in ["leaky", "clean"] {
        for file in std::fs::read_dir(folder.join(side)).unwrap() {
            let file = file.unwrap().path();
            let kind = format!("{side}/{}", file.file_stem().unwrap().to_string_lossy());
            kinds.insert(kind, cases(&file));
        }
    }
    for rule in rules() {
        let cases: &mut Vec<Case> = kinds.entry(format!("rules/{}", rule.family.name())).or_default();
        for template in rule.positive.iter().chain(rule.negative) {
            cases.push(Case {
                place: format!("rule {}", rule.id),
                sample: samples::expand(template),
                known: None,
                loose: true,
            });
        }
    }
    kinds
}

/// The texts of a file: behind its head, each behind a line `====`.
fn cases(file: &PathBuf) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    let mut found: Vec<(usize, Option<String>, String)> = Vec::new();
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        match (line.strip_prefix("===="), found.last_mut()) {
            (Some(rest), _) => {
                let known = rest.trim().strip_prefix("known:").map(|why| why.trim().to_owned());
                assert!(known.is_some() || rest.trim().is_empty(), "{}:{number}: {line}", file.display());
                found.push((number, known, String::new()));
            }
            (None, Some((_, _, text))) => text.push_str(line),
            (None, None) => assert!(line.starts_with('#'), "{}:{number}: no `#`, no `====`", file.display()),
        }
    }
    let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
    assert!(head.iter().any(|line| line.starts_with("# source: ")), "{}: names no source", file.display());
    let case = |(number, known, text): (usize, Option<String>, String)| Case {
        place: format!("{}:{number}", file.display()),
        sample: samples::expand_within('⟨', '⟩', &text, made),
        known,
        loose: false,
    };
    found.into_iter().map(case).collect()
}

/// Places of a corpus file beside those of the samples: encoded texts, keys, and signs that are not seen in a file.
fn made(place: &str) -> Option<String> {
    let (kind, text) = place.split_once(' ').unwrap_or((place, ""));
    let base64 = base64::engine::general_purpose::STANDARD;
    Some(match kind {
        "esc" => "\u{1b}".to_owned(),
        "cr" => "\r".to_owned(),
        "bs" => "\u{8}".to_owned(),
        "nul" => "\0".to_owned(),
        "b64" => base64.encode(text),
        "hex" => text.bytes().map(|byte| format!("{byte:02x}")).collect(),
        "HEX" => text.bytes().map(|byte| format!("{byte:02X}")).collect(),
        "der" => base64.encode(der(text)),
        "lines" => {
            (0..text.parse().ok()?).map(|number| format!("line {number} of a text that says nothing\n")).collect()
        }
        _ => return None,
    })
}

/// What has the structure of a key (RFC 8017, 5208, 5915) or of something public, filled with letters that are no key.
fn der(kind: &str) -> Vec<u8> {
    let filled = |length: usize| -> Vec<u8> { (0..length).map(|at| (at * 151 + 89) as u8 ^ (at >> 3) as u8).collect() };
    let tagged = |tag: u8, parts: &[&[u8]]| -> Vec<u8> {
        let body = parts.concat();
        let length = match body.len() {
            length @ ..128 => vec![length as u8],
            length @ 128..256 => vec![0x81, length as u8],
            length => vec![0x82, (length >> 8) as u8, length as u8],
        };
        [&[tag], &length[..], &body].concat()
    };
    let integer = |bytes: &[u8]| tagged(2, &[bytes]);
    let rsa_id = tagged(0x30, &[&[6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 13, 1, 1, 1], &[5, 0]]);
    let rsa = || {
        let half = || integer(&filled(128));
        let (modulus, exponent) = (integer(&filled(256)), integer(&[1, 0, 1]));
        let parts = [integer(&[0]), modulus, exponent, integer(&filled(256)), half(), half(), half(), half(), half()];
        tagged(0x30, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>())
    };
    match kind {
        "rsa" => rsa(),
        "pkcs8" => tagged(0x30, &[&integer(&[0]), &rsa_id, &tagged(4, &[&rsa()])]),
        "ec" => {
            let curve = tagged(0xA0, &[&[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7]]);
            tagged(0x30, &[&integer(&[1]), &tagged(4, &[&filled(32)]), &curve])
        }
        "ed25519" => {
            let id = tagged(0x30, &[&[6, 3, 0x2B, 0x65, 0x70]]);
            tagged(0x30, &[&integer(&[0]), &id, &tagged(4, &[&tagged(4, &[&filled(32)])])])
        }
        "public" => tagged(0x30, &[&rsa_id, &tagged(3, &[&filled(270)])]),
        "certificate" => {
            let body = tagged(0x30, &[&tagged(0xA0, &[&integer(&[2])]), &integer(&filled(16)), &filled(600)]);
            tagged(0x30, &[&body, &rsa_id, &tagged(3, &[&filled(257)])])
        }
        other => panic!("⟨der {other}⟩ is not known"),
    }
}

/// What is wrong with a text's outcome, if something is.
fn judge(redactor: &Redactor, case: &Case, count: &mut Count) -> Option<String> {
    let text = &case.sample.text;
    let (out, masks) = masked(redactor, text);
    let secrets = &case.sample.places;
    let whole = |secret: &Range<usize>| case.loose && !out.contains(&text[secret.clone()]) || covered(secret, &masks);
    let right = |mask: &Range<usize>| {
        secrets.iter().any(|secret| case.loose || secret.start <= mask.start && mask.end <= secret.end)
    };
    let leaked: Vec<&str> =
        secrets.iter().filter(|secret| !whole(secret)).map(|secret| &text[secret.clone()]).collect();
    let wrong: Vec<&str> = masks.iter().filter(|mask| !right(mask)).map(|mask| &text[mask.clone()]).collect();
    count.secrets += secrets.len();
    count.whole += secrets.len() - leaked.len();
    count.masks += masks.len();
    count.right += masks.len() - wrong.len();
    count.clean += usize::from(secrets.is_empty());
    count.touched += usize::from(secrets.is_empty() && !masks.is_empty());
    let fault = if !leaked.is_empty() {
        format!("leaks {}", short(&format!("{leaked:?}")))
    } else if !wrong.is_empty() {
        format!("masks {}", short(&format!("{wrong:?}")))
    } else {
        redactor_fault(redactor, text, &out)?
    };
    Some(format!("{fault}\n    {}\n    {}", short(text), short(&out)))
}

/// What holds for every outcome: it is stable, keeps lines and documents, and passes the second look.
fn redactor_fault(redactor: &Redactor, text: &str, out: &str) -> Option<String> {
    let lines = |text: &str| text.matches('\n').count();
    let yaml = |text: &str| {
        let parsed = serde_saphyr::from_str::<serde_json::Value>(text).ok()?;
        (parsed.is_object() || parsed.is_array()).then_some(parsed)
    };
    if lines(text) != lines(out) {
        return Some(format!("{} lines became {}", lines(text), lines(out)));
    }
    if redactor.text(Gathered::from(out.to_owned())).to_text() != out {
        return Some("redacting again changes it".to_owned());
    }
    if yaml(text).is_some() && yaml(out).is_none() {
        return Some("JSON or YAML that parsed does not parse any more".to_owned());
    }
    second_look::check_member("corpus", out.as_bytes()).err().map(|finding| format!("the second look: {finding}"))
}

fn short(text: &str) -> String {
    let shown: String = text.chars().take(300).collect::<String>().replace('\n', "⏎");
    if text.chars().nth(300).is_some() { shown + " …" } else { shown }
}

/// The redacted text, and which stretches of the text were masked.
fn masked(redactor: &Redactor, text: &str) -> (String, Vec<Range<usize>>) {
    let mut stream = redactor.stream().with_places();
    let mut out = Vec::new();
    for piece in text.as_bytes().chunks(1000) {
        out.extend_from_slice(stream.push(Gathered::from(piece.to_vec())).as_bytes());
    }
    let (rest, report) = stream.finish(End::Complete);
    out.extend_from_slice(rest.as_bytes());
    let out = String::from_utf8(out).unwrap();
    let starts: Vec<usize> = report.places().iter().map(|place| place.offset as usize).collect();
    // What stands behind a token is copied, up to the next one: where the copy ends says where the mask did.
    let mut rest = &out[starts.first().copied().unwrap_or(0)..];
    let mut masks = Vec::new();
    for (index, start) in starts.iter().enumerate() {
        let next = starts.get(index + 1).copied().unwrap_or(text.len());
        rest = &rest[rest.find('›').expect("a token is closed") + '›'.len_utf8()..];
        let copied = if next == text.len() { rest } else { &rest[..rest.find('‹').expect("the next token opens")] };
        let lines = copied.len() - copied.trim_start_matches('\n').len();
        let marks = ['\\', '"'];
        // A bare value got quotation marks, and lines that went with a value became empty ones.
        let kept = (0..=lines)
            .map(|lines| &copied[lines..])
            .flat_map(|kept| {
                [kept, kept.trim_start_matches(marks), kept.trim_end_matches(marks), kept.trim_matches(marks)]
            })
            .find(|kept| text[*start..next].ends_with(kept));
        masks.push(*start..next - kept.map_or(0, str::len));
        rest = &rest[copied.len()..];
    }
    (out, masks)
}

fn covered(secret: &Range<usize>, masks: &[Range<usize>]) -> bool {
    let inside = masks.iter().filter(|mask| mask.start < secret.end && secret.start < mask.end);
    let bytes: usize = inside.map(|mask| mask.end.min(secret.end) - mask.start.max(secret.start)).sum();
    bytes == secret.len()
}
