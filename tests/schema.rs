//! The JSON Schemas in `docs/schema/`: what they refuse, onced refuses too; what people mistype often, they refuse; what
//! is in `examples/`, `config/` and the documentation, they take.

mod near;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use onced::settings::{Settings, SettingsError, Typed};
use onced::source::parse::{Defaults, parse};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;

use crate::process::onced;

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:M";

fn validator(name: &str) -> Validator {
    let text = fs::read_to_string(format!("docs/schema/{name}.json")).expect("it is kept");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    jsonschema::draft7::new(&schema).expect("a schema of draft 7")
}

/// As an editor reads it. `None`: it is no YAML, or has no form in JSON.
fn json(text: &str) -> Option<Value> {
    // Editors validate what `<<` takes over, too.
    let mut value: serde_yaml::Value = serde_yaml::from_str(text).ok()?;
    value.apply_merge().ok()?;
    serde_json::to_value(value).ok()
}

fn is_schedule_file(text: &str) -> bool {
    let defaults = Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    };
    parse("a.yaml", text.as_bytes(), &defaults).is_ok()
}

/// With an owner, which may be given elsewhere.
fn is_configuration(text: &str) -> bool {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), text).expect("written");
    let typed = Typed {
        config: Some(file.path().to_owned()),
        ..Typed::default()
    };
    let mut environment = BTreeMap::from([("HOME".to_owned(), "/".to_owned())]);
    let settings = match Settings::resolve(&typed, &environment) {
        Err(SettingsError::Missing { .. }) => {
            environment.insert("ONCED_OWNER".to_owned(), "test".to_owned());
            Settings::resolve(&typed, &environment)
        }
        settings => settings,
    };
    settings.is_ok()
}

/// The program prints what is kept, which is what the types say (`src/source/language.rs`, `src/settings/language.rs`).
#[test]
fn what_is_printed_is_what_is_kept() {
    for (typed, name) in [
        (vec!["schema"], "schedule"),
        (vec!["schema", "schedule"], "schedule"),
        (vec!["schema", "config"], "config"),
    ] {
        let output = onced(Path::new("/"))
            .args(typed)
            .output()
            .expect("onced runs");
        let kept = fs::read(format!("docs/schema/{name}.json")).expect("it is kept");
        assert!(output.status.success() && output.stdout == kept, "{name}");
        let schema: Value = serde_json::from_slice(&kept).expect("JSON");
        jsonschema::meta::validate(&schema).expect("a schema");
        described(name, &schema);
    }
}

/// Each property says what it is, and each thing in it.
fn described(path: &str, schema: &Value) {
    for (key, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        if property.is_object() {
            let text = property["description"].as_str().unwrap_or_default();
            assert!(text.len() > 5, "{path} has no description");
            described(&path, property);
        }
    }
}

/// Tries so many texts; each that the schema refuses, onced refuses. Neither refuses or takes all.
fn what_the_schema_refuses_is_refused(
    schema: &str,
    texts: impl Strategy<Value = String>,
    is_good: impl Fn(&str) -> bool,
    cases: u32,
) {
    let validator = validator(schema);
    let (refused, taken) = (Cell::new(0), Cell::new(0));
    let config = Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&texts, |text| {
        let Some(json) = json(&text) else {
            return Ok(());
        };
        let error = validator
            .validate(&json)
            .err()
            .map(|error| format!("{error} at {}", error.instance_path()));
        let is_taken = is_good(&text);
        taken.set(taken.get() + u32::from(is_taken && error.is_none()));
        refused.set(refused.get() + u32::from(error.is_some()));
        prop_assert!(
            error.is_none() || !is_taken,
            "onced takes this, and the schema does not: {}\n{text}",
            error.unwrap_or_default()
        );
        Ok(())
    });
    tried.unwrap_or_else(|error| panic!("{error}"));
    let (refused, taken) = (refused.get(), taken.get());
    assert!(
        refused > cases / 10 && taken > cases / 50,
        "{refused} refused, {taken} taken of {cases}"
    );
}

#[test]
fn a_schedule_file_that_the_schema_refuses_is_refused() {
    what_the_schema_refuses_is_refused("schedule", near::schedule_file(), is_schedule_file, 5_000);
}

#[test]
fn a_configuration_that_the_schema_refuses_is_refused() {
    what_the_schema_refuses_is_refused("config", near::configuration(), is_configuration, 2_500);
}

