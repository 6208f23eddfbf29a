//! Random tokens behind a mark of their maker, as in `acme_live_8fJx…`: the habit of the trade, whoever the maker is.
//! Not for: makers whose tokens have a row of their own, and random words without a mark, which may be anything.

/// Letters of the random part, from which on it can be judged.
const LEAST_RANDOM: usize = 16;
/// Letters of a random part in one case, which say less.
const LEAST_ONE_CASE: usize = 24;
/// Letters of a random part that says less still, as its mark names no secret.
const LEAST_DIGEST: usize = 32;
/// Letters of the mark before such a part.
const LONGEST_DIGEST_MARK: usize = 16;
/// Letters of a random part that is judged more mildly.
const LEAST_LONG: usize = 40;
/// Letters of the mark.
const LONGEST_MARK: usize = 40;

/// Marks of things that have a name by which they are asked for: objects, digests, keys for everybody.
const NAMES_OF_THINGS: &[&str] = &[
    "acct",
    "amq",
    "applyset",
    "ami",
    "asset",
    "asst",
    "batch",
    "blob",
    "block",
    "branch",
    "build",
    "bundle",
    "cache",
    "call",
    "card",
    "ch",
    "chatcmpl",
    "chunk",
    "cid",
    "cluster",
    "commit",
    "container",
    "corr",
    "crc",
    "cus",
    "customer",
    "device",
    "digest",
    "dpl",
    "deploy",
    "doc",
    "eni",
    "etag",
    "event",
    "evt",
    "file",
    "fingerprint",
    "gid",
    "git",
    "hash",
    "host",
    "i",
    "id",
    "image",
    "img",
    "in",
    "index",
    "instance",
    "integrity",
    "item",
    "job",
    "layer",
    "libpod",
    "lock",
    "md5",
    "metric",
    "msg",
    "node",
    "nonce",
    "object",
    "order",
    "org",
    "page",
    "part",
    "pi",
    "pk",
    "pm",
    "po",
    "pod",
    "price",
    "prod",
    "proj",
    "project",
    "pub",
    "public",
    "req",
    "request",
    "resp",
    "rev",
    "run",
    "segment",
    "shard",
    "snap",
    "sg",
    "subnet",
    "sha",
    "sha1",
    "sha224",
    "sha256",
    "sha384",
    "sha512",
    "si",
    "span",
    "step",
    "sub",
    "svc",
    "table",
    "task",
    "team",
    "thread",
    "tid",
    "tmp",
    "trace",
    "tree",
    "tx",
    "txn",
    "uid",
    "user",
    "usr",
    "version",
    "vol",
    "volume",
    "vpc",
    "workspace",
    "ws",
];

/// Words in a mark that say secret, so that a random part in one case is enough.
const SECRET_WORDS: &[&str] = &[
    "access",
    "api",
    "apikey",
    "at",
    "auth",
    "cli",
    "key",
    "live",
    "oauth",
    "pass",
    "pat",
    "prod",
    "production",
    "rt",
    "sandbox",
    "sec",
    "secret",
    "sk",
    "st",
    "test",
    "tkn",
    "tok",
    "token",
];

/// What names of files end with, into which builders write a digest.
const FILE_ENDS: &[&[u8]] = &[
    b".png", b".gif", b".jpg", b".jpeg", b".svg", b".ico", b".webp", b".js", b".css", b".html", b".map", b".woff",
    b".woff2", b".ttf", b".json", b".yaml", b".log", b".gz",
];

/// Whether a run of letters, digits, dots, dashes and underscores is a marked token.
pub(super) fn is_token(run: &[u8]) -> bool {
    // Most long words of a log are names: they have few digits, or one case and no word that says secret.
    if !run.first().is_some_and(u8::is_ascii_alphabetic) || !run.iter().any(u8::is_ascii_digit) {
        return false;
    }
    if is_file_name(run) || run.starts_with(b"API-") {
        return false;
    }
    let mut start = 0;
    let mut secret_word = false;
    loop {
        let end = run[start..].iter().position(|byte| is_separator(*byte)).map_or(run.len(), |at| start + at);
        let segment = &run[start..end];
        if start > 0 && is_random_start(segment) {
            return is_random(&run[start..], secret_word) || is_digest_like(&run[start..], &run[..start]);
        }
        if end == run.len() || end > LONGEST_MARK || segment.is_empty() || start == 0 && !is_mark(segment) {
            return false;
        }
        secret_word |= SECRET_WORDS.iter().any(|word| segment.eq_ignore_ascii_case(word.as_bytes()));
        start = end + 1;
    }
}

