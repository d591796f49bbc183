//! What onced makes of a schedule file, seen from outside: payloads as exact JSON, and whether changes leave them alone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use onced::source::edit::{File, Refused};
use onced::source::parse::{Defaults, parse};
use onced::source::problem::Problem;

use super::json::Json;

/// The payload of each entry, by its name.
pub(crate) type Payloads = BTreeMap<String, Json>;

/// The payloads that the functions get.
pub(crate) fn payloads(bytes: &[u8]) -> Result<Payloads, Vec<Problem>> {
    let defaults = Defaults::default();
    let entries = catch_unwind(AssertUnwindSafe(|| parse("a.yaml", bytes, &defaults)));
    let entries =
        entries.unwrap_or_else(|_| panic!("a panic at {:?}", String::from_utf8_lossy(bytes)))?;
    let payload = |input: &str| {
        let input = Json::read(input).expect("canonical JSON");
        input.get("payload").expect("a payload").clone()
    };
    let pair = |entry: &onced::model::entry::Entry| {
        (entry.name.as_str().to_owned(), payload(entry.input()))
    };
    Ok(entries.iter().map(pair).collect())
}

/// Whether the spelling of each number has been kept, too, beside its value.
pub(crate) fn is_kept(one: &Json, other: &Json) -> bool {
    one == other
}

/// Whether all of its characters may stand in a YAML text outside of quotes. Some writers don't care.
pub(crate) fn is_printable(yaml: &str) -> bool {
    yaml.chars().all(|c| match c {
        '\t' | '\n' | '\r' | '\u{85}' => true,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => false,
        _ => true,
    })
}

/// The first of these problems in one line.
pub(crate) fn told(problems: &[Problem]) -> String {
    let Problem {
        line,
        column,
        message,
        hint,
        ..
    } = &problems[0];
    let hint = hint
        .as_deref()
        .map_or(String::new(), |hint| format!(" | {hint}"));
    format!("{line}:{column}: {message}{hint}")
}

/// How many changes were refused.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) made: usize,
    pub(crate) refused: usize,
    /// Why, without what differs from file to file, and how often.
    pub(crate) reasons: BTreeMap<String, usize>,
}

impl Changes {
    fn note(&mut self, what: &str, refused: &Refused) {
        let reason = match refused {
            Refused::ByHand { why, hint, .. } => format!("{why} | {hint}"),
            other => format!("{other:?}"),
        };
        let digits = |c: char| c.is_ascii_digit();
        let reason: Vec<&str> = reason.split(digits).collect();
        let reason = format!("{what}: {}", reason.join("N"));
        *self.reasons.entry(reason).or_default() += 1;
    }
}

/// What is asked for, what came of it, and the payloads that it has to have.
type Change<'a> = (&'a str, Result<Vec<u8>, Refused>, &'a Payloads);

/// Formats a good file, and changes, removes and adds an entry: whatever is made leaves all payloads as they are. Gives the
/// faults.
pub(crate) fn change(bytes: &[u8], name: &str, changes: &mut Changes) -> Vec<String> {
    let before = payloads(bytes).expect("a good file");
    let defaults = Defaults::default();
    let file = File {
        name: "a.yaml",
        bytes,
        defaults: &defaults,
    };
    let at = || serde_json::Value::from("2027-06-02T10:00:00Z");
    let mut without = before.clone();
    without.remove(name);
    let mut with = before.clone();
    with.insert("one-more".into(), Json::Object(BTreeMap::new()));
    let fields = [("at", at().into()), ("lambda", "g".into())];
    let mut other = before.clone();
    let payload = r#"{"new": [1, {"a": "b"}]}"#;
    other.insert(name.into(), Json::read(payload).expect("JSON"));
    let payload: serde_json::Value = serde_json::from_str(payload).expect("JSON");
    let others = [("payload", payload.into()), ("grace", "7m".into())];
    let made: [Change<'_>; 5] = [
        ("fmt", file.format(), &before),
        ("set", file.set(name, &[("at", at().into())]), &before),
        ("replace", file.set(name, &others), &other),
        ("insert", file.insert("one-more", &fields), &with),
        ("remove", file.remove(name), &without),
    ];
    let mut faults = Vec::new();
    for (what, made, meant) in made {
        let after = match made {
            Ok(after) => after,
            Err(Refused::Invalid(problems)) => {
                faults.push(format!(
                    "{what}: a good file is called invalid: {}",
                    told(&problems)
                ));
                continue;
            }
            Err(why) => {
                changes.refused += 1;
                changes.note(what, &why);
                continue;
            }
        };
        changes.made += 1;
        let fault = match payloads(&after) {
            Ok(payloads) if payloads == *meant => continue,
            Ok(payloads) => format!("{what}: another payload: {payloads:?}"),
            Err(problems) => format!("{what}: {}", told(&problems)),
        };
        faults.push(format!("{fault}\n{}", String::from_utf8_lossy(&after)));
    }
    faults
}
