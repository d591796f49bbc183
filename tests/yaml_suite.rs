//! yaml-test-suite: each of its documents as a payload, in up to three places of a schedule file. `tests/yaml_suite.sh` makes
//! the files and has them judged here (`ONCED_SUITE`). What is refused, and why, is in `tests/yaml_suite/refused.txt`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::support::json::Json;
use crate::support::judge::{self, Changes, Payloads, change, payloads, told};

#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Equal,
    Refused(String),
    Different(String),
}

/// A line of the index.
struct Case<'a> {
    id: &'a str,
    way: &'a str,
    file: &'a str,
    line: &'a Json,
}

impl Case<'_> {
    fn is(&self, what: &str) -> bool {
        self.line.get(what).is_some()
    }

    /// What the function has to get, or may get in place of an error.
    fn value(&self) -> Option<&Json> {
        self.line.get("expect").or_else(|| self.line.get("suite"))
    }

    fn outcome(&self, read: Result<Payloads, String>, kept: &mut usize) -> Outcome {
        let read = match read {
            Ok(read) => read,
            Err(told) => return Outcome::Refused(told),
        };
        let before = Json::read(r#"{"kept":1.50}"#).expect("JSON");
        let [case, beside] = ["case", "before"].map(|name| read.get(name).expect("an entry"));
        if self.value().is_some_and(|value| value.means(case)) && before.means(beside) {
            *kept += usize::from(
                self.value()
                    .is_some_and(|value| judge::is_kept(value, case)),
            );
            return Outcome::Equal;
        }
        let value = self.value().map_or("no value".into(), Json::written);
        Outcome::Different(format!("{}, which is {value}", case.written()))
    }
}

/// The documents that are not taken, by the list.
fn listed() -> BTreeMap<String, String> {
    let lines = include_str!("yaml_suite/refused.txt").lines();
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let pair = |line: &str| {
        let (id, why) = line.split_once(' ').expect("an id and a reason");
        (id.to_owned(), why.to_owned())
    };
    lines.map(pair).collect()
}

struct Count {
    equal: usize,
    refused: BTreeMap<String, String>,
    different: Vec<String>,
}

#[test]
fn every_document_of_the_suite_is_taken_or_refused() {
    let Some(directory) = std::env::var_os("ONCED_SUITE") else {
        eprintln!(
            "SKIPPED: yaml-test-suite: ONCED_SUITE names no directory; see tests/yaml_suite.sh"
        );
        return;
    };
    let directory = Path::new(&directory);
    let index = fs::read_to_string(directory.join("index.jsonl")).expect("an index");
    let lines: Vec<Json> = index
        .lines()
        .map(|line| Json::read(line).expect("JSON"))
        .collect();
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    let (mut invalid, mut accepted) = (0, Vec::new());
    let (mut kept, mut changes, mut faults) = (0, Changes::default(), Vec::new());
    for line in &lines {
        let text = |key| line.get(key).and_then(Json::text).expect("a text");
        let case = Case {
            id: text("id"),
            way: text("way"),
            file: text("file"),
            line,
        };
        let bytes = fs::read(directory.join(case.file)).expect("a file");
        let read = payloads(&bytes);
        if read.is_ok() {
            let found = change(&bytes, "before", &mut changes).into_iter();
            let found = found.chain(change(&bytes, "case", &mut changes));
            faults.extend(found.map(|fault| format!("{}: {fault}", case.file)));
        }
        let read = read.map_err(|problems| told(&problems));
        if case.is("invalid") {
            invalid += 1;
            if let Ok(read) = read {
                accepted.push(format!("{}: {}", case.file, read["case"].written()));
            }
            continue;
        }
        let outcome = case.outcome(read, &mut kept);
        let count = counts.entry(case.way).or_insert_with(|| Count {
            equal: 0,
            refused: BTreeMap::new(),
            different: Vec::new(),
        });
        match outcome {
            // Beside the 334: as it stands in the suite, with a tag that is not YAML's own.
            Outcome::Refused(_) if case.is("tagged") => {}
            Outcome::Equal => count.equal += 1,
            Outcome::Refused(told) => drop(count.refused.insert(case.id.into(), told)),
            Outcome::Different(how) => count.different.push(format!("{}: {how}", case.file)),
        }
    }

    let listed = listed();
    let (mut unlisted, mut needless) = (Vec::new(), listed.keys().collect::<BTreeSet<_>>());
    for (way, count) in &counts {
        let Count {
            equal,
            refused,
            different,
        } = count;
        println!(
            "{way}: {equal} equal, {} refused, {} different",
            refused.len(),
            different.len()
        );
        for (id, told) in refused {
            println!("  refused: {id}.{way}: {told}");
            let in_this_way = format!("{id}.{way}");
            let found = [id, &in_this_way]
                .into_iter()
                .find(|id| listed.contains_key(*id));
            match found {
                Some(id) => drop(needless.remove(id)),
                None => unlisted.push(in_this_way),
            }
        }
        for how in different {
            println!("  DIFFERENT: {how}");
        }
    }
    println!("{kept} of these with every number as it is spelled");
    println!("{} of {invalid} invalid documents accepted", accepted.len());
    for how in &accepted {
        println!("  accepted: {how}");
    }
    println!(
        "changes: {} made, {} refused, {} wrong",
        changes.made,
        changes.refused,
        faults.len()
    );
    for (reason, count) in &changes.reasons {
        println!("  refused, {count} times: {reason}");
    }
    for fault in &faults {
        println!("  WRONG: {fault}");
    }
    for (id, why) in &listed {
        println!("  listed: {id}: {why}");
    }

    let block = &counts["block"];
    assert_eq!(
        counts["block"].equal + block.refused.len() + block.different.len(),
        334
    );
    let different: Vec<&String> = counts.values().flat_map(|count| &count.different).collect();
    assert!(different.is_empty(), "another value: {different:#?}");
    assert!(
        faults.is_empty(),
        "changes that change payloads: {faults:#?}"
    );
    let general = |reason: &&String| reason.contains("more than what was asked for");
    let general: Vec<&String> = changes.reasons.keys().filter(general).collect();
    assert!(general.is_empty(), "refused without a reason: {general:?}");
    assert!(block.equal >= 303, "{} equal", block.equal);
    assert!(
        unlisted.is_empty(),
        "refused, but not in refused.txt: {unlisted:?}"
    );
    assert!(
        needless.is_empty(),
        "in refused.txt, but taken: {needless:?}"
    );
}
