//! How the types of a language become a JSON Schema: in tests alone. The program carries what is kept in `docs/schema/`.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::language::NAME;

/// Draft 7, which editors' YAML language server knows best; all in one piece, without references.
fn of<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>()
}

/// The keys of a type, sorted.
pub(crate) fn keys<T: JsonSchema>() -> Vec<String> {
    let schema = of::<T>();
    let properties = schema.get("properties").and_then(Value::as_object);
    let mut keys: Vec<String> = properties
        .into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect();
    keys.sort();
    keys
}

/// What is kept in `docs/schema/` is what the type says; with `ONCED_PRINT_ANEW`, it is written there.
pub(crate) fn kept<T: JsonSchema>(name: &str) {
    let mut schema = of::<T>();
    schema.insert("$id".into(), format!("urn:onced:{name}:1").into());
    let made = serde_json::to_string_pretty(&schema).expect("JSON") + "\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("docs/schema/{name}.json"));
    if std::env::var_os("ONCED_PRINT_ANEW").is_some() {
        std::fs::write(&path, &made).expect("it is written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        made == kept,
        "docs/schema/{name}.json is not what the types say"
    );
}

/// Keys that begin with `x-` are the user's own.
pub(super) fn own_keys(schema: &mut Schema) {
    schema.insert("patternProperties".into(), json!({"^x-": true}));
}

/// What may be left out may not be `null`.
pub(super) fn not_null(schema: &mut Schema) {
    let properties = schema.get_mut("properties").and_then(Value::as_object_mut);
    for property in properties
        .into_iter()
        .flat_map(|properties| properties.values_mut())
    {
        let Some(kind) = property.get_mut("type") else {
            continue;
        };
        if let Some(one) = kind
            .as_array()
            .filter(|kinds| kinds.len() == 2 && kinds[1] == "null")
        {
            *kind = one[0].clone();
        }
    }
}

/// A mapping of names to entries.
pub(super) fn entries(schema: &mut Schema) {
    let entry = schema.insert("additionalProperties".into(), false.into());
    schema.insert(
        "patternProperties".into(),
        json!({NAME: entry, "^x-": true}),
    );
}
