//! The timeline: lines for people. Nothing is decided from it. Not for: the memory of the decisions (`case.rs`).

use chrono::{DateTime, Utc};

/// At most so many lines are kept, the newest.
const LIMIT: usize = 50;
/// A message is cut after so many characters.
const MESSAGE_LIMIT: usize = 160;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it happened or was due.
    pub at: DateTime<Utc>,
    /// When it was noticed, where that was later (ruling 31).
    pub noticed_at: Option<DateTime<Utc>>,
    pub actor: String,
    pub event: String,
    pub message: Option<String>,
}

/// The actor of what follows from the clock.
pub(super) const OPERATOR: &str = "Meshcase";
/// The actor of what the customer edited.
pub(super) const CUSTOMER: &str = "Customer";

/// A text of at most so many characters (Unicode code points); one that was cut ends with an ellipsis. Nearly all are short
/// enough, and are not copied.
#[must_use]
pub fn shortened(mut text: String, most: usize) -> String {
    if text.char_indices().nth(most).is_some() {
        let end = most.checked_sub(1).and_then(|last| text.char_indices().nth(last));
        text.truncate(end.map_or(0, |(end, _)| end));
        text.extend(end.map(|_| '…'));
    }
    text
}

impl Line {
    pub(super) fn new(at: DateTime<Utc>, actor: &str, event: &str, message: impl Into<String>) -> Self {
        let message = shortened(message.into(), MESSAGE_LIMIT);
        Self {
            at,
            noticed_at: None,
            actor: actor.to_owned(),
            event: event.to_owned(),
            message: (!message.is_empty()).then_some(message),
        }
    }

    fn key(&self) -> (DateTime<Utc>, u8, &str, &str, Option<&str>) {
        (self.at, rank(&self.event), &self.event, &self.actor, self.message.as_deref())
    }
}

/// Where a line stands among those of the same second.
fn rank(event: &str) -> u8 {
    match event {
        "Opened" => 0,
        "Accepted" | "AcceptedLimited" | "Rejected" | "OnHold" | "Resumed" => 1,
        "SeverityRequested" | "ResolvedChanged" | "EscalationRequested" | "EscalationWithdrawn" => 2,
        "SeverityChanged" | "EscalationRaised" | "EscalationLowered" => 4,
        "ResponseBreached" | "ResolutionBreached" | "UpdateMissed" | "DeadlineMoved" => 5,
        "Closed" | "Reopened" => 6,
        _ => 3,
    }
}

/// The lines of before and those derived now, each once, in order, the newest. A line of before stays with the moment
/// at which it was noticed, also one that no longer follows: the timeline keeps what was once said (rulings 12, 14).
pub(super) fn merge(before: &[Line], derived: Vec<Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = before.to_vec();
    lines.extend(derived);
    // Stable: of two equal lines the one of before comes first, and stays.
    lines.sort_by(|one, other| one.key().cmp(&other.key()));
    lines.dedup_by(|later, earlier| later.key() == earlier.key());
    let surplus = lines.len().saturating_sub(LIMIT);
    lines.split_off(surplus)
}
