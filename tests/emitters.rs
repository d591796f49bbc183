//! Hard texts as the writers of other languages write them: `tests/emitters/texts.json`, each as a value and as a key of a
//! payload. What the heavy writers wrote lies in `tests/fixtures/emitters`; `tests/emitters.sh` has the others write, and all
//! of it judged here (`ONCED_EMITTED`).
//!
//! A text arrives as it was, or its file is refused with what to write instead. Two lists in `tests/emitters/` have what is
//! neither, each with its reason: `refused.txt` has good YAML that is refused all the same, `other.txt` what is another value
//! by YAML 1.2 than the one that its writer meant (it writes YAML 1.1, or is at fault).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use onced::source::problem::Problem;

use crate::support::json::Json;
use crate::support::judge::{is_printable, payloads, told};

/// Emitter, place, and the text as JSON.
type Case = (String, String, String);

/// What parsers say, and what helps nobody who writes a schedule file.
const PARSERS_WORDS: [&str; 11] = [
    "did not find expected",
    "could not find expected",
    "while parsing",
    "while scanning",
    "mapping values are not allowed",
    "block mapping",
    "block collection",
    "simple key",
    "unexpected character",
    "unexpected end",
    "invalid character",
];

fn is_remedied(problem: &Problem) -> bool {
    let words = PARSERS_WORDS
        .iter()
        .any(|words| problem.message.contains(words));
    problem.hint.is_some() && !words
}

/// Numbers as JavaScript keeps and writes them: in 64 bits, and no zero has a sign.
fn in_javascript(value: &Json) -> Json {
    match value {
        Json::Number(number) => {
            let number: f64 = number.parse().expect("a number");
            Json::Number(format!("{:e}", if number == 0.0 { 0.0 } else { number }))
        }
        Json::List(items) => Json::List(items.iter().map(in_javascript).collect()),
        Json::Object(pairs) => {
            let pair = |(key, value): (&String, &Json)| (key.clone(), in_javascript(value));
            Json::Object(pairs.iter().map(pair).collect())
        }
        other => other.clone(),
    }
}

