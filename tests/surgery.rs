//! Changes of a schedule file's text, on files of every form: what was asked for happens, and nothing else does.

use std::collections::BTreeMap;

use onced::model::content::Content;
use onced::model::entry::Entry;
use onced::source::edit::{File, Refused};
use onced::source::parse::{Defaults, parse};
use proptest::prelude::*;
use serde_json::json;

pub(crate) fn defaults() -> Defaults {
    Defaults {
        state_machine: Some("arn:aws:states:us-east-1:123456789012:stateMachine:M".into()),
        ..Defaults::default()
    }
}

pub(crate) fn with<T>(text: &str, work: impl FnOnce(File<'_>) -> T) -> T {
    work(File {
        name: "a.yaml",
        bytes: text.as_bytes(),
        defaults: &defaults(),
    })
}

pub(crate) fn string(bytes: Result<Vec<u8>, Refused>) -> Result<String, Refused> {
    bytes.map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
}

fn remove(text: &str, name: &str) -> Result<String, Refused> {
    string(with(text, |file| file.remove(name)))
}

pub(crate) fn set(
    text: &str,
    name: &str,
    key: &'static str,
    value: serde_json::Value,
) -> Result<String, Refused> {
    string(with(text, |file| file.set(name, &[(key, value.into())])))
}

pub(crate) fn add(text: &str, name: &str) -> Result<String, Refused> {
    let fields = [
        ("at", "2027-01-01T00:00:00Z".into()),
        ("lambda", "g".into()),
    ];
    string(with(text, |file| file.insert(name, &fields)))
}

pub(crate) fn format(text: &str) -> Result<String, Refused> {
    string(with(text, |file| file.format()))
}

/// The line, from 1, that a person must look at.
pub(crate) fn line(refused: Result<String, Refused>) -> usize {
    match refused {
        Err(Refused::ByHand { line, .. }) => line,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn entries(text: &str) -> BTreeMap<String, Entry> {
    let entries = parse("a.yaml", text.as_bytes(), &defaults());
    let entries = entries.unwrap_or_else(|problems| panic!("{text}\n{problems:?}"));
    let named = |entry: Entry| {
        (
            entry.name.to_string(),
            Entry {
                other: None,
                is_as_before: false,
                marks: onced::model::marks::Marks::NONE,
                in_line: 0,
                ..entry
            },
        )
    };
    entries.into_iter().map(named).collect()
}

const THREE: &str = "\
# of the file
defaults: {timezone: Europe/Berlin}  # of the defaults
schedules:
  # of a
  a:  # behind a
    at: 2026-12-01 09:00   # when
    lambda: f
    # below a

  # apart

  # of b
  # of b, too
  'b':
    at: \"2026-12-02T09:00:00\"
    lambda: f
    payload: |
      # no comment

      text
  # of c
  c: {at: '2026-12-03T09:00:00', lambda: f}
x-own: 1
# at the end
";

#[test]
fn an_entry_goes_with_its_comments() {
    let without_b = THREE.replace(
        &THREE[THREE.find("  # of b").unwrap()..THREE.find("  # of c").unwrap()],
        "",
    );
    assert_eq!(remove(THREE, "b").unwrap(), without_b);
    let without_a = THREE.replace(
        &THREE[THREE.find("  # of a").unwrap()..THREE.find("\n  # apart").unwrap()],
        "",
    );
    assert_eq!(remove(THREE, "a").unwrap(), without_a);
    let last = remove(&remove(&without_b, "a").unwrap(), "c").unwrap();
    assert_eq!(
        last,
        "# of the file\ndefaults: {timezone: Europe/Berlin}  # of the defaults\nschedules: {}\n\n  # apart\n\nx-own: 1\n# at the end\n"
    );
    for (before, name, after) in [
        (
            "schedules: {a: {at: 2026-12-01T09:00:00Z, lambda: f}, b: {at: 2026-12-01T09:00:00Z, lambda: f}}\n",
            "a",
            "schedules: {b: {at: 2026-12-01T09:00:00Z, lambda: f}}\n",
        ),
        (
            "schedules: {a: {at: 2026-12-01T09:00:00Z, lambda: f}, b: {at: 2026-12-01T09:00:00Z, lambda: f}}\n",
            "b",
            "schedules: {a: {at: 2026-12-01T09:00:00Z, lambda: f}}\n",
        ),
        (
            "{schedules: {a: {at: 2026-12-01T09:00:00Z, lambda: f}, }}",
            "a",
            "{schedules: {}}",
        ),
        (
            "schedules:  # all\n  a: {at: 2026-12-01T09:00:00Z, lambda: f}",
            "a",
            "schedules: {}  # all\n",
        ),
        (
            "\u{feff}schedules:\r\n  a: {at: 2026-12-01T09:00:00Z, lambda: f}\r\n\r\n  b: {at: 2026-12-01T09:00:00Z, lambda: f}\r\n",
            "b",
            "\u{feff}schedules:\r\n  a: {at: 2026-12-01T09:00:00Z, lambda: f}\r\n\r\n",
        ),
        (
            "---\nschedules:\n  \u{1f600}-x: &x-a 1\n"
                .replace("\u{1f600}-x", "x-\u{1f600}")
                .as_str(),
            "x-\u{1f600}",
            "---\nschedules: {}\n",
        ),
    ] {
        assert_eq!(remove(before, name).unwrap(), after);
    }
}

#[test]
fn what_can_not_be_known_is_left_to_a_person() {
    let shared = "schedules:\n  a: &x\n    at: 2026-12-01T09:00:00Z\n    lambda: f\n  b: *x\n";
    assert_eq!(line(remove(shared, "a")), 2);
    assert_eq!(
        remove(shared, "b").unwrap(),
        shared.replace("  b: *x\n", "")
    );
    assert_eq!(line(set(shared, "b", "lambda", json!("g"))), 5);
    assert_eq!(line(set(shared, "a", "lambda", json!("g"))), 2);
    let twice =
        "schedules:\n  a: {at: &t 2026-12-01T09:00:00Z, lambda: f}\n  b: {at: *t, lambda: f}\n";
    assert_eq!(
        line(set(twice, "a", "at", json!("2026-12-02T09:00:00Z"))),
        2
    );
    let alias = set(twice, "b", "at", json!("2026-12-02T09:00:00Z")).unwrap();
    assert_eq!(alias, twice.replace("*t", "2026-12-02T09:00:00Z"));
    let brackets = "schedules: {\n  a: {at: 2026-12-01T09:00:00Z, lambda: f}, # whose?\n  b: {at: 2026-12-01T09:00:00Z, lambda: f}}\n";
    assert_eq!(line(remove(brackets, "a")), 2);
    let question = "schedules:\n  ? a\n  : {at: 2026-12-01T09:00:00Z, lambda: f}\n";
    assert_eq!(line(remove(question, "a")), 2);
    assert_eq!(line(remove("\u{feff}\u{feff}schedules: {}\n", "a")), 1);
    let mixed = "schedules:\r\n  a: {at: 2026-12-01T09:00:00Z, lambda: f}\n";
    assert_eq!(line(remove(mixed, "a")), 2);
    let kept = "schedules:\n  a:\n    at: 2026-12-01T09:00:00Z\n    lambda: f\n    payload: |+\n      x\n  b: {at: 2026-12-01T09:00:00Z, lambda: f}\n\n";
    assert_eq!(line(remove(kept, "b")), 5);
    let inner = "schedules:\n  a:\n    at: 2026-12-01T09:00:00Z\n    lambda: f\n    payload:\n      a: 1  # one\n      b: 2\n";
    assert_eq!(line(set(inner, "a", "payload", json!({}))), 6);
    for (text, problems) in [
        ("schedules: [", true),
        ("schedules: {}\n---\nschedules: {}\n", true),
    ] {
        assert_eq!(
            matches!(remove(text, "a"), Err(Refused::Invalid(_))),
            problems
        );
    }
    let bad = set(THREE, "a", "lambda", json!("not a name"));
    assert!(matches!(bad, Err(Refused::WouldBe(_))), "{bad:?}");
}

/// In which line, what is in the way, and what to do.
#[test]
fn each_refusal_names_what_is_in_the_way() {
    const AT: &str = "at: 2026-12-01T09:00:00Z, lambda: f";
    type Change = fn(&str) -> Result<String, Refused>;
    let remove_a: Change = |text| remove(text, "a");
    let set_b: Change = |text| set(text, "b", "grace", json!("1h"));
    let replace_a: Change = |text| set(text, "a", "payload", json!({}));
    let add_c: Change = |text| add(text, "c");
    let entry = |key: &str| format!("schedules:\n  {key} {{{AT}}}\n  b: {{{AT}}}\n");
    let lines = "schedules:\n  a:\n    at: 2026-12-01T09:00:00Z\n    lambda: f\n    payload:";
    let kept = lines.replace("  a:", "  b:") + " |+\n      x\n";
    for (text, change, line, why, hint) in [
        (
            format!("schedules:\n  a: &x {{{AT}}}\n  b: *x\n"),
            set_b,
            3,
            "the entry stands for what is written on line 2 (`*`)",
            "write it out here",
        ),
        (
            format!("schedules:\n  b: &x {{{AT}}}\n  a: *x\n"),
            set_b,
            2,
            "what line 2 gives the name `&x` is used on line 3",
            "write the value out where `*x` stands",
        ),
        (
            format!("schedules:\n  a: &x {{{AT}}}\n  b:\n    <<: *x\n    grace: 1m\n"),
            remove_a,
            2,
            "what line 2 gives the name `&x` is used on line 4",
            "move `&x` there",
        ),
        (
            format!("{lines} {{a: &p [1]}}\n  b: {{{AT}, payload: *p}}\n"),
            replace_a,
            5,
            "what line 5 gives the name `&p` is used on line 6",
            "`*p`",
        ),
        (
            format!("x-all: &s {{a: {{{AT}}}}}\nschedules: *s\n"),
            remove_a,
            2,
            "`schedules` stands for what is written on line 1 (`*`)",
            "change it where it is written",
        ),
        (
            format!("schedules:\n  ? a\n  : {{{AT}}}\n"),
            remove_a,
            2,
            "the entry's name stands behind a question mark",
            "without the question mark",
        ),
        (
            entry("!!str a:"),
            remove_a,
            2,
            "behind a tag",
            "leave the tag out",
        ),
        (
            entry("&n a:"),
            remove_a,
            2,
            "behind a name",
            "take the name away",
        ),
        (
            entry("&n a:"),
            add_c,
            2,
            "the first entry stands behind a name",
            "take the name away",
        ),
        (
            format!("{lines}\n      a: 1  # one\n      b: 2\n"),
            replace_a,
            6,
            "this comment stands in what is to be replaced",
            "move it above the entry",
        ),
        (
            format!("schedules: {{\n  a: {{{AT}}}, # whose\n  b: {{{AT}}}}}\n"),
            remove_a,
            2,
            "this comment stands within brackets",
            "move it above `schedules`",
        ),
        (
            format!("{kept}  a: {{{AT}}}\n\n"),
            remove_a,
            5,
            "the entry `b` would change: its text that begins here keeps the blank lines behind it (`+`)",
            "in double quotes",
        ),
        (
            "{schedules: {}}\n".to_owned(),
            add_c,
            1,
            "the `{}` stands where no lines can follow it",
            "on a line of its own",
        ),
        (
            format!("x-own: [1, .nan]\n{}", entry("a:")),
            remove_a,
            1,
            "what stands here has no value",
            "in quotes",
        ),
        (
            format!("schedules:\r\n  a: {{{AT}}}\n"),
            remove_a,
            2,
            "some lines end with a carriage return",
            "onced fmt",
        ),
    ] {
        let Err(Refused::ByHand {
            line: at,
            why: is,
            hint: todo,
        }) = change(&text)
        else {
            panic!("{text}\n{:?}", change(&text));
        };
        let named = is.contains(why) && todo.contains(hint);
        assert!(at == line && named, "{text}\n{at}: {is} | {todo}");
    }
}

#[test]
fn a_value_takes_the_place_of_another() {
    let rows = [
        (
            "a",
            "at",
            json!("2026-12-05T09:00:00"),
            "2026-12-01 09:00  ",
            "2026-12-05T09:00:00  ",
        ),
        (
            "b",
            "at",
            json!("2026-12-05T09:00:00"),
            "\"2026-12-02T09:00:00\"",
            "\"2026-12-05T09:00:00\"",
        ),
        (
            "c",
            "at",
            json!("2026-12-05T09:00:00"),
            "'2026-12-03T09:00:00'",
            "'2026-12-05T09:00:00'",
        ),
        (
            "c",
            "payload",
            json!({"a": [1]}),
            "lambda: f}",
            "lambda: f, payload: {a: [1]}}",
        ),
        (
            "c",
            "description",
            json!("it's: so"),
            "{at: '",
            "{description: \"it's: so\", at: '",
        ),
        (
            "a",
            "enabled",
            json!(false),
            "    # below a\n",
            "    enabled: false\n    # below a\n",
        ),
        (
            "a",
            "timezone",
            json!("America/New_York"),
            "   # when\n",
            "   # when\n    timezone: America/New_York\n",
        ),
        (
            "b",
            "payload",
            json!("x"),
            "|\n      # no comment\n\n      text\n",
            "x\n",
        ),
        (
            "b",
            "description",
            json!("yes"),
            "    at: \"",
            "    description: \"yes\"\n    at: \"",
        ),
    ];
    for (name, key, value, old, new) in rows {
        assert_eq!(
            set(THREE, name, key, value).unwrap(),
            THREE.replacen(old, new, 1)
        );
    }
    let open = "schedules:\n  a:\n    at: 2026-12-01T09:00:00Z\n    lambda: f";
    let fields = [
        ("grace", "2h".into()),
        ("payload", json!(null).into()),
        ("enabled", true.into()),
    ];
    let set = string(with(open, |file| file.set("a", &fields))).unwrap();
    assert_eq!(
        set,
        format!("{open}\n    payload: null\n    grace: 2h\n    enabled: true")
    );
    assert_eq!(
        add(open, "b").unwrap(),
        format!("{open}\n  b:\n    at: 2027-01-01T00:00:00Z\n    lambda: g")
    );
}

#[test]
fn an_entry_is_put_behind_the_others() {
    let new = "  new:\n    at: 2027-01-01T00:00:00Z\n    lambda: g\n";
    assert_eq!(
        add(THREE, "new").unwrap(),
        THREE.replace("x-own", &format!("{new}x-own"))
    );
    for (before, after) in [
        ("schedules: {}\n", format!("schedules:\n{new}")),
        (
            "schedules: {} # none\n# end",
            format!("schedules: # none\n{new}# end"),
        ),
        ("schedules: {}", format!("schedules:\n{}", new.trim_end())),
        (
            "schedules: {x-a: 1}",
            "schedules: {x-a: 1, new: {at: 2027-01-01T00:00:00Z, lambda: g}}".into(),
        ),
        (
            "schedules:\n    x-a:\n       b: 1\n",
            format!(
                "schedules:\n    x-a:\n       b: 1\n{}",
                "    new:\n       at: 2027-01-01T00:00:00Z\n       lambda: g\n"
            ),
        ),
    ] {
        assert_eq!(add(before, "new").unwrap(), after);
    }
    assert_eq!(line(add("{schedules: {}}\n", "new")), 1);
    let numbers = add("schedules: {}\n", "2026").unwrap();
    assert!(numbers.contains("\"2026\":"), "{numbers}");
}

/// Times of every form get the canonical one, in quotes and without, and the instant stays.
#[test]
fn times_get_their_form() {
    let file = |at: &str| {
        format!(
            "defaults: {{timezone: Europe/Berlin}}\nschedules:\n  a:\n    at: {at} # when\n    lambda: f\n"
        )
    };
    for (was, is) in [
        ("2027-06-01 09:00", "2027-06-01T09:00:00"),
        ("2027-06-01t09:00:00.000", "2027-06-01T09:00:00"),
        ("'2027-06-01T09:00:00.000Z'", "'2027-06-01T09:00:00Z'"),
        ("2027-06-01 09:00:00.000000000 Z", "2027-06-01T09:00:00Z"),
        ("2027-06-01t09:00:00z", "2027-06-01T09:00:00Z"),
        ("2027-06-01 09:00:00 -00:00", "2027-06-01T09:00:00Z"),
        ("2027-06-01 09:00:00+00:00", "2027-06-01T09:00:00+00:00"),
        (
            "\"2027-06-01 09:00:00 +0200\"",
            "\"2027-06-01T09:00:00+02:00\"",
        ),
        ("2027-06-01 09:00:00,000-05", "2027-06-01T09:00:00-05:00"),
        ("2027-06-01T09:00:00-0530", "2027-06-01T09:00:00-05:30"),
    ] {
        let (was, is) = (file(was), file(is));
        assert_eq!(format(&was).unwrap(), is);
        assert_eq!(format(&is).unwrap(), is);
        assert_eq!(entries(&was), entries(&is), "{was}");
    }
}

#[test]
fn a_file_in_its_form() {
    let before = "\u{feff}# head  \r
\r
\r
defaults:   {timezone: Europe/Berlin,\r
    grace: 5m}\r
schedules:\r
      # of a\r
      a:\r
         # of at\r
         at:    2026-12-01 09:00   # when\t\r
         lambda: f\r
         payload:\r
         - one  # 1\r
         -    x: 1\r
              y:\r
               - - a\r
                 -   b\r
         # in the list\r
         - |\r
               # text  \r
\r
\r
             more\r
\r
\r
           # farther in\r
\r
      # of b\r
      b:\r
        lambda: f\r
        description: >-\r
          many\r
          lines\r
        at: '2026-12-01 09:00+02:00'\r
  # in between\r
\r
# at the end\r
\r";
    let before = before.replace("               # text  \r", "             # text  \r");
    let after = "# head

defaults: {timezone: Europe/Berlin,
    grace: 5m}
schedules:
  # of a
  a:
    # of at
    at: 2026-12-01T09:00:00   # when
    lambda: f
    payload:
      - one  # 1
      - x: 1
        y:
          - - a
            - b
      # in the list
      - |
          # text  


          more

      # farther in

  # of b
  b:
    lambda: f
    description: >-
      many
      lines
    at: '2026-12-01T09:00:00+02:00'
  # in between

# at the end
";
    let before = format!("{before}\n");
    let formatted = format(&before).unwrap();
    assert_eq!(formatted, after);
    assert_eq!(format(after).unwrap(), after);
    for good in [
        THREE.replace(" 09:00 ", "T09:00:00 ").as_str(),
        "schedules: {}\n",
    ] {
        assert_eq!(format(good).unwrap(), good);
    }
    // Keys that can't be moved safely stay where they are.
    let question = "schedules:\n   ? a\n   :   {at: 2026-12-01T09:00:00Z, lambda: f}  \n\n\n";
    assert_eq!(
        format(question).unwrap(),
        question.replace("  \n\n\n", "\n")
    );
}

/// Comments, each with a number of its own; blank lines.
fn filling(indent: usize) -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => Just(String::new()),
        2 => Just("\n".to_owned()),
        1 => Just("  \n".to_owned()),
        3 => (0..3usize).prop_map(move |more| format!("{}# C\n", " ".repeat(indent + more))),
        1 => (0..=indent).prop_map(|less| format!("{}# C: x\n", " ".repeat(less))),
    ];
    prop::collection::vec(line, 0..3).prop_map(|lines| lines.concat())
}

fn behind() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just(""), 1 => Just(" # C"), 1 => Just("\t# C 'x"), 1 => Just("  ")]
}

