//! The three CustomResourceDefinitions as they are applied: what the derives give, finished to the API conventions.
//! Not for: rules of our own types (they stand at the types).

use kube::CustomResourceExt;
use serde_json::{Value, json};

use super::{SupportActivity, SupportCase, SupportContract};

/// An RFC 3339 time as both the API server and chrono read it. The server's own `date-time` takes more forms, and what it
/// takes and we cannot parse would make a stored object unreadable.
const RFC_3339: &str =
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$";

/// The definitions, in the order in which a reader meets them.
///
/// # Errors
/// When a type has no schema of its own kind; it does not depend on any input.
pub fn definitions() -> Result<Vec<Value>, serde_json::Error> {
    [SupportContract::crd(), SupportCase::crd(), SupportActivity::crd()]
        .into_iter()
        .map(|crd| serde_json::to_value(crd).map(finish))
        .collect()
}

fn finish(mut crd: Value) -> Value {
    if let Some(root) = crd.pointer_mut("/spec/versions/0/schema/openAPIV3Schema") {
        finish_schema(root);
        // A new object is never "current" before the operator's first visit (kstatus).
        if let Some(status) = root.pointer_mut("/properties/status").and_then(Value::as_object_mut) {
            status.insert("default".to_owned(), json!({"observedGeneration": -1}));
        }
    }
    crd
}

/// Brings one schema and all below it to the conventions: no `nullable` (absent is the one way to say nothing), and bounds on the types that are not ours.
fn finish_schema(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    fields.remove("nullable");
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    match fields.get("format").and_then(Value::as_str) {
        Some("date-time") => {
            fields.insert("maxLength".to_owned(), json!(35));
            fields.insert("pattern".to_owned(), json!(RFC_3339));
        }
        Some("date") => {
            fields.insert("maxLength".to_owned(), json!(10));
        }
        _ => {}
    }
    // Bounds of integers are derived as floats; who reads and writes them again (Helm) makes integers of them.
    for bound in ["minimum", "maximum"] {
        if let Some(number) = fields.get(bound).and_then(Value::as_f64).filter(|number| number.fract() == 0.0) {
            fields.insert(bound.to_owned(), json!(number as i64));
        }
    }
    if let Some(Value::Object(properties)) = fields.get_mut("properties") {
        if properties.contains_key("lastTransitionTime") {
            bound(properties, "type", 316);
            bound(properties, "status", 16);
            bound(properties, "reason", 1024);
            bound(properties, "message", 4096);
        }
        if properties.contains_key("matchExpressions") {
            finish_selector(properties);
        }
        properties.values_mut().for_each(finish_schema);
        if properties.contains_key("matchExpressions") {
            fields.insert("x-kubernetes-map-type".to_owned(), json!("atomic"));
        }
    }
    for below in ["items", "additionalProperties"] {
        if let Some(schema) = fields.get_mut(below) {
            finish_schema(schema);
        }
    }
}

/// A label selector of the API machinery: bounds, and the operators that the server knows.
fn finish_selector(properties: &mut serde_json::Map<String, Value>) {
    if let Some(labels) = properties.get_mut("matchLabels") {
        labels["maxProperties"] = json!(32);
        labels["additionalProperties"]["maxLength"] = json!(63);
    }
    let Some(expressions) = properties.get_mut("matchExpressions") else { return };
    expressions["maxItems"] = json!(16);
    expressions["x-kubernetes-list-type"] = json!("atomic");
    let expression = &mut expressions["items"];
    expression["x-kubernetes-validations"] = json!([{
        "rule": "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
        "message": "must have values exactly with the operators `In` and `NotIn`",
        "fieldPath": ".values",
    }]);
    let parts = &mut expression["properties"];
    parts["key"]["maxLength"] = json!(317);
    parts["operator"]["enum"] = json!(["In", "NotIn", "Exists", "DoesNotExist"]);
    parts["values"]["maxItems"] = json!(32);
    parts["values"]["x-kubernetes-list-type"] = json!("atomic");
    parts["values"]["items"]["maxLength"] = json!(63);
}

fn bound(properties: &mut serde_json::Map<String, Value>, name: &str, max_length: i64) {
    if let Some(property) = properties.get_mut(name) {
        property["maxLength"] = json!(max_length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls `fault` with the path of every schema below `schema`.
    fn walk(path: &str, schema: &Value, faults: &mut Vec<String>) {
        let mut fault = |what: &str| faults.push(format!("{path}: {what}"));
        let kind = schema["type"].as_str();
        if schema.get("nullable").is_some() {
            fault("nullable");
        }
        if schema["enum"].as_array().is_some_and(|values| values.contains(&Value::Null)) {
            fault("null among the values");
        }
        if schema["format"].as_str().is_some_and(|f| f.starts_with("uint") || f == "float" || f == "double") {
            fault("unsigned or floating format");
        }
        match kind {
            Some("string") if schema.get("enum").is_none() && schema.get("maxLength").is_none() => {
                fault("no maxLength")
            }
            Some("array") => {
                if schema.get("maxItems").is_none() {
                    fault("no maxItems");
                }
                if schema.get("x-kubernetes-list-type").is_none() {
                    fault("no list type");
                }
            }
            Some("number") => fault("a float"),
            Some("object") if schema.get("additionalProperties").is_some() && schema.get("maxProperties").is_none() => {
                fault("no maxProperties");
            }
            Some(_) => {}
            None => fault("no type"),
        }
        let bare = matches!(schema.get("properties"), Some(Value::Object(p)) if !p.is_empty());
        if kind == Some("object") && !bare && schema.get("additionalProperties").is_none() {
            fault("an object without properties");
        }
        for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
            if !rule["message"].as_str().is_some_and(|m| m.starts_with("must ")) {
                fault(&format!("a rule whose message does not say what must be: {rule}"));
            }
        }
        if let Some(properties) = schema["properties"].as_object() {
            for (name, property) in properties {
                let path = format!("{path}.{name}");
                let inherited = path.contains(".conditions[]") || path.contains(".namespaceSelector");
                if !inherited && property.get("description").is_none() {
                    faults.push(format!("{path}: no description"));
                }
                walk(&path, property, faults);
            }
        }
        if let Some(items) = schema.get("items") {
            walk(&format!("{path}[]"), items, faults);
        }
        if let Some(values) = schema.get("additionalProperties") {
            walk(&format!("{path}{{}}"), values, faults);
        }
    }

    fn schema_of(crd: &Value) -> &Value {
        &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    }

    #[test]
    fn every_schema_is_bounded_typed_and_free_of_nullable() {
        let mut faults = Vec::new();
        for crd in definitions().unwrap() {
            for part in ["spec", "status"] {
                walk(part, &schema_of(&crd)["properties"][part], &mut faults);
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }

    #[test]
    fn every_definition_is_far_below_the_size_that_apply_can_annotate() {
        for crd in definitions().unwrap() {
            let size = crd.to_string().len();
            assert!(size < 131_072, "{}: {size} bytes", crd["metadata"]["name"]);
        }
    }

    #[test]
    fn a_new_object_is_not_current_before_the_first_visit() {
        for crd in definitions().unwrap() {
            assert_eq!(schema_of(&crd)["properties"]["status"]["default"], json!({"observedGeneration": -1}));
        }
    }

    #[test]
    fn severity_and_contract_of_a_case_can_be_selected_by_field() {
        let crds = definitions().unwrap();
        let fields = &crds[1]["spec"]["versions"][0]["selectableFields"];
        assert_eq!(*fields, json!([{"jsonPath": ".spec.severity"}, {"jsonPath": ".spec.contractRef.name"}]));
    }
}
