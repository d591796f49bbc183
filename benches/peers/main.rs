//! onced beside what one would write by hand: a loop over the AWS CLI, and a Python script that watches, calls and records.
//! `cargo bench --bench peers` installs those and prints the table; needs python3 with venv, and the network for that.

#[path = "../common/mod.rs"]
mod common;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use common::table::{Result, head, row};
use common::{UNLIMITED, World};
use tokio::time::sleep;

/// One entry in each.
const FILES: u32 = 1_000;
const PATIENCE: Duration = Duration::from_hours(1);

/// From the process's start until everything is started, and the processor time of it and its children, in seconds.
struct Cost {
    took: f64,
    processor: f64,
}

/// What a process and the children that it has waited for have used.
fn processor(process: &Child) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.id()))?;
    let after_name = stat.rsplit(')').next().ok_or("a strange stat")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let mut ticks = 0.0;
    for field in &fields[11..15] {
        ticks += field.parse::<f64>()?;
    }
    // The kernel counts in hundredths here, whatever its own clock is.
    Ok(ticks / 100.0)
}

async fn cost(world: &World, mut command: Command) -> Result<Cost> {
    let begun = Instant::now();
    let mut process = command.spawn()?;
    let all = usize::try_from(FILES)?;
    while world.sandbox.executions().len() < all {
        if process.try_wait()?.is_some() || begun.elapsed() > PATIENCE {
            return Err("it ended before everything was started".into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    let took = begun.elapsed().as_secs_f64();
    // What is written after the last call belongs to it.
    sleep(Duration::from_secs(2)).await;
    let processor = processor(&process)?;
    process.kill()?;
    process.wait()?;
    Ok(Cost { took, processor })
}

/// A script beside this file, in the environment where its tools are.
fn script(world: &World, tools: &Path, program: &str, name: &str) -> Command {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let mut command = Command::new(program);
    let path = format!("{}:/usr/bin:/bin", tools.join("bin").display());
    command.env_clear().env("PATH", path);
    for (key, value) in [
        ("AWS_ACCESS_KEY_ID", "a"),
        ("AWS_SECRET_ACCESS_KEY", "b"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("NO_PROXY", "127.0.0.1"),
    ] {
        command.env(key, value);
    }
    command.arg(here.join(name));
    command.arg(world.root.path().join("schedules"));
    command.arg(world.root.path().join("started"));
    command.args([&world.machine, &world.url]);
    command.stdout(Stdio::null());
    command
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    let install = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/install.sh");
    if !Command::new(install).arg(&tools).status()?.success() {
        return Err("the peers can't be installed".into());
    }
    let python = tools.join("bin/python3").display().to_string();
    let mut costs = Vec::new();
    for peer in ["onced", "shell", "python"] {
        let world = World::new().await?;
        world.fill(FILES, 1)?;
        let command = match peer {
            "onced" => world.command("run", &[UNLIMITED]),
            "shell" => script(&world, &tools, "bash", "shell_loop.sh"),
            _ => script(&world, &tools, &python, "watcher.py"),
        };
        costs.push(cost(&world, command).await?);
    }
    head("1,000 new files", "time; processor ÷ onced's");
    let mut good = true;
    for (what, cost) in ["a loop over the AWS CLI", "watchdog, boto3 and sqlite"]
        .iter()
        .zip(&costs[1..])
    {
        let (took, used) = (
            cost.took / costs[0].took,
            cost.processor / costs[0].processor,
        );
        let figure = format!("{took:.1}; {used:.1}");
        good &= row(what, "> 1; > 1", &figure, took > 1.0 && used > 1.0);
    }
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
