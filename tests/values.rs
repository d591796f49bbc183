//! What is written is what is sent: how each form of YAML 1.2 arrives, and what is refused, where, with which words.

use onced::source::parse::{Defaults, parse};
use onced::source::problem::Problem;

fn defaults() -> Defaults {
    Defaults {
        state_machine: Some("arn:aws:states:us-east-1:123456789012:stateMachine:M".into()),
        ..Defaults::default()
    }
}

fn problems(text: &str) -> Vec<Problem> {
    match parse("a.yaml", text.as_bytes(), &defaults()) {
        Ok(entries) => panic!("{text:?} is taken: {}", entries[0].input()),
        Err(problems) => problems,
    }
}

/// The payload of the first entry, as sent.
fn sent(text: &str) -> String {
    let entries = parse("a.yaml", text.as_bytes(), &defaults());
    let entries = entries.unwrap_or_else(|problems| panic!("{text:?}\n{problems:?}"));
    let input = entries[0].input();
    let (_, payload) = input.split_once("\"payload\":").expect("a payload");
    payload.strip_suffix('}').expect("an object").to_owned()
}

const ENTRY: &str = "schedules:\n  e:\n    at: 2027-06-01T07:00:00Z\n    lambda: f\n";

fn payload(payload: &str) -> String {
    format!("{ENTRY}    payload: {payload}\n")
}

#[test]
fn scalars_are_read_by_the_core_schema() {
    for (written, expected) in [
        ("9999999999999.99999", "9999999999999.99999"),
        ("1234567890123456.789", "1234567890123456.789"),
        ("1.0", "1.0"),
        ("1e3", "1e3"),
        ("6.02214076e23", "6.02214076e23"),
        ("-0.0", "-0.0"),
        ("-0", "-0"),
        ("+12", "12"),
        (".5", "0.5"),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        ),
        ("0x1F", "31"),
        ("0o14", "12"),
        ("0xFFFFFFFFFFFFFFFFFF", "4722366482869645213695"),
        ("0b11", "\"0b11\""),
        ("-0x1F", "\"-0x1F\""),
        ("+0o14", "\"+0o14\""),
        ("1_000", "\"1_000\""),
        ("12:30", "\"12:30\""),
        ("yes", "\"yes\""),
        ("2027-01-01", "\"2027-01-01\""),
        ("True", "true"),
        ("FALSE", "false"),
        ("NULL", "null"),
        ("~", "null"),
        ("tRUE", "\"tRUE\""),
        ("\"\\ud83d\\ude80\"", "\"🚀\""),
        ("\"a\\0b\\x7f\"", "\"a\\u0000b\u{7f}\""),
        ("'it''s'", "\"it's\""),
        ("a \u{2028} b", "\"a \u{2028} b\""),
        ("\"a \u{2029} b\"", "\"a \u{2029} b\""),
        ("a\u{85}b", "\"a\u{85}b\""),
        ("!!str 1.0", "\"1.0\""),
        ("! 1.0", "\"1.0\""),
        ("!!int 7", "7"),
        ("!!int \"7\"", "7"),
        ("!!float 1.5", "1.5"),
        ("!!float 1", "1"),
        ("!!bool true", "true"),
        ("!!null null", "null"),
        ("!!seq [1]", "[1]"),
        ("!!map {a: 1}", "{\"a\":1}"),
        ("{1001: 5, -3: 6}", "{\"-3\":6,\"1001\":5}"),
        ("{?foo: bar}", "{\"?foo\":\"bar\"}"),
        ("{\"a\"\n      :b}", "{\"a\":\"b\"}"),
        ("{\"<<\": 1}", "{\"<<\":1}"),
        ("{b: 1, a: [x,\ty]}", "{\"a\":[\"x\",\"y\"],\"b\":1}"),
        ("|\n      a\n       b\n\n", "\"a\\n b\\n\""),
        ("|+\n      a\n", "\"a\\n\\n\""),
        (">-\n      a\n      b\n\n      c\n", "\"a b\\nc\""),
    ] {
        assert_eq!(sent(&payload(written)), expected, "{written:?}");
    }
}

