//! Any JSON value arrives as it was: as a file of JSON, through `add --payload` at a Lambda-compatible endpoint, and through
//! files as other programs write them (`tests/round_trips.sh`, `ONCED_ROUND_TRIPS`).

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use tokio::net::TcpListener;
use tokio::task::block_in_place;

use crate::process::{Running, onced, soon};
use crate::support::json::Json;
use crate::support::judge::{is_printable, payloads, told};

/// Numbers that something rounds, drops or spells anew.
const ODD_NUMBERS: [&str; 18] = [
    "0",
    "-0",
    "-0.0",
    "1.0",
    "1.50",
    "1e3",
    "1E+3",
    "6.02214076e23",
    "1e-7",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890123456789",
    "9999999999999.99999",
    "1234567890123456.789",
    "1.0000000000000000001",
    "2.2250738585072011e-308",
    "1.7976931348623157e308",
];

fn numbers() -> impl Strategy<Value = Json> {
    prop_oneof![
        prop::sample::select(&ODD_NUMBERS[..]).prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,30})?",
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,20})?[eE][-+]?[0-9]{1,2}",
    ]
    .prop_map(Json::Number)
}

/// Of all planes, with much of what parsers stumble over.
pub(crate) fn texts() -> impl Strategy<Value = String> {
    let hard: Vec<char> = "\0\u{1}\t\n\r\u{1b} !\"#%&'*,-.0:<=>?@[\\]`{|}~\u{7f}\u{85}\u{a0}\u{2028}\u{2029}\u{feff}\u{fffe}\u{ffff}\u{1f680}\u{10ffff}"
        .chars()
        .collect();
    let one = prop_oneof![
        4 => prop::sample::select(hard),
        4 => prop::char::range(' ', '~'),
        2 => any::<char>(),
        1 => prop::char::range('\u{1_0000}', '\u{10_ffff}'),
    ];
    prop::collection::vec(one, 0..24).prop_map(|chars| chars.into_iter().collect())
}

pub(crate) fn values() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Boolean),
        numbers(),
        texts().prop_map(Json::Text),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::List),
            prop::collection::btree_map(texts(), inner, 0..6).prop_map(Json::Object),
        ]
    })
}

/// With each character as it is where JSON lets it.
fn unescaped(json: &Json) -> String {
    let quoted = |text: &str| {
        let escape = |c: char| match c {
            '"' | '\\' => format!("\\{c}"),
            '\0'..='\x1f' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        };
        format!("\"{}\"", text.chars().map(escape).collect::<String>())
    };
    match json {
        Json::Text(text) => quoted(text),
        Json::List(items) => {
            let items: Vec<String> = items.iter().map(unescaped).collect();
            format!("[{}]", items.join(", "))
        }
        Json::Object(pairs) => {
            let pair =
                |(key, value): (&String, &Json)| format!("{} :\t{}", quoted(key), unescaped(value));
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            format!("{{\n{}\n}}", pairs.join(",\r\n"))
        }
        json => json.written(),
    }
}