/// Whether a word ends as the names of files do into which builders write a digest.
pub(super) fn is_file_name(word: &[u8]) -> bool {
    FILE_ENDS.iter().any(|end| word.ends_with(end))
}

/// Whether a word names things that have a name by which they are asked for.
pub(super) fn is_thing(word: &[u8]) -> bool {
    NAMES_OF_THINGS.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.')
}

/// Whether a maker may have begun tokens with this word: no thing's name, and no letters of mixed case, as random ones are.
fn is_mark(segment: &[u8]) -> bool {
    let tail = segment.get(1..).unwrap_or_default();
    let mixed = tail.iter().any(u8::is_ascii_uppercase) && segment.iter().any(u8::is_ascii_lowercase);
    // `fooKey`: two words that are written as one.
    let capitals = segment.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let two_words = segment.len() >= 5
        && segment.iter().all(u8::is_ascii_alphabetic)
        && capitals <= 2
        && segment.windows(2).all(|pair| !pair[0].is_ascii_uppercase() || pair[1].is_ascii_lowercase())
        && segment.last().is_some_and(u8::is_ascii_lowercase);
    segment.len() >= 2 && (!mixed || two_words) && !is_thing(segment)
}

/// `v1`, `v2alpha1`: a version of an API.
fn is_version(segment: &[u8]) -> bool {
    let Some((b'v', rest)) = segment.split_first() else { return false };
    let rest = &rest[rest.iter().take_while(|byte| byte.is_ascii_digit()).count()..];
    rest.is_empty() || rest.starts_with(b"alpha") || rest.starts_with(b"beta")
}

/// Whether the random part may begin here: long enough, and no word with a number behind it.
fn is_random_start(segment: &[u8]) -> bool {
    let digits = segment.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = segment.len() - digits;
    let last_letter = segment.iter().rposition(u8::is_ascii_alphabetic).unwrap_or(0);
    let numbered = segment[..last_letter].iter().all(u8::is_ascii_alphabetic);
    segment.len() >= 8
        && !is_version(segment)
        && letters >= 2
        && (digits > 0 && !numbered || changes_of_class(segment) * 100 >= segment.len() * 42)
}

/// Whether the rest of the run is random: both cases and digits in quick change, or one case behind a word that says so.
fn is_random(rest: &[u8], secret_word: bool) -> bool {
    let count = |kind: fn(&u8) -> bool| rest.iter().filter(|byte| kind(byte)).count();
    let (lower, upper) = (count(u8::is_ascii_lowercase), count(u8::is_ascii_uppercase));
    let digits = count(u8::is_ascii_digit);
    let letters = lower + upper + digits;
    let quick = |percent: usize| changes_of_class(rest) * 100 >= rest.len() * percent;
    let both_cases = letters >= LEAST_RANDOM && is_quick_mix(rest);
    let one_case = secret_word
        && (lower == 0 || upper == 0)
        && letters >= LEAST_ONE_CASE
        && digits * 10 >= letters
        && (lower + upper) * 10 >= letters
        && quick(25)
        && longest_segment(rest) >= LEAST_RANDOM;
    both_cases || one_case
}

/// Whether both cases and digits follow each other quickly, and not as in words with capitals.
pub(super) fn is_quick_mix(text: &[u8]) -> bool {
    let count = |kind: fn(&u8) -> bool| text.iter().filter(|byte| kind(byte)).count();
    count(u8::is_ascii_lowercase) >= 3
        && count(u8::is_ascii_uppercase) >= 3
        && count(u8::is_ascii_digit) >= 1
        // Of a long word a part may be of one kind.
        && changes_of_class(text) * 100 >= text.len() * if text.len() >= LEAST_LONG { 34 } else { 42 }
        && !is_camel_case(text)
}

