//! What a folder costs: a scan in which nothing changed beside `find`, and a cold `onced plan` of a million entries.
//! `cargo bench --bench scan`; exits with 1 where a bound is missed.
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use onced::source::parse::Defaults;
use onced::source::scan::Scanner;

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler";
/// A scan of unchanged files ÷ `find -printf`.
const RATIO: f64 = 1.5;
/// The most memory of a cold `onced plan`, in MiB.
const MEMORY: u64 = 2048;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

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
    let defaults = Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    };
    let mut scanner = Scanner::new(root.path().to_owned(), defaults);
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
    println!("| nothing changed, 100,000 files: scan ÷ `find -printf` | ≤ {RATIO} | {median:.2} |");
    println!("| the first scan of them, each read and parsed, ÷ the same | | {cold:.1} |");
    Ok(median <= RATIO)
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

fn million() -> Result<bool> {
    let root = tempfile::tempdir()?;
    let schedules = root.path().join("schedules");
    fill(&schedules, 1, 1000, 1000)?;
    let mut good = true;
    for format in ["text", "json"] {
        let mut plan = Command::new(env!("CARGO_BIN_EXE_onced"))
            .args(["plan", "--owner", "bench", "--state-machine", MACHINE])
            .args(["--format", format, "--state-directory"])
            .arg(root.path().join("state"))
            .arg(&schedules)
            .stdout(Stdio::null())
            .spawn()?;
        let begun = Instant::now();
        let most = peak(&mut plan)?;
        assert!(plan.wait()?.success());
        let took = begun.elapsed().as_secs_f64();
        println!(
            "| 1,000,000 entries in 1,000 files, cold: `onced plan --format {format}` | ≤ {MEMORY} MiB | {most} MiB ({took:.0} s here) |"
        );
        good &= most <= MEMORY;
    }
    Ok(good)
}

fn main() -> Result<ExitCode> {
    println!("| what | bound | figure |\n|---|---|---|");
    let good = [unchanged()?, million()?];
    Ok(if good.iter().all(|good| *good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