/// A payload behind its key, at this indent of the key.
fn payload(indent: usize) -> BoxedStrategy<String> {
    let pad = move |more: usize| " ".repeat(indent + more);
    prop_oneof![
        Just(" 1\n".to_owned()),
        Just(" {a: [1, '#x', \"# y\"]}\n".to_owned()),
        Just(format!(
            " {{a: 1, # C\n{}b: [2,\n\n{}3]}}\n",
            pad(2),
            pad(1)
        )),
        (
            1..4usize,
            prop_oneof![
                Just("|"),
                Just("|-"),
                Just("|+"),
                Just(">"),
                Just(">-"),
                Just(">+")
            ]
        )
            .prop_map(move |(more, style)| format!(
                " {style} # C\n{0}# text \n\n{0}  in\n{0}out\n\n",
                pad(more)
            )),
        (1..4usize).prop_map(move |more| format!(" |{more}\n{0}   in\n{0}out\n", pad(more))),
        Just(format!(" 'one\n\n{}two # x\n{}three'\n", pad(3), pad(1))),
        Just(format!(" one\n{}two#x\n", pad(2))),
        (1..4usize, behind()).prop_map(move |(more, end)| format!(
            "{end}\n{0}k: v{end}\n\n{0}l:\n{0} - 1\n{0} -   2\n",
            pad(more)
        )),
        (0..3usize, behind()).prop_map(move |(more, end)| format!(
            "{end}\n{0}- v{end}\n{0}# C\n{0}-  k: 1\n{0}   l: >\n{0}     x\n{0}- - 1\n{0}  - 2\n",
            pad(more)
        )),
        Just(" \u{e9}\u{1f600}\n".to_owned()),
    ]
    .boxed()
}

