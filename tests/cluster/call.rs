//! A request to the API server byte for byte, and its answer with code and message. Not for: what typed clients can say.

use kube::Client;
use serde_json::Value;

/// What the API server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status code.
    pub code: u16,
    /// The message of a refusal; empty where it was none.
    pub message: String,
    /// The object of an answer that was no refusal.
    pub object: Value,
}

impl Answer {
    /// Fails unless the answer has this code and names all of this.
    #[track_caller]
    pub fn must_be(&self, what: &str, code: u16, parts: &[&str]) {
        assert_eq!(self.code, code, "{what}: {}", self.message);
        for part in parts {
            assert!(self.message.contains(part), "{what}: no `{part}` in: {}", self.message);
        }
    }
}

/// Where the objects of a kind of ours are, with the query of a strict request.
pub fn path(namespace: Option<&str>, plural: &str) -> String {
    let within = namespace.map(|namespace| format!("/namespaces/{namespace}")).unwrap_or_default();
    format!("/apis/meshcase.io/v1alpha1{within}/{plural}")
}

/// Creates an object.
pub async fn create(client: &Client, path: &str, object: &Value) -> Answer {
    send(client, "POST", path, "application/json", object.to_string().into_bytes()).await
}

/// Patches an object, member by member.
pub async fn merge(client: &Client, path: &str, patch: &Value) -> Answer {
    send(client, "PATCH", path, "application/merge-patch+json", patch.to_string().into_bytes()).await
}

/// Deletes an object, or the objects of a list.
pub async fn delete(client: &Client, path: &str) -> Answer {
    send(client, "DELETE", path, "application/json", Vec::new()).await
}

/// Sends these bytes.
pub async fn send(client: &Client, method: &str, path: &str, content_type: &str, body: Vec<u8>) -> Answer {
    let request = http::Request::builder().method(method).uri(path).header("content-type", content_type);
    match client.request::<Value>(request.body(body).unwrap()).await {
        Ok(object) => Answer { code: 200, message: String::new(), object },
        Err(kube::Error::Api(status)) => {
            Answer { code: status.code, message: status.message.clone(), object: Value::Null }
        }
        Err(error) => panic!("{method} {path}: {error}"),
    }
}