/// What is typed wrong most often is underlined while it is typed.
#[test]
fn typical_mistakes_are_seen_by_an_editor() {
    let validator = validator("schedule");
    let entry = |fields: &str| format!("schedules: {{e: {{{fields}}}}}");
    let good = |more: &str| entry(&format!("at: 2027-06-01 09:00, lambda: f{more}"));
    let mistakes = [
        ("no `schedules`", "version: 1".to_owned()),
        ("another version", "{version: 2, schedules: {}}".to_owned()),
        (
            "a version in quotes",
            "{version: '1', schedules: {}}".to_owned(),
        ),
        (
            "a misspelt key of the file",
            "{schedule: {}, schedules: {}}".to_owned(),
        ),
        ("a list of entries", "schedules: [{name: e}]".to_owned()),
        ("nothing below `schedules`", "schedules:".to_owned()),
        ("an entry that is a text", "schedules: {e: soon}".to_owned()),
        ("an empty entry", "schedules: {e: {}}".to_owned()),
        (
            "a name with a space",
            "schedules: {'a b': {at: 2027-06-01 09:00, lambda: f}}".to_owned(),
        ),
        (
            "a name with a slash",
            "schedules: {a/b: {at: 2027-06-01 09:00, lambda: f}}".to_owned(),
        ),
        (
            "a name of 65 characters",
            format!(
                "schedules: {{{}: {{at: 2027-06-01 09:00, lambda: f}}}}",
                "a".repeat(65)
            ),
        ),
        ("no time", entry("lambda: f")),
        ("nothing to run", entry("at: 2027-06-01 09:00")),
        ("a misspelt key", good(", payloud: {}")),
        ("a key in capitals", good(", Payload: {}")),
        (
            "a function and a machine",
            good(&format!(", state_machine: {MACHINE}")),
        ),
        ("an input for a function", good(", input: {}")),
        (
            "a payload for a machine",
            entry(&format!(
                "at: 2027-06-01 09:00, state_machine: {MACHINE}, payload: {{}}"
            )),
        ),
        (
            "an input that is a list",
            entry(&format!(
                "at: 2027-06-01 09:00, state_machine: {MACHINE}, input: []"
            )),
        ),
        (
            "an input with the time",
            entry(&format!(
                "at: 2027-06-01 09:00, state_machine: {MACHINE}, input: {{invocationTime: x}}"
            )),
        ),
        ("a day alone", entry("at: 2027-06-01, lambda: f")),
        (
            "a day and an hour that is short",
            entry("at: 2027-06-01 9:00, lambda: f"),
        ),
        (
            "a month that there is not",
            entry("at: 2027-13-01 09:00, lambda: f"),
        ),
        (
            "an hour that there is not",
            entry("at: 2027-06-01 24:00, lambda: f"),
        ),
        (
            "a fraction of a second",
            entry("at: '2027-06-01T09:00:00.5Z', lambda: f"),
        ),
        (
            "an abbreviation behind the time",
            entry("at: 2027-06-01 09:00 CET, lambda: f"),
        ),
        ("seconds since 1970", entry("at: 1811840400, lambda: f")),
        ("words for a time", entry("at: tomorrow, lambda: f")),
        ("an abbreviation for a zone", good(", timezone: CET")),
        ("an offset for a zone", good(", timezone: '+01:00'")),
        ("a grace without a unit", good(", grace: 5")),
        ("a grace in words", good(", grace: 5 minutes")),
        ("`enabled: yes`", good(", enabled: yes")),
        ("`enabled` in quotes", good(", enabled: 'true'")),
        (
            "a function with a space",
            entry("at: 2027-06-01 09:00, lambda: send email"),
        ),
        (
            "a list of functions",
            entry("at: 2027-06-01 09:00, lambda: [f, g]"),
        ),
        (
            "a machine's name",
            entry("at: 2027-06-01 09:00, state_machine: CloseAuction"),
        ),
        (
            "an execution's ARN",
            entry(
                "at: 2027-06-01 09:00, state_machine: 'arn:aws:states:us-east-1:123456789012:execution:M:n'",
            ),
        ),
        ("a description that is none", good(", description: []")),
        (
            "a time among `defaults`",
            "{defaults: {at: 2027-06-01 09:00}, schedules: {}}".to_owned(),
        ),
        (
            "`defaults` with both",
            format!("{{defaults: {{lambda: f, state_machine: '{MACHINE}'}}, schedules: {{}}}}"),
        ),
    ];
    for (mistake, text) in mistakes {
        let json = json(&text).unwrap_or_else(|| panic!("{mistake} is YAML: {text}"));
        assert!(!validator.is_valid(&json), "{mistake} is not seen: {text}");
        assert!(!is_schedule_file(&text), "{mistake} is not refused: {text}");
    }
    for right in [
        good(""),
        good(", payload: null"),
        good(", description: , grace: ~, state_machine: null, input: null"),
        good(", x-ticket: [1]"),
        entry("x-a: 1, at: 2027-06-01 09:00, lambda: f"),
        "schedules: {x-e: 5}".into(),
        "schedules: {-a: {at: 2027-06-01 09:00, lambda: f}}".into(),
        "schedules: {launch.v2: {at: 2027-06-01 09:00, lambda: f}}".into(),
        format!(
            "schedules: {{{}: {{at: 2027-06-01 09:00, lambda: f}}}}",
            "a".repeat(64)
        ),
    ] {
        assert!(
            validator.is_valid(&json(&right).expect("YAML")) && is_schedule_file(&right),
            "{right}"
        );
    }
}

