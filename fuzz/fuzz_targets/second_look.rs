//! The second look ends with an answer for every archive and every member, and an answer's place lies within the member.
//! Not for: what it finds.
#![no_main]

use libfuzzer_sys::fuzz_target;
use meshcase_redact::second_look;

fuzz_target!(|input: &[u8]| {
    let _ = second_look::check(input);
    if let Err(finding) = second_look::check_member("member", input) {
        assert!(finding.offset < input.len() as u64, "{finding}");
    }
});
