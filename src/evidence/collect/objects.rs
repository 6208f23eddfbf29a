//! Reads all objects of one kind in one namespace, page by page, as a JSON `List` that `kubectl` reads again. Fields that
//! only managers need, and the copy of a former apply (which has leaked secrets of its own), are left out at the source.
//! Not for Secrets: no caller may name them.

use std::time::Duration;

use kube::Api;
use kube::api::{ApiResource, DynamicObject, ListParams};
use tokio::time::{Instant, timeout_at};

use super::outcome::{Reading, Stop};
use super::writer::Writer;
use meshcase_redact::End;

/// Objects in a page: some meshes' objects are a hundred KiB each.
const PAGE: u32 = 50;

/// Lists the objects into the writer.
pub(super) async fn read(
    client: &kube::Client,
    namespace: &str,
    resource: &ApiResource,
    silence: Duration,
    deadline: Instant,
    writer: &Writer,
) -> Reading {
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, resource);
    let mut params = ListParams::default().limit(PAGE);
    let mut first = true;
    loop {
        let until = deadline.min(Instant::now() + silence);
        let page = match timeout_at(until, api.list(&params)).await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => return interrupted(Stop::of_error(error), first, writer).await,
            Err(_) => return interrupted(Stop::of_wait(silence, deadline), first, writer).await,
        };
        for object in page.items {
            let text = if first { head() } else { ",\n".to_owned() };
            first = false;
            let Ok(text) = render(text, object, resource) else {
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
    Reading::complete()
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

fn render(mut text: String, mut object: DynamicObject, resource: &ApiResource) -> serde_json::Result<String> {
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
