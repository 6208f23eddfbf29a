//! Carries out a plan: reads the items, a few at once, into the spool, and packs it. Not for deciding what to read.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::StreamExt;
use tokio::time::Instant;

use super::logs::LogBounds;
use super::outcome::{Reading, Stop};
use super::plan::{Item, Plan, What};
use super::writer::{Writer, Written};
use super::{Bundle, CollectError, Request, logs, objects};
use crate::api::{Finding, FindingLevel, MissingItem};
use crate::evidence::archive::manifest::{Entry, Manifest, Outcome, Text};
use crate::evidence::archive::name::MemberName;
use crate::evidence::archive::spool::{Spool, Spooled};
use crate::evidence::archive::{self, Packed};
use meshcase_redact::{BundleKey, Gathered, MemberReport, Redactor, Report, second_look};

/// Reads the planned items with the collector's client and packs them below `work_dir`. A folder of the case's UID is used
/// and emptied first, so that a run after a crash starts anew; it goes with the returned [`Bundle`].
///
/// # Errors
/// The work folder or the archive cannot be written, or the redaction rules are unusable. What happens to single items is
/// in the manifest, never here.
pub async fn bundle(
    collector: &kube::Client,
    request: &Request,
    plan: &Plan,
    work_dir: &Path,
) -> Result<Bundle, CollectError> {
    let limit_bytes = request.max_bundle_mebibytes.saturating_mul(1024 * 1024);
    let spool = Spool::create(work_dir.join(&request.case.uid), limit_bytes).map_err(CollectError::WorkFolder)?;
    let key = BundleKey::generate().map_err(|error| CollectError::Redactor(error.to_string()))?;
    let redactor = Redactor::new(&key, &request.redact).map_err(|error| CollectError::Redactor(error.to_string()))?;
    let run = Run {
        collector,
        request,
        spool: Arc::new(spool),
        redactor,
        deadline: Instant::now() + request.limits.total,
        logs_left: AtomicUsize::new(plan.open_logs()),
    };
    // The futures are made before the stream: a closure over borrowed items would not be `Send` in a spawned task.
    let items: Vec<_> = plan.items.iter().enumerate().map(|(number, item)| run.item(number, item)).collect();
    let results: Vec<Collected> =
        futures::stream::iter(items).buffer_unordered(request.limits.parallel.max(1)).collect().await;
    run.pack(results).await
}

/// What became of one item.
struct Collected {
    entry: Entry,
    spooled: Option<Spooled>,
    report: Option<MemberReport>,
}

struct Run<'a> {
    collector: &'a kube::Client,
    request: &'a Request,
    spool: Arc<Spool>,
    redactor: Redactor,
    deadline: Instant,
    /// Logs that are not read yet: each may take an equal share of the room that is left.
    logs_left: AtomicUsize,
}

