//! The language of schedule files, row by row: what is refused, where and how; what is the same to onced.

use onced::source::parse::{Defaults, parse};
use proptest::prelude::*;

fn defaults() -> Defaults {
    Defaults {
        state_machine: Some("arn:aws:states:us-east-1:123456789012:stateMachine:M".into()),
        ..Defaults::default()
    }
}

fn entry(fields: &str) -> String {
    let lines: Vec<String> = fields.lines().map(|line| format!("    {line}")).collect();
    format!(
        "schedules:
  e:
{}
",
        lines.join(
            "
"
        )
    )
}

/// The input of the one entry, as sent.
fn input(text: &str) -> String {
    let entries = parse("a.yaml", text.as_bytes(), &defaults())
        .unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
    entries[0].input().to_string()
}

const LAMBDA: &str = "at: 2026-12-01T09:00:00\nlambda: f\n";

#[test]
fn what_is_refused() {
    let with = |more: &str| entry(&format!("{LAMBDA}{more}"));
    let machine = "at: 2026-12-01T09:00:00\nstate_machine: arn:aws:states:us-east-1:123456789012:stateMachine:M\n";
    let rows: Vec<(String, &str, &str)> = vec![
        (String::new(), "1:1", "empty"),
        ("# nothing\n".into(), "1:1", "empty"),
        ("~\n".into(), "1:1", "empty"),
        ("[]\n".into(), "1:1", "is a mapping"),
        ("hello\n".into(), "1:1", "is a mapping"),
        ("version: 1\n".into(), "1:1", "no `schedules`"),
        ("version: 2\nschedules: {}\n".into(), "1:10", "version 1"),
        ("schedules: []\n".into(), "1:12", "not a mapping"),
        ("schedules:\n".into(), "", "not a mapping"),
        (
            "schedule: {}\nschedules: {}\n".into(),
            "1:1",
            "unknown key `schedule`",
        ),
        (
            "schedules: {}\n---\nschedules: {}\n".into(),
            "2:1",
            "one document",
        ),
        (
            "schedules: {}\nschedules: {}\n".into(),
            "2:1",
            "second time; the first is on line 1",
        ),
        (
            "schedules: {}\ndefaults: 5\n".into(),
            "2:11",
            "is a mapping",
        ),
        (
            "schedules: {}\ndefaults: {at: x}\n".into(),
            "2:12",
            "unknown key `at`",
        ),
        (
            "schedules: {}\ndefaults: {timezone: CET}\n".into(),
            "2:22",
            "abbreviation",
        ),
        ("schedules: {\n".into(), "", "not YAML"),
        ("\tschedules: {}\n".into(), "", "not YAML"),
        (
            "<<<<<<< HEAD\nschedules: {}\n".into(),
            "1:1",
            "merge conflict",
        ),
        (
            "schedules:\n  a b: {}\n".into(),
            "2:3",
            "can't be an entry's name",
        ),
        (
            "schedules:\n  a/b: {}\n".into(),
            "2:3",
            "`/` can't be in a name",
        ),
        (
            format!("schedules:\n  {}: {{}}\n", "a".repeat(65)),
            "2:3",
            "it has 65 characters",
        ),
        ("schedules:\n  e: 5\n".into(), "2:6", "is a mapping"),
        ("schedules:\n  e: {}\n".into(), "2:3", "no `at`"),
        (entry("at: 2026-12-01T09:00:00"), "2:3", "nothing to run"),
        (entry("lambda: f"), "2:3", "no `at`"),
        (entry("at: soon\nlambda: f"), "3:9", "not a time"),
        (entry("at: 5\nlambda: f"), "3:9", "is a text"),
        (
            entry("at: 2026-10-25T02:30\ntimezone: Europe/Berlin\nlambda: f"),
            "3:9",
            "occurs twice",
        ),
        (
            entry("at: 2026-03-29T02:30\ntimezone: Europe/Berlin\nlambda: f"),
            "3:9",
            "does not occur",
        ),
        (
            entry("at: 2026-12-01T09:00:00.5Z\nlambda: f"),
            "3:9",
            "fraction",
        ),
        (
            entry("at: 2026-12-01T09:00\ntimezone: Europe/Berln\nlambda: f"),
            "4:15",
            "no time zone",
        ),
        (
            entry("at: 2026-12-01T09:00\nlambda: a b"),
            "4:13",
            "not a function",
        ),
        (
            entry("at: 2026-12-01T09:00\nlambda: 5"),
            "4:13",
            "is a text",
        ),
        (
            entry("at: 2026-12-01T09:00\nstate_machine: M"),
            "4:20",
            "not the ARN",
        ),
        (with("payloud: {}"), "5:5", "unknown key `payloud`"),
        (
            with("state_machine: arn:aws:states:us-east-1:123456789012:stateMachine:M"),
            "2:3",
            "both",
        ),
        (with("input: {}"), "5:12", "`input` does not go"),
        (
            format!("{}    payload: {{}}\n", entry(machine)),
            "5:14",
            "`payload` does not go",
        ),
        (
            format!("{}    input: 5\n", entry(machine)),
            "5:12",
            "`input` is a mapping",
        ),
        (
            format!("{}    input: {{invocationTime: x}}\n", entry(machine)),
            "5:12",
            "already has `invocationTime`",
        ),
        (with("grace: soon"), "5:12", "not a duration"),
        (with("grace: 5"), "5:12", "a duration with its unit"),
        (with("enabled: no"), "5:14", "`true` or `false`"),
        (with("description: 5"), "5:18", "is a text"),
        (with("payload: {a: 1, a: 2}"), "5:21", "second time"),
        (
            with("payload: {1.5: 2}"),
            "5:15",
            "the key `1.5` is a number",
        ),
        (with("payload: {a: .nan}"), "5:18", "no form in JSON"),
        (
            with("payload: {a: 1e400}"),
            "5:18",
            "larger than programs can read",
        ),
        (with("payload: !secret x"), "", "the tag `!secret`"),
        (with("payload: {<<: {a: 1}}"), "5:15", "merge keys"),
        (with("payload: *nowhere"), "", "not YAML"),
        (
            with(&format!("payload: {{a: {}}}", "x".repeat(262_144))),
            "5:14",
            "at most 262144",
        ),
    ];
    for (text, place, fragment) in &rows {
        let problems = parse("a.yaml", text.as_bytes(), &defaults()).expect_err(text);
        let first = &problems[0];
        assert!(first.message.contains(fragment), "{text}\n{first:?}");
        if !place.is_empty() {
            assert_eq!(
                format!("{}:{}", first.line, first.column),
                *place,
                "{text}\n{first:?}"
            );
        }
    }
}