fn file(payload: &str) -> String {
    format!(
        r#"{{"schedules":{{"e":{{"at":"2027-06-01T09:00:00Z","lambda":"f","payload":{payload}}}}}}}"#
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_json_file_is_a_schedule_file(value in values()) {
        for text in [value.written(), unescaped(&value)] {
            let read = payloads(file(&text).as_bytes());
            let read = read.map_err(|problems| TestCaseError::fail(told(&problems)))?;
            prop_assert!(read["e"].means(&value), "{} is not {text}", read["e"].written());
        }
    }
}

/// What is sent has the digits that were written.
#[test]
fn digits_are_kept() {
    for number in ODD_NUMBERS {
        let read = payloads(file(number).as_bytes());
        let read = read.unwrap_or_else(|problems| panic!("{number}: {}", told(&problems)));
        let written = read["e"].written().to_lowercase();
        assert_eq!(
            written.replace('+', ""),
            number.to_lowercase().replace('+', "")
        );
    }
}

/// What `onced add --payload` is given is what a function gets.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_arrives() {
    let seen: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let noted = Arc::clone(&seen);
    let router = axum::Router::new().fallback(move |uri: http::Uri, body: String| {
        let name = uri.path().split('/').nth(3).unwrap_or_default().to_owned();
        noted.lock().expect("the lock").insert(name, body);
        async { "{}" }
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let mut runner = TestRunner::deterministic();
    let random = (0..40).map(|_| values().new_tree(&mut runner).expect("a value").current());
    let odd = ODD_NUMBERS
        .map(|number| Json::Number(number.into()))
        .to_vec();
    let sent: Vec<Json> = [Json::List(odd)].into_iter().chain(random).collect();
    let root = tempfile::tempdir().expect("a directory");
    let [schedules, state] = ["schedules", "state"].map(|name| root.path().join(name));
    fs::create_dir(&schedules).expect("a directory");
    let at = soon(5);
    for (number, value) in sent.iter().enumerate() {
        let name = format!("f{number}");
        let payload = format!("--payload={}", value.written());
        let mut add = onced(root.path());
        add.args(["add", &name, "--at", &at, "--lambda", &name, &payload]);
        add.arg("--directory").arg(&schedules);
        let out = block_in_place(|| add.output().expect("onced"));
        let told = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{payload}: {told}");
    }
    let mut run = onced(root.path());
    run.args(["run", "--sandbox", "--lambda-endpoint", &endpoint]);
    run.arg("--directory")
        .arg(&schedules)
        .arg("--state-directory")
        .arg(&state);
    let _running = Running(run.stderr(Stdio::null()).spawn().expect("onced starts"));
    let begun = Instant::now();
    while seen.lock().expect("the lock").len() < sent.len()
        && begun.elapsed() < Duration::from_mins(1)
    {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let seen = seen.lock().expect("the lock");
    let wrong = sent.iter().enumerate().filter_map(|(number, value)| {
        let got = seen
            .get(&format!("f{number}"))
            .map_or("nothing", String::as_str);
        let same = Json::read(got).is_some_and(|got| got.means(value));
        (!same).then(|| format!("{} arrived as {got}", value.written()))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Values as PyYAML, ruamel.yaml, js-yaml, npm's `yaml` and prettier have just written them.
#[test]
fn values_that_were_written_now() {
    let Some(path) = std::env::var_os("ONCED_ROUND_TRIPS") else {
        eprintln!(
            "SKIPPED: round trips: ONCED_ROUND_TRIPS names no file; see tests/round_trips.sh"
        );
        return;
    };
    let lines = fs::read_to_string(path).expect("lines");
    let mut counts: BTreeMap<String, (usize, Vec<String>, usize)> = BTreeMap::new();
    for line in lines.lines() {
        let line = Json::read(line).expect("JSON");
        let text = |key| line.get(key).and_then(Json::text).expect("a text");
        let count = counts.entry(text("writer").to_owned()).or_default();
        let meant = Json::read(text("meant")).expect("JSON");
        match payloads(text("yaml").as_bytes()) {
            Ok(read) if read["e"].means(&meant) => count.0 += 1,
            Ok(read) => count.1.push(format!(
                "{} is not {}\n{}",
                read["e"].written(),
                text("meant"),
                text("yaml")
            )),
            Err(_) if !is_printable(text("yaml")) => count.2 += 1,
            // A text that begins with what only looks like a blank or a quote, without quotes around it.
            Err(problems) if told(&problems).contains("part of the text") => count.2 += 1,
            Err(problems) => count
                .1
                .push(format!("{}\n{}", told(&problems), text("yaml"))),
        }
    }
    for (writer, (same, wrong, refused)) in &counts {
        let all = same + wrong.len() + refused;
        println!("{writer}: {same} of {all} arrive unchanged, {refused} hold raw what no YAML has");
        for how in wrong.iter().take(3) {
            println!("  {how:.800}");
        }
    }
    assert_eq!(counts.len(), 7, "{:?}", counts.keys());
    for (writer, (same, wrong, _)) in &counts {
        assert!(wrong.is_empty() && *same >= 300, "{writer}: {same}");
    }
}
