//! Publishes Kubernetes events (`events.k8s.io/v1`): one that repeats within minutes becomes a count of the first one
//! (KEP-383), and its name is valid however long the object's is. Not for: which events there are.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use sha2::{Digest, Sha256};

use crate::convert::{self, EventNote, EventType};
use meshcase_redact::shown;

const CONTROLLER: &str = "meshcase.io/operator";
/// The API server takes a note of 1,024 bytes.
const LONGEST_NOTE: usize = 1024;
/// The longest name of an object.
const LONGEST_NAME: usize = 253;
/// An event that repeats within this time is counted.
const REPEATS_WITHIN: Duration = Duration::from_secs(6 * 60);
/// How often old events are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(60);

/// Publishes events under the operator's name.
pub(super) struct Recorder {
    client: Client,
    instance: String,
    published: HashMap<Repeats, (Instant, Event)>,
    forgot_at: Instant,
}

/// What two events have in common of which the second is a repetition.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Repeats {
    uid: Option<String>,
    reason: String,
    action: String,
    warning: bool,
}

impl Recorder {
    /// `instance` is the pod's name.
    pub(super) fn new(client: Client, instance: Option<String>) -> Self {
        let instance = instance.unwrap_or_else(|| CONTROLLER.to_owned());
        Self { client, instance, published: HashMap::new(), forgot_at: Instant::now() }
    }

    /// Publishes `note` on `object`; an object without a namespace has its events in `default`.
    ///
    /// # Errors
    /// The API server cannot be reached, or refuses the event.
    pub(super) async fn publish(&mut self, object: &ObjectReference, note: &EventNote) -> Result<(), kube::Error> {
        self.forget();
        let repeats = Repeats {
            uid: object.uid.clone(),
            reason: note.reason.clone(),
            action: note.action.clone(),
            warning: note.type_ == EventType::Warning,
        };
        let api = Api::<Event>::namespaced(self.client.clone(), object.namespace.as_deref().unwrap_or("default"));
        let event = match self.published.get(&repeats) {
            Some((_, first)) => {
                let event = repeated(first.clone());
                api.patch(&event.name_any(), &PatchParams::default(), &Patch::Merge(&event)).await?;
                event
            }
            None => {
                let event = self.event(object, note);
                api.create(&PostParams::default(), &event).await?;
                event
            }
        };
        self.published.insert(repeats, (Instant::now(), event));
        Ok(())
    }

    fn event(&self, object: &ObjectReference, note: &EventNote) -> Event {
        let now = convert::time::now_micro();
        let name = event_name(object.name.as_deref().unwrap_or_default(), now.0.as_nanosecond());
        Event {
            metadata: ObjectMeta { name: Some(name), namespace: object.namespace.clone(), ..ObjectMeta::default() },
            action: Some(note.action.clone()),
            reason: Some(note.reason.clone()),
            note: Some(note_of(&note.note)),
            type_: Some(if note.type_ == EventType::Warning { "Warning" } else { "Normal" }.to_owned()),
            event_time: Some(now),
            regarding: Some(object.clone()),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            ..Event::default()
        }
    }

    fn forget(&mut self) {
        if self.forgot_at.elapsed() >= FORGET_EVERY {
            self.published.retain(|_, (at, _)| at.elapsed() < REPEATS_WITHIN);
            self.forgot_at = Instant::now();
        }
    }
}

/// The same event, seen once more.
fn repeated(mut event: Event) -> Event {
    let count = event.series.as_ref().map_or(1, |series| series.count) + 1;
    let now: MicroTime = convert::time::now_micro();
    event.series = Some(EventSeries { count, last_observed_time: now });
    event
}

/// A note may quote what came from outside. Its bound is in bytes.
fn note_of(text: &str) -> String {
    let mut most = LONGEST_NOTE;
    loop {
        let note = shown(text, most);
        if note.len() <= LONGEST_NOTE {
            return note;
        }
        most -= (note.len() - LONGEST_NOTE).div_ceil(4);
    }
}

/// `<object>.<time>`, as client-go names events. Where the object's name leaves no room, its beginning and a digest of it
/// stand for it.
fn event_name(object: &str, nanoseconds: i128) -> String {
    let time = format!(".{nanoseconds:x}");
    let room = LONGEST_NAME.saturating_sub(time.len());
    if object.len() <= room {
        return format!("{object}{time}");
    }
    let digest: String = Sha256::digest(object.as_bytes()).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let begin = &object[..object.floor_char_boundary(room.saturating_sub(digest.len() + 1))];
    format!("{}-{digest}{time}", begin.trim_end_matches(['.', '-']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_events_name_is_valid_for_the_longest_name_and_tells_objects_apart() {
        const AT: i128 = 1_800_000_000_123_456_000;
        assert_eq!(event_name("checkout-503", AT), "checkout-503.18fae2769b0fca00");
        for length in 230..=253 {
            let names =
                ["a", "b"].map(|end| event_name(&format!("{}{end}", "x.".repeat(127).split_at(length - 1).0), AT));
            assert_ne!(names[0], names[1], "{length}");
            for name in names {
                assert!(name.len() <= 253, "{name}");
                let labels = name.split('.');
                assert!(
                    labels
                        .into_iter()
                        .all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn a_note_has_at_most_1024_bytes_whatever_its_letters() {
        for text in ["a".repeat(3000), "ä".repeat(3000), "😀".repeat(3000), format!("a{}", "ä😀".repeat(900))] {
            let note = note_of(&text);
            assert!((1000..=1024).contains(&note.len()), "{}", note.len());
        }
    }

    #[test]
    fn an_event_that_repeats_is_counted_from_the_second_on() {
        let twice = repeated(Event::default());
        assert_eq!(twice.series.as_ref().unwrap().count, 2);
        assert_eq!(repeated(twice).series.unwrap().count, 3);
    }
}
