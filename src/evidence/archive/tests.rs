//! The archive's bytes: the same for the same members, and readable by any tar.

use std::fs;
use std::path::Path;

use chrono::DateTime;
use flate2::read::GzDecoder;

use super::manifest::{CaseName, Entry, Manifest, Outcome, Text};
use super::name::MemberName;
use super::spool::{Spool, SpoolError, Spooled};
use super::{Packed, pack};
use crate::api::EvidenceWindow;
use meshcase_redact::{BundleKey, End, Gathered, RedactOptions, Redacted, Redactor, Report};

fn redactor() -> Redactor {
    Redactor::new(&BundleKey::from_bytes(b"archive tests"), &RedactOptions::default()).unwrap()
}

fn redacted(bytes: &[u8]) -> Redacted {
    redactor().text(Gathered::from(bytes.to_vec()))
}

fn spooled(spool: &Spool, name: &MemberName, content: &[u8], cut: usize) -> Spooled {
    let mut member = spool.member(name.clone(), u64::MAX).unwrap();
    let mut stream = redactor().stream();
    for chunk in content.chunks(cut) {
        member.write(&stream.push(Gathered::from(chunk.to_vec()))).unwrap();
    }
    member.write(&stream.finish(End::Complete).0).unwrap();
    member.finish().unwrap()
}

fn manifest(members: &[Spooled]) -> Manifest {
    let case = CaseName { namespace: "team-a".into(), name: "slow".into(), uid: "u-1".into() };
    let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
    let window = EvidenceWindow { from: at(1_700_000_000), to: at(1_700_003_600) };
    let entry = |member: &Spooled| Entry {
        item: Text::from(&redacted(member.name.as_str().as_bytes())),
        member: Some(member.name.as_str().to_owned()),
        outcome: Outcome::Collected,
        reason: None,
        bytes: member.bytes,
        sha256: Some(member.sha256.clone()),
    };
    Manifest::new(case, window, members.iter().map(entry).collect())
}

fn log_name(pod: &str) -> MemberName {
    MemberName::new(&["logs", "team-a", pod, "app"], ".log", 1)
}

fn packed(folder: &Path, order: &[&str], cut: usize) -> (Packed, Vec<u8>) {
    let spool = Spool::create(folder.to_owned(), u64::MAX).unwrap();
    let line = b"2026-01-01T00:00:00Z a line of a log that is long enough to be compressed\n";
    let members: Vec<Spooled> =
        order.iter().map(|pod| spooled(&spool, &log_name(pod), &line.repeat(5_000), cut)).collect();
    let path = folder.join("bundle.tar.gz");
    let packed = pack(&path, &members, &manifest(&members), &Report::default()).unwrap();
    (packed, fs::read(&path).unwrap())
}

#[test]
fn the_same_members_give_the_same_bytes_in_whatever_order_and_chunks_they_came() {
    let folder = tempfile::tempdir().unwrap();
    let one = packed(&folder.path().join("one"), &["a", "b", "c"], 64 * 1024);
    let other = packed(&folder.path().join("other"), &["c", "a", "b"], 777);
    assert_eq!(one.0, other.0);
    assert!(one.1 == other.1);
}

#[test]
fn the_archive_lists_sorted_members_with_fixed_owners_and_times_beside_manifest_and_report() {
    let folder = tempfile::tempdir().unwrap();
    let (packed, bytes) = packed(&folder.path().join("bundle"), &["b", "a"], 4096);
    assert_eq!(packed.size_bytes, bytes.len() as u64);
    assert_eq!(&bytes[4..8], [0; 4], "the gzip header holds no time");
    let mut listing = Vec::new();
    let mut archive = tar::Archive::new(GzDecoder::new(bytes.as_slice()));
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!(header.entry_type(), tar::EntryType::Regular);
        let facts = (header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap());
        assert_eq!(facts, (0o644, 0, 0, 0));
        listing.push(format!("{} {}", entry.path().unwrap().display(), header.size().unwrap()));
    }
    insta::assert_snapshot!(listing.join("\n"), @r"
    logs/team-a/a/app.log 370000
    logs/team-a/b/app.log 370000
    manifest.json 689
    redactions.json 20
    ");
}

#[test]
fn a_member_stops_at_its_share_and_stays_readable() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::create(folder.path().join("spool"), u64::MAX).unwrap();
    let mut member = spool.member(log_name("a"), 1_000).unwrap();
    // Bytes that do not compress, so that the share is used up soon.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        b'a' + ((state >> 33) % 26) as u8
    };
    let mut chunk = || redacted(&(0..4096).map(|n| if n % 5 == 4 { b' ' } else { noise() }).collect::<Vec<u8>>());
    let full = (0..1_000).any(|_| matches!(member.write(&chunk()), Err(SpoolError::Full)));
    assert!(full);
    let spooled = member.finish().unwrap();
    let mut content = Vec::new();
    std::io::Read::read_to_end(&mut spooled.open().unwrap(), &mut content).unwrap();
    assert_eq!(content.len() as u64, spooled.bytes);
    assert!(spooled.bytes < 200 * 1024, "{}", spooled.bytes);
}

#[test]
fn a_work_folder_is_emptied_before_use_and_gone_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path().join("case");
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("left-by-a-crash"), "x").unwrap();
    let spool = Spool::create(work.clone(), 10).unwrap();
    assert!(!work.join("left-by-a-crash").exists());
    drop(spool);
    assert!(!work.exists());
}

#[test]
fn a_bundle_is_partial_where_something_is_missing_but_not_where_a_log_does_not_exist() {
    let partial = |outcome| {
        let entry = Entry { item: Text::fixed("x"), member: None, outcome, reason: None, bytes: 0, sha256: None };
        Manifest::new(manifest(&[]).case, manifest(&[]).window, vec![entry]).partial
    };
    for whole in [Outcome::Collected, Outcome::Absent] {
        assert!(!partial(whole), "{whole:?}");
    }
    for lacking in [Outcome::Truncated, Outcome::Forbidden, Outcome::TimedOut, Outcome::Failed] {
        assert!(partial(lacking), "{lacking:?}");
    }
}
