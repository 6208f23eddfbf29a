//! What people try on their own and on others' objects, and what comes of it: the rows are those of `table.yaml`, each tried
//! by every person with the rights that the chart's roles give. Not for: what a policy's message says in full (`admission.rs`).

mod forged;
mod people;

use std::collections::BTreeMap;

use futures::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use self::people::{PERSONS, Place};
use crate::call::{Answer, send};
use crate::quiet::quiet;

/// How many requests are under way at once.
const AT_ONCE: usize = 16;
/// So many attempts at least must be refused or stay without effect.
const LEAST: usize = 300;

/// One row of the table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    verb: Verb,
    at: String,
    #[serde(default)]
    send: Value,
    /// The member that is to stay as it is, where the outcome is `0`.
    #[serde(default)]
    same: String,
    outcome: String,
    #[serde(default)]
    says: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verb {
    Get,
    List,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    fn method(self) -> &'static str {
        match self {
            Self::Get | Self::List => "GET",
            Self::Create => "POST",
            Self::Update => "PUT",
            Self::Patch => "PATCH",
            Self::Delete | Self::DeleteCollection => "DELETE",
        }
    }

    fn media(self) -> &'static str {
        if matches!(self, Self::Patch) { "application/merge-patch+json" } else { "application/json" }
    }
}

/// A row as one request, the same for every person, and what is stored where it goes.
struct Attempt {
    what: String,
    verb: Verb,
    path: String,
    body: Vec<u8>,
    stored: Value,
    row: Row,
}

impl Attempt {
    async fn of(row: Row, place: &Place) -> Self {
        let path = place.path(&row.at);
        let body = place.fill(&row.send);
        let stored = match row.verb {
            Verb::Update | Verb::Patch => send(&place.admin, "GET", &path, "application/json", Vec::new()).await.object,
            _ => Value::Null,
        };
        let body = match row.verb {
            Verb::Create => place.object(&row.at, body),
            Verb::Update => merged(stored.clone(), &body),
            _ => body,
        };
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let what = format!("{:?} {} {}", row.verb, row.at, row.send);
        Self { what, verb: row.verb, path: format!("{path}?dryRun=All"), body, stored, row }
    }

    /// What came of it, as a letter of the table, with what the server said.
    fn outcome(&self, answer: &Answer) -> (char, String) {
        let by_policy = answer.message.contains("ValidatingAdmissionPolicy");
        let letter = match answer.code {
            200 if self.row.same.is_empty() => 'y',
            200 if self.keeps(&answer.object) => '0',
            403 if by_policy && answer.message.contains(&self.row.says) => 'p',
            403 if !by_policy && answer.message.contains(" cannot ") => 'r',
            400 | 422 => 's',
            404 => 'n',
            _ => '?',
        };
        (letter, format!("{} {}", answer.code, answer.message))
    }

    /// Whether the answer holds what was there before; in a new object that is the default, which says nothing.
    fn keeps(&self, answered: &Value) -> bool {
        answered.pointer(&self.row.same) == self.stored.pointer(&self.row.same)
    }
}

/// An object with a merge patch applied (RFC 7386).
fn merged(object: Value, patch: &Value) -> Value {
    match (object, patch) {
        (object, Value::Object(patch)) => {
            let mut members = object.as_object().cloned().unwrap_or_default();
            for (name, value) in patch {
                let old = members.remove(name).unwrap_or_default();
                if !value.is_null() {
                    members.insert(name.clone(), merged(old, value));
                }
            }
            members.into()
        }
        (_, patch) => patch.clone(),
    }
}

#[tokio::test]
async fn nobody_does_to_an_object_what_is_not_theirs_to_do() {
    let place = Place::prepare(quiet().await).await;
    let table: BTreeMap<String, Vec<Row>> = serde_saphyr::from_str(include_str!("table.yaml")).unwrap();
    let rows = table.into_values().flatten();
    let attempts: Vec<Attempt> =
        stream::iter(rows).map(|row| Attempt::of(row, &place)).buffered(AT_ONCE).collect().await;
    let tries = attempts.iter().flat_map(|attempt| {
        assert_eq!(attempt.row.outcome.len(), PERSONS.len(), "{}", attempt.what);
        PERSONS.iter().zip(attempt.row.outcome.chars()).map(move |(person, expected)| (attempt, *person, expected))
    });
    let tried = stream::iter(tries).map(|(attempt, person, expected)| {
        let client = place.client(person);
        async move {
            let (method, media) = (attempt.verb.method(), attempt.verb.media());
            let answer = send(client, method, &attempt.path, media, attempt.body.clone()).await;
            let (letter, said) = attempt.outcome(&answer);
            (letter != expected).then(|| format!("{}\n  {person}: {letter}, not {expected}: {said}", attempt.what))
        }
    });
    let wrong: Vec<String> = tried.buffer_unordered(AT_ONCE).filter_map(std::future::ready).collect().await;
    assert!(wrong.is_empty(), "{} of the attempts:\n{}", wrong.len(), wrong.join("\n"));
    let refused = attempts.iter().flat_map(|attempt| attempt.row.outcome.chars()).filter(|letter| *letter != 'y');
    assert!(refused.count() >= LEAST);
}

#[test]
fn a_merge_patch_sets_keeps_and_removes() {
    let object = json!({"a": {"b": 1, "c": 2}, "d": 3});
    assert_eq!(merged(object, &json!({"a": {"b": null, "e": 4}})), json!({"a": {"c": 2, "e": 4}, "d": 3}));
}
