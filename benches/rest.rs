//! What onced costs while nothing is to be done, what a comparison with AWS costs, and how large it is.
//! `cargo bench --bench rest`; exits with 1 where a bound is missed.
#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use onced::sandbox::{Options, Sandbox};
use tokio::net::TcpListener;
use tokio::time::sleep;

/// How long it is watched at rest.
const REST: Duration = Duration::from_mins(1);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

struct World {
    sandbox: Sandbox,
    url: String,
    machine: String,
    root: tempfile::TempDir,
}

impl World {
    /// So many entries, far ahead, a thousand in a file.
    async fn new(entries: u32) -> Result<Self> {
        let sandbox = Sandbox::new(Options::default())?;
        let machine = sandbox.create_default_machine();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(sandbox.clone().serve(listener));
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join("schedules"))?;
        for first in (0..entries).step_by(1_000) {
            let mut text = "schedules:\n".to_owned();
            for e in first..first + 1_000 {
                let at = format!("2027-06-{:02}T{:02}:00:00Z", e % 28 + 1, e % 24);
                writeln!(text, "  e{e}: {{at: {at}, lambda: f, payload: {e}}}")?;
            }
            fs::write(root.path().join(format!("schedules/f{first}.yaml")), text)?;
        }
        Ok(Self {
            sandbox,
            url,
            machine,
            root,
        })
    }

    fn daemon(&self) -> Result<Running> {
        let mut onced = Command::new(env!("CARGO_BIN_EXE_onced"));
        let path = |name: &str| self.root.path().join(name);
        onced.env_clear().env("HOME", self.root.path());
        for (key, value) in [
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "b"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            onced.env(key, value);
        }
        onced.arg("run").arg("--directory").arg(path("schedules"));
        onced.arg("--state-directory").arg(path("state"));
        onced.args(["--owner", "bench", "--endpoint-url", &self.url, "-q"]);
        onced.args(["--state-machine", &self.machine, "--set"]);
        onced.arg("limits.StartExecution={rate: 100000, burst: 100000}");
        onced.stdout(Stdio::null()).stderr(Stdio::inherit());
        Ok(Running(onced.spawn()?))
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

fn row(what: &str, bound: &str, figure: &str, is_met: bool) -> bool {
    let mark = if is_met { "" } else { " **missed**" };
    println!("| {what} | {bound} | {figure}{mark} |");
    is_met
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
    let world = World::new(10_000).await?;
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
    let world = World::new(100_000).await?;
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
    println!("| what | bound | figure |\n|---|---|---|");
    let good = [idle().await?, verify().await?, size()?];
    Ok(if good.iter().all(|good| *good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
