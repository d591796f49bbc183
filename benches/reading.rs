//! What reading schedule files costs on one thread, beside serde_yaml reading them into a `Value`; and what the worst that
//! a file may hold costs, beside a plain one of its size. `cargo bench --bench reading`; exits with 1 where a bound is missed.

#[path = "common/table.rs"]
mod table;

use std::fmt::Write as _;
use std::hint::black_box;
use std::process::{Command, ExitCode};
use std::time::Instant;

use onced::source::parse::{Defaults, parse};
use table::{Result, head, row};

/// Reading into entries ÷ serde_yaml into a `Value`.
const RATIO: f64 = 0.9;
/// Reading the worst ÷ reading as much that is plain.
const WORST: f64 = 3.0;
/// The most memory of a process that reads the worst, in MiB.
const MEMORY: u64 = 200;
/// The most that a file may have.
const SIZE: usize = 8 << 20;
const ROUNDS: usize = 15;

fn defaults() -> Defaults {
    Defaults {
        state_machine: Some("arn:aws:states:us-east-1:123456789012:stateMachine:M".into()),
        ..Defaults::default()
    }
}

fn entries(count: usize, payload: impl Fn(usize) -> String) -> String {
    let mut text = "schedules:\n".to_owned();
    for n in 0..count {
        let at = format!("2027-06-{:02}T{:02}:00:00Z", n % 28 + 1, n % 24);
        let payload = payload(n);
        let _ = write!(
            text,
            "  e-{n}:\n    at: {at}\n    lambda: send-email\n    payload: {payload}\n"
        );
    }
    text
}

fn small() -> String {
    entries(5_000, |n| format!("{{campaign: {n}}}"))
}

/// As a program writes them: mappings and lists in lines.
fn large() -> String {
    entries(5, |_| {
        let mut text = String::new();
        for n in 0..2_500 {
            let _ = write!(
                text,
                "\n      key{n}:\n        name: a customer with a name {n}\n        rate: 12.{n}\n        tags: [a, b, \"c\"]"
            );
        }
        text
    })
}

fn json() -> String {
    let mut text = String::from("{\"schedules\": {");
    for n in 0..4_000 {
        let comma = if n > 0 { "," } else { "" };
        let _ = write!(
            text,
            "{comma}\n  \"e-{n}\": {{\"at\": \"2027-06-01T09:00:00Z\", \"lambda\": \"f\", \"payload\": {{\"n\": {n}, \"text\": \"a line\\n\", \"list\": [1, 2.5, true, null]}}}}"
        );
    }
    text + "}}\n"
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

/// By turns, so that what else the machine does befalls both.
fn alone(what: &str, text: &str) -> bool {
    let defaults = defaults();
    let (mut ratios, mut reading) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let alone = timed(|| {
            black_box(onced::source::yaml::count(text).expect("good"));
        });
        let ours = timed(|| {
            black_box(parse("a.yaml", text.as_bytes(), &defaults).expect("good"));
        });
        let theirs = timed(|| {
            black_box(serde_yaml::from_str::<serde_yaml::Value>(text).expect("good"));
        });
        ratios.push(ours / theirs);
        reading.push(alone / theirs);
    }
    let (ratio, alone) = (median(ratios), median(reading));
    row(
        &format!(
            "{what}: the reader ÷ serde_yaml into a `Value`, one thread (into entries, with all checks)"
        ),
        &format!("≤ {RATIO}"),
        &format!("{alone:.2} ({ratio:.2})"),
        alone <= RATIO,
    )
}

fn filled(begin: &str, part: impl Fn(usize) -> String, end: &str) -> String {
    let mut text = begin.to_owned();
    let mut n = 0;
    while text.len() < SIZE - end.len() - 4096 {
        text += &part(n);
        n += 1;
    }
    text + end
}

const ENTRY: &str = "schedules:\n  e:\n    at: 2027-06-01T07:00:00Z\n    lambda: f\n";

