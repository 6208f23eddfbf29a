//! How fast redaction is, beside gzip of the same bytes in the same run, and how much memory it takes on one line of a GiB.
//! Plain loops, one core. Run with `cargo bench -p meshcase-redact`; a text file behind `--` is measured too. Not for: passing
//! or failing.

use std::fmt::Write as _;
use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use meshcase_redact::{BundleKey, End, Gathered, RedactOptions, Redactor};

/// Bytes of each text.
const TEXT: usize = 64 << 20;
/// Bytes that are pushed together, as the verb does.
const CHUNK: usize = 64 << 10;
/// Width of the wide lines.
const WIDE: usize = 1 << 20;
/// The line whose memory is measured.
const LONG_LINE: usize = 1 << 30;
/// The million of cuttings that `make bench` owes takes texts of this size.
const CUT_TEXT: usize = 160;
const CUTTINGS: usize = 1_000_000;

fn main() {
    let redactor = match Redactor::new(&BundleKey::from_bytes(b"bench"), &RedactOptions::default()) {
        Ok(redactor) => redactor,
        Err(error) => return eprintln!("the rule table does not compile: {error}"),
    };
    // First, while nothing else is in memory.
    if let Some(kibibytes) = peak_memory(&redactor) {
        println!("peak memory on one line of 1 GiB: {} MiB", kibibytes / 1024);
    }
    let clean = logs(usize::MAX, TEXT);
    let rare = logs(100, TEXT);
    let wide = widened(&clean);
    let named = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let named: Vec<_> = named.filter_map(|name| Some((std::fs::read(&name).ok()?, name))).collect();
    let made = [("clean logs", &clean), ("a secret every hundred lines", &rare), ("lines of 1 MB", &wide)];
    for (what, text) in made.into_iter().chain(named.iter().map(|(text, name)| (name.as_str(), text))) {
        let redacted = rate(text, |text| redact(&redactor, text));
        let zipped = rate(text, |text| {
            let mut gzip = GzEncoder::new(io::sink(), Compression::new(6));
            black_box(gzip.write_all(text).is_ok());
        });
        println!("redaction, {what}: {redacted:.0} MB/s, gzip -6 {zipped:.0} MB/s, {:.1} times", redacted / zipped);
    }
    match cut_apart(&redactor) {
        0 => println!("cuttings: {CUTTINGS}, none changes a byte"),
        wrong => println!("cuttings: {CUTTINGS}, of which {wrong} CHANGE THE OUTPUT"),
    }
}

fn redact(redactor: &Redactor, text: &[u8]) {
    let mut stream = redactor.stream();
    for chunk in text.chunks(CHUNK) {
        black_box(stream.push(Gathered::from(chunk.to_vec())));
    }
    black_box(stream.finish(End::Complete));
}

/// MB (10⁶ bytes) per second on a core: the best of three, without the time in which others had the core.
fn rate(text: &[u8], mut work: impl FnMut(&[u8])) -> f64 {
    let begin = Instant::now();
    let clock = || on_core().unwrap_or_else(|| begin.elapsed());
    let best = (0..3).map(|_| {
        let started = clock();
        work(text);
        clock() - started
    });
    #[expect(clippy::cast_precision_loss, reason = "a rate for a person to read")]
    let megabytes = text.len() as f64 / 1e6;
    megabytes / best.min().unwrap_or(Duration::MAX).as_secs_f64()
}

