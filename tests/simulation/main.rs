//! The simulation: the whole reconcile loop with real files, the real SDK and the real ledger, against the sandbox in
//! process, under tokio's paused clock; faults, crashes, damage and edits from a seed.
//!
//! `ONCED_SEEDS=N` runs N seeds instead of 2,000; `ONCED_SEED=S` runs seed S alone and prints its history.

mod kill;
mod oracle;
mod world;
mod zone_rules;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use onced::model::plan::Rules;
use onced::reconcile::Report;
use world::{Effort, World};

/// One history from its seed: what was wrong, what befell it, and its record.
struct Told {
    wrong: Vec<String>,
    effort: Effort,
    history: String,
}

/// A runtime whose hours pass in milliseconds.
fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
}

fn history(seed: u64, rules: Rules, daemons: usize) -> Told {
    paused().block_on(async {
        let mut world = World::new(seed, rules, daemons);
        let told = tell(&mut world).await;
        world.kill_all().await;
        world.sandbox.set_faults(None);
        told
    })
}

async fn tell(world: &mut World) -> Told {
    world.set_faults(true);
    let least = world.rng.u32(8..20);
    for number in 0..60 {
        // A history in which too little went wrong goes on.
        if number >= least && world.effort().is_enough() {
            break;
        }
        match world.rng.u32(0..16) {
            0..8 => world.edit(),
            8 | 9 => world.crash_soon(),
            10 => world.damage().await,
            11 => world.refuse(),
            12..15 => world.befalls().await,
            _ => world.person(),
        }
        let gaps = [0, 1, 5, 20, 40, 90, 400, 1500];
        let gap = *world.rng.choice(&gaps).expect("a gap");
        let until = world.now() + TimeDelta::seconds(gap) + TimeDelta::milliseconds(200);
        world.live(until).await;
    }
    world.set_faults(false);
    world.say("the faults end");
    world.mend();
    world.live(world.now() + TimeDelta::minutes(80)).await;
    world.approve_all().await;
    world.live(world.now() + TimeDelta::minutes(10)).await;
    let settled = world.now();
    let before = changes(world);
    let report = world.live(settled + TimeDelta::minutes(2)).await;
    let mut wrong = oracle::never(world);
    let running = oracle::running(world);
    for number in 0..world.processes.len() {
        let Some((daemon, _)) = world.processes[number].alive.as_mut() else {
            continue;
        };
        let (scan, report) = daemon.once().await;
        let list = daemon.moment(&scan).list();
        wrong.extend(oracle::settled(world, &list));
        for (what, is) in [
            ("held", report.guard.clone()),
            ("not done", not_done(&report)),
        ] {
            wrong.extend(is.map(|why| format!("still {what}: {why}")));
        }
    }
    // An entry whose time comes in between ends by itself: nothing is called for it but reads.
    if changes(world) != before && report.is_some() {
        wrong.push("it never rests".into());
    }
    let final_time = world.last_time().unwrap_or(settled).max(settled);
    world.live(final_time + TimeDelta::minutes(20)).await;
    wrong.extend(oracle::never(world));
    wrong.extend(oracle::fired(world, settled, &running));
    wrong.append(&mut world.wrong);
    wrong.dedup();
    Told {
        wrong,
        effort: world.effort(),
        history: world.history(),
    }
}

fn not_done(report: &Report) -> Option<String> {
    let rests = report.failed.is_empty() && !report.goes_on;
    (!rests).then(|| format!("{:?}, under way: {}", report.failed, report.goes_on))
}

