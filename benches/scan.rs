//! What a folder costs: a scan in which nothing changed beside `find`, and a cold `onced plan` of a million entries.
//! `cargo bench --bench scan`; exits with 1 where a bound is missed.

#[path = "common/table.rs"]
mod table;

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use chrono::Utc;
use onced::ledger::{Change, Holder, Ledger};
use onced::model::entry::Entry;
use onced::model::name::Owner;
use onced::model::record::{Phase, Record};
use onced::source::parse::Defaults;
use onced::source::scan::{Scan, Scanner};
use serde_yaml::Value;
use table::{Result, head, row};

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";
/// A scan of unchanged files ÷ `find -printf`.
const RATIO: f64 = 1.5;
/// The time of a cold `onced plan` ÷ that of parsing the files alone.
const COLD: f64 = 1.3;
/// The most memory of a cold `onced plan`, in MiB.
const MEMORY: u64 = 1024;
const OWNER: &str = "bench";

fn defaults() -> Defaults {
    Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    }
}

fn fill(root: &Path, directories: usize, files: usize, entries: usize) -> Result<()> {
    for d in 0..directories {
        let directory = root.join(format!("d{d:04}"));
        fs::create_dir_all(&directory)?;
        for f in 0..files {
            let mut text = "schedules:\n".to_owned();
            for e in 0..entries {
                let at = format!("2027-06-{:02}T{:02}:{:02}:00Z", e % 28 + 1, e % 24, f % 60);
                write!(
                    text,
                    "  e-{d}-{f}-{e}:\n    at: {at}\n    lambda: send-email\n    payload: {{campaign: {e}}}\n"
                )?;
            }
            fs::write(directory.join(format!("f{f:05}.yaml")), text)?;
        }
    }
    Ok(())
}

fn find(root: &Path) -> Result<Duration> {
    let begun = Instant::now();
    let status = Command::new("find")
        .arg(root)
        .args(["-printf", "%i %s %T@\n"])
        .stdout(Stdio::null())
        .status()?;
    let took = begun.elapsed();
    if !status.success() {
        return Err("find failed".into());
    }
    Ok(took)
}