#[test]
fn bytes_that_are_no_text() {
    for (bytes, fragment) in [
        (&b"schedules: {}\n\xff"[..], "not UTF-8 at byte 14"),
        (b"schedules: {}\n\0", "a NUL at byte 14"),
    ] {
        let problems = parse("a.yaml", bytes, &defaults()).unwrap_err();
        assert!(problems[0].message.contains(fragment), "{problems:?}");
        assert_eq!(problems[0].line, 2);
    }
}

#[test]
fn all_problems_are_told_in_line_order() {
    let text =
        "schedules:\n  a: {at: soon, lambda: f}\n  b: {at: later, lambda: f}\n  c: {att: x}\n";
    let lines: Vec<usize> = parse("a.yaml", text.as_bytes(), &defaults())
        .unwrap_err()
        .iter()
        .map(|p| p.line)
        .collect();
    assert_eq!(lines, [2, 3, 4, 4, 4]);
}

#[test]
fn no_payload_is_ever_shown() {
    let canary = "canary-7f3a";
    for payload in [
        format!("payload: {{a: {canary}, a: 2}}"),
        format!("payload:\n  {canary}: .nan"),
        format!("payload: !{canary} x"),
        format!("payload: {{{canary}"),
        format!("payload: {canary}\n: :"),
        format!("at: soon\npayload: {canary}"),
        format!("payload: [*{canary}]"),
        format!("payload: a\n  b {canary} c: d"),
        format!("payload:\n  a: x\n    {canary}\n  1: y"),
        format!("payload:\n  a: |-\n    {canary}\n  1: y"),
        format!("payload: \"x\n  {canary}\"\nat: soon"),
        format!("payloud: {canary}"),
        format!("payloud:\n  a: {canary}\n  a: 1"),
        format!("payload: {{x: {canary}}}\n  bad: indent"),
    ] {
        let problems = parse(
            "a.yaml",
            entry(&format!("lambda: f\n{payload}")).as_bytes(),
            &defaults(),
        )
        .unwrap_err();
        assert!(
            !format!("{problems:?}").contains(canary),
            "{payload}\n{problems:?}"
        );
    }
}

