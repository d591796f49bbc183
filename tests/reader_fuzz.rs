//! The reader, with inputs that nobody wrote: 20,000 each time, and as many as `ONCED_FUZZ` says by hand, on all cores:
//!
//! ```console
//! $ ONCED_FUZZ=100000000 cargo test --profile simulation --test main -- --nocapture reader_fuzz
//! ```
//!
//! `ONCED_SEED` begins at a seed of before. What it looks for: a panic; a problem outside of the file; a value that is another
//! one once it is written as JSON and read again; a value that serde-saphyr, a second reader of YAML 1.2, or serde_yaml, whose
//! parser is libyaml's, has another one of; a file that means something else after `fmt`. The first input of each kind is shown, made as small as it gets.

mod generate;
mod second;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use fastrand::Rng;
use onced::source::edit::File;
use onced::source::parse::{Defaults, parse};
use onced::source::problem::Problem;

use crate::support::json::Json;
use second::Second;

/// Why serde-saphyr reads nothing where onced reads a value, by what it says. Where it reads one, it is the same.
const SECOND_REFUSES: [(&str, &str); 0] = [];

#[derive(Default)]
struct Counts {
    inputs: AtomicU64,
    accepted: AtomicU64,
    by_libyaml: AtomicU64,
    formatted: AtomicU64,
}

#[derive(Default)]
struct Findings {
    /// By kind: how many, and the first, with its seed.
    faults: BTreeMap<String, (u64, u64, Vec<u8>)>,
    /// By what serde-saphyr says where onced accepts.
    refused: BTreeMap<String, (u64, Vec<u8>)>,
}

type Payloads = Vec<(String, Json)>;

fn payloads(bytes: &[u8], defaults: &Defaults) -> Result<Payloads, Vec<Problem>> {
    let entries = parse("a.yaml", bytes, defaults)?;
    let payload = |input: &str| Json::read(input).and_then(|input| input.get("payload").cloned());
    let pairs = entries.iter().map(|entry| {
        let payload = payload(entry.input()).unwrap_or(Json::Null);
        (entry.name.as_str().to_owned(), payload)
    });
    Ok(pairs.collect())
}

/// serde-saphyr reads numbers that YAML 1.2's core schema has not: in base 2, with a sign before another base, and with
/// underscores between the digits.
fn reads_otherwise(bytes: &[u8]) -> bool {
    let digit_and_line = |pair: &[u8]| pair[0].is_ascii_digit() && pair[1] == b'_';
    if bytes.windows(2).any(digit_and_line) {
        return true;
    }
    let text = String::from_utf8_lossy(bytes);
    ["0b", "-0x", "+0x", "-0o", "+0o"]
        .iter()
        .any(|begins| text.contains(begins))
}

/// What libyaml reads in another way, by YAML 1.1, and onced by YAML 1.2; where one of these stands in a file, it is no judge of
/// it.
fn is_of_yaml_1_1(text: &str) -> bool {
    // Ends of lines, which end comments and fold.
    text.contains(['\u{85}', '\u{2028}', '\u{2029}'])
        // serde_yaml merges nothing by itself.
        || text.contains("<<")
        // A question mark begins a key within brackets, whatever follows it. (A comma may not follow it in YAML 1.2, where it
        // is taken for a text.)
        || text.split('?').skip(1).any(|behind| behind.starts_with(|c: char| !c.is_whitespace()))
}

/// Do both read the same payloads?
fn is_same(read: &Payloads, second: &Second) -> bool {
    read.iter().all(|(name, payload)| {
        let entry = second
            .get("schedules")
            .and_then(|entries| entries.get(name));
        let payload_of = entry.and_then(|entry| entry.get("payload"));
        payload_of.map_or(*payload == Json::Object(BTreeMap::new()), |second| {
            second.is(payload)
        })
    })
}

