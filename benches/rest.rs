//! What onced costs while nothing is to be done, what a comparison with AWS costs, and how large it is.
//! `cargo bench --bench rest`; exits with 1 where a bound is missed.

mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::time::{Duration, Instant};

use common::table::{Result, head, row};
use common::{UNLIMITED, World};
use tokio::time::sleep;

/// How long it is watched at rest.
const REST: Duration = Duration::from_mins(1);

impl World {
    fn daemon(&self) -> Result<Running> {
        Ok(Running(self.command("run", &[UNLIMITED]).spawn()?))
    }

    async fn scheduled(&self, entries: usize) -> Result<()> {
        let begun = Instant::now();
        while self.sandbox.executions().len() < entries {
            if begun.elapsed() > Duration::from_mins(10) {
                return Err("they are not started".into());
            }
            sleep(Duration::from_secs(1)).await;
        }
        Ok(())
    }
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process has used so far.
struct Used {
    /// Time on a processor, in seconds.
    processor: f64,
    /// How often a thread of ours went to sleep.
    sleeps: u32,
    /// The same of the seven threads that sled keeps for its writes; each of them wakes up once a second.
    sled: u32,
}

fn used(process: u32) -> Result<Used> {
    let tasks = format!("/proc/{process}/task");
    let (mut ticks, mut sleeps, mut sled) = (0, 0, 0);
    for task in fs::read_dir(tasks)? {
        let task = task?.path();
        let stat = fs::read_to_string(task.join("stat"))?;
        let after_name = stat.rsplit(')').next().ok_or("a strange stat")?;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        ticks += fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
        let slept = number(&task.join("status"), "voluntary_ctxt_switches:")?;
        if stat.contains("(sled-io-") {
            sled += slept;
        } else {
            sleeps += slept;
        }
    }
    // The kernel counts in hundredths here, whatever its own clock is.
    Ok(Used {
        processor: f64::from(ticks) / 100.0,
        sleeps,
        sled,
    })
}

fn number(file: &Path, key: &str) -> Result<u32> {
    let text = fs::read_to_string(file)?;
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no such line")?.parse()?)
}

async fn idle() -> Result<bool> {
    let world = World::new().await?;
    world.fill(10_000, 1_000)?;
    let daemon = world.daemon()?;
    world.scheduled(10_000).await?;
    // The first passes are over, and the first full scan.
    sleep(Duration::from_secs(20)).await;
    let process = daemon.0.id();
    let before = used(process)?;
    sleep(REST).await;
    let after = used(process)?;
    let status = format!("/proc/{process}/status");
    let resident = number(Path::new(&status), "VmRSS:")? / 1024;
    let a_second = |number: u32| f64::from(number) / REST.as_secs_f64();
    let share = (after.processor - before.processor) / REST.as_secs_f64() * 100.0;
    let sleeps = a_second(after.sleeps - before.sleeps);
    let sled = a_second(after.sled - before.sled);
    Ok(row(
        "at rest for 60 s, 10,000 entries scheduled",
        "< 0.1 % of a core, < 2 wakeups a second, ≤ 40 MiB",
        &format!(
            "{share:.2} %, {sleeps:.2} a second and {sled:.2} of sled's own threads, {resident} MiB"
        ),
        share < 0.1 && sleeps + sled < 2.0 && resident <= 40,
    ))
}

async fn verify() -> Result<bool> {
    let world = World::new().await?;
    world.fill(100_000, 1_000)?;
    let daemon = world.daemon()?;
    world.scheduled(100_000).await?;
    sleep(Duration::from_secs(5)).await;
    drop(daemon);
    let before = world.sandbox.calls().len();
    let _again = world.daemon()?;
    let calls = || world.sandbox.calls().split_off(before);
    let count = |operation: &str| {
        calls()
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    };
    let begun = Instant::now();
    while count("ListExecutions") < 100 && begun.elapsed() < Duration::from_mins(3) {
        sleep(Duration::from_millis(500)).await;
    }
    sleep(Duration::from_secs(10)).await;
    let (pages, questions) = (count("ListExecutions"), count("DescribeExecution"));
    Ok(row(
        "100,000 running executions compared with the ledger",
        "100 pages, no question",
        &format!("{pages} pages, {questions} questions"),
        pages == 100 && questions == 0,
    ))
}

fn size() -> Result<bool> {
    let program = env!("CARGO_BIN_EXE_onced");
    let bytes = u32::try_from(fs::metadata(program)?.len())?;
    let size = f64::from(bytes) / f64::from(1 << 20);
    let mut took = Vec::new();
    for _ in 0..101 {
        let begun = Instant::now();
        let told = Command::new(program).arg("--version").output()?;
        took.push(begun.elapsed().as_secs_f64() * 1_000.0);
        assert!(told.status.success());
    }
    took.sort_by(f64::total_cmp);
    let median = took[took.len() / 2];
    Ok(row(
        "the program, as it is released; `onced --version`",
        "≤ 15 MiB; ≤ 5 ms",
        &format!("{size:.1} MiB; {median:.1} ms"),
        size <= 15.0 && median <= 5.0,
    ))
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    head("what", "figure");
    let good = [idle().await?, verify().await?, size()?];
    Ok(if good.iter().all(|good| *good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
