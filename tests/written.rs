//! What `add` and `edit` write: values arrive as they were given, in the form that `prettier` and `yamllint` want, and
//! nothing else changes. `tests/yaml_writers.sh` holds it against those programs.

use onced::source::edit::{EMPTY, File, Refused};
use proptest::prelude::*;
use serde_json::json;

use crate::surgery::{add, defaults, entries, file, format, line, set};

/// The payload that the function gets.
fn payload(text: &str, name: &str) -> serde_json::Value {
    let entries = entries(text);
    let input: serde_json::Value = serde_json::from_str(entries[name].input()).expect("JSON");
    input["payload"].clone()
}

/// A new file with an entry of this payload.
fn fresh(payload: serde_json::Value) -> String {
    let fields = [
        ("at", "2027-01-01T00:00:00Z".into()),
        ("lambda", "g".into()),
        ("payload", payload.into()),
    ];
    let file = File {
        name: "a.yaml",
        bytes: EMPTY,
        defaults: &defaults(),
    };
    let bytes = file.insert("m", &fields).expect("written");
    String::from_utf8(bytes).expect("UTF-8")
}

const HEAD: &str = "schedules:\n  m:\n    at: 2027-01-01T00:00:00Z\n    lambda: g\n";

#[test]
fn a_payload_is_lines_below_its_key() {
    let long = ["word"; 20].join(" ");
    for (value, expected) in [
        (json!({}), " {}"),
        (json!([]), " []"),
        (json!(null), " null"),
        (json!("yes"), " \"yes\""),
        (json!(""), " \"\""),
        (json!("say \"x\": y"), " 'say \"x\": y'"),
        (
            json!({"yes": "no", "1001": [1, "1", {}]}),
            "\n      \"1001\":\n        - 1\n        - \"1\"\n        - {}\n      \"yes\": \"no\"",
        ),
        (
            json!([[1, [2]], {"a": {"b": []}, "c": null}]),
            "\n      - - 1\n        - - 2\n      - a:\n          b: []\n        c: null",
        ),
        (json!("a\nb\n"), " |\n      a\n      b"),
        (
            json!(["a\n\n  b"]),
            "\n      - |-\n        a\n\n          b",
        ),
        (json!("a \nb"), " \"a \\nb\""),
        (json!("a\n\n"), " \"a\\n\\n\""),
        (json!(" a\nb"), " \" a\\nb\""),
        (
            json!("a\u{7f}\u{85}\u{2028}"),
            " \"a\\u007f\\u0085\\u2028\"",
        ),
        (
            json!(long),
            &format!(
                " >-\n      {}\n      {}",
                ["word"; 15].join(" "),
                ["word"; 5].join(" ")
            ),
        ),
        (
            json!(format!("{long}\nx\n")),
            &format!(
                " >\n      {}\n      {}\n\n      x",
                ["word"; 15].join(" "),
                ["word"; 5].join(" ")
            ),
        ),
        (
            json!(format!(" {long}")),
            &format!(
                " \" {} \\\n      {}\"",
                ["word"; 12].join(" "),
                ["word"; 8].join(" ")
            ),
        ),
    ] {
        assert_eq!(
            fresh(value.clone()),
            format!("{HEAD}    payload:{expected}\n")
        );
        assert_eq!(payload(&fresh(value.clone()), "m"), value);
    }
}

#[test]
fn the_steps_are_those_of_the_file() {
    let four = "schedules:\n    a:\n        at: 2027-01-01T00:00:00Z\n        lambda: f\n";
    let after = set(four, "a", "payload", json!({"k": {"l": [1]}})).unwrap();
    let expected =
        "        payload:\n            k:\n                l:\n                    - 1\n";
    assert_eq!(after, format!("{four}{expected}"));
    let flow = "schedules: { a: { at: 2027-01-01T00:00:00Z, lambda: f, payload: } }\n";
    assert_eq!(
        set(flow, "a", "payload", json!({"k": [{}, "a, b"]})).unwrap(),
        flow.replace("payload: ", "payload: { k: [{}, \"a, b\"] } ")
    );
}