/// How many calls changed something, or tried to.
fn changes(world: &World) -> usize {
    world
        .sandbox
        .calls()
        .iter()
        .filter(|call| ["StartExecution", "StopExecution"].contains(&call.operation.as_str()))
        .count()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs seeds on all cores until one is wrong; answers how many were run, how many of them had enough happening, and
/// the first wrong one.
fn search(
    seeds: std::ops::Range<u64>,
    rules: Rules,
    daemons: usize,
) -> (u64, u64, Option<(u64, Told)>) {
    let next = Arc::new(AtomicU64::new(seeds.start));
    let found: Arc<Mutex<Option<(u64, Told)>>> = Arc::default();
    let stop = Arc::new(AtomicBool::new(false));
    let (ran, counted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let threads: Vec<_> = (0..cores)
        .map(|_| {
            let (next, found, stop) = (Arc::clone(&next), Arc::clone(&found), Arc::clone(&stop));
            let (ran, counted) = (Arc::clone(&ran), Arc::clone(&counted));
            let end = seeds.end;
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let told = history(seed, rules, daemons);
                    ran.fetch_add(1, Ordering::Relaxed);
                    if told.effort.is_enough() {
                        counted.fetch_add(1, Ordering::Relaxed);
                    }
                    if !told.wrong.is_empty() {
                        stop.store(true, Ordering::Relaxed);
                        // Of several, the one with the least seed: each run finds the same.
                        let mut found = found.lock().expect("no panic");
                        if found.as_ref().is_none_or(|(other, _)| seed < *other) {
                            *found = Some((seed, told));
                        }
                    }
                }
            })
        })
        .collect();
    for thread in threads {
        thread.join().expect("no history panics");
    }
    let found = found.lock().expect("no panic").take();
    (
        ran.load(Ordering::Relaxed),
        counted.load(Ordering::Relaxed),
        found,
    )
}

#[test]
fn every_history_ends_well() {
    all_end_well(2_000, 1);
}

/// Two installations with the same owner and the same files, and a ledger each. What one does the other can't know before
/// it asks, so that for a moment two contents of one entry may run; but nothing fires twice, and nothing is left over.
#[test]
fn every_history_with_two_daemons_ends_well() {
    all_end_well(200, 2);
}

#[expect(clippy::print_stdout, reason = "a history is for people to read")]
fn all_end_well(seeds: u64, daemons: usize) {
    if let Some(seed) = number("ONCED_SEED") {
        if number("ONCED_LOGS").is_some() {
            let logs = tracing_subscriber::fmt().with_max_level(tracing::Level::INFO);
            logs.with_test_writer().without_time().init();
        }
        let told = history(seed, Rules::default(), daemons);
        println!("{}\n{:?}", told.history, told.effort);
        assert!(told.wrong.is_empty(), "{}", told.wrong.join("\n"));
        return;
    }
    let seeds = number("ONCED_SEEDS").unwrap_or(seeds);
    let first = number("ONCED_FIRST_SEED").unwrap_or(0);
    let begun = std::time::Instant::now();
    let (ran, counted, found) = search(first..first + seeds, Rules::default(), daemons);
    if let Some((seed, told)) = found {
        panic!(
            "{}\n{}\nseed {seed} of {ran}: run it again with ONCED_SEED={seed}",
            told.history,
            told.wrong.join("\n")
        );
    }
    println!(
        "{ran} histories in {:?}, {counted} of them with a lost answer, a crash and a removal",
        Duration::from_secs(begun.elapsed().as_secs())
    );
    assert!(
        counted * 100 >= ran * 99,
        "too little happens: {counted} of {ran}"
    );
}

#[expect(clippy::print_stdout, reason = "it tells how soon it was found")]
/// Takes one rule out, and shows that the simulation finds the damage.
fn is_needed(rules: Rules, damage: &[&str]) {
    let seeds = number("ONCED_SEEDS").unwrap_or(2_000).max(2_000);
    let (ran, _, found) = search(0..seeds, rules, 1);
    let (seed, told) =
        found.unwrap_or_else(|| panic!("{ran} histories without a rule, and no damage"));
    let expected = told
        .wrong
        .iter()
        .any(|wrong| damage.iter().any(|d| wrong.starts_with(d)));
    assert!(
        expected,
        "{}\nseed {seed} of {ran}: {:?}",
        told.history, told.wrong
    );
    println!("seed {seed} of {ran}: {}", told.wrong.join("; "));
}

#[test]
fn without_the_intent_before_the_call() {
    let rules = Rules {
        intent_first: false,
        ..Rules::default()
    };
    is_needed(rules, &["1", "5", "7", "orphans"]);
}

#[test]
fn without_the_generation_in_the_name() {
    let rules = Rules {
        generation: false,
        ..Rules::default()
    };
    is_needed(rules, &["7", "still"]);
}

#[test]
fn with_generations_raised_by_stops_that_found_nothing() {
    let rules = Rules {
        no_gaps: false,
        ..Rules::default()
    };
    is_needed(rules, &["1", "2", "4", "orphans"]);
}