fn yaml_files(directory: &Path, into: &mut Vec<PathBuf>) {
    for item in fs::read_dir(directory).expect("a directory") {
        let path = item.expect("an item").path();
        let is_ours = !path.ends_with("github-actions") && !path.ends_with("gitlab-ci");
        if path.is_dir() && is_ours {
            yaml_files(&path, into);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            into.push(path);
        }
    }
}

fn takes(validator: &Validator, what: &str, text: &str) {
    let json = json(text).unwrap_or_else(|| panic!("{what} is no YAML:\n{text}"));
    if let Err(error) = validator.validate(&json) {
        panic!("{what}: {error} at {}\n{text}", error.instance_path());
    }
}

/// Each example says first where its schema is, for editors; it is there, and takes the example.
#[test]
fn examples_name_their_schema_and_keep_to_it() {
    let mut files = Vec::new();
    yaml_files(Path::new("examples"), &mut files);
    let mut schedules = 0;
    for file in &files {
        let text = fs::read_to_string(file).expect("a text");
        let first = text.lines().next().unwrap_or_default();
        let named = first.strip_prefix("# yaml-language-server: $schema=");
        let named =
            named.unwrap_or_else(|| panic!("{}: the first line names no schema", file.display()));
        let path = file.parent().expect("a directory").join(named);
        let path =
            fs::canonicalize(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let kept = fs::canonicalize("docs/schema").expect("it is there");
        let name = path
            .strip_prefix(kept)
            .expect("a schema of ours")
            .with_extension("");
        let name = name.to_str().expect("a text");
        takes(&validator(name), &file.display().to_string(), &text);
        if name == "schedule" {
            schedules += 1;
            assert!(is_schedule_file(&text), "{}", file.display());
        } else {
            assert!(is_configuration(&text), "{}", file.display());
        }
    }
    assert!(schedules >= 3, "{schedules}");
}

/// The configuration that is installed, and what the documentation shows.
#[test]
fn what_is_shown_keeps_to_the_schemas() {
    let (schedule, config) = (validator("schedule"), validator("config"));
    takes(
        &config,
        "config/onced.yaml",
        &fs::read_to_string("config/onced.yaml").expect("a text"),
    );
    let mut pages: Vec<PathBuf> = vec!["README.md".into()];
    pages.extend(
        fs::read_dir("docs")
            .expect("a directory")
            .map(|page| page.expect("a page").path()),
    );
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    let (mut schedules, mut configurations) = (0, 0);
    for page in pages {
        let text = fs::read_to_string(&page).expect("a text");
        for block in text.split("```yaml\n").skip(1) {
            let block = block.split("```").next().unwrap_or_default();
            let has = |key: &str| block.lines().any(|line| line.starts_with(key));
            let what = page.display().to_string();
            if block.contains("payloud") {
                // A mistake that the tutorial makes on purpose.
                let refused = serde_yaml::from_str(block).map(|value| schedule.is_valid(&value));
                assert!(!refused.expect("YAML"), "{what}:\n{block}");
                assert!(!is_schedule_file(block), "{what}:\n{block}");
            } else if has("schedules:") {
                schedules += 1;
                takes(&schedule, &what, block);
                assert!(is_schedule_file(block), "{what}:\n{block}");
            } else if has("owner:") {
                configurations += 1;
                takes(&config, &what, block);
                assert!(is_configuration(block), "{what}:\n{block}");
            }
        }
    }
    assert!(
        schedules >= 1 && configurations >= 1,
        "{schedules} {configurations}"
    );
}
