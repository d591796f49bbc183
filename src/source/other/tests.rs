use super::*;

/// What is said of a file in whose first line something is wrong; empty: nothing else than of a schedule file.
fn said(file: &str, text: &str) -> String {
    let other = what(file, text.as_bytes(), &[1]);
    other.map_or_else(String::new, |other| other.message)
}

#[test]
fn what_other_programs_read() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\n";
    let two = format!("---\n{manifest}---\n# two\n\"apiVersion\": v1\n'kind': Service\n");
    let template =
        "{{- if .Values.on }}\napiVersion: v1\nkind: Secret\ndata: {{ .Values.x }}\n{{- end }}\n";
    let playbook = "---\n- name: Web\n  hosts: all\n  tasks: []\n- hosts: db\n";
    let gitlab = "include: x.yml\nbuild:\n  stage: build\n  script:\n    - make\n";
    for (file, text, expected) in [
        (
            "k/kustomization.yaml",
            "resources: [a.yaml]\n",
            "a kustomization",
        ),
        (
            "a.yaml",
            "kind: Kustomization\napiVersion: x\n",
            "a kustomization",
        ),
        ("a.yaml", manifest, "a Kubernetes manifest"),
        ("a.yaml", &two, "a Kubernetes manifest"),
        ("a.yaml", template, "a Kubernetes manifest"),
        (
            "a.yaml",
            r#"{"apiVersion": "v1", "kind": "List"}"#,
            "a Kubernetes manifest",
        ),
        (
            "Chart.yaml",
            "apiVersion: v2\nname: x\nversion: 1.0.0\n",
            "a Helm chart",
        ),
        ("values.yaml", "replicas: 2\n", "Helm values"),
        ("values-prod.yaml", "replicas: 2\n", "Helm values"),
        ("a.yml", "site_name: x\nnav: []\n", "MkDocs"),
        (
            "a.yml",
            "name: CI\non: push\njobs: {}\n",
            "a GitHub workflow",
        ),
        (
            "a.yml",
            "'on': [push]\njobs:\n  a: ${{ x }}\n",
            "a GitHub workflow",
        ),
        (
            "action.yml",
            "name: x\nruns:\n  using: node20\n",
            "a GitHub action",
        ),
        ("a.yml", "stages: [build]\n", "GitLab CI"),
        ("a.yml", gitlab, "GitLab CI"),
        (
            "a.yml",
            "version: '3'\nservices:\n  web: {}\n",
            "a Compose file",
        ),
        (
            "a.yaml",
            "AWSTemplateFormatVersion: 2010-09-09\n",
            "a CloudFormation",
        ),
        (
            "a.yaml",
            "Resources:\n  Q: {Type: AWS::SQS::Queue}\n",
            "a CloudFormation",
        ),
        (
            "a.yaml",
            "Transform: AWS::Serverless-2016-10-31\nResources: {}\n",
            "a SAM",
        ),
        ("a.yaml", playbook, "an Ansible playbook"),
        (
            "a.yaml",
            "- import_playbook: b.yaml\n",
            "an Ansible playbook",
        ),
        ("a.yaml", "repos:\n- repo: x\n  hooks: []\n", "pre-commit"),
        (
            "a.yml",
            "version: 2\nupdates:\n- package-ecosystem: cargo\n",
            "Dependabot",
        ),
        ("a.yaml", "openapi: 3.1.0\ninfo: {}\n", "OpenAPI"),
        (
            "serverless.yml",
            "service: x\nprovider: {name: aws}\n",
            "Serverless",
        ),
        // Not plain, or a schedule file with a mistake.
        ("a.yaml", "a: 1\n", ""),
        ("a.yaml", "", ""),
        ("values.yaml", "# nothing\n", ""),
        ("a.yaml", "version: 1\nschedule:\n  e: {}\n", ""),
        ("a.yaml", "- name: x\n  at: 2027-01-01\n", ""),
        ("values.yaml", "schedules:\n  e: {at: now}\n", ""),
        ("a.yaml", "schedules: {}\napiVersion: v1\nkind: Job\n", ""),
        ("a.yaml", "\"schedules\": {}\nservices: {}\n", ""),
        ("a.yaml", "x:\n  apiVersion: v1\n  kind: Job\n", ""),
        ("a.yaml", "apiVersion:v1\nkind:Job\n", ""),
    ] {
        let said = said(file, text);
        assert!(said.contains(expected), "{file} {text}: {said}");
        assert_eq!(
            said.is_empty(),
            expected.is_empty(),
            "{file} {text}: {said}"
        );
    }
}

