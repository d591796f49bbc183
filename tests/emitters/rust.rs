//! Hard texts as Rust's writers write them: rust TEXTS INTO SERDE_YAML SERDE_SAPHYR

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;

use serde_json::{Value, json};

fn document(payload: Value) -> Value {
    json!({"schedules": {"e": {"at": "2027-06-01T09:00:00Z", "lambda": "f", "payload": payload}}})
}

fn write<E: Display>(texts: &[String], path: String, program: String, dump: impl Fn(&Value) -> Result<String, E>) {
    let mut lines = vec![format!("# {program}")];
    for (number, text) in texts.iter().enumerate() {
        let inner: BTreeMap<&str, &str> = BTreeMap::from([(text.as_str(), "x")]);
        let key = json!(BTreeMap::from([(text.as_str(), inner)]));
        for (place, payload) in [("value", json!({"v": text, "l": [text]})), ("key", key)] {
            let mut line = json!({"text": number, "place": place});
            match dump(&document(payload)) {
                Ok(yaml) => line["yaml"] = yaml.into(),
                Err(why) => line["failed"] = why.to_string().into(),
            }
            lines.push(line.to_string());
        }
    }
    fs::write(path, lines.join("\n") + "\n").expect("it is written");
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, from, into, serde_yaml, serde_saphyr] = &arguments[..] else {
        panic!("TEXTS INTO SERDE_YAML SERDE_SAPHYR");
    };
    let texts: Vec<String> = serde_json::from_slice(&fs::read(from).expect("texts")).expect("JSON");
    write(&texts, format!("{into}/serde-yaml.jsonl"), format!("serde_yaml {serde_yaml}"), |value| serde_yaml::to_string(value));
    let saphyr = format!("serde-saphyr {serde_saphyr}");
    write(&texts, format!("{into}/serde-saphyr.jsonl"), saphyr, |value| serde_saphyr::to_string(value));
}