#[test]
fn comments_stay_beside_what_is_written_anew() {
    let file = |payload: &str| {
        format!(
            "schedules:\n  a:\n    at: 2027-01-01T00:00:00Z\n    lambda: f\n    payload:{payload}\n    grace: 1h\n"
        )
    };
    for (was, value, is) in [
        (" {a: 1}  # c", json!({"b": 2}), "  # c\n      b: 2"),
        (" 1  # c", json!("x\n"), " |  # c\n      x"),
        (" 1  # c", json!("x"), " x  # c"),
        ("  # c", json!("x"), " x  # c"),
        ("  # c", json!([1]), "  # c\n      - 1"),
        ("  # c\n      a: 1", json!([1]), "  # c\n      - 1"),
        ("  # c\n      a: 1", json!(1), " 1  # c"),
        (
            "\n      # c\n",
            json!("a\nb\n"),
            " \"a\\nb\\n\"\n      # c\n",
        ),
        ("\n    - 1", json!({"b": 2}), "\n      b: 2"),
        (" |\n      text", json!([]), " []"),
        (" !!int 5", json!("x"), " x"),
    ] {
        let after = set(&file(was), "a", "payload", value.clone()).unwrap();
        assert_eq!(after, file(is), "{was}");
        assert_eq!(payload(&after, "a"), value);
    }
}

/// `v:` and `- ` with nothing behind them, as ruamel and Psych write null; blank lines that are part of a text; a last
/// line without its end.
#[test]
fn whatever_stands_last_a_new_entry_or_key_follows() {
    let head = "schedules:\n  a:\n    at: 2027-01-01T00:00:00Z\n    lambda: f\n    payload:";
    for last in [
        "\n",
        "\n      v:\n",
        "\n      - 1\n      -\n",
        "\n      - 1\n      - ",
        "\n      -\n      -  # c\n",
        "\n    - k:\n    -\n",
        "\n      - - 1\n        -\n",
        " !!null\n",
        "\n      v: !!null\n",
        " |+\n      x\n\n\n",
        " |+\n      x\n",
        " |+\n      x",
        " |\n      x",
        " >-\n      x",
        " \"x\"",
        " # c",
        "\n      v:  # c",
    ] {
        for returns in [false, true] {
            let text = format!("{head}{last}");
            let text = if returns {
                format!("\u{feff}{}", text.replace('\n', "\r\n"))
            } else {
                text
            };
            let after = add(&text, "new").unwrap_or_else(|why| panic!("{text:?}: {why:?}"));
            assert!(
                after.starts_with(text.trim_end_matches(['\r', '\n'])),
                "{after:?}"
            );
            let mut are = entries(&after);
            assert!(are.remove("new").is_some());
            assert_eq!(are, entries(&text), "{text:?}\n{after:?}");
            let after = set(&text, "a", "grace", json!("1h"));
            let after = after.unwrap_or_else(|why| panic!("{text:?}: {why:?}"));
            assert_eq!(
                payload(&after, "a"),
                payload(&text, "a"),
                "{text:?}\n{after:?}"
            );
            let value = json!({"a": ["x\ny\n"]});
            match set(&text, "a", "payload", value.clone()) {
                Ok(after) => assert_eq!(payload(&after, "a"), value, "{text:?}\n{after:?}"),
                // A comment stands in what would be replaced.
                refused => assert!(text.contains("# c") && line(refused) >= 5, "{text:?}"),
            }
        }
    }
}

#[test]
fn names_that_look_like_numbers_are_changed_like_others() {
    let text = "schedules:\n  1e5: {at: 2027-06-01T07:00:00Z, lambda: f}\n  10e4: {at: 2027-06-01T08:00:00Z, lambda: f}\n  null: {at: 2027-06-01T08:00:00Z, lambda: f}\n";
    let after = set(text, "10e4", "payload", json!({"a": 1.5})).unwrap();
    assert_eq!(
        after,
        text.replacen(
            "08:00:00Z, lambda: f}",
            "08:00:00Z, lambda: f, payload: {a: 1.5}}",
            1
        )
    );
    let after = set(text, "null", "grace", json!("1d")).unwrap();
    assert!(after.ends_with("lambda: f, grace: 1d}\n"), "{after}");
    let after = add(text, "true").unwrap();
    assert!(after.contains("\n  \"true\":\n"), "{after}");
    for name in [".a", "-x", "_", "010", "1_0"] {
        let after = add(text, name).unwrap();
        let after = set(&after, name, "payload", json!([name])).unwrap();
        assert_eq!(payload(&after, name), json!([name]));
    }
    let after = add(text, "0x10").unwrap();
    assert!(after.contains("\n  \"0x10\":\n"), "{after}");
}

#[test]
fn what_comes_by_a_merge_key_gets_a_key_of_its_own() {
    let text = "x-b: &b {lambda: f, payload: 1}\nschedules:\n  a:\n    <<: *b\n    at: 2027-01-01T00:00:00Z\n  b: {<<: *b, at: 2027-01-01T00:00:00Z}\n";
    let after = set(text, "a", "payload", json!({"k": 2})).unwrap();
    assert_eq!(
        after,
        text.replace("Z\n  b", "Z\n    payload:\n      k: 2\n  b")
    );
    let after = set(text, "b", "payload", json!({"k": 2})).unwrap();
    assert_eq!(after, text.replace("Z}", "Z, payload: {k: 2}}"));
}

