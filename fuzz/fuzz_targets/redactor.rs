//! What must hold of redaction for every text: it ends, it gives the same bytes however the text is cut, redacting again
//! changes nothing, and UTF-8 stays UTF-8. The first byte says where the text is cut. Not for: what is secret.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use meshcase_redact::{BundleKey, End, Gathered, Pseudonymize, RedactOptions, Redactor};

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    let pseudonymize =
        vec![Pseudonymize::IpAddressesKeepSubnets, Pseudonymize::EmailAddresses, Pseudonymize::HostNames];
    let options = RedactOptions { pseudonymize, ..RedactOptions::default() };
    Redactor::new(&BundleKey::from_bytes(b"fuzz"), &options).expect("the rule table compiles")
});

fuzz_target!(|input: &[u8]| {
    let Some((cut, text)) = input.split_first() else { return };
    let whole = REDACTOR.text(Gathered::from(text.to_vec()));
    let mut stream = REDACTOR.stream();
    let mut out = Vec::new();
    for piece in text.chunks(usize::from(*cut).max(1)) {
        out.extend_from_slice(stream.push(Gathered::from(piece.to_vec())).as_bytes());
    }
    out.extend_from_slice(stream.finish(End::Complete).0.as_bytes());
    assert!(out == whole.as_bytes(), "the output depends on how the input is cut");
    if std::str::from_utf8(text).is_ok() {
        assert!(std::str::from_utf8(whole.as_bytes()).is_ok(), "UTF-8 did not stay UTF-8");
    }
    let again = REDACTOR.text(Gathered::from(whole.as_bytes().to_vec()));
    assert!(again == whole, "redacting again changed something");
});
