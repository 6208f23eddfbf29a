//! What the API server answers to bad input of our kinds: the code, the field's path and what must be; the rows are those
//! of `table.yaml`. Not for: input that only the operator can judge (zones, calendars), which gets a condition.

mod bytes;
mod stored;

use std::collections::BTreeMap;

use kube::Client;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::call::{create, path};
use crate::quiet::quiet;

/// One row of the table.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    what: String,
    kind: String,
    at: String,
    #[serde(default)]
    set: Value,
    repeat: Option<usize>,
    count: Option<usize>,
    code: u16,
    says: Vec<String>,
}

impl Row {
    /// What stands at the row's place.
    fn value(&self) -> Value {
        match (self.repeat, self.count) {
            (Some(times), _) => json!("x".repeat(times)),
            (_, Some(count)) => (0..count).map(|number| format!("n{number}")).collect(),
            _ => self.set.clone(),
        }
    }

    /// The good object of the row's kind with the row's value.
    fn object(&self) -> Value {
        let mut object = good(&self.kind);
        let (parent, member) = self.at.rsplit_once('/').unwrap();
        let parent = object.pointer_mut(parent).unwrap_or_else(|| panic!("{}: there is no {parent}", self.what));
        match parent {
            Value::Object(members) => {
                members.insert(member.to_owned(), self.value());
            }
            list => list[member.parse::<usize>().unwrap()] = self.value(),
        }
        object
    }
}

/// An object of which every member is good.
pub fn good(kind: &str) -> Value {
    let specs: BTreeMap<String, Value> = serde_saphyr::from_str(include_str!("good.yaml")).unwrap();
    let metadata = json!({"name": "good", "annotations": {}});
    json!({"apiVersion": "meshcase.io/v1alpha1", "kind": kind, "metadata": metadata, "spec": specs[kind]})
}

/// Where objects of a kind are created on trial, refusing unknown members.
fn trial(kind: &str, namespace: &str) -> String {
    let list = match kind {
        "SupportContract" => path(None, "supportcontracts"),
        "SupportCase" => path(Some(namespace), "supportcases"),
        "SupportActivity" => path(Some(namespace), "supportactivities"),
        other => panic!("{other} is no kind of ours"),
    };
    format!("{list}?dryRun=All&fieldValidation=Strict")
}

/// An administrator's client and a fresh namespace.
async fn place(prefix: &str) -> (Client, String) {
    let lab = quiet().await;
    (lab.admin().await.unwrap(), lab.namespace(prefix).await.unwrap())
}

/// Sends every row of a part of the table.
async fn judge(part: &str) {
    let mut table: BTreeMap<String, Vec<Row>> = serde_saphyr::from_str(include_str!("table.yaml")).unwrap();
    let (client, namespace) = place("bad-input").await;
    for kind in ["SupportContract", "SupportCase", "SupportActivity"] {
        create(&client, &trial(kind, &namespace), &good(kind)).await.must_be(kind, 200, &[]);
    }
    for row in table.remove(part).unwrap() {
        let answer = create(&client, &trial(&row.kind, &namespace), &row.object()).await;
        let says: Vec<&str> = row.says.iter().map(String::as_str).collect();
        answer.must_be(&row.what, row.code, &says);
    }
}

#[tokio::test]
async fn what_is_missing_unknown_or_of_another_type_is_named_by_its_field() {
    judge("missing, unknown or of another type").await;
}

#[tokio::test]
async fn texts_are_bounded_and_hold_nothing_that_hides_or_turns_them() {
    judge("texts").await;
}

#[tokio::test]
async fn lists_names_and_selectors_are_bounded_and_well_formed() {
    judge("lists, names and selectors").await;
}

#[tokio::test]
async fn numbers_times_and_links_are_in_their_range() {
    judge("numbers, times and links").await;
}

#[tokio::test]
async fn promises_and_calendars_that_cannot_be_are_refused() {
    judge("promises and calendars").await;
}

#[tokio::test]
async fn an_activity_holds_the_member_that_its_type_needs_and_no_other() {
    judge("members of activities").await;
}

#[tokio::test]
async fn what_is_unusual_but_right_is_taken() {
    judge("taken").await;
}