/// What has to arrive.
fn meant(place: &str, text: &str) -> Json {
    let of = |text: &str| Json::Text(text.to_owned());
    let object = |pairs: Vec<(&str, Json)>| {
        Json::Object(
            pairs
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    };
    match place {
        "value" => object(vec![("v", of(text)), ("l", Json::List(vec![of(text)]))]),
        "key" => object(vec![(text, object(vec![(text, of("x"))]))]),
        "ids" => object(vec![
            (text, Json::List(vec![of("x")])),
            ("1001", object(vec![("2042", of(text)), ("7", of("x"))])),
        ]),
        other => panic!("no place is called {other}"),
    }
}

#[derive(Default)]
struct Found {
    judged: usize,
    equal: usize,
    /// Refused, as npm's `yaml` has it right: with what is said.
    good_refused: BTreeMap<Case, String>,
    /// Refused, and npm's `yaml` has it wrong or can't read it, or a character stands there that no YAML has.
    faulty_refused: usize,
    other: BTreeMap<Case, String>,
    different: Vec<String>,
    without_remedy: BTreeMap<Case, String>,
}

impl Found {
    fn judge(&mut self, emitter: &str, texts: &[Json], line: &Json) {
        let Some(yaml) = line.get("yaml").and_then(Json::text) else {
            return;
        };
        let Some(Json::Number(number)) = line.get("text") else {
            panic!("no number of a text");
        };
        let text = &texts[number.parse::<usize>().expect("a number")];
        let place = line.get("place").and_then(Json::text).expect("a place");
        let npm = line
            .get("npm")
            .and_then(Json::text)
            .expect("what npm's yaml reads");
        let case = (emitter.to_owned(), place.to_owned(), text.written());
        self.judged += 1;
        let payload = match payloads(yaml.as_bytes()) {
            Ok(read) => read["e"].clone(),
            Err(problems) => {
                let told = told(&problems);
                if !problems.iter().all(is_remedied) {
                    self.without_remedy.insert(case.clone(), told.clone());
                }
                // In the quotes of JSON they may stand, but for controls, which no writer of JSON leaves as they are.
                let may_stand = is_printable(yaml) || emitter.ends_with("json");
                if npm == "equal" && may_stand {
                    self.good_refused.insert(case, told);
                } else {
                    self.faulty_refused += 1;
                }
                return;
            }
        };
        if payload == meant(place, text.text().expect("a text")) {
            self.equal += 1;
        } else if Json::read(npm)
            .is_some_and(|npm| in_javascript(&npm).means(&in_javascript(&payload)))
        {
            self.other.insert(case, payload.written());
        } else {
            let told = format!("{case:?}: {}; npm's yaml: {npm}\n{yaml}", payload.written());
            self.different.push(told);
        }
    }
}

fn content(path: &Path) -> String {
    if path.extension().is_some_and(|extension| extension == "gz") {
        let out = Command::new("gzip")
            .arg("-dc")
            .arg(path)
            .output()
            .expect("gzip");
        return String::from_utf8(out.stdout).expect("a text");
    }
    fs::read_to_string(path).expect("it is read")
}

/// The cases of a list: a text as JSON, a place, emitters, and behind a semicolon why.
fn listed(list: &str, emitters: &BTreeSet<String>) -> BTreeSet<Case> {
    let lines = list
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let cases = lines.flat_map(|line| {
        let (text, rest) = line.rsplit_once("\" ").expect("a text");
        let (words, _) = rest.split_once(';').expect("a reason");
        let (place, names) = words.split_once(' ').expect("a place and emitters");
        let text = Json::read(&format!("{text}\"")).expect("JSON").written();
        let case = move |name: &str| (name.to_owned(), place.to_owned(), text.clone());
        names.split_whitespace().map(case).collect::<Vec<Case>>()
    });
    cases
        .filter(|(emitter, ..)| emitters.contains(emitter))
        .collect()
}

/// `say` gets the report, line by line.
fn judge(directory: &Path, say: &mut dyn FnMut(String)) {
    let texts = Json::read(include_str!("emitters/texts.json")).expect("JSON");
    let Json::List(texts) = &texts else {
        panic!("a list")
    };
    let mut all = Found::default();
    let mut emitters = BTreeSet::new();
    let mut paths: Vec<_> = fs::read_dir(directory)
        .expect("a directory")
        .map(|file| file.expect("a file").path())
        .collect();
    paths.sort();
    for path in paths {
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let emitter = name
            .split_once(".jsonl")
            .expect("a file of lines")
            .0
            .to_owned();
        let content = content(&path);
        let (head, lines) = content.split_once('\n').expect("a head");
        let before = (all.equal, all.judged, all.faulty_refused, all.other.len());
        let good_before = all.good_refused.len();
        for line in lines.lines() {
            all.judge(&emitter, texts, &Json::read(line).expect("JSON"));
        }
        say(format!(
            "{emitter}: of {} {} equal, {} refused, {} refused for a fault, {} other by YAML 1.2 ({head})",
            all.judged - before.1,
            all.equal - before.0,
            all.good_refused.len() - good_before,
            all.faulty_refused - before.2,
            all.other.len() - before.3,
        ));
        emitters.insert(emitter);
    }
    let mut told = |cases: &BTreeMap<Case, String>, what: &str| {
        say(format!("{what}: {}", cases.len()));
        for ((emitter, place, text), told) in cases {
            say(format!("  {emitter} {place} {text:.60}: {told:.200}"));
        }
    };
    told(&all.good_refused, "good, and refused");
    told(&all.other, "another value by YAML 1.2");
    told(
        &all.without_remedy,
        "refused without a remedy, or by a parser's word",
    );
    say(format!("different: {}", all.different.len()));
    for how in &all.different {
        say(format!("  {how}"));
    }

    let exact = |list: &str, found: &BTreeMap<Case, String>, file: &str| {
        let listed = listed(list, &emitters);
        let found: BTreeSet<Case> = found.keys().cloned().collect();
        let unlisted: Vec<&Case> = found.difference(&listed).collect();
        let needless: Vec<&Case> = listed.difference(&found).collect();
        assert!(unlisted.is_empty(), "not in {file}: {unlisted:?}");
        assert!(
            needless.is_empty(),
            "in {file}, but as it should be: {needless:?}"
        );
    };
    assert!(
        all.different.is_empty(),
        "{} are another value",
        all.different.len()
    );
    let kinds: Vec<&str> = include_str!("emitters/refused.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let of_no_kind: Vec<_> = all
        .good_refused
        .iter()
        .filter(|(_, told)| !kinds.iter().any(|kind| told.contains(kind)))
        .collect();
    assert!(
        of_no_kind.is_empty(),
        "of no kind in refused.txt: {of_no_kind:?}"
    );
    exact(include_str!("emitters/other.txt"), &all.other, "other.txt");
    assert!(
        all.without_remedy.is_empty(),
        "{} without a remedy",
        all.without_remedy.len()
    );
}

#[test]
fn texts_of_heavy_writers() {
    judge(Path::new("tests/fixtures/emitters"), &mut |line| {
        println!("{line}");
    });
}

/// What the writers that are installed have just written: `tests/emitters.sh` says where.
#[test]
fn texts_that_were_written_now() {
    let Some(directory) = std::env::var_os("ONCED_EMITTED") else {
        eprintln!("SKIPPED: texts written just now: ONCED_EMITTED names no directory");
        return;
    };
    judge(Path::new(&directory), &mut |line| println!("{line}"));
}
