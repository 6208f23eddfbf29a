//! Whatever a file holds, reading it ends: with an output, with members left out, or with an error. Not for: what is secret.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meshcase_redact::archive::{Binary, FileOptions, FileRedactor};
use meshcase_redact::{BundleKey, RedactOptions, Redactor};

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    Redactor::new(&BundleKey::from_bytes(b"fuzz"), &RedactOptions::default()).expect("the rule table compiles")
});

fuzz_target!(|input: &[u8]| {
    let options = FileOptions { binary: Binary::Keep, expand_to: 1 << 20, ..FileOptions::default() };
    let mut files = FileRedactor::new(&REDACTOR, options);
    let _ = files.redact("input", input, std::io::sink());
});
