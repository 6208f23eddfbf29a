//! Kubernetes events (`events.k8s.io/v1`), one for each change of state. Not for: what a user must be able to find later;
//! that is in the status.

use std::sync::Arc;
use std::time::Instant;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{Client, Resource};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::context::Context;
use super::recorder::Recorder;
use crate::convert::EventNote;

/// How many events wait for an API server that is slow or away; more are dropped, as everywhere in Kubernetes.
const MOST_WAITING: usize = 10_000;

/// Takes the events of all controllers. A [`Publisher`] publishes them one after another: a status never waits for them.
pub struct Events(Sender<Waiting>);

/// The other end of [`Events`].
pub struct Publisher {
    recorder: Recorder,
    waiting: Receiver<Waiting>,
    /// Taken and not published yet, so that nothing is lost when [`Publisher::run`] is broken off.
    next: Option<Waiting>,
}

/// One event that waits.
struct Waiting {
    object: ObjectReference,
    note: EventNote,
    asked_at: Instant,
}

impl Events {
    /// Both ends; events are published under the operator's name, and `instance` is the pod's.
    pub fn new(client: Client, instance: Option<String>) -> (Self, Publisher) {
        let recorder = Recorder::new(client, instance);
        let (sender, waiting) = channel(MOST_WAITING);
        (Self(sender), Publisher { recorder, waiting, next: None })
    }

    /// Has `notes` published on `object`. What is lost is logged: the status has been written and is what counts.
    pub(super) fn publish(&self, object: &impl Resource<DynamicType = ()>, notes: &[EventNote]) {
        for note in notes {
            let waiting = Waiting { object: object.object_ref(&()), note: note.clone(), asked_at: Instant::now() };
            if self.0.try_send(waiting).is_err() {
                tracing::warn!(reason = note.reason, "an event was dropped: too many wait");
            }
        }
    }
}

impl Publisher {
    /// Publishes what comes, in the order of the changes, until the process ends.
    pub async fn run(&mut self, context: Arc<Context>) {
        loop {
            if self.next.is_none() {
                self.next = self.waiting.recv().await;
            }
            let Some(next) = &self.next else { return };
            context.calm.wait(next.asked_at).await;
            let _step = context.liveness.step("events");
            self.publish_next().await;
        }
    }

    /// Publishes all that waits; what comes later is dropped.
    pub async fn finish(&mut self) {
        self.waiting.close();
        loop {
            self.publish_next().await;
            match self.waiting.try_recv() {
                Ok(next) => self.next = Some(next),
                Err(_) => return,
            }
        }
    }

    async fn publish_next(&mut self) {
        let Some(Waiting { object, note, .. }) = &self.next else { return };
        if let Err(error) = self.recorder.publish(object, note).await {
            tracing::warn!(reason = note.reason, %error, "an event was not published");
        }
        self.next = None;
    }
}
