//! `docs/reference.md`, made from what can be typed, from the exit codes and from the schemas. A test alone: the program
//! does not carry it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use clap::{Arg, Command, CommandFactory as _};
use serde_json::Value;

use super::arguments::Arguments;
use super::exit;

/// What an exit code means.
const EXIT_CODES: [(u8, &str); 7] = [
    (exit::DONE, "done; for `plan`, also with changes"),
    (
        exit::FAILURE,
        "failure; for `report`, an expected firing is missing; for `plan --fail-on`, what it names is there; for `fmt --check`, a file would change",
    ),
    (
        exit::CHANGES,
        "`plan --detailed-exitcode`: changes are pending",
    ),
    (exit::HELD, "stops or replaces wait for approval"),
    (
        exit::INVALID,
        "invalid schedule files; the rest was still done",
    ),
    (exit::USAGE, "wrong usage"),
    (
        exit::BUSY,
        "another onced holds this ledger, and the command can't go through it",
    ),
];

fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}

/// What is typed for an argument.
fn typed(argument: &Arg) -> String {
    let values: Vec<&str> = argument
        .get_value_names()
        .unwrap_or_default()
        .iter()
        .map(clap::builder::Str::as_str)
        .collect();
    let takes = argument.get_action().takes_values();
    let value = if takes {
        values.join(" ")
    } else {
        String::new()
    };
    if argument.is_positional() {
        return value;
    }
    let short = argument.get_short().map(|short| format!("-{short}, "));
    let long = argument.get_long().unwrap_or_default();
    let text = format!("{}--{long} {value}", short.unwrap_or_default());
    text.trim_end().to_owned()
}

fn arguments<'a>(text: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    let mut rows = arguments.peekable();
    if rows.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "\n| | |\n|---|---|");
    for argument in rows {
        let help = argument.get_help().map(|help| format!("{help}."));
        let mut help = vec![help.unwrap_or_default()];
        let possible: Vec<String> = argument
            .get_possible_values()
            .iter()
            .map(|value| format!("`{}`", value.get_name()))
            .collect();
        if !possible.is_empty() && argument.get_action().takes_values() {
            help.push(format!("One of {}.", possible.join(", ")));
        }
        let default = argument.get_default_values().first();
        if let Some(default) = default.filter(|_| argument.get_action().takes_values()) {
            help.push(format!("Default `{}`.", default.to_string_lossy()));
        }
        if let Some(variable) = argument.get_env() {
            help.push(format!("Also `{}`.", variable.to_string_lossy()));
        }
        let _ = writeln!(
            text,
            "| `{}` | {} |",
            cell(&typed(argument)),
            cell(&help.join(" "))
        );
    }
}

fn command(text: &mut String, path: &str, command: &Command) {
    let about = command.get_about().map(ToString::to_string);
    let _ = writeln!(text, "\n### `{path}`\n\n{}.", about.unwrap_or_default());
    let own = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set() && !argument.is_global_set());
    arguments(text, own.filter(|argument| argument.get_id() != "help"));
    if let Some(examples) = command.get_after_help() {
        let examples = examples.to_string();
        let examples = examples
            .trim_start_matches("Examples:")
            .trim_start_matches("Example:");
        let lines: Vec<&str> = examples
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect();
        let _ = writeln!(text, "\n```sh\n{}\n```", lines.join("\n"));
    }
    for below in command
        .get_subcommands()
        .filter(|below| !below.is_hide_set())
    {
        self::command(text, &format!("{path} {}", below.get_name()), below);
    }
}

/// The keys below one place of a schema.
fn keys(text: &mut String, place: &Value, prefix: &str) {
    for (name, property) in place["properties"].as_object().into_iter().flatten() {
        key(text, property, &format!("{prefix}{name}"));
    }
    // Objects whose keys are names or numbers of the user's.
    let patterns = place["patternProperties"].as_object().into_iter().flatten();
    for (pattern, property) in patterns.filter(|(pattern, _)| *pattern != "^x-") {
        let name = if pattern.contains("{12}") {
            "ACCOUNT"
        } else {
            "NAME"
        };
        key(text, property, &format!("{prefix}{name}"));
    }
    let choices = place["anyOf"].as_array().into_iter().flatten();
    for choice in choices.filter(|choice| choice.is_object()) {
        keys(text, choice, prefix);
    }
}

fn key(text: &mut String, property: &Value, path: &str) {
    // What must not be there.
    if property == false {
        return;
    }
    let mut words = vec![
        property["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    ];
    let example = property["examples"].get(0);
    if let Some(example) = example.filter(|_| property["properties"].is_null()) {
        words.push(format!("Such as `{}`.", plain(example)));
    }
    let _ = writeln!(text, "| `{path}` | {} |", cell(&words.join(" ")));
    keys(text, property, &format!("{path}."));
    if property["items"]["properties"].is_object() {
        keys(text, &property["items"], &format!("{path}[]."));
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn schema(text: &mut String, title: &str, file: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = fs::read_to_string(root.join("docs/schema").join(file)).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let _ = writeln!(
        text,
        "\n## {title}\n\nThe schema is [schema/{file}](schema/{file}).\n\n| key | |\n|---|---|"
    );
    keys(text, &schema, "");
}

fn reference() -> String {
    let mut all = Arguments::command().disable_help_subcommand(true);
    all.build();
    let mut text = "# Reference\n\nMade from the program by a test: see `src/cli/reference.rs`. Metrics are in [metrics.md](metrics.md).\n\n## Commands\n".to_owned();
    for below in all.get_subcommands().filter(|below| !below.is_hide_set()) {
        command(&mut text, &format!("onced {}", below.get_name()), below);
    }
    let _ = writeln!(text, "\n### Options of every command");
    let common = all
        .get_arguments()
        .filter(|argument| argument.is_global_set());
    arguments(&mut text, common);
    let _ = writeln!(text, "\n## Exit codes\n\n| code | meaning |\n|---|---|");
    for (code, meaning) in EXIT_CODES {
        let _ = writeln!(text, "| {code} | {meaning} |");
    }
    schema(&mut text, "Schedule files", "schedule.json");
    schema(&mut text, "Configuration", "config.json");
    text
}

/// `ONCED_PRINT_ANEW=1 cargo test --lib reference` writes it anew.
#[test]
fn the_reference_is_what_the_program_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference.md");
    let made = reference();
    if std::env::var_os("ONCED_PRINT_ANEW").is_some() {
        fs::write(&file, &made).expect("written");
    }
    let written = fs::read_to_string(file).unwrap_or_default();
    assert!(
        written == made,
        "docs/reference.md is not what is printed: print it anew"
    );
}