/// How long this thread has had a core (proc_pid_schedstat(5)).
fn on_core() -> Option<Duration> {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    times.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Lines as API servers, controllers, Envoys and applications write them; every `period`-th with a secret.
fn logs(period: usize, length: usize) -> Vec<u8> {
    let mut text = String::with_capacity(length + 1024);
    let mut random = Random(7);
    let mut number = 0;
    while text.len() < length {
        number += 1;
        let (ms, id) = (random.below(1000), random.next());
        // Writing to a String cannot fail.
        let _ = match (number % period == 0, random.below(6)) {
            (true, 0..3) => {
                writeln!(text, "time=2026-11-25T03:04:05.{ms:03}Z level=info msg=\"login\" user=app password=Zx{id:x}q")
            }
            (true, _) => writeln!(
                text,
                "{{\"ts\":\"2026-11-25T03:04:05.{ms:03}Z\",\"msg\":\"calling\",\"authorization\":\"Bearer q{id:x}Zt{id:x}\"}}"
            ),
            (false, 0) => writeln!(
                text,
                "I1125 03:04:05.{ms:03}123       1 httplog.go:134] \"HTTP\" verb=\"LIST\" URI=\"/api/v1/namespaces/shop/pods?limit=500&resourceVersion=0\" latency=\"{ms}.123ms\" userAgent=\"kube-controller-manager/v1.34.2 (linux/amd64)\" audit-ID=\"{}\" srcIP=\"10.0.{ms}.7:41234\" resp=200",
                uuid(id)
            ),
            (false, 1) => writeln!(
                text,
                "[2026-11-25T03:04:05.{ms:03}Z] \"GET /cart/{ms}/items HTTP/1.1\" 200 - via_upstream - \"-\" 0 1432 {ms} 11 \"-\" \"okhttp/4.12.0\" \"{}\" \"cart.shop:8080\" \"10.42.1.{ms}:8080\" outbound|8080||cart.shop.svc.cluster.local 10.42.0.9:51234 10.43.17.2:8080 10.42.0.9:41822 - default",
                uuid(id)
            ),
            (false, 2) => writeln!(
                text,
                "{{\"level\":\"info\",\"ts\":\"2026-11-25T03:04:05.{ms:03}Z\",\"caller\":\"mvcc/index.go:214\",\"msg\":\"compact tree index\",\"revision\":{id}}}"
            ),
            (false, 3) => writeln!(
                text,
                "2026-11-25T03:04:05.{ms:03}Z\tinfo\tads\tXDS: Pushing Services:{ms} ConnectedEndpoints:12 Version:2026-11-25T03:04:05Z/{ms}"
            ),
            (false, 4) => writeln!(
                text,
                "time=\"2026-11-25T03:04:05Z\" level=debug msg=\"reconciled\" namespace=shop name=checkout-7d9f8b6c5d-x{ms} generation=4 took={ms}ms trace_id={id:032x}"
            ),
            (false, _) => writeln!(
                text,
                "2026-11-25 03:04:05,{ms:03} DEBUG [http-nio-8080-exec-{}] c.example.shop.CartService : loaded cart for customer {ms} with 3 items",
                ms % 10
            ),
        };
    }
    text.into_bytes()
}

/// The same with a line end every [`WIDE`] bytes only.
fn widened(text: &[u8]) -> Vec<u8> {
    let mut wide: Vec<u8> = text.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
    wide.iter_mut().skip(WIDE - 1).step_by(WIDE).for_each(|byte| *byte = b'\n');
    wide
}

fn uuid(id: u64) -> String {
    let hex = format!("{id:016x}{:016x}", id.rotate_left(23));
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Redacts one line of [`LONG_LINE`] bytes. The answer is the process's highest resident memory so far, in KiB.
fn peak_memory(redactor: &Redactor) -> Option<u64> {
    let piece: Vec<u8> =
        logs(100, WIDE).iter().take(WIDE).map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect();
    let mut stream = redactor.stream();
    for _ in 0..LONG_LINE / piece.len() {
        for chunk in piece.chunks(CHUNK) {
            black_box(stream.push(Gathered::from(chunk.to_vec())));
        }
    }
    black_box(stream.finish(End::Complete));
    // proc_pid_status(5)
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// How many of a million random cuttings give other bytes than the whole text does.
fn cut_apart(redactor: &Redactor) -> usize {
    let text = logs(2, TEXT);
    let mut random = Random(11);
    let mut wrong = 0;
    for round in 0..CUTTINGS {
        let from = random.below(text.len() - CUT_TEXT);
        let part = &text[from..from + CUT_TEXT];
        let whole = redactor.text(Gathered::from(part.to_vec()));
        let mut stream = redactor.stream();
        let mut out = Vec::with_capacity(2 * CUT_TEXT);
        let mut rest = part;
        while !rest.is_empty() {
            let (piece, left) = rest.split_at((1 + random.below([2, 9, 80][round % 3])).min(rest.len()));
            out.extend_from_slice(stream.push(Gathered::from(piece.to_vec())).as_bytes());
            rest = left;
        }
        out.extend_from_slice(stream.finish(End::Complete).0.as_bytes());
        wrong += usize::from(out != whole.as_bytes());
    }
    wrong
}

/// SplitMix64: the same texts in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }
}
