//! Kubernetes events (`events.k8s.io/v1`), one for each change of state. Not for: what a user must be able to find later;
//! that is in the status.

use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::{Client, Resource};

use crate::convert::{self, EventNote};

/// A note is bounded by the API server.
const NOTE_LIMIT: usize = 1000;

/// Publishes events under the operator's name; clones share what was published before.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
}

impl Events {
    /// `instance` is the pod's name.
    pub fn new(client: Client, instance: Option<String>) -> Self {
        Self { recorder: Recorder::new(client, Reporter { controller: "meshcase.io/operator".to_owned(), instance }) }
    }

    /// Publishes `notes` on `object`. A failure is logged: the status has been written and is what counts.
    pub(super) async fn publish(&self, object: &impl Resource<DynamicType = ()>, notes: &[EventNote]) {
        for note in notes {
            let event = Event {
                type_: match note.type_ {
                    convert::EventType::Normal => EventType::Normal,
                    convert::EventType::Warning => EventType::Warning,
                },
                reason: note.reason.clone(),
                action: note.action.clone(),
                note: Some(note.note.chars().take(NOTE_LIMIT).collect()),
                secondary: None,
            };
            if let Err(error) = self.recorder.publish(&event, &object.object_ref(&())).await {
                tracing::warn!(reason = event.reason, %error, "an event was not published");
            }
        }
    }
}