impl Run<'_> {
    async fn item(&self, number: usize, item: &Item) -> Collected {
        if let Some((outcome, reason)) = &item.settled {
            return self.without_member(&item.what, *outcome, reason);
        }
        let is_log = matches!(item.what, What::Log(_));
        let collected = match Instant::now() >= self.deadline {
            true => self.without_member(&item.what, Outcome::TimedOut, &Stop::Late.reason()),
            false => self.read(number, item).await,
        };
        if is_log {
            self.logs_left.fetch_sub(1, Ordering::Relaxed);
        }
        collected
    }

    async fn read(&self, number: usize, item: &Item) -> Collected {
        let name = self.member_name(number, &item.what);
        let left = self.spool.left_bytes();
        let share = match &item.what {
            What::Log(_) => left / (self.logs_left.load(Ordering::Relaxed).max(1) as u64),
            _ => left,
        };
        let writer = Writer::start(self.spool.clone(), self.redactor.clone(), name.clone(), share);
        let reading = self.read_into(&item.what, &writer).await;
        let written = writer.end(reading.end).await;
        match written {
            Err(reason) => self.without_member(&item.what, Outcome::Failed, &reason),
            Ok(written) => self.with_member(&item.what, written, reading.stop, &name),
        }
    }

    async fn read_into(&self, what: &What, writer: &Writer) -> Reading {
        let limits = &self.request.limits;
        let deadline = self.deadline.min(Instant::now() + limits.item);
        match what {
            What::Facts => match serde_json::to_vec_pretty(&self.request.facts) {
                Ok(mut facts) => {
                    facts.push(b'\n');
                    let _ = writer.push(facts).await;
                    Reading::complete()
                }
                Err(error) => Reading::stopped(Stop::Failed(error.to_string())),
            },
            What::Objects { namespace, resource } => {
                objects::read(self.collector, namespace, resource, limits.silence, deadline, writer).await
            }
            What::Log(source) => {
                let bounds = LogBounds {
                    since_seconds: i64::from(self.request.since_minutes.max(1)) * 60,
                    bytes: limits.log_bytes,
                    silence: limits.silence,
                    deadline,
                };
                logs::read(self.collector, source, bounds, writer).await
            }
            What::Workload { .. } | What::ControlPlane { .. } | What::MeshKinds => {
                Reading::stopped(Stop::Failed("nothing was planned to be read".to_owned()))
            }
        }
    }

    fn with_member(&self, what: &What, written: Written, stop: Option<Stop>, name: &MemberName) -> Collected {
        let (outcome, reason) = match &stop {
            _ if written.full => (Outcome::Truncated, Some("the bundle's size limit was reached".to_owned())),
            None => (Outcome::Collected, None),
            Some(stop) => (stop.outcome(written.spooled.bytes), Some(stop.reason())),
        };
        let empty = written.spooled.bytes == 0 && !matches!(outcome, Outcome::Collected);
        if empty {
            self.spool.discard(name);
            return self.without_member(what, outcome, &reason.unwrap_or_default());
        }
        let entry = Entry {
            item: self.text(&what.describe()),
            member: Some(name.as_str().to_owned()),
            outcome,
            reason: reason.map(|reason| self.text(&reason)),
            bytes: written.spooled.bytes,
            sha256: Some(written.spooled.sha256.clone()),
        };
        Collected { entry, spooled: Some(written.spooled), report: Some(written.report) }
    }

    fn without_member(&self, what: &What, outcome: Outcome, reason: &str) -> Collected {
        let item = self.text(&what.describe());
        let entry = Entry { item, member: None, outcome, reason: Some(self.text(reason)), bytes: 0, sha256: None };
        Collected { entry, spooled: None, report: None }
    }

    fn text(&self, text: &str) -> Text {
        Text::from(&self.redactor.text(Gathered::from(text.to_owned())))
    }

    /// A member's name, of parts that the redactor leaves as they are; others become counters.
    fn member_name(&self, number: usize, what: &What) -> MemberName {
        let kept = |part: &str| {
            let redacted = self.redactor.text(Gathered::from(part.to_owned()));
            if redacted.as_bytes() == part.as_bytes() { part.to_owned() } else { String::new() }
        };
        let named = |parts: &[&str], suffix| {
            let parts: Vec<String> = parts.iter().map(|part| kept(part)).collect();
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            MemberName::new(&parts, suffix, number)
        };
        match what {
            What::Facts => named(&["facts"], ".json"),
            What::Objects { namespace, resource } if resource.group.is_empty() => {
                named(&["objects", namespace, &resource.plural], ".json")
            }
            What::Objects { namespace, resource } => {
                named(&["objects", namespace, &format!("{}.{}", resource.plural, resource.group)], ".json")
            }
            What::Log(log) => {
                let suffix = if log.previous { ".previous.log" } else { ".log" };
                named(&["logs", &log.namespace, &log.pod, &log.container], suffix)
            }
            What::Workload { .. } | What::ControlPlane { .. } | What::MeshKinds => named(&["other", ""], ""),
        }
    }

    async fn pack(self, results: Vec<Collected>) -> Result<Bundle, CollectError> {
        let mut report = Report::default();
        let mut entries = Vec::with_capacity(results.len());
        let mut members = Vec::new();
        for collected in results {
            if let (Some(member), Some(counts)) = (&collected.entry.member, &collected.report) {
                report.add(member.as_str(), counts);
            }
            entries.push(collected.entry);
            members.extend(collected.spooled);
        }
        let manifest = Manifest::new(self.request.case.clone(), self.request.window, entries);
        let path = self.spool.folder().join("bundle.tar.gz");
        let redactions = report.total();
        let overreaching = report.overreaching_user_rules();
        let packing = {
            let (path, manifest) = (path.clone(), manifest.clone());
            move || pack(&path, &members, &manifest, &report)
        };
        let Packed { sha256, size_bytes } =
            tokio::task::spawn_blocking(packing).await.map_err(|_| CollectError::Interrupted)??;
        let mut findings: Vec<Finding> = overreaching.iter().map(|rule| overreach(rule)).collect();
        // A finding may quote the cluster, and it goes into the status.
        for finding in &mut findings {
            finding.message = self.text(&finding.message).as_str().to_owned();
        }
        Ok(Bundle {
            path,
            sha256,
            size_bytes,
            collected: manifest.items.iter().filter(|entry| entry.outcome == Outcome::Collected).count(),
            missing: missing(&manifest),
            redactions,
            findings,
            window: self.request.window,
            partial: manifest.partial,
            _spool: self.spool,
        })
    }
}