#[test]
fn what_has_no_value_is_refused_with_what_to_write() {
    for (written, message, hint) in [
        (
            "010",
            "leading zeros",
            "write `\"010\"` for the text, or `10` for the number",
        ),
        ("02134", "leading zeros", "`\"02134\"`"),
        (".nan", "no form in JSON", "quotes"),
        ("-.INF", "no form in JSON", "quotes"),
        ("1e400", "larger than programs can read", "quotes"),
        ("\"\\ud83d\"", "half a character", "`\\ud83d\\ude80`"),
        ("\"\\ude80\"", "half a character", "`\\ud83d\\ude80`"),
        ("\"a\u{7}b\"", "a bell (U+0007)", "`\\u0007`"),
        ("\"a\u{7f}b\"", "a delete (U+007F)", "`\\u007f`"),
        (
            "“a”",
            "a left double quotation mark (U+201C)",
            "write `\"` instead",
        ),
        ("\u{a0}a", "a no-break space (U+00A0)", "write spaces"),
        (
            "{128: x, 0x80: y}",
            "the key `0x80`",
            "write `\"0x80\"`, or `128`",
        ),
        ("{true: x}", "the key `true`", "write `\"true\"`"),
        ("{null: x}", "the key `null`", "write `\"null\"`"),
        ("{1.0: x}", "the key `1.0`", "write `\"1.0\"`"),
        ("{007: x}", "leading zeros", "`\"007\"`"),
        ("{1: x, \"1\": y}", "a second time", "keep one"),
        ("{<<: {a: 1}}", "merge keys", "`\"<<\"`"),
        (
            "!vault x",
            "the tag `!vault` is Ansible's",
            "let that program",
        ),
        (
            "!Ref x",
            "the tag `!Ref` is CloudFormation's",
            "let that program",
        ),
        ("!GetAtt x.y", "CloudFormation's", "let that program"),
        ("!secret x", "Home Assistant's", "let that program"),
        ("!!binary aGk=", "`!!binary` is YAML's for bytes", "base64"),
        ("!!python/object:a.B {}", "Python's", "let that program"),
        ("!unheard-of x", "is of another program", "let that program"),
        (
            "!!int x",
            "what has the tag `!!int` is not one",
            "leave the tag out",
        ),
        ("!!map [1]", "does not go with", "that kind"),
        (
            "&a [*a]",
            "stands within what it stands for",
            "write the value out",
        ),
        ("*none", "an anchor that is unknown", "`&name`"),
    ] {
        let text = payload(written);
        let found = problems(&text);
        assert_eq!(found.len(), 1, "{written:?}: {found:?}");
        let told = &found[0];
        assert_eq!(told.line, 5, "{written:?}: {told:?}");
        assert!(told.message.contains(message), "{written:?}: {told:?}");
        assert!(
            told.hint.as_deref().unwrap_or_default().contains(hint),
            "{written:?}: {told:?}"
        );
        assert_eq!(told.shown, None, "{written:?}: {told:?}");
    }
}

#[test]
fn a_character_that_only_looks_like_a_blank_is_named_where_it_stands() {
    let text = format!("{ENTRY}\u{a0}   payload: 1\n");
    let told = &problems(&text)[0];
    assert_eq!((told.line, told.column), (5, 1), "{told:?}");
    assert!(
        told.message.contains("a no-break space (U+00A0)"),
        "{told:?}"
    );
    let text = ENTRY.replace("    at", "   \u{3000}at");
    let told = &problems(&text)[0];
    assert!(told.message.contains("U+3000"), "{told:?}");
}

#[test]
fn bytes_that_are_another_encoding_are_named() {
    let utf_16: Vec<u8> = ENTRY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for bytes in [[&b"\xff\xfe"[..], &utf_16].concat(), utf_16] {
        let told = parse("a.yaml", &bytes, &defaults()).expect_err("no text");
        assert!(told[0].message.contains("UTF-16"), "{told:?}");
        assert_eq!(told[0].hint.as_deref(), Some("save the file as UTF-8 text"));
    }
}

