//! One session: a folder and daemons that churn side by side, the end of it, and its judgement. Everything but the pace of
//! the machine follows from its seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use fastrand::Rng;
use tokio::time::sleep;

use crate::actions::Folder;
use crate::daemons::Daemons;
use crate::folder::{Key, instant_of};
use crate::oracle::{Fault, Record, Run};
use crate::report::Told;
use crate::wire::Time;
use crate::world::{Setup, World};

/// How long all may take to become as it is wanted.
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs one session.
pub(crate) async fn session(seed: u64, length: Duration, without: BTreeSet<String>) -> Told {
    let mut rng = Rng::with_seed(seed);
    let setup = Setup::new(seed, length, &mut rng);
    let world = Arc::new(World::new(setup, without).await);
    prepare(&world);
    let has_rsync = crate::has("rsync");
    let folder = Folder::new(Arc::clone(&world), rng.fork(), has_rsync);
    if world.setup.git {
        folder.init("schedules");
    }
    let daemons = Daemons::new(Arc::clone(&world), rng.fork()).await;
    let lives = daemons.lives.clone();
    let churn = async {
        let folder = folder.churn().await;
        world.is_over.store(true, Ordering::Relaxed);
        folder
    };
    let (_folder, mut daemons) = tokio::join!(churn, daemons.churn());
    world.no_more_faults();
    world.say("the churn is over, and all is mended");
    daemons.restart_what_ended();
    daemons.start(0);
    if rng.bool() {
        daemons.end(1).await;
    }
    let mut faults = becomes_as_wanted(&world, &mut daemons).await;
    sleep(Duration::from_secs(3)).await;
    for ledger in 0..2 {
        if world.setup.seed % 2 == 0 {
            daemons.end(ledger).await;
        } else {
            daemons.kill(ledger);
        }
    }
    let ended = world.now();
    let record = Record {
        setup: world.setup.clone(),
        timeline: std::mem::take(&mut *world.timeline.lock().expect("no panic")),
        wire: world.wire.seen(),
        lives: lives.0.lock().expect("no panic").clone(),
        by_a_person: world.by_a_person.lock().expect("no panic").clone(),
        runs: world.sandbox.executions().iter().map(Run::of).collect(),
        written: world.written.lock().expect("no panic").clone(),
        ended,
    };
    let (judged, figures) = record.judge();
    faults.extend(judged);
    faults.extend(said_to_be_wrong(&world));
    for (what, number) in figures {
        world.add(&what, number);
    }
    Told {
        record,
        faults,
        figures: world.figures.lock().expect("no panic").clone(),
        journal: world.journal.lock().expect("no panic").clone(),
        logs: world.logs(),
    }
}

fn prepare(world: &World) {
    if world.setup.linked {
        fs::create_dir_all(world.path("releases/0")).expect("made");
        symlink("releases/0", world.schedules()).expect("linked");
    } else {
        fs::create_dir(world.schedules()).expect("made");
    }
}

/// What the harness, or the program itself, said.
fn said_to_be_wrong(world: &World) -> Vec<Fault> {
    let journal = world.journal.lock().expect("no panic");
    let fault = |at: Time, what: &str| Fault {
        rule: "0 said",
        at,
        about: Vec::new(),
        what: what.to_owned(),
    };
    let said = journal.iter().filter(|(_, line)| line.starts_with("FA"));
    let mut faults: Vec<Fault> = said.map(|(at, line)| fault(*at, line)).collect();
    let logs = world.logs();
    let bad = logs
        .lines()
        .find(|line| line.contains("panicked") || line.contains("set aside"));
    faults.extend(bad.map(|line| fault(world.now(), line)));
    faults
}

/// What is wanted and is not yet due, and how often; and what runs.
fn wanted_and_running(world: &World) -> (BTreeMap<Key, usize>, BTreeMap<Key, usize>) {
    let soon = world.now() + TimeDelta::seconds(2);
    let due_later = |key: &Key| instant_of(key).is_some_and(|at| at > soon);
    let by_a_person = world.by_a_person.lock().expect("no panic").clone();
    let counts = |keys: Vec<Key>| {
        let mut counts: BTreeMap<Key, usize> = BTreeMap::new();
        // What a person stopped may have been started again, or not.
        for key in keys
            .into_iter()
            .filter(|key| due_later(key) && !by_a_person.contains(key))
        {
            *counts.entry(key).or_default() += 1;
        }
        counts
    };
    let timeline = world.timeline.lock().expect("no panic");
    let said = &timeline.0.last().expect("a beginning").said;
    let wanted = said
        .all
        .iter()
        .filter(|asked| asked.enabled)
        .map(|asked| Arc::clone(&asked.key));
    let runs: Vec<Run> = world.sandbox.executions().iter().map(Run::of).collect();
    let running = runs
        .into_iter()
        .filter(|run| run.is_running)
        .map(|run| run.key);
    (counts(wanted.collect()), counts(running.collect()))
}

/// Waits until exactly what is wanted runs, and what is due soon has fired; approves what waits for it meanwhile.
async fn becomes_as_wanted(world: &World, daemons: &mut Daemons) -> Vec<Fault> {
    let begun = Instant::now();
    let (mut faults, mut asked) = (Vec::new(), Instant::now());
    let fault = |about: Vec<String>, what: String| Fault {
        rule: "4 in the end",
        at: world.now(),
        about,
        what,
    };
    loop {
        let (wanted, running) = wanted_and_running(world);
        if wanted == running && begun.elapsed() > Duration::from_secs(8) {
            break;
        }
        if begun.elapsed() > PATIENCE {
            let differs = |key: &&Key| wanted.get(*key) != running.get(*key);
            let keys: BTreeSet<&Key> = wanted
                .keys()
                .chain(running.keys())
                .filter(differs)
                .collect();
            for key in keys {
                let (want, run) = (
                    wanted.get(key).unwrap_or(&0),
                    running.get(key).unwrap_or(&0),
                );
                let what = format!("{key} is wanted {want} times and runs {run} times");
                faults.push(fault(vec![key.to_string()], what));
            }
            world.say(daemons.list(0));
            break;
        }
        if asked.elapsed() > Duration::from_secs(3) {
            asked = Instant::now();
            daemons.restart_what_ended();
            for ledger in (0..2).filter(|ledger| daemons.lives(*ledger)) {
                daemons.approve(ledger);
            }
        }
        sleep(Duration::from_millis(200)).await;
    }
    world.say("all is as it is wanted");
    // What runs now fires at its time.
    let (_, running) = wanted_and_running(world);
    let until = world.now() + TimeDelta::seconds(30);
    let soon: Vec<Key> = running
        .into_keys()
        .filter(|key| instant_of(key).is_some_and(|at| at < until))
        .collect();
    let last = soon.iter().filter_map(|key| instant_of(key)).max();
    if let Some(last) = last {
        let rest = last - world.now() + TimeDelta::seconds(3);
        sleep(rest.to_std().unwrap_or_default()).await;
    }
    let runs: Vec<Run> = world.sandbox.executions().iter().map(Run::of).collect();
    for key in soon {
        world.count("ran in the end, and had to fire");
        let fired = runs.iter().any(|run| run.key == key && run.fired.is_some());
        if !fired && !world.by_a_person.lock().expect("no panic").contains(&key) {
            faults.push(fault(
                vec![key.to_string()],
                format!("{key} ran, and did not fire"),
            ));
        }
    }
    faults
}