/// What costs most, be it valid or not. Each is just within the limits.
fn worst() -> Vec<(&'static str, String)> {
    let deep = |n: usize| {
        let (open, close) = ("[".repeat(50), "]".repeat(50));
        format!("      - {open}{n}{close}\n")
    };
    let payload = format!("{ENTRY}    payload:\n");
    vec![
        ("nesting at the limit", filled(&payload, deep, "")),
        (
            "long keys",
            filled(
                &payload,
                |n| format!("      {}{n}: 1\n", "k".repeat(4_000)),
                "",
            ),
        ),
        (
            "many anchors",
            filled(
                &payload,
                |n| format!("      - &a{n} x\n      - *a{n}\n"),
                "",
            ),
        ),
        (
            "one text in quotes",
            format!(
                "{ENTRY}    payload: \"{}\"\n",
                "a\\n".repeat(SIZE / 3 - 100)
            ),
        ),
        (
            "one text in lines",
            filled(
                &format!("{ENTRY}    payload: |\n"),
                |n| format!("      line {n} of a text\n"),
                "",
            ),
        ),
        (
            "an error on each line",
            filled(
                "schedules:\n",
                |n| format!("  e{n}: {{at: never, lamda: f}}\n"),
                "",
            ),
        ),
        (
            "unknown keys",
            filled(ENTRY, |n| format!("    unknown{n}: 1\n"), ""),
        ),
        (
            "a key many times",
            filled(&payload, |_| "      k: 1\n".into(), ""),
        ),
        (
            "numbers in hexadecimal",
            filled(
                &payload,
                |n| format!("      - 0x{}{n:x}\n", "f".repeat(4_000)),
                "",
            ),
        ),
        ("comments", filled(ENTRY, |n| format!("# {n}\n"), "")),
    ]
}

/// How this program is told to read one of these, in a process of its own.
const ONE: &str = "--one";

fn plain() -> String {
    let mut text = entries(90_000, |n| format!("{{campaign: {n}}}"));
    text.truncate(SIZE);
    let end = text.rfind("\n  e-").unwrap_or(0);
    text.truncate(end + 1);
    text
}

fn one(which: &str) -> Result<String> {
    let all = worst();
    let found = all
        .into_iter()
        .find(|(what, _)| *what == which)
        .map(|(_, text)| text);
    let text = found.unwrap_or_else(plain);
    let defaults = defaults();
    let took = timed(|| {
        let _ = black_box(parse("a.yaml", text.as_bytes(), &defaults));
    });
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line
        .and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok())
        .unwrap_or(0);
    // The text is there twice: as it was made, and within what makes it.
    Ok(format!("{took} {}", kib / 1024))
}

fn run(which: &str) -> Result<(f64, u64)> {
    let told = Command::new(std::env::current_exe()?)
        .arg(ONE)
        .arg(which)
        .output()?;
    let told = String::from_utf8(told.stdout)?;
    let (took, most) = told.trim().split_once(' ').ok_or("no figures")?;
    Ok((took.parse()?, most.parse()?))
}

fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(ONE) {
        let which = arguments.next().ok_or("which?")?;
        table::say(&one(&which)?);
        return Ok(ExitCode::SUCCESS);
    }
    head("what", "figure");
    let mut good = vec![
        alone("small entries", &small()),
        alone("payloads of 200 KiB", &large()),
        alone("JSON", &json()),
    ];
    for (what, _) in worst() {
        let (mut ratios, mut most) = (Vec::new(), 0);
        for _ in 0..3 {
            let (plain, _) = run("plain")?;
            let (took, peak) = run(what)?;
            ratios.push(took / plain);
            most = most.max(peak);
        }
        let ratio = median(ratios);
        good.push(row(
            &format!("8 MiB of {what}: ÷ 8 MiB of plain entries; the most memory"),
            &format!("≤ {WORST}; ≤ {MEMORY} MiB"),
            &format!("{ratio:.2}; {most} MiB"),
            ratio <= WORST && most <= MEMORY,
        ));
    }
    Ok(if good.iter().all(|good| *good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
