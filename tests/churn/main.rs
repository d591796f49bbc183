//! The churn: real daemons that are killed, on a real folder that people and their tools change all the time, against the
//! sandbox over HTTP, in real time. Its judge reads what was asked on the wire and what the folder said, and nothing else.
//!
//! `ONCED_CHURN=SECONDS` churns for longer than a minute; `ONCED_SEED=S` runs the sessions from that one on, one after
//! the other; `ONCED_CHURN_WITHOUT=rotate,over` leaves out kinds of actions and ways of writing. docs/testing.md says more.

mod actions;
mod daemons;
mod entries;
mod files;
mod folder;
mod judged;
mod oracle;
mod report;
mod repository;
mod session;
mod stops;
mod ways;
mod wire;
mod world;

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use world::Figures;

/// How long a session churns, at most; then comes its end, of about a minute.
const SESSION: u64 = 150;

/// Is this tool there? CI has it.
fn has(tool: &str) -> bool {
    let asked = Command::new("sh")
        .args(["-c", &format!("command -v {tool} >/dev/null")])
        .status();
    let is = asked.is_ok_and(|status| status.success());
    assert!(
        is || std::env::var_os("ONCED_CI").is_none(),
        "`{tool}` is not there, and CI must have it"
    );
    is
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// So many sessions go on side by side: each of them waits most of its time.
const SIDE_BY_SIDE: u64 = 4;

/// What came of all sessions.
#[derive(Default)]
struct All {
    next: AtomicU64,
    figures: Mutex<Figures>,
    wrong: Mutex<Vec<u64>>,
}

/// Runs one session after the other until the time is over.
#[expect(
    clippy::print_stdout,
    reason = "what befell a session is for people to read"
)]
async fn sessions(all: Arc<All>, seconds: u64, without: BTreeSet<String>) {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) {
        let seed = all.next.fetch_add(1, Ordering::Relaxed);
        let left = seconds.saturating_sub(begun.elapsed().as_secs());
        let length = Duration::from_secs(left.clamp(20, SESSION));
        let told = session::session(seed, length, without.clone()).await;
        let mut figures = all.figures.lock().expect("no panic");
        for (what, number) in &told.figures {
            *figures.entry(what.clone()).or_default() += number;
        }
        *figures.entry("sessions".into()).or_default() += 1;
        println!(
            "session {seed}: {:?}, {} faults",
            told.record.setup,
            told.faults.len()
        );
        if !told.faults.is_empty() {
            println!("{}", told.faults());
            all.wrong.lock().expect("no panic").push(seed);
        }
    }
}

#[test]
fn what_is_asked_for_runs_once_and_nothing_else_is_stopped() {
    let seconds = number("ONCED_CHURN").unwrap_or(40);
    let seed = number("ONCED_SEED");
    let without = std::env::var("ONCED_CHURN_WITHOUT").unwrap_or_default();
    let without: BTreeSet<String> = without.split(',').map(str::to_owned).collect();
    let all = Arc::new(All::default());
    all.next.store(seed.unwrap_or(1), Ordering::Relaxed);
    let begun = Instant::now();
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime");
    let side_by_side = if seed.is_some() { 1 } else { SIDE_BY_SIDE };
    let tasks: Vec<_> = (0..side_by_side)
        .map(|_| runtime.spawn(sessions(Arc::clone(&all), seconds, without.clone())))
        .collect();
    for task in tasks {
        runtime.block_on(task).expect("a session does not panic");
    }
    let figures = all.figures.lock().expect("no panic");
    let took = Duration::from_secs(begun.elapsed().as_secs());
    println!("{}\n{took:?} in all", report::figures(&figures));
    let wrong = all.wrong.lock().expect("no panic");
    assert!(wrong.is_empty(), "faults in the sessions {wrong:?}");
    let happened = |what: &str| figures.get(what).is_some_and(|number| *number > 0);
    let enough = [
        "fired",
        "stopped",
        "SIGKILL",
        "had to fire, and were judged",
    ];
    assert!(enough.into_iter().all(happened), "too little happened");
}