/// What a user rule that masks most of everything is told by.
fn overreach(rule: &str) -> Finding {
    Finding {
        id: "RedactorMasksMost".to_owned(),
        level: FindingLevel::Warning,
        message: format!("the contract's redaction rule {rule:?} masked more than half of all bytes"),
    }
}

/// Packs, and looks at the finished archive with other eyes before anybody may store it.
fn pack(path: &Path, members: &[Spooled], manifest: &Manifest, report: &Report) -> Result<Packed, CollectError> {
    let packed = archive::pack(path, members, manifest, report).map_err(CollectError::Archive)?;
    second_look::check(File::open(path).map_err(CollectError::Archive)?)?;
    Ok(packed)
}

/// The items that make a bundle partial. A log that does not exist is no loss.
fn missing(manifest: &Manifest) -> Vec<MissingItem> {
    let lacking = |entry: &&Entry| !matches!(entry.outcome, Outcome::Collected | Outcome::Absent);
    let item = |entry: &Entry| {
        let reason = entry.reason.as_ref().map_or("", Text::as_str);
        MissingItem { item: entry.item.as_str().to_owned(), reason: format!("{:?}: {reason}", entry.outcome) }
    };
    manifest.items.iter().filter(lacking).map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::EvidenceWindow;
    use crate::evidence::archive::manifest::CaseName;
    use meshcase_redact::Redacted;

    /// Packs one member with this content.
    fn packed(content: &'static [u8]) -> Result<Packed, CollectError> {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::create(folder.path().join("spool"), 1 << 20).unwrap();
        let mut member = spool.member(MemberName::new(&["logs", "app"], ".log", 0), 1 << 20).unwrap();
        member.write(&Redacted::leaked(content)).unwrap();
        let members = [member.finish().unwrap()];
        let case = CaseName { namespace: "shop".to_owned(), name: "a".to_owned(), uid: "u".to_owned() };
        let now = chrono::DateTime::UNIX_EPOCH;
        let manifest = Manifest::new(case, EvidenceWindow { from: now, to: now }, Vec::new());
        pack(&folder.path().join("bundle.tar.gz"), &members, &manifest, &Report::default())
    }

    #[test]
    fn an_archive_in_which_the_second_look_finds_something_is_no_bundle_and_the_error_names_the_place_only() {
        assert!(packed(b"all is well\n").is_ok());
        let error = packed(b"all is well\namqp://app:swordfish7@queue/\n").unwrap_err().to_string();
        let told = "the second look at the finished archive found a password in a URL in member \"logs/app.log\" at byte 23; \
                    it is not stored";
        assert_eq!(error, told);
    }
}
