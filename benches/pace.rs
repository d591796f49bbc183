//! How near onced comes to what AWS allows: `onced sync` and `onced run` against a Step Functions that answers after
//! 20 ms and has AWS's token buckets. `cargo bench --bench pace`; exits with 1 where a bound is missed.

mod common;

use std::fs;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sfn::config::{BehaviorVersion, Builder, Credentials, Region};
use chrono::{DateTime, Utc};
use common::table::{Result, head, row};
use common::{UNLIMITED, World};
use onced::sandbox::{Call, Fault, Status};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// How long each answer takes.
const LATENCY: Duration = Duration::from_millis(20);
const ENTRIES: u32 = 5_000;
const STOPS: u32 = 10_000;
/// How many files are dropped, one after the other.
const DROPS: usize = 100;

impl World {
    fn slow(&self) {
        self.sandbox
            .set_faults(Some(Arc::new(|_, _: &str| Fault::Slow(LATENCY))));
    }

    fn empty(&self) -> Result<()> {
        for file in fs::read_dir(self.root.path().join("schedules"))? {
            fs::remove_file(file?.path())?;
        }
        fs::write(
            self.root.path().join("schedules/none.yaml"),
            "schedules: {}\n",
        )?;
        Ok(())
    }

    /// From the first call of an operation to the last one that was taken, in seconds; how many were; and how many were
    /// throttled.
    fn calls(&self, operation: &str) -> Result<(f64, u32, u32)> {
        let calls = self.sandbox.calls();
        let of: Vec<&Call> = calls
            .iter()
            .filter(|call| call.operation == operation)
            .collect();
        let (good, bad): (Vec<&Call>, Vec<&Call>) = of.iter().partition(|call| call.status == 200);
        let begin = of.first().map_or_else(Utc::now, |call| call.at);
        let end = good.last().map_or(begin, |call| call.at);
        Ok((
            seconds(begin, end),
            good.len().try_into()?,
            bad.len().try_into()?,
        ))
    }
}

fn seconds(begin: DateTime<Utc>, end: DateTime<Utc>) -> f64 {
    (end - begin).as_seconds_f64()
}

/// Waits for a process without holding up the server in this one.
async fn done(mut command: Command) -> Result<()> {
    let status = tokio::task::spawn_blocking(move || command.status()).await??;
    if !status.success() {
        return Err(format!("onced ended with {status}").into());
    }
    Ok(())
}

/// New entries where AWS takes `burst` at once and `rate` a second.
async fn starts(burst: f64, rate: f64, bound: f64, most_throttled: Option<f64>) -> Result<bool> {
    let world = World::new().await?;
    world.fill(ENTRIES, 1_000)?;
    world.slow();
    world.sandbox.set_quota("StartExecution", burst, rate);
    done(world.command("sync", &[])).await?;
    let (took, good, throttled) = world.calls("StartExecution")?;
    assert_eq!((good, world.sandbox.executions().len()), (5_000, 5_000));
    let least = (f64::from(ENTRIES) - burst) / rate;
    let ratio = took / least;
    let share = f64::from(throttled) / f64::from(ENTRIES) * 100.0;
    let is_met = ratio <= bound && most_throttled.is_none_or(|most| share <= most);
    let limit = most_throttled.map_or(String::new(), |most| format!(", throttled ≤ {most} %"));
    Ok(row(
        &format!("5,000 new entries, {burst} at once and {rate} a second: time ÷ the least"),
        &format!("≤ {bound:.2}{limit}"),
        &format!("{ratio:.3}, throttled {share:.2} %, none failed"),
        is_met,
    ))
}

/// Removed entries: until each of them is stopped at AWS.
async fn stops() -> Result<bool> {
    let world = World::new().await?;
    world.fill(STOPS, 1_000)?;
    done(world.command("sync", &[UNLIMITED])).await?;
    world.slow();
    world.sandbox.set_quota("StopExecution", 1_000.0, 200.0);
    world.sandbox.set_quota("DescribeExecution", 300.0, 15.0);
    world.empty()?;
    let set = ["reconcile.stop_after=0s", "reconcile.max_stops=100%"];
    let mut daemon = world.command("run", &set).spawn()?;
    let is_running = |world: &World| {
        let executions = world.sandbox.executions();
        executions.iter().any(|e| e.status() == Status::Running)
    };
    let begun = Instant::now();
    while is_running(&world) && begun.elapsed() < Duration::from_mins(3) {
        sleep(Duration::from_millis(200)).await;
    }
    daemon.kill()?;
    daemon.wait()?;
    let (took, good, throttled) = world.calls("StopExecution")?;
    let least = (f64::from(STOPS) - 1_000.0) / 200.0;
    let ratio = took / least;
    Ok(row(
        "10,000 stops, 1,000 at once and 200 a second: time ÷ the least",
        "≤ 1.02",
        &format!("{ratio:.3}, {good} stopped, throttled {throttled}"),
        ratio <= 1.02 && good >= 10_000 && !is_running(&world),
    ))
}

