//! Small files that were read wrong once, or easily are: what `onced check` says of each, what is sent, and that changes leave
//! all else alone. The files are in `fixtures/cases/`; `tests/yaml_writers.sh` formats them too.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use onced::model::entry::{Entry, instant};
use onced::source::edit::{File, Refused};
use onced::source::parse::{Defaults, parse};
use serde_json::{Value, json};

use crate::process::onced;
use crate::support::judge::{Changes, change};
use crate::surgery::entries;

const CASES: &str = "tests/fixtures/cases";

/// When each fires, and its payload.
type Sent = [(&'static str, &'static str, &'static str)];
/// Line, column, kind and entries of each note.
type Notes = [(usize, usize, &'static str, &'static [&'static str])];

const AT: &str = "2027-02-28T22:00:00Z";

/// Files that are good. Their notes have the place of what they are about.
const GOOD: [(&str, &Sent, &Notes); 13] = [
    (
        "big-decimals",
        &[(
            "month-end",
            AT,
            r#"{"ceiling":8888888888888.88888,"factor":1.0000000000000000007,"plain":1.0,"total":7654321098765432.125}"#,
        )],
        &[],
    ),
    (
        "powers",
        &[(
            "constants",
            AT,
            r#"{"many":1e24,"parsec":3.0857E+16,"planck":6.62607015e-34}"#,
        )],
        &[(5, 45, "yaml11", &["constants"])],
    ),
    ("document-twice", &[("only", AT, "{}")], &[]),
    (
        "emoji-as-pair",
        &[("party", AT, r#"{"text":"It is live 🎉!","to":["all"]}"#)],
        &[],
    ),
    (
        "odd-line-ends",
        &[(
            "odd",
            AT,
            "{\"four\":\"x\u{2028} y\",\"one\":\"x \u{2028} y\",\"three\":\"x\u{2029}y\",\"two\":\"x\u{85}y\"}",
        )],
        &[(5, 22, "yaml11", &["odd"]), (5, 38, "yaml11", &["odd"])],
    ),
    (
        "names-like-numbers",
        &[("2e7", AT, "{}"), ("20e6", "2027-02-28T23:00:00Z", "{}")],
        &[],
    ),
    (
        "json-as-text",
        &[
            ("quoted", AT, r#""{\"to\": \"all\", \"n\": 3}""#),
            ("lines", AT, r#""[{\"to\": \"all\"},\n 4]""#),
        ],
        &[
            (5, 14, "json-text", &["quoted"]),
            (9, 14, "json-text", &["lines"]),
        ],
    ),
    (
        "another-offset",
        &[("lights-out", "2027-07-01T18:00:00Z", "{}")],
        &[(3, 0, "offset", &["lights-out"])],
    ),
    (
        "names-taken",
        &[
            ("invoice_due-0c9f5f7e-5f0b-4d38-9a53-0d9a2f1f6b11", AT, "{}"),
            (
                "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-0123456789",
                AT,
                "{}",
            ),
            ("release.notes.v10", AT, "{}"),
        ],
        &[],
    ),
    (
        "fractions-taken",
        &[
            ("millis", AT, "{}"),
            ("nanos", AT, "{}"),
            ("offset", AT, "{}"),
        ],
        &[],
    ),
    (
        "offsets-taken",
        &[
            ("no-colon", AT, "{}"),
            ("hours", AT, "{}"),
            ("space", AT, "{}"),
            ("small", AT, "{}"),
        ],
        &[],
    ),
    (
        "rules-of-2026",
        &[
            ("vancouver", "2026-12-15T16:00:00Z", "{}"),
            ("edmonton", "2026-12-15T15:00:00Z", "{}"),
            ("winnipeg", "2026-12-15T14:00:00Z", "{}"),
            ("casablanca", "2026-12-15T09:00:00Z", "{}"),
            ("havana", "2026-12-15T13:00:00Z", "{}"),
            ("chisinau", "2026-12-15T07:00:00Z", "{}"),
        ],
        &[],
    ),
    (
        "payload-words",
        &[
            (
                "one",
                AT,
                r#"{"12:30":9007199254740993,"list":[10,"on","off","12:30"],"yes":1}"#,
            ),
            (
                "two",
                AT,
                r#"{"1001":5,"alias":9007199254740993,"keep":true}"#,
            ),
            ("three", AT, "null"),
        ],
        &[
            (6, 7, "yaml11", &["one"]),
            (7, 18, "yaml11", &["one"]),
            (7, 22, "yaml11", &["one"]),
            (7, 27, "yaml11", &["one"]),
            (8, 7, "yaml11", &["one"]),
            (8, 21, "big-integer", &["one", "two"]),
            (16, 5, "null-payload", &["three"]),
        ],
    ),
];

/// The line of each mistake, and parts of its message and its hint.
type Mistakes = [(u64, &'static str, &'static str)];

const BAD: [(&str, &Mistakes); 8] = [
    (
        "from-eventbridge",
        &[
            (
                2,
                "expression of EventBridge",
                "write `2027-03-01T08:00:00`, with",
            ),
            (
                3,
                "expression of EventBridge",
                "write `2027-03-01T08:00:00Z`",
            ),
            (4, "cron expression", "write `2027-03-01T08:30:00`, with"),
            (5, "onced runs each entry once", "one entry for each time"),
            (6, "`ScheduleExpression`", "write `at: 2027-03-01T08:00:00`"),
            (
                6,
                "`ScheduleExpressionTimezone`",
                "write `timezone: Europe/Rome`",
            ),
        ],
    ),
    (
        "fraction-kept",
        &[(2, "fraction of a second", "write `2027-02-28T22:00:00Z`")],
    ),
    (
        "grace-in-seconds",
        &[(2, "a duration with its unit", "write `10m`")],
    ),
    (
        "key-in-hex",
        &[(5, "the key `0xFF`", "write `\"0xFF\"`, or `255`")],
    ),
    (
        "lone-surrogate",
        &[(5, "`\\ud83c` is half a character", "write both halves")],
    ),
    (
        "names-refused",
        &[
            (2, "it has 65 characters, and a name has 1 to 64", ""),
            (3, "`/` can't be in a name", ""),
        ],
    ),
    (
        "times-of-programs",
        &[
            (2, "in a form that", "write `2027-02-28T22:00:00Z`"),
            (3, "in a form that", "write `2027-02-28T22:00:00Z`"),
            (4, "in a form that", "write `2027-02-28T23:00:00+01:00`"),
            (5, "seconds since 1970", "write `2027-02-28T22:00:00Z`"),
            (6, "seconds since 1970", "write `2027-02-28T22:00:00Z`"),
            (
                7,
                "a date without a time of day",
                "write `2027-02-28T00:00:00`",
            ),
        ],
    ),
    (
        "zones-refused",
        &[
            (2, "is an offset", "write `Etc/GMT-2`"),
            (3, "Windows' name", "write `Europe/Paris`"),
            (4, "Windows' name", "write `America/Los_Angeles`"),
            (5, "old name", "write `Asia/Singapore`"),
            (6, "abbreviation", "write `UTC`"),
            (7, "abbreviation", "write `America/Los_Angeles`"),
            (8, "is empty", "or leave the key out"),
            (9, "no time zone `utc`", "did you mean `UTC`?"),
        ],
    ),
];

fn path(name: &str) -> PathBuf {
    Path::new(CASES).join(format!("{name}.yaml"))
}

fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).expect("a case")
}

fn checked(name: &str) -> Value {
    let mut command = onced(Path::new("/"));
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["check", "--format", "json"]).arg(path(name));
    let output = command.output().expect("onced runs");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    said["files"][0].clone()
}

#[test]
fn every_case_is_judged() {
    let files = std::fs::read_dir(CASES).expect("the cases");
    let names = files.map(|file| {
        let path = file.expect("a file").path();
        path.file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned()
    });
    let judged = GOOD
        .iter()
        .map(|case| case.0)
        .chain(BAD.iter().map(|case| case.0));
    let judged: BTreeSet<String> = judged.map(str::to_owned).collect();
    assert_eq!(names.collect::<BTreeSet<_>>(), judged);
}

#[test]
fn what_is_written_is_what_is_sent() {
    for (name, sent, _) in GOOD {
        let entries = parse("a.yaml", text(name).as_bytes(), &Defaults::default());
        let entries = entries.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        let is: Vec<(String, String, String)> = entries
            .iter()
            .map(|entry| {
                let (_, payload) = entry.input().split_once("\"payload\":").expect("a payload");
                let payload = payload.strip_suffix('}').expect("an object");
                (
                    entry.name.to_string(),
                    instant(entry.at()),
                    payload.to_owned(),
                )
            })
            .collect();
        let owned = |(name, at, payload): &(&str, &str, &str)| {
            ((*name).to_owned(), (*at).to_owned(), (*payload).to_owned())
        };
        assert_eq!(is, sent.iter().map(owned).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn notes_have_the_place_of_what_they_are_about() {
    for (name, _, notes) in GOOD {
        let said = checked(name);
        assert_eq!(said["state"], "ok", "{name}: {said:#}");
        let is: Vec<Value> = said["notes"]
            .as_array()
            .into_iter()
            .flatten()
            // As the years pass, these times will.
            .filter(|note| note["note"] != "past")
            .map(|note| {
                json!([
                    note["line"],
                    note["column"].as_u64().unwrap_or(0),
                    note["note"],
                    note["names"]
                ])
            })
            .collect();
        let expected: Vec<Value> = notes
            .iter()
            .map(|(line, column, kind, names)| json!([line, column, kind, names]))
            .collect();
        assert_eq!(is, expected, "{name}: {said:#}");
    }
}

#[test]
fn each_mistake_has_what_to_write() {
    for (name, mistakes) in BAD {
        let said = checked(name);
        let errors = said["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), mistakes.len(), "{name}: {said:#}");
        for (error, (line, message, hint)) in errors.iter().zip(mistakes) {
            assert_eq!(error["line"], *line, "{name}: {error:#}");
            let has =
                |key: &str, part: &str| error[key].as_str().unwrap_or_default().contains(part);
            assert!(
                has("message", message) && has("hint", hint),
                "{name}: {error:#}"
            );
        }
    }
}

/// All but one entry.
fn others(text: &str, name: &str) -> BTreeMap<String, Entry> {
    let mut entries = entries(text);
    entries.remove(name);
    entries
}

/// Lines that stand before and after alike, from both ends.
fn stays(before: &str, after: &str) -> usize {
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let alike =
        |pairs: &mut dyn Iterator<Item = (&&str, &&str)>| pairs.take_while(|(a, b)| a == b).count();
    let first = alike(&mut before.iter().zip(&after));
    let last = alike(
        &mut before[first..]
            .iter()
            .rev()
            .zip(after[first.min(after.len())..].iter().rev()),
    );
    before.len() - first - last
}

#[test]
fn changes_leave_all_else_alone() {
    for (case, sent, _) in GOOD {
        let text = text(case);
        let defaults = Defaults::default();
        let file = File {
            name: "a.yaml",
            bytes: text.as_bytes(),
            defaults: &defaults,
        };
        let string = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        let mut changes = Changes::default();
        for (name, ..) in sent {
            assert_eq!(
                change(text.as_bytes(), name, &mut changes),
                [""; 0],
                "{case}"
            );
            let after = file.set(name, &[("at", "2027-05-01T10:00:00Z".into())]);
            let after = string(after.unwrap_or_else(|why| panic!("{case}: {name}: {why:?}")));
            assert_eq!(others(&after, name), others(&text, name), "{case}\n{after}");
            assert_eq!(
                instant(entries(&after)[*name].at()),
                "2027-05-01T10:00:00Z",
                "{case}"
            );
            assert_eq!(stays(&text, &after), 1, "{case}: {name}\n{after}");
            match file.remove(name) {
                Ok(after) => {
                    let after = string(after);
                    assert_eq!(entries(&after), others(&text, name), "{case}\n{after}");
                }
                // What it gives a name is used by the next.
                Err(Refused::ByHand { line: 2, why, .. })
                    if (case, *name) == ("payload-words", "one") =>
                {
                    assert!(why.contains("&seven") && why.contains("line 12"), "{why}");
                }
                Err(why) => panic!("{case}: {name}: {why:?}"),
            }
        }
        let formatted = string(
            file.format()
                .unwrap_or_else(|why| panic!("{case}: {why:?}")),
        );
        assert_eq!(
            others(&formatted, ""),
            others(&text, ""),
            "{case}\n{formatted}"
        );
        // The same, and in the place of a payload with a name that is used elsewhere.
        let refused = 2 * usize::from(case == "payload-words");
        assert_eq!(
            (changes.made, changes.refused),
            (5 * sent.len() - refused, refused),
            "{case}"
        );
    }
}

/// The others are counted, and each other kind is told all the same. Machines get all.
#[test]
fn twenty_problems_of_a_kind_are_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("many.yaml");
    let unknown: Vec<String> = (0..30).map(|n| format!("    key{n}: 1\n")).collect();
    let unknown = unknown.concat();
    let text = format!(
        "schedules:\n  a:\n    at: tomorrow\n    lambda: f\n{unknown}  b: {{at: 2027-01-01, lambda: f}}\n"
    );
    std::fs::write(&path, text).expect("written");
    let check = |format: &str| {
        let mut command = onced(directory.path());
        command.args(["check", "--format", format]).arg(&path);
        let output = command.output().expect("onced runs");
        String::from_utf8(output.stdout).expect("a text")
    };
    let told = check("text");
    let count = |part: &str| told.matches(part).count();
    assert_eq!(count("error: unknown key `key"), 20, "{told}");
    assert_eq!(count("and 10 more of this kind in "), 1, "{told}");
    assert_eq!(count("as in line 5: unknown key `key0`"), 1, "{told}");
    assert_eq!(count("`tomorrow` is not a time"), 1, "{told}");
    assert_eq!(count("a date without a time of day"), 1, "{told}");
    let json: Value = serde_json::from_str(&check("json")).expect("JSON");
    assert_eq!(
        json["files"][0]["errors"].as_array().map(Vec::len),
        Some(32)
    );
}