#[test]
fn without_the_late_fence() {
    let rules = Rules {
        late_fence: false,
        ..Rules::default()
    };
    is_needed(rules, &["8"]);
}

#[test]
fn without_the_listing_of_running_executions() {
    let rules = Rules {
        verify: false,
        ..Rules::default()
    };
    // Its answer is also what tells a process with a wrong clock the time before its first start.
    is_needed(rules, &["1", "2", "4", "7", "8"]);
}

#[test]
fn without_asking_again_for_a_late_start() {
    let rules = Rules {
        quarantine: false,
        ..Rules::default()
    };
    is_needed(rules, &["1", "5", "7", "orphans"]);
}

#[test]
fn without_what_is_remembered_of_the_folder() {
    let rules = Rules {
        folder: false,
        ..Rules::default()
    };
    is_needed(rules, &["4", "5", "7"]);
}

#[test]
fn without_approval_of_what_a_strange_folder_stops() {
    let rules = Rules {
        strange: false,
        ..Rules::default()
    };
    is_needed(rules, &["5"]);
}

#[test]
fn with_stops_that_are_under_way_in_the_base_of_the_guard() {
    let rules = Rules {
        base: false,
        ..Rules::default()
    };
    is_needed(rules, &["9"]);
}

#[test]
fn without_waiting_for_files_that_are_being_written() {
    let rules = Rules {
        in_flight: false,
        ..Rules::default()
    };
    is_needed(rules, &["5", "10"]);
}

#[test]
fn without_names_that_may_have_left_a_file_that_is_being_written() {
    let rules = Rules {
        may_leave: false,
        ..Rules::default()
    };
    is_needed(rules, &["2"]);
}

#[test]
fn with_what_two_tools_leave_of_a_conflict() {
    let rules = Rules {
        leftovers: false,
        ..Rules::default()
    };
    is_needed(rules, &["10"]);
}

#[test]
fn without_what_was_in_files_that_are_not_read_any_more() {
    let rules = Rules {
        pins: false,
        ..Rules::default()
    };
    is_needed(rules, &["5"]);
}

#[test]
fn without_new_names_of_files_that_are_spoiled() {
    let rules = Rules {
        new_names: false,
        ..Rules::default()
    };
    is_needed(rules, &["5"]);
}

#[test]
fn without_doubt_of_what_is_being_started() {
    let rules = Rules {
        each_record: false,
        ..Rules::default()
    };
    is_needed(rules, &["5"]);
}

#[test]
fn without_holding_what_an_old_commit_brings_back() {
    let rules = Rules {
        put_back: false,
        ..Rules::default()
    };
    is_needed(rules, &["11"]);
}

#[test]
fn without_the_work_trees_below_the_folder() {
    let rules = Rules {
        nested: false,
        ..Rules::default()
    };
    is_needed(rules, &["4", "5", "11"]);
}

#[test]
fn without_conflict_markers() {
    let rules = Rules {
        conflict: false,
        ..Rules::default()
    };
    is_needed(rules, &["4", "5"]);
}

#[test]
fn without_comparing_the_clock_at_start() {
    let rules = Rules {
        clock: false,
        ..Rules::default()
    };
    is_needed(rules, &["8", "5"]);
}

#[test]
fn without_a_look_at_the_machine_of_a_replacement() {
    let rules = Rules {
        usable: false,
        ..Rules::default()
    };
    is_needed(rules, &["5"]);
}

#[test]
fn without_exchanged_names() {
    let rules = Rules {
        swaps: false,
        ..Rules::default()
    };
    is_needed(rules, &["2"]);
}

#[test]
fn without_what_fired_under_a_name_of_before() {
    let rules = Rules {
        fired: false,
        ..Rules::default()
    };
    is_needed(rules, &["2"]);
}

#[test]
fn without_listing_machines_by_their_own_name() {
    let rules = Rules {
        unqualified: false,
        ..Rules::default()
    };
    is_needed(rules, &["1", "2", "4", "7", "still", "orphans"]);
}

#[test]
fn without_knowing_that_what_was_over_runs_again() {
    let rules = Rules {
        redriven: false,
        ..Rules::default()
    };
    is_needed(rules, &["1", "2", "7", "orphans"]);
}

#[test]
fn without_what_a_listing_showed_to_the_process_before() {
    let rules = Rules {
        shown: false,
        ..Rules::default()
    };
    is_needed(rules, &["2"]);
}
