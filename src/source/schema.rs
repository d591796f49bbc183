//! How the types of a language become a JSON Schema: in tests alone. The program carries what is kept in `docs/schema/`.

use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

use super::language::{DURATION, LAMBDA, MACHINE, NAME, TIME, ZONE};

/// What editors say where a form is missed: the pattern itself helps nobody.
const REMEDIES: [(&str, &str); 5] = [
    (
        TIME,
        "write a time such as 2027-06-01T09:00:00, with Z or an offset where no time zone is meant",
    ),
    (ZONE, "write the zone's IANA name, such as Europe/Berlin"),
    (
        DURATION,
        "write a duration such as 250ms, 30s, 5m, 2h or 300d",
    ),
    (
        LAMBDA,
        "write a function's name such as send-email, with :alias if need be, or its ARN",
    ),
    (
        MACHINE,
        "write it as arn:aws:states:REGION:ACCOUNT:stateMachine:NAME",
    ),
];

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
    // As a value: sorted, as the program prints it.
    let mut schema = schema.to_value();
    add_remedies(&mut schema);
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

fn add_remedies(schema: &mut Value) {
    let form = schema.get("pattern").and_then(Value::as_str);
    let remedy = REMEDIES.iter().find(|(known, _)| form == Some(known));
    if let (Some((_, remedy)), Some(schema)) = (remedy, schema.as_object_mut()) {
        schema.insert("patternErrorMessage".into(), (*remedy).into());
    }
    if let Value::Object(below) = schema {
        below.values_mut().for_each(add_remedies);
    }
}

/// Keys that begin with `x-` are the user's own.
pub(super) fn own_keys(schema: &mut Schema) {
    let forms = schema.ensure_object().entry("patternProperties");
    forms.or_insert_with(|| json!({}))["^x-"] = true.into();
}

/// Keys have this form.
fn by_form(schema: &mut Schema, form: &str) {
    let value = schema.insert("additionalProperties".into(), false.into());
    schema.insert("patternProperties".into(), json!({form: value}));
}

/// What may be left out may not be `null`.
pub(crate) fn not_null(schema: &mut Schema) {
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
    by_form(schema, NAME);
    own_keys(schema);
}

/// A mapping of accounts to something.
pub(crate) fn by_account(schema: &mut Schema) {
    by_form(schema, "^[0-9]{12}$");
}

/// A text that may be written as a number, or as nothing.
pub(crate) fn is_text(schema: &mut Schema) {
    schema.insert("type".into(), json!(["string", "number", "null"]));
}