#[test]
fn what_is_sent() {
    let rows = [
        (LAMBDA.to_owned(), r#"{"functionName":"f","invocationTime":"2026-12-01T09:00:00Z","payload":{}}"#),
        (
            format!("{LAMBDA}payload: {{b: [no, on, 0x10, 1_000, ~, 1.5, true, y, 12:30], a: 2026-01-01}}"),
            r#"{"functionName":"f","invocationTime":"2026-12-01T09:00:00Z","payload":{"a":"2026-01-01","b":["no","on",16,"1_000",null,1.5,true,"y","12:30"]}}"#,
        ),
        (
            "at: 2026-12-01 18:00\ntimezone: America/New_York\nstate_machine: arn:aws:states:us-east-1:123456789012:stateMachine:C\ninput: {auction: 42}".to_owned(),
            r#"{"auction":42,"invocationTime":"2026-12-01T23:00:00Z"}"#,
        ),
        (format!("{LAMBDA}payload: null"), r#"{"functionName":"f","invocationTime":"2026-12-01T09:00:00Z","payload":null}"#),
    ];
    for (fields, expected) in rows {
        assert_eq!(input(&entry(&fields)), expected, "{fields}");
    }
}

#[test]
fn what_is_the_same() {
    let plain = entry(&format!("{LAMBDA}payload: {{a: [1, x], b: {{c: x}}}}"));
    let expected = input(&plain);
    for same in [
        plain.replace('\n', "\r\n"),
        format!("\u{feff}{plain}"),
        format!("# comment\n---\nversion: 1\nx-mine: 5\n{plain}"),
        plain.replace("    lambda", "    description: d\n    x-y: z\n    lambda"),
        plain.replace("09:00:00", "10:00:00+01:00"),
        plain.replace(
            "{a: [1, x], b: {c: x}}",
            "{\"b\": {'c': \"x\"}, a: [1, 'x']}",
        ),
        plain.replace(
            "{a: [1, x], b: {c: x}}",
            "\n      b: {c: &x x}\n      a:\n      - 1\n      - *x",
        ),
        plain.replace("    lambda: f\n", "").replace(
            "schedules:",
            "defaults: {lambda: f, timezone: UTC}\nschedules:",
        ),
    ] {
        assert_eq!(input(&same), expected, "{same}");
    }
}

#[test]
fn bombs_are_refused() {
    let deep = format!("schedules: {}", "[".repeat(200_000));
    let mut bomb = "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let row = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb = format!("{bomb}x-{n}: &a{n} [{row}]\n");
    }
    for text in [deep, bomb + "schedules: {}\n"] {
        assert!(parse("a.yaml", text.as_bytes(), &defaults()).is_err());
    }
}

#[test]
fn no_prefix_of_a_file_breaks_it() {
    let text = format!(
        "version: 1\ndefaults: {{timezone: Europe/Berlin}}\n{}",
        entry(&format!("{LAMBDA}payload: {{ä: \"ö\", b: [1, 2]}}"))
    );
    for end in 0..text.len() {
        let _ = parse("a.yaml", &text.as_bytes()[..end], &defaults());
    }
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = parse("a.yaml", &bytes, &defaults());
    }

    #[test]
    fn no_yaml_like_text_breaks_it(text in "(schedules:|  e:|\n| |at|lambda|payload|\\{|\\}|\\[|\\]|&a|\\*a|: |- |\"|'|<<|!t|2026-12-01T09:00:00){0,60}") {
        let _ = parse("a.yaml", text.as_bytes(), &defaults());
    }
}
