//! Schemas of single fields that the derives cannot express. Not for: rules between fields (they stand at the types).

use schemars::{Schema, SchemaGenerator, json_schema};

/// A calendar date, `YYYY-MM-DD`.
pub(super) fn date(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date", "maxLength": 10})
}

/// One line that names something: not blank, no control characters, no bidirectional overrides, nothing invisible.
pub(super) fn title(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 256})
}

/// Namespaces by name: DNS labels, each once.
pub(super) fn namespaces(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array", "maxItems": 32, "x-kubernetes-list-type": "set",
        "items": {"type": "string", "minLength": 1, "maxLength": 63, "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
    })
}

/// age public keys, each once.
pub(super) fn age_recipients(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array", "maxItems": 16, "x-kubernetes-list-type": "set",
        "items": {"type": "string", "minLength": 1, "maxLength": 2048, "pattern": "^age1[a-z0-9]+$"},
    })
}

/// Lines of at most 256 characters.
pub(super) fn short_lines(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "maxItems": 50, "x-kubernetes-list-type": "atomic", "items": {"type": "string", "maxLength": 256}})
}