/// Where an alias stood in the file, no time got its form, and the file was refused.
#[test]
fn a_file_with_anchors_is_formatted() {
    let text = "x-off: &off {a: 1}\nschedules:\n  a:\n    at:   2027-01-04 00:00Z\n    lambda: f\n    payload: {to: *off}\n";
    let after = format(text).unwrap();
    assert_eq!(after, text.replace("at:   ", "at: "));
    assert_eq!(format(&after).unwrap(), after);
}

/// No text is said to be wrong that onced wrote itself: a refusal names a line of the file.
#[test]
fn what_can_not_be_written_is_refused_with_a_line() {
    let deep = "payload: ".to_owned() + &"[".repeat(60) + &"]".repeat(60);
    let text = format!("schedules:\n  a: {{at: 2027-01-01T00:00:00Z, lambda: f, {deep}}}\n");
    let mut value = json!(1);
    for _ in 0..70 {
        value = json!([value]);
    }
    assert_eq!(line(set(&text, "a", "payload", value)), 2);
}

/// JSON values with texts that are hard to write.
fn json_value() -> impl Strategy<Value = serde_json::Value> {
    const PIECES: &[&str] = &[
        "a",
        "b c",
        " ",
        "  ",
        "\n",
        "\n\n",
        "\t",
        "\r",
        ":",
        ": ",
        " #",
        "#",
        "-",
        "- ",
        "'",
        "\"",
        "\\",
        "?",
        "!",
        "&",
        "*",
        "[",
        "]",
        "{",
        "}",
        ",",
        "|",
        ">",
        "%",
        "@",
        "`",
        "~",
        "=",
        "<<",
        "yes",
        "no",
        "null",
        "0",
        "1_0",
        "0x",
        ".",
        "e",
        "\u{0}",
        "\u{7f}",
        "\u{85}",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "\u{fffe}",
        "\u{1f680}",
        "\u{e9}",
        "word word word ",
        "---",
        "...",
        "0123456789012345678901234567890123456789",
    ];
    let text = prop_oneof![
        4 => prop::collection::vec(prop::sample::select(PIECES), 0..12).prop_map(|pieces| pieces.concat()),
        1 => any::<String>(),
        1 => "[ -~]{0,200}",
        1 => "([a-z]{1,20}[ \n]){0,40}",
    ];
    let leaf = prop_oneof![
        1 => Just(json!(null)),
        1 => any::<bool>().prop_map(|truth| json!(truth)),
        1 => any::<i64>().prop_map(|number| json!(number)),
        1 => any::<u64>().prop_map(|number| json!(number)),
        1 => (-1e15f64..1e15).prop_map(|number| json!(number)),
        6 => text.clone().prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(5, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::Array),
            prop::collection::vec((text.clone(), inner), 0..4)
                .prop_map(|pairs| serde_json::Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn any_value_arrives_as_it_was_given(value in json_value(), flow in any::<bool>()) {
        let text = fresh(value.clone());
        prop_assert_eq!(payload(&text, "m"), value.clone(), "{}", text);
        for line in text.lines() {
            prop_assert!(!line.ends_with([' ', '\t']), "{:?}", text);
        }
        let other = if flow {
            "schedules: {a: {at: 2027-01-01T00:00:00Z, lambda: f}}\n"
        } else {
            "schedules:\n  a:\n    at: 2027-01-01T00:00:00Z\n    payload: 1\n    lambda: f"
        };
        let after = set(other, "a", "payload", value.clone()).expect("written");
        prop_assert_eq!(payload(&after, "a"), value, "{}", after);
    }

    #[test]
    fn a_new_payload_is_all_that_changes((text, count) in file(), n in 0..5usize, value in json_value()) {
        let name = format!("e{}", n % count);
        match set(&text, &name, "payload", value.clone()) {
            Ok(after) => {
                prop_assert_eq!(payload(&after, &name), value, "{}\n->\n{}", text, after);
                let (mut was, mut is) = (entries(&text), entries(&after));
                was.remove(&name);
                is.remove(&name);
                prop_assert_eq!(was, is, "{}\n->\n{}", text, after);
            }
            // Comments stand in some.
            Err(Refused::ByHand { .. }) => prop_assert!(text.contains("# c"), "{}", text),
            Err(refused) => panic!("{refused:?}\n{text}"),
        }
    }
}
