//! Reads all objects of one kind in one namespace, page by page, as a JSON `List` that `kubectl` reads again. Fields that
//! only managers need, and the copy of a former apply (which has leaked secrets of its own), are left out at the source.
//! Not for Secrets: no caller may name them.

use std::time::Duration;

use kube::Resource;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::{ObjectList, Request};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::time::{Instant, timeout_at};

use super::outcome::{Reading, Stop};
use super::writer::Writer;
use meshcase_redact::End;

/// Objects in a page: some meshes' objects are a hundred KiB each, events a few.
const PAGE: u32 = 20;
const PAGE_OF_EVENTS: u32 = 50;
/// Pages are made smaller so as to have no more bytes than this, once the objects' size is known.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// An object that is larger is left out, and told.
const MOST_OF_AN_OBJECT: usize = 1024 * 1024;
/// How many of those are named.
const MOST_NAMED: usize = 5;

/// One object of a page, as text: as values a page would take four times the room.
#[derive(Clone)]
struct Listed {
    bytes: usize,
    object: Result<Box<RawValue>, Name>,
}

/// The name of an object that is too large.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Name {
    metadata: NameOnly,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct NameOnly {
    name: String,
}

impl<'de> Deserialize<'de> for Listed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        let bytes = text.get().len();
        let too_large = bytes > MOST_OF_AN_OBJECT;
        let object = if too_large { Err(serde_json::from_str(text.get()).unwrap_or_default()) } else { Ok(text) };
        Ok(Self { bytes, object })
    }
}

/// Lists the objects into the writer.
pub(super) async fn read(
    client: &kube::Client,
    namespace: &str,
    resource: &ApiResource,
    silence: Duration,
    deadline: Instant,
    writer: &Writer,
) -> Reading {
    let most = if resource.group.is_empty() { PAGE_OF_EVENTS } else { PAGE };
    let mut params = ListParams::default().limit(most);
    let mut first = true;
    let mut too_large = Vec::new();
    loop {
        let until = deadline.min(Instant::now() + silence);
        let page = match timeout_at(until, list(client, namespace, resource, &params)).await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => return interrupted(Stop::of_error(error), first, writer).await,
            Err(_) => return interrupted(Stop::of_wait(silence, deadline), first, writer).await,
        };
        params.limit = Some(next_page(&page.items, most));
        for listed in page.items {
            let object = match listed.object {
                Ok(object) => object,
                Err(name) => {
                    too_large.push(name.metadata.name);
                    continue;
                }
            };
            let text = if first { head() } else { ",\n".to_owned() };
            first = false;
            let Ok(text) = render(text, &object, resource) else {
                return Reading::stopped(Stop::Failed("an object cannot be written as JSON".to_owned()));
            };
            if writer.push(text.into_bytes()).await.is_err() {
                return Reading { end: End::Cut, stop: None };
            }
        }
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => break,
        }
    }
    let end = if first { head() + "]}\n" } else { "\n]}\n".to_owned() };
    let _ = writer.push(end.into_bytes()).await;
    let stop = (!too_large.is_empty()).then(|| Stop::LeftOut(left_out(&too_large)));
    Reading { end: End::Complete, stop }
}

async fn list(
    client: &kube::Client,
    namespace: &str,
    resource: &ApiResource,
    params: &ListParams,
) -> Result<ObjectList<Listed>, kube::Error> {
    let request = Request::new(DynamicObject::url_path(resource, Some(namespace))).list(params);
    client.request(request.map_err(kube::Error::BuildRequest)?).await
}

/// How many objects the next page may have.
fn next_page(objects: &[Listed], most: u32) -> u32 {
    let bytes: usize = objects.iter().map(|listed| listed.bytes).sum();
    let fit = (PAGE_BYTES * objects.len()).checked_div(bytes).unwrap_or_default();
    u32::try_from(fit).unwrap_or(most).clamp(1, most)
}

fn left_out(names: &[String]) -> String {
    let named = names.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("left out, being larger than 1 MiB: {named}{more}")
}

/// A later page failed: what came stays, and the list is closed so that it can be read.
async fn interrupted(stop: Stop, first: bool, writer: &Writer) -> Reading {
    if first {
        return Reading::stopped(stop);
    }
    let _ = writer.push(b"\n]}\n".to_vec()).await;
    let stop = match stop {
        late @ (Stop::Silent(_) | Stop::Late) => late,
        other => Stop::Broken(format!("the list broke off: {}", other.reason())),
    };
    Reading { end: End::Complete, stop: Some(stop) }
}

fn head() -> String {
    "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [\n".to_owned()
}

fn render(mut text: String, object: &RawValue, resource: &ApiResource) -> serde_json::Result<String> {
    let mut object: DynamicObject = serde_json::from_str(object.get())?;
    object.metadata.managed_fields = None;
    if let Some(annotations) = &mut object.metadata.annotations {
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    // Items of a list come without their type.
    object.types.get_or_insert_with(|| kube::api::TypeMeta {
        api_version: resource.api_version.clone(),
        kind: resource.kind.clone(),
    });
    text.push_str(&serde_json::to_string_pretty(&object)?);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(sizes: &[usize]) -> Vec<Listed> {
        let items = sizes.iter().enumerate().map(|(number, size)| {
            json!({"metadata": {"name": format!("object-{number}")}, "spec": {"text": "x".repeat(*size)}})
        });
        let list = json!({"apiVersion": "v1", "kind": "List", "items": items.collect::<Vec<_>>()});
        serde_json::from_str::<ObjectList<Listed>>(&list.to_string()).unwrap().items
    }

    #[test]
    fn an_object_of_more_than_a_mebibyte_leaves_its_name_only() {
        let items = page(&[10, 1024 * 1024 + 1]);
        assert!(items[0].object.is_ok());
        let names = items.into_iter().filter_map(|listed| listed.object.err()).map(|name| name.metadata.name);
        assert_eq!(left_out(&names.collect::<Vec<_>>()), "left out, being larger than 1 MiB: object-1");
        let many = ["a", "b", "c", "d", "e", "f"].map(str::to_owned);
        assert_eq!(left_out(&many), "left out, being larger than 1 MiB: a, b, c, d, e and 1 more");
    }

    #[test]
    fn the_next_page_of_large_objects_is_smaller() {
        assert_eq!(next_page(&page(&[10; 20]), PAGE), PAGE);
        assert_eq!(next_page(&page(&[1_400_000; 20]), PAGE), 2);
        assert_eq!(next_page(&page(&[9_000_000]), PAGE), 1);
        assert_eq!(next_page(&[], PAGE), 1);
    }
}