/// An entry's lines; `N` stands for its name.
fn one(indent: usize) -> impl Strategy<Value = String> {
    let inner = (1..4usize).prop_flat_map(move |more| {
        let inner = indent + more;
        let pad = " ".repeat(inner);
        let at = prop_oneof![
            Just("2026-12-01 09:00"),
            Just("'2026-12-01T09:00:00'"),
            Just("\"2026-12-01 09:00:30Z\"")
        ];
        (
            filling(inner),
            at,
            behind(),
            filling(inner),
            payload(inner),
            any::<bool>(),
            filling(inner),
        )
            .prop_map(move |(first, at, end, second, payload, late, last)| {
                let lambda = format!("{pad}lambda:  f\n");
                let payload = format!("{pad}payload:{payload}");
                let rest = if late {
                    payload + &lambda
                } else {
                    lambda + &payload
                };
                format!("{end}\n{first}{pad}at: {at}{end}\n{second}{rest}{last}")
            })
    });
    let flow = prop_oneof![
        Just(" {at: 2026-12-01T09:00:00, lambda: f, payload: {x: y}}\n".to_owned()),
        Just(format!(
            " {{at: 2026-12-01T09:00:00,\n{} lambda: f}} # C\n",
            " ".repeat(indent + 1)
        )),
    ];
    let name = prop_oneof![3 => Just("N"), 1 => Just("'N'"), 1 => Just("\"N\"")];
    (name, prop_oneof![4 => inner.boxed(), 1 => flow.boxed()])
        .prop_map(move |(name, rest)| format!("{}{name}:{rest}", " ".repeat(indent)))
}

