//! Whole files: what of them is redacted, kept and left out, and that what comes out can be read. Not for: what is secret.

use std::io::{Cursor, Read, Write};

use super::*;
use crate::tests::redactor;

const LOG: &str = "level=info user=app password=swordfish7\n";

/// The output and what was left out of it.
fn redacted_as(name: &str, input: &[u8], options: FileOptions) -> (Vec<u8>, Vec<LeftOut>) {
    let redactor = redactor();
    let mut files = FileRedactor::new(&redactor, options);
    let mut out = Vec::new();
    files.redact(name, input, &mut out).unwrap();
    (out, files.left_out().to_vec())
}

fn redacted(name: &str, input: &[u8]) -> (Vec<u8>, Vec<LeftOut>) {
    redacted_as(name, input, FileOptions::default())
}

fn tar_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, content) in members {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, *content).unwrap();
    }
    archive.into_inner().unwrap()
}

fn zip_of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn xz(content: &[u8]) -> Vec<u8> {
    let mut packed = XzWriter::new(Vec::new(), XzOptions::with_preset(1)).unwrap();
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn zstd_of(content: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(content, CompressionLevel::Fastest)
}

fn all(mut input: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    input.read_to_end(&mut all).unwrap();
    all
}

fn members_of_tar(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(archive);
    let entries = archive.entries().unwrap();
    entries
        .map(|entry| {
            let mut entry = entry.unwrap();
            (entry.path().unwrap().to_string_lossy().into_owned(), all(&mut entry))
        })
        .collect()
}

fn is_redacted(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    text.starts_with("level=info user=app password=‹password:") && !text.contains("swordfish7")
}

#[test]
fn a_compressed_text_comes_out_redacted_in_the_same_format() {
    let (out, _) = redacted("a.log.gz", &gzip(LOG.as_bytes()));
    assert!(is_redacted(&all(MultiGzDecoder::new(&out[..]))));
    let (out, _) = redacted("a.log.xz", &xz(LOG.as_bytes()));
    assert!(is_redacted(&all(XzReader::new(&out[..], true))));
    let (out, _) = redacted("a.log.zst", &zstd_of(LOG.as_bytes()));
    assert!(is_redacted(&all(StreamingDecoder::new(&out[..]).unwrap())));
}

#[test]
fn each_member_of_a_tar_and_its_name_are_redacted_and_its_length_is_right() {
    let archive = tar_of(&[("logs/a.log", LOG.as_bytes()), ("password=swordfish7.log", LOG.as_bytes())]);
    let (out, left_out) = redacted("a.tar", &archive);
    let members = members_of_tar(&out);
    assert_eq!(left_out, []);
    assert_eq!(members[0].0, "logs/a.log");
    assert!(members[1].0.starts_with("password=‹password:"), "{}", members[1].0);
    assert!(members.iter().all(|(_, content)| is_redacted(content)), "{members:?}");
}

#[test]
fn each_member_of_a_zip_is_redacted() {
    let (out, left_out) = redacted("a.zip", &zip_of(&[("logs/a.log", LOG.as_bytes()), ("b.log", b"all is well\n")]));
    let mut archive = zip::ZipArchive::new(Cursor::new(out)).unwrap();
    assert_eq!((left_out, archive.len()), (Vec::new(), 2));
    assert!(is_redacted(&all(archive.by_name("logs/a.log").unwrap())));
    assert_eq!(all(archive.by_name("b.log").unwrap()), b"all is well\n");
}

#[test]
fn archives_within_archives_are_opened_to_a_depth_of_three() {
    let mut archive = tar_of(&[("a.log", LOG.as_bytes())]);
    for layer in 2..=DEPTH {
        archive = if layer % 2 == 0 { zip_of(&[("inner.tar", &archive)]) } else { tar_of(&[("inner.zip", &archive)]) };
    }
    let (out, left_out) = redacted("a.tar.gz", &gzip(&archive));
    assert_eq!(left_out, []);
    let zip = members_of_tar(&all(MultiGzDecoder::new(&out[..]))).remove(0).1;
    let tar = all(zip::ZipArchive::new(Cursor::new(zip)).unwrap().by_index(0).unwrap());
    assert!(is_redacted(&members_of_tar(&tar)[0].1));
    let (_, left_out) = redacted("b.tar", &tar_of(&[("a.tar", &archive), ("b.log", LOG.as_bytes())]));
    assert_eq!(left_out.len(), 1);
    assert_eq!(left_out[0].member, "b.tar/a.tar/inner.zip/inner.tar");
    assert!(left_out[0].failed && left_out[0].reason.contains("depth of 3"), "{left_out:?}");
}

#[test]
fn what_is_no_text_is_left_out_kept_or_a_failure_as_wished() {
    let picture: Vec<u8> = (0..2000u32).map(|at| (at * at % 251) as u8).collect();
    let archive = tar_of(&[("a.png", &picture), ("a.log", LOG.as_bytes())]);
    for (binary, members, failed) in
        [(Binary::Drop, 1, Some(false)), (Binary::Keep, 2, None), (Binary::Fail, 1, Some(true))]
    {
        let (out, left_out) = redacted_as("a.tar", &archive, FileOptions { binary, ..FileOptions::default() });
        assert_eq!(members_of_tar(&out).len(), members, "{binary:?}");
        assert_eq!(left_out.first().map(|left| left.failed), failed, "{binary:?}");
    }
}

#[test]
fn a_member_that_cannot_be_read_does_not_stop_the_others() {
    let mut broken = gzip(&LOG.repeat(100).into_bytes());
    broken.truncate(broken.len() / 2);
    let archive = tar_of(&[("a.gz", &broken), ("../b.log", LOG.as_bytes()), ("c.log", LOG.as_bytes())]);
    let (out, left_out) = redacted("a.tar", &archive);
    let members = members_of_tar(&out);
    assert_eq!(members.len(), 1);
    assert!(members[0].0 == "c.log" && is_redacted(&members[0].1));
    let told: Vec<(&str, bool)> = left_out.iter().map(|left| (left.member.as_str(), left.failed)).collect();
    assert_eq!(told, [("a.tar/a.gz", true), ("a.tar/../b.log", true)]);
}

#[test]
fn a_file_that_expands_beyond_all_measure_is_an_error() {
    let redactor = redactor();
    let options = FileOptions { binary: Binary::Keep, expand_to: 1 << 20, ..FileOptions::default() };
    let mut files = FileRedactor::new(&redactor, options);
    // Each of two layers takes a thousandth of what it holds.
    let bomb = gzip(&gzip(&vec![1; 32 << 20]));
    let error = files.redact("bomb.gz.gz", &bomb[..], io::sink()).unwrap_err();
    assert!(matches!(error, FileError::Expands(limit) if limit < 2 << 20), "{error}");
    let archive = tar_of(&[("a.gz", &bomb), ("b.log", LOG.as_bytes())]);
    assert!(files.redact("a.tar", &archive[..], io::sink()).is_err());
    assert!(files.redact("b.log.gz", &gzip(&LOG.repeat(10_000).into_bytes())[..], io::sink()).is_ok());
}

#[test]
fn a_report_tells_member_line_and_offset_of_each_mask() {
    let redactor = redactor();
    let mut files = FileRedactor::new(&redactor, FileOptions { places: true, ..FileOptions::default() });
    let log = format!("all is well\n{LOG}");
    files.redact("a.tar", &tar_of(&[("logs/a.log", log.as_bytes())])[..], io::sink()).unwrap();
    let (member, counts) = files.report().members().iter().next().unwrap();
    assert_eq!(member, "a.tar/logs/a.log");
    let place = &counts.places()[0];
    assert_eq!((place.line, place.offset, place.rule.as_str()), (2, 41, "name-value"));
}