#[test]
fn what_says_nothing_counts_for_nothing() {
    for text in [
        format!("---\n{ENTRY}---\n"),
        format!("---\n---\n{ENTRY}...\n"),
        format!("{ENTRY}---\n# nothing\n...\n---\n"),
        format!("\u{feff}{ENTRY}"),
        format!("%YAML 1.1\n---\n{ENTRY}"),
        format!("%YAML 1.2\n---\n{ENTRY}...\n"),
        ENTRY.replace('\n', "\r\n"),
        ENTRY.trim_end().to_owned(),
    ] {
        assert_eq!(sent(&text), "{}", "{text:?}");
    }
    let told = problems(&format!("---\n{ENTRY}---\nschedules: {{}}\n"));
    assert_eq!(
        (told[0].line, told[0].message.contains("a second")),
        (6, true),
        "{told:?}"
    );
}

#[test]
fn a_file_reads_as_if_its_last_line_had_an_end() {
    for block in ["|", ">", "|-", "|+"] {
        let text = payload(&format!("{block}\n      a\n      b"));
        assert_eq!(sent(&text), sent(text.trim_end()), "{block}");
    }
}

#[test]
fn a_json_file_is_a_schedule_file() {
    let json = r#"{"schedules": {"e": {"at": "2027-06-01T07:00:00Z", "lambda": "f", "payload": {"e": 1E+2, "t": "\u00e9\ud83d\ude80\/", "n": null, "l": [true, false, -0.0, ""]}}}}"#;
    assert_eq!(
        sent(json),
        "{\"e\":1E+2,\"l\":[true,false,-0.0,\"\"],\"n\":null,\"t\":\"é🚀/\"}"
    );
    let key = "k".repeat(5_000);
    let json = format!(
        r#"{{"schedules": {{"e": {{"at": "2027-06-01T07:00:00Z", "lambda": "f", "payload": {{"{key}": 1}}}}}}}}"#
    );
    assert_eq!(sent(&json), format!("{{\"{key}\":1}}"));
}

#[test]
fn names_are_texts_as_they_are_spelled() {
    let names = ["1e5", "10e4", "null", "true", "0x10", "1e3", "2027", "no"];
    let entries = names.map(|name| format!("  {name}: {{at: 2027-06-01T07:00:00Z, lambda: f}}\n"));
    let entries = entries.concat();
    let entries = parse(
        "a.yaml",
        format!("schedules:\n{entries}").as_bytes(),
        &defaults(),
    );
    let entries = entries.expect("good");
    let read: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(read, names);
}

#[test]
fn null_is_as_if_the_key_were_not_there() {
    let text = format!(
        "{ENTRY}    description: null\n    timezone: ~\n    grace:\n    enabled: null\n    state_machine: null\n    input: ~\n"
    );
    assert_eq!(sent(&text), "{}");
    assert_eq!(sent(&payload("null")), "null");
    assert_eq!(sent(&payload("")), "null");
    let told = problems("schedules:\n  e: {at: null, lambda: f}\n");
    assert!(told[0].message.contains("no `at`"), "{told:?}");
}