/// Whether a long random part in one case stands behind a short mark with an underscore, as in `acme_4bf9…`: Kubernetes'
/// names have none, and things with a digest as their name are known by their marks.
fn is_digest_like(rest: &[u8], mark: &[u8]) -> bool {
    let lower = rest.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let digits = rest.iter().filter(|byte| byte.is_ascii_digit()).count();
    let plain = mark.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let words = mark.iter().filter(|byte| **byte == b'_').count();
    lower
        && plain
        && rest.len() >= LEAST_DIGEST
        && mark.len() <= LONGEST_DIGEST_MARK
        && words <= 2
        && digits * 10 >= rest.len()
        && digits < rest.len() * 9 / 10
        && changes_of_class(rest) * 100 >= rest.len() * 25
}

/// Whether nearly every capital begins a word of small letters, as in `ExecEnvVar_To_v1beta1`.
pub(super) fn is_camel_case(rest: &[u8]) -> bool {
    let capitals = rest.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let words = rest.windows(2).filter(|pair| pair[0].is_ascii_uppercase() && pair[1].is_ascii_lowercase()).count();
    words * 100 >= capitals * 85
}

pub(super) fn longest_segment(rest: &[u8]) -> usize {
    rest.split(|byte| is_separator(*byte)).map(<[u8]>::len).max().unwrap_or(0)
}

/// How often small letters, capitals, digits and signs follow each other.
fn changes_of_class(text: &[u8]) -> usize {
    let class = |byte: u8| match byte {
        b'a'..=b'z' => 0,
        b'A'..=b'Z' => 1,
        b'0'..=b'9' => 2,
        _ => 3,
    };
    text.windows(2).filter(|pair| class(pair[0]) != class(pair[1])).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_people_and_kubernetes_give_are_no_tokens() {
        for name in [
            "kube-controller-manager-7d9f8b6c5d-x2k4p",
            "istio-proxy.istio-system.svc.cluster.local",
            "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
            "v0.0.0-20240102150405-0123456789ab",
            "cri-containerd-4bf92f3577b34da6a3ce929d0e0e47364bf92f3577b34da6a3ce929d0e0e4736.scope",
            "sha256-4bf92f3577b34da6a3ce929d0e0e47364bf92f3577b34da6a3ce929d0e0e4736",
            "TestReconcileNamespaceWithHTTPRouteV1Beta1",
            "Convert_config_ExecEnvVar_To_v1beta1_ExecEnvVar",
            "controller_runtime_reconcile_time_seconds_bucket",
            "ip-10-0-12-34.eu-central-1.compute.internal",
            "req_8fJx2kQz9LmW4tVb7NcR",
            "io.k8s.api.scheduling.v1alpha2.PodGroupList",
            "tT_w9LRNrY7wJalGsTYSt7rutZi86Gvyc0EKR4CaQAw",
            "e-YD3ZzAxvKsDkhP4cecyDkos72DW1B8J6v3NWNuE45",
            "my-test-2f6f0a52-5b1c-4f0e-9d8e-0d5a4d1b6c77",
        ] {
            assert!(!is_token(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn a_random_part_behind_a_mark_is_one_in_both_cases_or_behind_a_secret_word() {
        let (both, one) = ("8fJx2kQz9LmW4tVb7NcR", "4bf92f3577b34da6a3ce929d0e0e4736");
        for token in [
            format!("acme_{both}"),
            format!("acmeKey_{both}"),
            format!("acme-prod.{both}"),
            format!("acme_api_{one}"),
            format!("acme_{one}"),
        ] {
            assert!(is_token(token.as_bytes()), "{token}");
        }
        for none in [
            both.to_owned(),
            format!("acme-{one}"),
            format!("cache_{one}"),
            format!("acme_{}", &one[1..]),
            format!("acme_{}", &both[..12]),
        ] {
            assert!(!is_token(none.as_bytes()), "{none}");
        }
    }
}