/// A good file, and how many entries it has: `e0`, `e1` and so on.
pub(crate) fn file() -> impl Strategy<Value = (String, usize)> {
    let body = (1..5usize, 1..5usize).prop_flat_map(|(indent, count)| {
        let entry = (filling(indent), one(indent));
        (prop::collection::vec(entry, count), filling(indent))
    });
    let ends = (
        behind(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    (filling(0), body, ends, filling(0))
        .prop_map(
            |(head, (entries, tail), (end, own, open, returns, mark), foot)| {
                let count = entries.len();
                let mut text = format!("{head}schedules:{end}\n");
                for (n, (before, entry)) in entries.into_iter().enumerate() {
                    text += &before;
                    text += &entry.replacen('N', &format!("e{n}"), 1);
                }
                text += &tail;
                if own {
                    text += "x-own:\n- 1\n-   b: c\n";
                }
                text += &foot;
                // Each comment has its number.
                let mut numbered = String::new();
                for (n, part) in text.split("# C").enumerate() {
                    if n > 0 {
                        numbered.push_str(&["# c", &n.to_string(), "."].concat());
                    }
                    numbered += part;
                }
                if open {
                    numbered.truncate(numbered.trim_end().len());
                }
                if returns {
                    numbered = numbered.replace('\n', "\r\n");
                }
                let mark = if mark { "\u{feff}" } else { "" };
                (format!("{mark}{numbered}"), count)
            },
        )
        .prop_filter("it is good", |(text, _)| {
            parse("a.yaml", text.as_bytes(), &defaults()).is_ok()
        })
}

/// The numbers of the comments.
fn comments(text: &str) -> Vec<&str> {
    let parts = text.split("# c").skip(1);
    parts
        .filter_map(|part| part.split_once('.').map(|(number, _)| number))
        .collect()
}

/// May a change be refused? Blank lines behind a text that ends with `+`, or a text that ends with the file, would
/// belong to another.
fn is_hard(text: &str) -> bool {
    text.contains("|+") || text.contains(">+") || !text.ends_with('\n')
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn without_one_the_others_are_as_they_were((text, count) in file(), n in 0..5usize) {
        let name = format!("e{}", n % count);
        let after = match remove(&text, &name) {
            Ok(after) => after,
            Err(Refused::ByHand { .. }) if is_hard(&text) => return Ok(()),
            Err(refused) => panic!("{refused:?}\n{text}"),
        };
        let mut expected = entries(&text);
        expected.remove(&name);
        prop_assert_eq!(entries(&after), expected);
        // Some whole lines are gone, and nothing else.
        let gone = text.lines().count() - after.lines().count();
        let after_line = |line: &&str| !line.contains("schedules:");
        let (was, is): (Vec<_>, Vec<_>) = (text.lines().filter(after_line).collect(), after.lines().filter(after_line).collect());
        let same = was.iter().zip(&is).take_while(|(a, b)| a == b).count();
        prop_assert_eq!(&was[same + gone..], &is[same..], "{}\n->\n{}", text, after);
        // Its own comments alone are gone.
        let others = comments(&after);
        prop_assert!(comments(&text).iter().filter(|number| others.contains(number)).eq(others.iter()));
    }

    #[test]
    fn a_new_time_is_all_that_changes((text, count) in file(), n in 0..5usize) {
        let name = format!("e{}", n % count);
        let after = set(&text, &name, "at", json!("2027-07-01T10:00:00")).unwrap_or_else(|refused| panic!("{refused:?}\n{text}"));
        let (mut expected, is) = (entries(&text), entries(&after));
        let changed = expected.get_mut(&name).expect("the entry");
        let input = changed.input().replace(&onced::model::entry::instant(changed.at()), "2027-07-01T10:00:00Z");
        let at = "2027-07-01T10:00:00Z".parse().expect("a time");
        changed.content = Content::new(at, changed.state_machine().clone(), input);
        // It is local time now.
        changed.named_zone = is[&name].named_zone;
        changed.is_local = true;
        prop_assert!(changed.zone().is_some());
        prop_assert_eq!(is, expected);
        prop_assert_eq!(comments(&after), comments(&text));
        let differ = text.lines().zip(after.lines()).filter(|(a, b)| a != b).count();
        prop_assert_eq!((differ, text.lines().count()), (1, after.lines().count()));
    }

    #[test]
    fn a_new_key_is_all_that_changes((text, count) in file(), n in 0..5usize, key in 0..3usize) {
        let name = format!("e{}", n % count);
        let (key, value) = [("enabled", json!(false)), ("description", json!("# it's \"so\"")), ("grace", json!("1h"))][key].clone();
        let after = match set(&text, &name, key, value) {
            Ok(after) => after,
            Err(Refused::ByHand { .. }) if is_hard(&text) => return Ok(()),
            Err(refused) => panic!("{refused:?}\n{text}"),
        };
        let mut expected = entries(&text);
        let changed = expected.get_mut(&name).expect("the entry");
        match key {
            "enabled" => changed.enabled = false,
            "grace" => changed.grace = std::time::Duration::from_hours(1),
            _ => changed.description = Some("# it's \"so\"".into()),
        }
        prop_assert_eq!(entries(&after), expected, "{}\n->\n{}", text, after);
        prop_assert_eq!(comments(&after), comments(&text));
        prop_assert!(after.lines().count() <= text.lines().count() + 1);
    }

    #[test]
    fn one_more_leaves_the_others((text, _) in file()) {
        let after = match add(&text, "new") {
            Ok(after) => after,
            Err(Refused::ByHand { .. }) if is_hard(&text) => return Ok(()),
            Err(refused) => panic!("{refused:?}\n{text}"),
        };
        let mut is = entries(&after);
        prop_assert!(is.remove("new").is_some());
        prop_assert_eq!(is, entries(&text));
        let left = string(with(&after, |file| file.remove("new")));
        match left {
            Ok(left) => prop_assert_eq!(left.trim_end(), text.trim_end(), "{}", after),
            Err(refused) => prop_assert!(is_hard(&text), "{:?}", refused),
        }
    }

    #[test]
    fn the_form_says_the_same((text, _) in file()) {
        let after = format(&text).unwrap_or_else(|refused| panic!("{refused:?}\n{text}"));
        prop_assert_eq!(entries(&after), entries(&text));
        prop_assert_eq!(comments(&after), comments(&text));
        prop_assert_eq!(format(&after).expect("good"), after.clone(), "from\n{}", text);
        let plain = !after.contains('\r') && !after.starts_with(['\u{feff}', '\n']);
        prop_assert!(plain, "{}", after);
    }

    /// What people may write besides: a good file that was meddled with, and is still good. No change goes wrong.
    #[test]
    fn whatever_is_written_no_change_goes_wrong((text, count) in file(), n in 0..5usize, meddled in meddling()) {
        let text = meddle(&text, &meddled);
        if parse("a.yaml", text.as_bytes(), &defaults()).is_err() {
            return Ok(());
        }
        let name = format!("e{}", n % count);
        let before = entries(&text);
        let others = |after: &str, but: &str| {
            let mut after = entries(after);
            after.remove(but);
            let mut before = before.clone();
            before.remove(but);
            prop_assert_eq!(after, before, "{}", &text);
            Ok(())
        };
        if before.contains_key(&name) {
            if let Ok(after) = remove(&text, &name) {
                others(&after, &name)?;
                prop_assert!(!entries(&after).contains_key(&name));
            }
            if let Ok(after) = set(&text, &name, "payload", json!({"new": [1]})) {
                others(&after, &name)?;
                let is_new = entries(&after)[&name].input().contains(r#""payload":{"new":[1]}"#);
                prop_assert!(is_new, "{}", text);
            }
            if let Ok(after) = set(&text, &name, "grace", json!("77s")) {
                others(&after, &name)?;
                prop_assert_eq!(entries(&after)[&name].grace.as_secs(), 77);
            }
        }
        if let Ok(after) = add(&text, "new") {
            others(&after, "new")?;
        }
        if let Ok(after) = format(&text) {
            others(&after, "")?;
            prop_assert_eq!(format(&after), Ok(after.clone()), "{}", text);
        }
    }
}

/// Pieces, and where they are put into a text, in thousandths of it; or how many characters are taken out there.
fn meddling() -> impl Strategy<Value = Vec<(usize, &'static str, usize)>> {
    const PIECES: &[&str] = &[
        "",
        " ",
        "\t",
        "\n",
        "\n\n",
        "#",
        " # c",
        "&a ",
        "*a",
        "? ",
        ": ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        "'",
        "\"",
        "\\",
        "|\n",
        ">+\n",
        "|2\n",
        "~",
        "\u{e9}",
        "\u{1f600}",
        "\u{2028}",
        "---\n",
        "...\n",
        "x-a: &b {c: d}\n",
        "x-l: *b\n",
        "  e9: {at: 2026-12-01T09:00:00Z, lambda: f}\n",
        "    x-k: *a\n",
        "%YAML 1.2\n",
        "\r",
        "{a: b, c: }",
        "[a: b]",
        "\u{feff}",
    ];
    let piece = (0..1000usize, prop::sample::select(PIECES), 0..3usize);
    prop::collection::vec(piece, 1..4)
}

fn meddle(text: &str, pieces: &[(usize, &str, usize)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (place, piece, taken) in pieces {
        let at = characters.len() * place / 1000;
        let until = (at + taken).min(characters.len());
        characters.splice(at..until, piece.chars());
    }
    characters.into_iter().collect()
}
