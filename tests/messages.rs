//! What is said of a wrong file, in full: each file in `fixtures/messages` has one mistake (one has several), and what
//! `onced check` prints of it is beside this file in `snapshots/`. After a change that is meant:
//! `INSTA_UPDATE=always cargo test --test main messages`, and read the difference.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::process::onced;

const CASES: &str = "tests/fixtures/messages";

fn cases() -> Vec<PathBuf> {
    let files = std::fs::read_dir(CASES).expect("the cases");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    assert!(files.len() >= 40, "{}", files.len());
    files
}

fn check(file: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command: Command = onced(Path::new("/"));
    command.current_dir(CASES).env("ONCED_OWNER", "test");
    command
        .arg("check")
        .args(more)
        .arg(file.file_name().expect("a name"));
    let output = command.output().expect("onced runs");
    assert!(output.stderr.is_empty(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("a text");
    (output.status.code(), text)
}

#[test]
fn each_mistake_is_told_with_its_remedy() {
    for file in cases() {
        let (code, told) = check(&file, &["--color", "never"]);
        assert_eq!(code, Some(4), "{}: {told}", file.display());
        let name = file
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let input = std::fs::read_to_string(&file).expect("a text");
        insta::with_settings!({description => input, omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(name, told);
        });
        assert!(!told.contains("secret"), "a payload is shown: {told}");
        assert!(!told.contains('\x1b'));
    }
}

/// Colour only adds to what is there without.
#[test]
fn colour_is_an_addition() {
    for file in cases() {
        let (_, plain) = check(&file, &["--color", "never"]);
        let (_, colored) = check(&file, &["--color", "always"]);
        let mut stripped = String::new();
        let mut parts = colored.split("\x1b[");
        stripped.push_str(parts.next().unwrap_or_default());
        for part in parts {
            stripped.push_str(part.split_once('m').expect("a colour").1);
        }
        assert!(colored.contains("\x1b["));
        assert_eq!(stripped, plain);
    }
}

/// Machines are told the same, at the same places.
#[test]
fn all_formats_tell_the_same() {
    for file in cases() {
        let json: Value =
            serde_json::from_str(&check(&file, &["--format", "json"]).1).expect("JSON");
        let errors = json["files"][0]["errors"]
            .as_array()
            .expect("errors")
            .clone();
        assert!(!errors.is_empty());
        let (_, github) = check(&file, &["--format", "github"]);
        assert_eq!(github.lines().count(), errors.len());
        let (_, sarif) = check(&file, &["--format", "sarif"]);
        let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
        let results = sarif["runs"][0]["results"]
            .as_array()
            .expect("results")
            .clone();
        assert_eq!(results.len(), errors.len());
        for (error, result) in errors.iter().zip(&results) {
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["region"]["startLine"], error["line"]);
            assert_eq!(place["region"]["startColumn"], error["column"]);
            let text = result["message"]["text"].as_str().expect("a text");
            assert!(text.starts_with(error["message"].as_str().expect("a text")));
            let mark = format!(",line={},col={}::", error["line"], error["column"]);
            assert!(github.contains(&mark), "{github}");
        }
    }
}
