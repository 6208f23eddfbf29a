//! `docs/api.md`: every field of the three kinds, from the definitions. Not for: `kubectl explain`, which shows the same.

use std::fmt::Write;

use serde_json::Value;

use crate::hold;

const INTRODUCTION: &str = "<!-- Generated from src/api by `make generate`. Do not edit. -->

# Reference of the API

Group `meshcase.io`, version `v1alpha1`. `kubectl explain supportcase.spec` shows the same in a terminal. A field in **bold**
must be given. Times are RFC 3339. `[]` marks the entries of a list.
";

fn text<'a>(schema: &'a Value, key: &str) -> &'a str {
    schema[key].as_str().unwrap_or_default()
}

fn of_type(schema: &Value) -> String {
    if let Some(values) = schema["enum"].as_array() {
        return values
            .iter()
            .map(|value| format!("`{}`", value.as_str().unwrap_or_default()))
            .collect::<Vec<_>>()
            .join(" ");
    }
    let of = match text(schema, "type") {
        "array" => format!("list of {}", of_type(&schema["items"])),
        _ if text(schema, "format") == "date-time" => "time".to_owned(),
        _ if text(schema, "format") == "date" => "date".to_owned(),
        other => other.to_owned(),
    };
    let bounds = [("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"), ("maxItems", "at most")];
    let bounds = bounds.iter().filter_map(|(key, word)| Some(format!("{word} {}", schema[*key].as_i64()?)));
    let bounds: Vec<String> = bounds.collect();
    if bounds.is_empty() || of == "time" { of } else { format!("{of}, {}", bounds.join(" ")) }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn rows(prefix: &str, schema: &Value, out: &mut String) {
    let Some(properties) = schema["properties"].as_object() else { return };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (name, property) in properties {
        let path = format!("{prefix}{name}");
        let shown = if required.contains(&name.as_str()) { format!("**`{path}`**") } else { format!("`{path}`") };
        let mut description = text(property, "description").to_owned();
        if !property["default"].is_null() {
            write!(description, " Default: `{}`.", property["default"].to_string().trim_matches('"')).unwrap();
        }
        writeln!(out, "| {shown} | {} | {} |", cell(&of_type(property)), cell(&description)).unwrap();
        rows(&format!("{path}."), property, out);
        rows(&format!("{path}[]."), &property["items"], out);
    }
}

/// The rules that the API server holds, with the field that each blames.
fn rules(prefix: &str, schema: &Value, out: &mut Vec<String>) {
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        let path = format!("{prefix}{}", text(rule, "fieldPath"));
        out.push(format!("- `{}` {}", path.trim_start_matches('.'), text(rule, "message")));
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        rules(&format!("{prefix}.{name}"), property, out);
    }
    if schema["items"].is_object() {
        rules(&format!("{prefix}[]"), &schema["items"], out);
    }
}

fn kind(definition: &Value) -> String {
    let (names, version) = (&definition["spec"]["names"], &definition["spec"]["versions"][0]);
    let schema = &version["schema"]["openAPIV3Schema"];
    let mut out = format!("\n## {}\n\n{}\n", text(names, "kind"), text(schema, "description"));
    let short: Vec<_> = names["shortNames"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    writeln!(out, "\nShort name `{}`, {}.", short.join("`, `"), text(&definition["spec"], "scope").to_lowercase())
        .unwrap();
    for part in ["spec", "status"] {
        let part_schema = &schema["properties"][part];
        write!(out, "\n### {} {part}\n\n| field | type | |\n|---|---|---|\n", text(names, "kind")).unwrap();
        rows("", part_schema, &mut out);
        let mut held = Vec::new();
        rules("", part_schema, &mut held);
        if !held.is_empty() {
            write!(out, "\nThe API server holds:\n\n{}\n", held.join("\n")).unwrap();
        }
    }
    out
}

#[test]
fn the_reference_says_what_the_definitions_say() {
    let definitions = meshcase::api::definitions().unwrap();
    let kinds: String = definitions.iter().map(kind).collect();
    hold("docs/api.md", &format!("{INTRODUCTION}{kinds}"));
}