#[test]
fn defaults_are_merged_key_by_key() {
    let with = |defaults: &str, own: &str| {
        format!(
            "defaults: {{lambda: f, {defaults}}}\nschedules:\n  e: {{at: 2027-06-01T07:00:00Z, {own}}}\n"
        )
    };
    for (defaults, own, expected) in [
        (
            "payload: {a: 1, b: {c: 2}}",
            "payload: {b: {d: 3}}",
            r#"{"a":1,"b":{"d":3}}"#,
        ),
        ("payload: {a: 1}", "", r#"{"a":1}"#),
        ("payload: {a: 1}", "payload: {}", r#"{"a":1}"#),
        ("payload: {a: 1}", "payload: null", "null"),
        ("payload: {a: 1}", "payload: [2]", "[2]"),
        ("payload: {a: 1.10}", "payload: {a: 1.20}", r#"{"a":1.20}"#),
        ("payload: null", "payload: {b: 1}", r#"{"b":1}"#),
    ] {
        assert_eq!(sent(&with(defaults, own)), expected, "{defaults} {own}");
    }
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:Own";
    let text = format!(
        "defaults: {{input: {{a: 1, b: 2}}, payload: {{p: 1}}}}\nschedules:\n  e: {{at: 2027-06-01T07:00:00Z, state_machine: '{machine}', input: {{b: 3}}}}\n"
    );
    let entries = parse("a.yaml", text.as_bytes(), &defaults()).expect("good");
    assert_eq!(
        &**entries[0].input(),
        r#"{"a":1,"b":3,"invocationTime":"2027-06-01T07:00:00Z"}"#
    );
    let told = problems(&with("payload: [1]", ""));
    assert!(told[0].message.contains("is a mapping"), "{told:?}");
    assert_eq!(told.len(), 1);
}

#[test]
fn merge_keys_take_over_what_an_entry_does_not_say() {
    let text = "x-base: &base {lambda: f, grace: 1h, payload: {a: 1}}\nx-more: &more {lambda: g, enabled: false}\nschedules:\n  e:\n    <<: [*base, *more]\n    at: 2027-06-01T07:00:00Z\n    grace: 2h\n";
    let entries = parse("a.yaml", text.as_bytes(), &defaults()).expect("good");
    let entry = &entries[0];
    assert_eq!(entry.lambda.as_deref(), Some("f"));
    assert_eq!((entry.grace.as_secs(), entry.enabled), (7200, false));
    assert_eq!(sent(text), r#"{"a":1}"#);
    let text = "x-base: &base {timezone: Europe/Berlin}\ndefaults:\n  <<: *base\n  lambda: f\nschedules:\n  e: {at: 2027-06-01T07:00:00}\n";
    let entries = parse("a.yaml", text.as_bytes(), &defaults()).expect("good");
    assert_eq!(entries[0].at().to_rfc3339(), "2027-06-01T05:00:00+00:00");
    for (text, message) in [
        (
            "x-a: &a {e: {at: 2027-06-01T07:00:00Z, lambda: f}}\nschedules:\n  <<: *a\n",
            "`<<`",
        ),
        (
            "x-a: &a {schedules: {}}\n<<: *a\nschedules: {}\n",
            "are not read here",
        ),
        (
            "schedules:\n  e: {<<: 1, at: 2027-06-01T07:00:00Z, lambda: f}\n",
            "is a mapping, and this is none",
        ),
        (
            "schedules:\n  e: {<<: {lamda: f}, lambda: g, at: 2027-06-01T07:00:00Z}\n",
            "unknown key `lamda`",
        ),
    ] {
        let told = problems(text);
        assert!(told[0].message.contains(message), "{text}: {told:?}");
    }
}

#[test]
fn a_line_feed_that_a_block_keeps_is_told() {
    let told = problems("schedules:\n  e:\n    at: 2027-06-01T07:00:00Z\n    lambda: >\n      f\n");
    assert!(
        told[0].hint.as_deref().unwrap_or_default().contains(">-"),
        "{told:?}"
    );
}

#[test]
fn fifty_problems_are_told_and_the_others_counted() {
    use std::fmt::Write as _;
    let mut text = "schedules:\n".to_owned();
    for n in 0..500 {
        writeln!(text, "  e{n}: {{at: never, lambda: f}}").expect("written");
    }
    let told = problems(&text);
    assert_eq!(told.len(), 51);
    assert_eq!(told[49].line, 51);
    assert!(told[50].message.contains("450 more"), "{:?}", told[50]);
}

/// Aliases nest what they stand for: a chain of them is as deep as if it were written out.
#[test]
fn what_nests_too_deep_is_refused_written_out_or_by_aliases() {
    let nested =
        |depth: usize, inner: &str| format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth));
    // The entry's own mappings are three.
    assert!(sent(&payload(&nested(61, "1"))).starts_with("[[["));
    let chain = |length: usize| {
        let mut text = "x-0: &a0 [1]\n".to_owned();
        for n in 1..length {
            let inner = nested(20, &format!("*a{}", n - 1));
            text = [text, format!("x-{n}: &a{n} {inner}\n")].concat();
        }
        format!("{text}{}", payload(&format!("*a{}", length - 1)))
    };
    assert!(sent(&chain(3)).ends_with(&"]".repeat(41)));
    for text in [payload(&nested(63, "1")), chain(5)] {
        let told = problems(&text);
        assert!(
            told[0].message.contains("nested more than 64 deep"),
            "{told:?}"
        );
    }
}