/// New entries where nothing is throttled, beside the SDK alone.
async fn beside_the_sdk() -> Result<bool> {
    let world = World::new().await?;
    world.slow();
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(&world.url)
        .credentials_provider(Credentials::new("a", "b", None, None, "bench"))
        .build();
    let client = aws_sdk_sfn::Client::from_conf(config);
    let begun = Instant::now();
    let mut flying = JoinSet::new();
    for n in 0..ENTRIES {
        if flying.len() >= 32 {
            flying.join_next().await.ok_or("nothing flies")??;
        }
        let call = client
            .start_execution()
            .state_machine_arn(&world.machine)
            .name(format!("bare-{n}"))
            .input("{\"invocationTime\": \"2027-06-01T00:00:00Z\"}");
        flying.spawn(async move { assert!(call.send().await.is_ok()) });
    }
    while let Some(ended) = flying.join_next().await {
        ended?;
    }
    let bare = f64::from(ENTRIES) / begun.elapsed().as_secs_f64();
    let world = World::new().await?;
    world.fill(ENTRIES, 1_000)?;
    world.slow();
    done(world.command("sync", &[UNLIMITED])).await?;
    let (took, good, _) = world.calls("StartExecution")?;
    assert_eq!(good, 5_000);
    let ratio = f64::from(ENTRIES) / took / bare;
    Ok(row(
        "5,000 new entries, not throttled: starts a second ÷ the SDK's alone, 32 in flight and nothing recorded",
        "≥ 0.70",
        &format!("{ratio:.2}"),
        ratio >= 0.7,
    ))
}

/// A file is dropped, one entry in it, while the daemon rests.
async fn drops() -> Result<bool> {
    let world = World::new().await?;
    let mut daemon = world.command("run", &["reconcile.settle=0ms"]).spawn()?;
    let root = world.root.path();
    let mut took = Vec::new();
    for n in 0..=DROPS {
        let text = format!(
            "schedules:\n  d{n}: {{at: 2027-06-01T00:00:{:02}Z, lambda: f, payload: {n}}}\n",
            n % 60
        );
        fs::write(root.join("next"), text)?;
        sleep(Duration::from_millis(if n == 0 { 3_000 } else { 120 })).await;
        let before = world.sandbox.executions().len();
        let dropped = Utc::now();
        fs::rename(root.join("next"), root.join(format!("schedules/d{n}.yaml")))?;
        let begun = Instant::now();
        while world.sandbox.executions().len() == before {
            assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
            sleep(Duration::from_millis(1)).await;
        }
        let calls = world.sandbox.calls();
        let start = calls
            .iter()
            .rfind(|call| call.operation == "StartExecution");
        took.push(seconds(dropped, start.ok_or("no start")?.at) * 1_000.0);
    }
    daemon.kill()?;
    daemon.wait()?;
    // The first one finds nothing warm: a connection is made, the machine is looked at.
    let first = took.remove(0);
    took.sort_by(f64::total_cmp);
    let (median, most) = (took[DROPS / 2], took[DROPS * 99 / 100]);
    Ok(row(
        "a file dropped → StartExecution received, `settle: 0ms`",
        "median ≤ 5 ms, p99 ≤ 20 ms",
        &format!(
            "median {median:.1} ms, p99 {most:.1} ms (the first one after the start: {first:.0} ms)"
        ),
        median <= 5.0 && most <= 20.0,
    ))
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    head("what", "figure");
    let good = [
        starts(1_300.0, 300.0, 1.02, Some(0.5)).await?,
        starts(800.0, 150.0, 1.10, None).await?,
        stops().await?,
        beside_the_sdk().await?,
        drops().await?,
    ];
    Ok(if good.iter().all(|good| *good) {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
