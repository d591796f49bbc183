//! What commands make of files that are ignored.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::put;
use crate::process::{has, onced};
use crate::support::git::{commit, git};

fn run(directory: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = onced(directory)
        .current_dir(directory)
        .args(arguments)
        .output();
    let Output {
        status,
        stdout,
        stderr,
    } = output.expect("onced runs");
    let text = [stdout, stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (status.code(), text.concat())
}

fn folder() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("a directory");
    let files = [
        ("s/a.yaml", "a"),
        ("s/values.yaml", "replicas: 2\n"),
        ("s/.oncedignore", "/values*.yaml\ndeploy/\n"),
        ("s/deploy/app.yaml", "kind: Deployment\n"),
        ("s/team/b.yaml", "b"),
        ("s/team/deploy/c.yaml", "c"),
        ("s/team/x.tpl.yaml", "at: {{ at }}\n"),
        ("onced.yaml", "directory: s\nignore: ['*.tpl.yaml']\n"),
    ];
    put(root.path(), &files);
    root
}

#[test]
fn check_counts_them_only_when_asked() {
    let root = folder();
    let check = |more: &[&str]| {
        let all = [&["check", "--config", "onced.yaml"], more].concat();
        run(root.path(), &all)
    };
    assert_eq!(check(&[]), (Some(0), "2 good, 0 invalid\n".into()));
    let (code, said) = check(&["-v"]);
    assert_eq!(code, Some(0));
    let expected = "`ignore` in the configuration leaves out 1 file\n`s/.oncedignore` leaves out 1 file and 2 directories\n2 good, 0 invalid\n";
    assert!(
        said.replace(&format!("{}/", root.path().display()), "")
            .ends_with(expected),
        "{said}"
    );
    let (_, json) = check(&["--format", "json"]);
    let json: Value = serde_json::from_str(&json).expect("JSON");
    let files = json["files"].as_array().expect("files").iter();
    let ignored = files.filter(|file| file["state"] == "ignored");
    let by: Vec<&str> = ignored
        .filter_map(|file| file["ignored_by"].as_str())
        .collect();
    assert_eq!(by.len(), 4, "{json}");
    assert!(by.contains(&"ignore[0]"), "{by:?}");
    assert_eq!(
        by.iter()
            .filter(|by| by.ends_with("s/.oncedignore:2"))
            .count(),
        2
    );
}

/// Of a directory below the watched one counts what is ignored there; a file that is named is checked all the same.
#[test]
fn what_is_named_is_checked() {
    let root = folder();
    let check = |paths: &[&str]| {
        let all = [&["check", "--config", "onced.yaml"], paths].concat();
        run(root.path(), &all)
    };
    assert_eq!(check(&["s/team"]), (Some(0), "1 good, 0 invalid\n".into()));
    let (code, said) = check(&["s/team/deploy"]);
    assert_eq!((code, said.as_str()), (Some(0), "1 good, 0 invalid\n"));
    let (code, said) = check(&["s/values.yaml"]);
    assert_eq!(code, Some(4), "{said}");
    // Another directory than the watched one has its own ignore files alone, and the configuration's patterns.
    let plain = |paths: &[&str]| run(root.path(), &[&["check"], paths].concat());
    assert_eq!(
        plain(&["s"]).0,
        Some(4),
        "without the configuration's patterns"
    );
    assert_eq!(plain(&["s/team/deploy"]).0, Some(0));
    let (code, said) = run(root.path(), &["fmt", "--check", "--config", "onced.yaml"]);
    assert_eq!(
        (code, said.as_str()),
        (Some(0), "0 to be formatted, 2 good already, 0 invalid\n")
    );
}

/// An ignore file that is not known is the one error, at its place.
#[test]
fn a_conflict_in_an_ignore_file_is_an_error() {
    let root = folder();
    let text = "/deploy/\n<<<<<<< ours\n=======\na\n>>>>>>> theirs\n";
    put(root.path(), &[("s/.oncedignore", text)]);
    let (code, said) = run(root.path(), &["check", "s"]);
    assert_eq!(code, Some(4));
    assert!(said.contains("--> s/.oncedignore:2:1"), "{said}");
    assert!(said.ends_with("0 good, 1 invalid\n"), "{said}");
}

#[test]
fn nothing_is_added_where_it_would_not_be_read() {
    let root = folder();
    let add = |name: &str, file: &[&str]| {
        let at = ["--at", "2099-01-01T00:00:00Z", "--lambda", "f"];
        let all = [&["add", name, "--config", "onced.yaml"][..], &at, file].concat();
        run(root.path(), &all)
    };
    for (name, file) in [("values-x", None), ("n", Some("team/deploy/n.yaml"))] {
        let file = file.map_or_else(Vec::new, |file| vec!["--file", file]);
        let (code, said) = add(name, &file);
        assert_eq!(code, Some(64), "{said}");
        assert!(said.contains(".oncedignore:"), "{said}");
    }
    assert!(!root.path().join("s/values-x.yaml").exists());
    let (code, said) = add("n", &["--file", "team/n.yaml"]);
    assert_eq!(code, Some(0), "{said}");
    // An entry in a file that is ignored is none.
    let (code, said) = run(root.path(), &["remove", "c", "--config", "onced.yaml"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("there is no entry `c`"), "{said}");
}

#[test]
fn a_bad_pattern_is_an_error_of_the_configuration() {
    let root = folder();
    for (ignore, said) in [
        ("['./a.yaml']", "write `/a.yaml`"),
        ("['# a']", "is a comment"),
        ("['']", "names nothing"),
        ("a.yaml", "this is no list"),
        ("[{a: b}]", "put it in quotes"),
        ("[[a]]", "put it in quotes"),
    ] {
        fs::write(
            root.path().join("onced.yaml"),
            format!("ignore: {ignore}\n"),
        )
        .expect("written");
        let (code, answer) = run(root.path(), &["check", "s", "--config", "onced.yaml"]);
        assert_eq!(code, Some(1), "{ignore}: {answer}");
        assert!(answer.contains(said), "{ignore}: {answer}");
        assert!(answer.contains("ignore"), "{ignore}: {answer}");
    }
    let typed = ["check", "s", "--set", "ignore=[a\\]"];
    assert_eq!(run(root.path(), &typed).0, Some(64));
}

/// The ignore files of the commit count for its files, those of now for the files of now.
#[test]
fn a_commit_has_its_own_ignore_files() {
    if !has("git") {
        return;
    }
    let root = tempfile::tempdir().expect("a directory");
    let files = [
        ("s/a.yaml", "a"),
        ("s/b.yaml", "b"),
        ("s/.oncedignore", "/a.yaml\n"),
    ];
    put(root.path(), &files);
    git(root.path(), &["init", "-b", "main"]);
    commit(root.path(), "one");
    put(root.path(), &[("s/.oncedignore", "/b.yaml\n")]);
    let plan = [
        "plan",
        "--against",
        "HEAD",
        "--directory",
        "s",
        "--format",
        "json",
        "--as-of",
    ];
    let (_, said) = run(
        root.path(),
        &[&plan[..], &["2026-01-01T00:00:00Z"]].concat(),
    );
    let json: Value = serde_json::from_str(&said).expect(&said);
    let steps = json["steps"].as_array().expect("steps").iter();
    let steps: Vec<String> = steps
        .map(|step| {
            format!("{} {}", step["step"], step["name"])
                .replace('"', "")
                .to_lowercase()
        })
        .collect();
    assert_eq!(steps, ["move a"], "{said}");
}
