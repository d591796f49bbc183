//! Files of other programs among the schedule files: one error that says what each is, and the line that leaves it out.

use std::fs;

use onced::source::parse::{Defaults, parse};
use onced::source::problem::Problem;

use super::{put, scan};
use crate::process::onced;

#[test]
fn the_line_that_is_told_leaves_the_file_out() {
    let root = tempfile::tempdir().expect("a directory");
    let secret = "hunter2";
    let files = [
        ("a.yaml", "a".to_owned()),
        (
            "deploy/app.yaml",
            format!("apiVersion: v1\nkind: Secret\nstringData:\n  key: {secret}\n---\napiVersion: v1\nkind: Job\n"),
        ),
        ("deploy/kustomization.yaml", "resources: [app.yaml]\n".into()),
        ("docs/mkdocs.yml", "site_name: x\nplugins:\n  - x: !!python/name:a.b {}\n".into()),
        ("sam.yaml", "Resources:\n  F: {Type: AWS::Serverless::Function, Role: !Ref R}\n".into()),
        ("play.yaml", format!("- hosts: all\n  vars: {{key: {secret}}}\n")),
        ("x [1].yaml", format!("$ANSIBLE_VAULT;1.1;AES256\n{secret}\n")),
        ("locked.yaml", format!("\0GITCRYPT\0{secret}\n")),
        ("jobs.yaml", format!("schedules:\n{{{{- range .jobs }}}}\n  {{{{ . }}}}: {{{{ {secret} }}}}\n")),
        ("env.yaml", "schedules:\n  e: {at: 2027-01-01T00:00:00Z, lambda: ENC[AES256_GCM,data:x]}\nsops:\n  mac: ENC[AES256_GCM,data:x]\n".into()),
    ];
    for (path, text) in &files {
        put(root.path(), &[(path, text)]);
    }
    let before = scan(root.path());
    assert_eq!(before.entries.len(), 1);
    let mut lines = String::new();
    for file in before.files.iter().filter(|file| file.path != "a.yaml") {
        let [problem] = &file.errors[..] else {
            panic!("one error: {file:?}");
        };
        let hint = problem.hint.clone().expect("a hint");
        assert!(!format!("{file:?}").contains(secret), "{file:?}");
        let (_, line) = hint
            .split_once("list it in `.oncedignore`: `")
            .expect(&hint);
        lines += line.trim_end_matches('`');
        lines.push('\n');
    }
    fs::write(root.path().join(".oncedignore"), &lines).expect("written");
    let after = scan(root.path());
    assert!(!after.has_problems(), "{lines}{:?}", after.files);
    assert_eq!(after.entries.len(), 1);
}

/// What only looks like a template, in a good file, is what it says.
#[test]
fn a_payload_with_braces_is_a_payload() {
    let text = "schedules:\n  e:\n    at: 2027-01-01T00:00:00Z\n    lambda: f\n    payload:\n      text: |\n        {{ name }}\n        <% x %>\n      more: '{{ b }}'\n      kind: Deployment\n      apiVersion: v1\n";
    let parsed = parse("a.yaml", text.as_bytes(), &Defaults::default());
    assert_eq!(parsed.map(|entries| entries.len()), Ok(1));
    // With a mistake, the mistake is told.
    let wrong = text.replace("lambda: f", "lamda: f");
    let problems = parse("a.yaml", wrong.as_bytes(), &Defaults::default()).expect_err("a mistake");
    let said = |problem: &Problem| problem.message.contains("unknown key `lamda`");
    assert!(problems.iter().any(said), "{problems:?}");
}

/// A file that is named is called as an ignore file of the watched directory would call it.
#[test]
fn the_line_counts_from_the_watched_directory() {
    let root = tempfile::tempdir().expect("a directory");
    put(
        root.path(),
        &[("s/deploy/app.yaml", "apiVersion: v1\nkind: Job\n")],
    );
    for (arguments, line) in [
        (&["--directory", "s"][..], "`/deploy/app.yaml`"),
        (&[], "`/app.yaml`"),
    ] {
        let mut check = onced(root.path());
        check
            .current_dir(root.path())
            .args(["check", "s/deploy/app.yaml"]);
        let output = check.args(arguments).output().expect("onced runs");
        assert_eq!(output.status.code(), Some(4));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(&format!("`.oncedignore`: {line}")), "{said}");
        assert!(said.contains("s/deploy/app.yaml:1:1"), "{said}");
    }
}