/// Scan and find by turns, so that what else the machine does befalls both.
fn unchanged() -> Result<bool> {
    let root = tempfile::tempdir()?;
    fill(root.path(), 100, 1000, 1)?;
    let mut scanner = Scanner::new(root.path().to_owned(), defaults());
    let begun = Instant::now();
    let first = scanner.scan();
    let cold = begun.elapsed();
    assert_eq!(first.entries.len(), 100_000);
    // Until the files are old enough for their times to be believed.
    std::thread::sleep(Duration::from_secs(4));
    scanner.scan();
    let mut ratios = Vec::new();
    for _ in 0..9 {
        let found = find(root.path())?;
        let begun = Instant::now();
        let again = scanner.scan();
        let took = begun.elapsed();
        assert!(again.entries.len() == 100_000 && again.unclear.is_none());
        ratios.push(took.as_secs_f64() / found.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios[ratios.len() / 2];
    let cold = cold.as_secs_f64() / find(root.path())?.as_secs_f64();
    Ok(row(
        "nothing changed, 100,000 files: scan ÷ `find -printf`",
        &format!("≤ {RATIO}"),
        &format!("{median:.2} (the first scan, each read and parsed: {cold:.1})"),
        median <= RATIO,
    ))
}

/// The most memory that a process had, in MiB. Read while it runs, as it only grows.
fn peak(process: &mut std::process::Child) -> Result<u64> {
    let status = format!("/proc/{}/status", process.id());
    let mut most = 0;
    while process.try_wait()?.is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok());
        most = most.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(most / 1024)
}

/// A ledger in which every entry is recorded as running, as if onced had started them.
async fn record(entries: &Scan, state: &Path) -> Result<()> {
    let owner = Owner::parse(OWNER)?;
    let now = Utc::now();
    let (ledger, _) = Ledger::open(state, Holder::Command)?;
    let entries: Vec<&Arc<Entry>> = entries.entries.values().collect();
    for some in entries.chunks(1_000) {
        let change = |entry: &&Arc<Entry>| {
            let record = Record::starting(&owner, entry, None, now).in_phase(Phase::Running, now);
            Change {
                name: entry.name.clone(),
                event: record.event("new entry", now),
                record: Some(record),
                input: Some(Arc::clone(entry.input())),
            }
        };
        ledger.commit_all(some.iter().map(change).collect()).await?;
    }
    ledger.close().await;
    Ok(())
}

/// How this program is told to parse alone.
const ALONE: &str = "--parse-alone";

/// How long a process of its own takes to parse every file: in this one, whose memory a million entries have been through,
/// it takes half as long again.
fn parsed_alone(directory: &Path) -> Result<Duration> {
    let this = std::env::current_exe()?;
    let told = Command::new(this).arg(ALONE).arg(directory).output()?;
    let seconds = String::from_utf8(told.stdout)?;
    Ok(Duration::from_secs_f64(seconds.trim().parse()?))
}

/// Reads and parses every file, and does nothing else, on two threads.
fn parse_alone(directory: &Path) -> Result<Duration> {
    let files = fs::read_dir(directory)?.map(|file| Ok(file?.path()));
    let files: Vec<PathBuf> = files.collect::<Result<_>>()?;
    let begun = Instant::now();
    thread::scope(|scope| {
        for some in files.chunks(files.len().div_ceil(2)) {
            scope.spawn(move || {
                for file in some {
                    let text = fs::read_to_string(file).expect("a file that was written");
                    let value: Value = serde_yaml::from_str(&text).expect("YAML");
                    black_box(value);
                }
            });
        }
    });
    Ok(begun.elapsed())
}

/// A plan of a million entries by a process that begins with nothing in memory, beside parsing their files alone. By
/// turns, so that what else the machine does befalls both.
async fn million() -> Result<bool> {
    let root = tempfile::tempdir()?;
    let (schedules, state) = (root.path().join("schedules"), root.path().join("state"));
    fill(&schedules, 1, 1000, 1000)?;
    {
        let scan = Scanner::new(schedules.clone(), defaults()).scan();
        assert_eq!(scan.entries.len(), 1_000_000);
        record(&scan, &state).await?;
    }
    let plan = || -> Result<(f64, u64)> {
        let alone = parsed_alone(&schedules.join("d0000"))?;
        let begun = Instant::now();
        let mut plan = onced("plan", &schedules, &state)
            .arg("--detailed-exitcode")
            .spawn()?;
        let most = peak(&mut plan)?;
        assert!(plan.wait()?.success(), "there is nothing to do");
        Ok((begun.elapsed().as_secs_f64() / alone.as_secs_f64(), most))
    };
    let (mut most, mut ratios) = (0, Vec::new());
    for _ in 0..5 {
        let (ratio, peak) = plan()?;
        most = peak.max(most);
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios[ratios.len() / 2];
    Ok(row(
        "1,000,000 entries in 1,000 files, all of them in the ledger: a cold `onced plan` ÷ parsing the files alone",
        &format!("≤ {COLD}; ≤ {MEMORY} MiB"),
        &format!("{ratio:.2}; {most} MiB"),
        ratio <= COLD && most <= MEMORY,
    ))
}

fn onced(command: &str, schedules: &Path, state: &Path) -> Command {
    let mut onced = Command::new(env!("CARGO_BIN_EXE_onced"));
    onced.args([command, "--owner", OWNER, "--state-machine", MACHINE, "-q"]);
    onced.arg("--state-directory").arg(state);
    onced.arg("--directory").arg(schedules);
    onced.stdout(Stdio::null());
    onced
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|argument| argument == ALONE) {
        let directory = arguments.next().ok_or("no directory")?;
        let took = parse_alone(Path::new(&directory))?.as_secs_f64();
        writeln!(io::stdout(), "{took}")?;
        return Ok(ExitCode::SUCCESS);
    }
    head("what", "figure");
    let good = [unchanged()?, million().await?];
    Ok(if good.iter().all(|good| *good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