#[test]
fn what_is_not_as_it_was_written() {
    let vault = "$ANSIBLE_VAULT;1.1;AES256\n3861\n";
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n";
    let sops = "schedules:\n    e:\n        at: ENC[AES256_GCM,data:x,type:str]\nsops:\n    mac: ENC[AES256_GCM,data:x]\n";
    let ruby = "---\n:version: 1\n:schedules:\n  :e:\n    :at: '2027-01-01'\n";
    for (text, expected) in [
        ("\0GITCRYPT\0\u{1}\u{2}", "encrypted by git-crypt"),
        (vault, "encrypted by ansible-vault"),
        (pointer, "a pointer of git LFS"),
        (sops, "encrypted by sops"),
        (ruby, "Ruby symbols"),
        ("sops: {}\nschedules: {}\n", ""),
        ("version: https://example.org\n", ""),
    ] {
        let said = said("a.yaml", text);
        assert!(said.contains(expected), "{text}: {said}");
        assert_eq!(said.is_empty(), expected.is_empty(), "{text}: {said}");
    }
    let at = what("a.yaml", ruby.as_bytes(), &[1]).map(|other| other.line);
    assert_eq!(at, Some(2));
}

/// A template's own text counts where a value or a line begins with it; in a file with `schedules`, only where something is
/// wrong.
#[test]
fn templates_that_are_not_filled_in() {
    let rows: &[(&str, &[usize], Option<usize>)] = &[
        (
            "schedules:\n{{- range .jobs }}\n  {{ .name }}:\n",
            &[2],
            Some(2),
        ),
        ("schedules:\n  e:\n    at: {{ at }}\n", &[3], Some(3)),
        ("schedules:\n  e:\n    at: {{ at }}\n", &[4], Some(3)),
        ("schedules:\n  e:\n    at: '{{ at }}'\n", &[3], Some(3)),
        (
            "schedules:\n  e:\n    at: ${{ inputs.at }}\n",
            &[3],
            Some(3),
        ),
        ("schedules:\n<% jobs.each do |job| %>\n", &[2], Some(2)),
        ("{% for job in jobs %}\na: 1\n", &[1], Some(1)),
        // A mistake elsewhere in a file whose payload holds a template.
        (
            "schedules:\n  e:\n    tiem: x\n    payload: |\n      {{ name }}\n",
            &[3],
            None,
        ),
        (
            "schedules:\n  e:\n    payload: {a: '{{ b }}'}\n    at: x\n",
            &[4],
            None,
        ),
        ("schedules:\n  e:\n    at: x # {{ at }}\n", &[3], None),
        ("schedules:\n  e:\n    payload: '{{ a }}'\n", &[3], None),
    ];
    for (text, wrong, expected) in rows {
        let found = what("a.yaml", text.as_bytes(), wrong).map(|other| other.line);
        assert_eq!(found, *expected, "{text}");
    }
}

#[test]
fn the_very_line_to_write() {
    for (file, expected) in [
        ("deploy/app.yaml", "/deploy/app.yaml"),
        ("app.yaml", "/app.yaml"),
        ("k/kustomization.yaml", "kustomization.yaml"),
        ("a[1]*.yaml", r"/a\[1]\*.yaml"),
    ] {
        assert_eq!(ignore_line(file), expected);
    }
    let instead = instead_of(
        vec![of_the_whole("x".into(), None); 3],
        "deploy/app.yaml",
        b"apiVersion: v1\nkind: Job\nsecret: hunter2\n",
    );
    let [problem] = &instead[..] else {
        panic!("one error: {instead:?}");
    };
    assert_eq!(
        problem.message,
        "this is a Kubernetes manifest, not a schedule file"
    );
    let hint = "list it in `.oncedignore`: `/deploy/app.yaml`";
    assert_eq!(problem.hint.as_deref(), Some(hint));
    assert_eq!(problem.shown, None);
    let others = vec![of_the_whole("there is no `schedules`".into(), None)];
    assert_eq!(instead_of(others.clone(), "a.yaml", b"a: 1\n"), others);
}