/// A place outside of the file, whether or not a lone carriage return ends a line: it does in YAML, and not in most editors.
fn outside(bytes: &[u8], problem: &Problem) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let is_out = |text: &str| {
        // A line behind the last line feed, where a file ends too early.
        let line = text.split('\n').nth(problem.line.wrapping_sub(1));
        line.is_none_or(|line| problem.column == 0 || problem.column > line.chars().count() + 1)
    };
    is_out(text) && is_out(&text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// What is wrong: its kind. `None`: nothing.
fn fault(
    bytes: &[u8],
    defaults: &Defaults,
    formats: bool,
    counts: &Counts,
    refused: &mut dyn FnMut(String),
) -> Option<String> {
    let read = catch_unwind(AssertUnwindSafe(|| payloads(bytes, defaults)));
    let Ok(read) = read else {
        return Some("a panic".into());
    };
    let read = match read {
        Ok(read) => read,
        Err(problems) if problems.is_empty() => return Some("refused without a problem".into()),
        Err(problems) => {
            return problems
                .iter()
                .any(|problem| outside(bytes, problem))
                .then(|| "a problem outside of the file".into());
        }
    };
    counts.accepted.fetch_add(1, Ordering::Relaxed);
    for (_, payload) in &read {
        let file = format!(
            r#"{{"schedules":{{"e":{{"at":"2027-06-01T09:00:00Z","lambda":"f","payload":{}}}}}}}"#,
            payload.written()
        );
        match payloads(file.as_bytes(), defaults) {
            Ok(again) if again[0].1 == *payload => {}
            Ok(_) => return Some("another value when it is written as JSON".into()),
            Err(_) => return Some("refused when it is written as JSON".into()),
        }
    }
    match Second::read(bytes) {
        Ok(second) => {
            if !is_same(&read, &second) && !reads_otherwise(bytes) {
                return Some("serde-saphyr has another value".into());
            }
        }
        Err(told) => {
            let kind = told
                .split([':', ',', '"', '`', '\''])
                .next()
                .unwrap_or_default();
            let kind: String = kind.chars().filter(|c| !c.is_ascii_digit()).collect();
            refused(kind);
        }
    }
    if let Ok(third) = Second::by_libyaml(bytes) {
        counts.by_libyaml.fetch_add(1, Ordering::Relaxed);
        let text = String::from_utf8_lossy(bytes);
        if !is_same(&read, &third) && !reads_otherwise(bytes) && !is_of_yaml_1_1(&text) {
            return Some("serde_yaml has another value".into());
        }
    }
    if !formats {
        return None;
    }
    let file = File {
        name: "a.yaml",
        bytes,
        defaults,
    };
    let formatted = catch_unwind(AssertUnwindSafe(|| file.format()));
    let Ok(formatted) = formatted else {
        return Some("a panic of fmt".into());
    };
    if let Ok(formatted) = formatted {
        counts.formatted.fetch_add(1, Ordering::Relaxed);
        if payloads(&formatted, defaults).ok().as_ref() != Some(&read) {
            return Some("another value after fmt".into());
        }
    }
    None
}

/// As small as it gets with the same fault.
fn shrunk(mut bytes: Vec<u8>, kind: &str, defaults: &Defaults) -> Vec<u8> {
    let counts = Counts::default();
    let mut size = bytes.len().max(1);
    while size > 0 {
        let mut at = 0;
        while at < bytes.len() {
            let mut less = bytes.clone();
            less.drain(at..(at + size).min(less.len()));
            if fault(&less, defaults, true, &counts, &mut |_| {}).as_deref() == Some(kind) {
                bytes = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    bytes
}

#[test]
fn what_holds_for_any_input() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().expect("a number"))
    };
    let count = number("ONCED_FUZZ").unwrap_or(20_000);
    let first = number("ONCED_SEED").unwrap_or(0);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    let (counts, findings) = (Counts::default(), Arc::new(Mutex::new(Findings::default())));
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (counts, findings) = (&counts, Arc::clone(&findings));
            scope.spawn(move || {
                let defaults = Defaults::default();
                for seed in (first..first + count).filter(|seed| seed % threads == thread) {
                    let bytes = generate::input(&mut Rng::with_seed(seed));
                    counts.inputs.fetch_add(1, Ordering::Relaxed);
                    let mut refused = |kind: String| {
                        let mut findings = findings.lock().expect("the lock");
                        findings
                            .refused
                            .entry(kind)
                            .or_insert_with(|| (0, bytes.clone()))
                            .0 += 1;
                    };
                    // To format and prove reads a file eight times more: of many inputs, every fourth one.
                    let formats = count <= 20_000 || seed % 4 == 0;
                    if let Some(kind) = fault(&bytes, &defaults, formats, counts, &mut refused) {
                        let mut findings = findings.lock().expect("the lock");
                        findings
                            .faults
                            .entry(kind)
                            .or_insert_with(|| (0, seed, bytes.clone()))
                            .0 += 1;
                    }
                }
            });
        }
    });
    let findings = findings.lock().expect("the lock");
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} inputs from seed {first} in {:.1?}: {} accepted, {} by serde_yaml too, {} formatted",
        of(&counts.inputs),
        begun.elapsed(),
        of(&counts.accepted),
        of(&counts.by_libyaml),
        of(&counts.formatted)
    );
    let defaults = Defaults::default();
    for (kind, (times, seed, bytes)) in &findings.faults {
        let small = shrunk(bytes.clone(), kind, &defaults);
        println!(
            "FAULT, {times} times: {kind}; ONCED_SEED={seed}: {:?}",
            String::from_utf8_lossy(&small)
        );
        if let Ok(read) = payloads(&small, &defaults) {
            println!(
                "  onced: {:?}",
                read.iter()
                    .map(|(_, payload)| payload.written())
                    .collect::<Vec<_>>()
            );
            println!("  serde-saphyr: {:?}", Second::read(&small));
            println!("  serde_yaml: {:?}", Second::by_libyaml(&small));
        }
    }
    let mut unlisted = Vec::new();
    for (kind, (times, bytes)) in &findings.refused {
        let why = SECOND_REFUSES
            .iter()
            .find(|(begins, _)| kind.starts_with(begins));
        println!(
            "serde-saphyr refuses, {times} times: {kind} ({})",
            why.map_or("not listed", |(_, why)| why)
        );
        if why.is_none() {
            unlisted.push(kind);
            println!("  {:?}", String::from_utf8_lossy(bytes));
        }
    }
    assert!(
        of(&counts.accepted) > count / 20,
        "too few are accepted to say anything"
    );
    assert!(findings.faults.is_empty(), "{:?}", findings.faults.keys());
    assert!(unlisted.is_empty(), "{unlisted:?}");
}
