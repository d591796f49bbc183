//! Judges a history by what Step Functions saw and what the folder said, and by nothing else.

mod seen;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use onced::model::entry::EntryName;
use onced::model::name::Fingerprint;
use onced::sandbox::Status;
use onced::view::List;

use crate::world::{Content, GRACE, STOP_AFTER, Timeline, World};
use seen::{Seen, by_a_redrive, end, is_superseded, seen};

/// What the folder asked for at `time`.
fn wanted_at(timeline: &Timeline, time: DateTime<Utc>) -> Option<&Content> {
    let last = timeline.iter().rev().find(|(since, _)| *since <= time)?;
    last.1.as_ref()
}

/// Was exactly this content asked for at every moment between the two?
fn always_wanted(
    timeline: &Timeline,
    fingerprint: Fingerprint,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> bool {
    let is = |content: Option<&Content>| content.is_some_and(|c| c.fingerprint() == fingerprint);
    let within = timeline
        .iter()
        .filter(|(since, _)| *since > from && *since <= to);
    is(wanted_at(timeline, from)) && within.map(|(_, c)| c.as_ref()).all(is)
}

/// Did another entry ask for exactly this content while it ran? Then it may have been renamed, and the execution with it.
fn may_have_moved(world: &World, seen: &Seen) -> bool {
    let (start, end) = (seen.execution.start, seen.end());
    let is = |content: Option<&Content>| {
        content.is_some_and(|content| content.fingerprint() == seen.fingerprint)
    };
    let others = world
        .timelines
        .iter()
        .filter(|(entry, _)| **entry != seen.entry);
    others.into_iter().any(|(_, timeline)| {
        let mut within = timeline
            .iter()
            .filter(|(since, _)| *since > start && *since <= end);
        is(wanted_at(timeline, start)) || within.any(|(_, content)| is(content.as_ref()))
    })
}

/// Did two entries, or one of them twice, ask for exactly this content for some time? Else it is one, whatever its names.
fn asked_twice(world: &World, fingerprint: Fingerprint) -> bool {
    let is = |content: &Option<Content>| {
        content
            .as_ref()
            .is_some_and(|content| content.fingerprint() == fingerprint)
    };
    let mut times: Vec<DateTime<Utc>> = world
        .timelines
        .values()
        .flatten()
        .map(|(since, _)| *since)
        .collect();
    times.sort();
    times.into_iter().any(|time| {
        let asks = |timeline: &Timeline| {
            let now = wanted_at(timeline, time).cloned();
            is(&now)
        };
        world.timelines.values().filter(|t| asks(t)).count() > 1
    })
}

/// May the ledger have known nothing of the first one that fired? It was damaged since, and no two listings showed that
/// execution between that and its end.
fn is_unknown(world: &World, seen: &[&Seen]) -> bool {
    let [first, others @ ..] = seen else {
        return true;
    };
    let Some(next) = others.iter().map(|other| other.execution.start).min() else {
        return true;
    };
    let (start, end) = (first.execution.start, first.end().min(next));
    let mut losses = world.losses.iter().filter(|at| **at < next);
    let Some(last) = losses.next_back() else {
        return false;
    };
    let lag = TimeDelta::from_std(world.lag).expect("seconds");
    let shows = |call: &onced::sandbox::Call| {
        call.operation == "ListExecutions"
            && call.error.is_none()
            && !call.late
            && first.execution.arn.contains(&format!(
                ":{}:",
                call.subject.rsplit(':').next().unwrap_or_default()
            ))
            && call.at > *last
            && call.at > start + lag
            && call.at < end - TimeDelta::seconds(1)
    };
    let calls = world.sandbox.calls();
    let mut times = calls.iter().filter(|call| shows(call)).map(|call| call.at);
    let first_shown = times.next();
    let again = |first: DateTime<Utc>| times.any(|at| at > first + TimeDelta::seconds(5));
    !first_shown.is_some_and(again)
}

/// A content that never two entries asked for at the same time fires once, whatever its names were. A ledger that is lost
/// does not know what fired under a name of before.
fn fired_under_several_names(world: &World, all: &[Seen]) -> Vec<String> {
    let mut fired: BTreeMap<String, Vec<&Seen>> = BTreeMap::new();
    for seen in all.iter().filter(|seen| seen.execution.fired.is_some()) {
        let of_content = fired.entry(seen.fingerprint.to_string()).or_default();
        of_content.push(seen);
    }
    let several = fired.into_values().filter(|seen| seen.len() > 1);
    // What a person has redriven fires by that person's word.
    let wrong = several.filter(|seen| {
        let redriven = seen.iter().any(|seen| seen.is_redriven());
        !redriven && !is_unknown(world, seen) && !asked_twice(world, seen[0].fingerprint)
    });
    let names = |seen: Vec<&Seen>| {
        let names: Vec<&str> = seen.iter().map(|seen| &*seen.execution.name).collect();
        format!("2: {} all fired", names.join(", "))
    };
    wrong.map(names).collect()
}

/// What was stopped by us, or has fired, is not started again by an older commit while git is in the middle of something. A
/// ledger that is lost does not know of it.
fn brought_back(
    world: &World,
    of_entry: &[&Seen],
    asked: &BTreeMap<String, DateTime<Utc>>,
    timeline: &Timeline,
) -> Vec<String> {
    let during = |time: DateTime<Utc>| {
        let is = |(from, to): &(DateTime<Utc>, Option<DateTime<Utc>>)| {
            *from <= time && to.is_none_or(|to| time < to)
        };
        world.operations.iter().any(is)
    };
    let is_wrong = |seen: &&&Seen| {
        let at = asked[&seen.execution.name];
        let was = |before: &&&Seen| {
            before.fingerprint == seen.fingerprint
                && before.end() < at
                && (before.stopped_by_us() || before.execution.fired.is_some())
        };
        let wanted = wanted_at(timeline, at);
        during(at)
            && wanted.is_none_or(|content| content.fingerprint() != seen.fingerprint)
            && of_entry.iter().any(|before| was(&before))
    };
    if world.damaged || world.processes.len() > 1 {
        return Vec::new();
    }
    let wrong = of_entry.iter().filter(is_wrong);
    let said = |seen: &&Seen| {
        let name = &seen.execution.name;
        format!("11: {name} was brought back while git was at work")
    };
    wrong.map(said).collect()
}

/// Nothing of a mass is stopped before a person has approved it, as long as all of it runs.
fn masses(
    world: &World,
    all: &[Seen],
    stops: &BTreeMap<String, Vec<DateTime<Utc>>>,
) -> Vec<String> {
    if world.damaged {
        return Vec::new();
    }
    let mut wrong = Vec::new();
    for mass in &world.masses {
        let of_mass: Vec<&Seen> = all
            .iter()
            .filter(|seen| mass.names.contains(&seen.entry))
            .collect();
        let since = |seen: &&Seen| {
            let sent = stops.get(&seen.execution.name)?;
            sent.iter().copied().find(|at| *at >= mass.at)
        };
        let Some(first) = of_mass.iter().filter_map(since).min() else {
            continue;
        };
        let ended = |seen: &&Seen| seen.end() <= first && !seen.stopped_by_us();
        let by_a_person = of_mass.iter().any(ended);
        if mass.approved.is_none_or(|at| first < at) && !by_a_person {
            wrong.push(format!(
                "9: {} entries were removed at {}, and stopped at {first} though nobody had approved that",
                mass.names.len(),
                mass.at
            ));
        }
    }
    wrong
}

/// What must hold of every history, at every moment of it.
pub(crate) fn never(world: &World) -> Vec<String> {
    let mut wrong = Vec::new();
    let all = seen(world);
    // A start that arrived late was asked for earlier.
    let mut asked: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
    for call in world.sandbox.calls() {
        if call.operation == "StartExecution" {
            asked.entry(call.subject).or_insert(call.at);
        }
    }
    // And a stop that arrived late was sent earlier, perhaps when the entry was gone.
    let mut stops: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
    for call in world.sandbox.calls() {
        if call.operation == "StopExecution" && !call.late {
            let name = call.subject.rsplit(':').next().unwrap_or_default();
            stops.entry(name.to_owned()).or_default().push(call.at);
        }
    }
    let mut by_entry: BTreeMap<&EntryName, Vec<&Seen>> = BTreeMap::new();
    for seen in &all {
        by_entry.entry(&seen.entry).or_default().push(seen);
    }
    for (entry, of_entry) in &by_entry {
        let strange = of_entry
            .iter()
            .find(|seen| world.at_of(entry, seen.fingerprint).is_none());
        let (Some(timeline), None) = (world.timelines.get(*entry), strange) else {
            wrong.push(format!("10: {entry} never asked for what was started"));
            continue;
        };
        for (n, a) in of_entry.iter().enumerate() {
            for b in &of_entry[n + 1..] {
                let overlap = a.runs().iter().any(|one| {
                    let runs = b.runs();
                    runs.iter()
                        .any(|other| other.begin < end(one) && one.begin < end(other))
                });
                if may_have_moved(world, a)
                    || may_have_moved(world, b)
                    || by_a_redrive(world, &asked, a, b)
                {
                    continue;
                }
                if overlap && world.processes.len() == 1 {
                    wrong.push(format!(
                        "1: {} and {} ran at the same time",
                        a.execution.name, b.execution.name
                    ));
                }
                if a.fingerprint == b.fingerprint
                    && a.execution.fired.is_some()
                    && b.execution.fired.is_some()
                {
                    wrong.push(format!(
                        "2: {} and {} both fired",
                        a.execution.name, b.execution.name
                    ));
                }
            }
        }
        wrong.extend(brought_back(world, of_entry, &asked, timeline));
        for seen in of_entry {
            let name = &seen.execution.name;
            if seen.generation > 0 {
                let before = of_entry.iter().find(|before| {
                    before.fingerprint == seen.fingerprint
                        && before.generation + 1 == seen.generation
                });
                // A person's stop is as good as ours once the entry has asked for something else, be it while the start
                // was on its way.
                let changed = |before: &Seen| {
                    let asked = asked[&before.execution.name].min(before.execution.start);
                    let end = seen.execution.start;
                    !always_wanted(timeline, before.fingerprint, asked, end)
                };
                let closed = before.is_some_and(|before| {
                    may_have_moved(world, before)
                        || by_a_redrive(world, &asked, before, seen)
                            && before.was_stopped_by_us(seen.execution.start)
                        || before.end() <= seen.execution.start
                            && (before.stopped_by_us()
                                || before.execution.status() == Status::Aborted && changed(before))
                });
                if !closed {
                    wrong.push(format!(
                        "4: {name} was started, and the generation before it was not closed by us"
                    ));
                }
            }
            if !seen.stopped_by_us() {
                continue;
            }
            let (asked, end) = (asked[name], seen.end());
            let start = if seen.is_redriven() {
                seen.begun_last()
            } else {
                asked
            };
            let wanted = |time: &DateTime<Utc>| {
                wanted_at(timeline, *time).is_some_and(|c| c.fingerprint() == seen.fingerprint)
            };
            let meant = stops.get(name).is_some_and(|sent| !sent.iter().all(wanted));
            if always_wanted(timeline, seen.fingerprint, start, end)
                && !meant
                && !is_superseded(of_entry, seen)
            {
                wrong.push(format!("5: {name} was stopped, and nobody had removed it"));
            }
            let stop_after = TimeDelta::from_std(STOP_AFTER).expect("seconds");
            // A change is believed once it has stood for two seconds: the wait begins then, and may run past its time by that.
            let believed = TimeDelta::seconds(3);
            let gone = timeline.iter().rev().find(|(since, _)| *since <= end);
            let removed = gone.is_some_and(|(since, content)| {
                let absent = content.is_none() && !world.disabled(entry, *since, end);
                let at = world.at_of(entry, seen.fingerprint);
                absent
                    && always_wanted(
                        timeline,
                        seen.fingerprint,
                        start.min(*since - TimeDelta::seconds(1)),
                        *since - TimeDelta::milliseconds(1),
                    )
                    && !may_have_moved(world, seen)
                    // Since when it was gone may be lost with the ledger.
                    && !world.damaged
                    && end < *since + stop_after
                    && at.is_none_or(|at| at > *since + stop_after + believed)
            });
            if removed {
                wrong.push(format!(
                    "5: {name} was stopped sooner than stop_after after its removal"
                ));
            }
        }
    }
    if world.processes.len() == 1 {
        wrong.extend(masses(world, &all, &stops));
        wrong.extend(fired_under_several_names(world, &all));
    }
    let mut inputs: BTreeMap<String, String> = BTreeMap::new();
    for call in world.sandbox.calls() {
        if call.operation != "StartExecution" {
            continue;
        }
        let request: serde_json::Value = serde_json::from_str(&call.request).expect("JSON");
        let input = request["input"].as_str().expect("an input").to_owned();
        let given: serde_json::Value = serde_json::from_str(&input).expect("JSON");
        let at: DateTime<Utc> = given["invocationTime"]
            .as_str()
            .and_then(|at| at.parse().ok())
            .expect("a time");
        if !call.late && call.at > at + GRACE + TimeDelta::minutes(1) {
            wrong.push(format!("8: {} was started too late", call.subject));
        }
        if inputs
            .entry(call.subject.clone())
            .or_insert_with(|| input.clone())
            != &input
        {
            wrong.push(format!("3: {} was sent with two inputs", call.subject));
        }
    }
    wrong
}

/// What must hold once the faults have ended, all that waits for approval was approved, and some time has passed.
pub(crate) fn settled(world: &World, list: &List) -> Vec<String> {
    let mut wrong = Vec::new();
    let now = world.now();
    let all = seen(world);
    let orphans: Vec<&str> = list
        .orphans
        .iter()
        .map(|orphan| orphan.execution_arn.as_str())
        .collect();
    let ran_under_another_name = |seen: &Seen| {
        let is = |other: &Seen| other.fingerprint == seen.fingerprint && other.entry != seen.entry;
        all.iter().any(is)
    };
    // What the other daemon began, while AWS refused this one's start, is not known to it when the entry gets another name.
    let may_be_anothers = |arn: &str| {
        let moved = |seen: &&Seen| seen.execution.arn == arn && ran_under_another_name(seen);
        world.processes.len() > 1 && all.iter().any(|seen| moved(&seen))
    };
    // What a person has redriven though its entry has asked for something else since is nobody's.
    let of_before = |arn: &str| {
        let redriven = |seen: &&Seen| seen.execution.arn == arn && seen.is_redriven();
        all.iter().any(|seen| redriven(&seen))
    };
    let mut unexplained = orphans
        .iter()
        .filter(|arn| !may_be_anothers(arn) && !of_before(arn))
        .peekable();
    if unexplained.peek().is_some() && !world.damaged {
        let unexplained: Vec<_> = unexplained.collect();
        wrong.push(format!("orphans without a lost ledger: {unexplained:?}"));
    }
    let mut running: Vec<&Seen> = all
        .iter()
        .filter(|seen| seen.execution.status() == Status::Running)
        .filter(|seen| !orphans.contains(&seen.execution.arn.as_str()))
        .collect();
    let mut take = |fits: &dyn Fn(&Seen) -> bool| {
        let found = running.iter().position(|seen| fits(seen));
        found.map(|at| running.remove(at)).is_some()
    };
    let wanted: Vec<(&EntryName, &Content)> = world
        .timelines
        .iter()
        .filter_map(|(entry, timeline)| Some((entry, wanted_at(timeline, now)?)))
        .collect();
    // Under its own name, or under that which it had before it was renamed.
    let own: Vec<bool> = wanted
        .iter()
        .map(|(entry, content)| {
            take(&|seen| seen.entry == **entry && seen.fingerprint == content.fingerprint())
        })
        .collect();
    for ((entry, content), own) in wanted.iter().zip(own) {
        let fingerprint = content.fingerprint();
        if own || take(&|seen| seen.fingerprint == fingerprint) || content.at <= now {
            continue;
        }
        let by_a_person = all.iter().any(|seen| {
            seen.fingerprint == fingerprint
                && world.by_a_person.contains(&seen.execution.arn)
                && !seen.stopped_by_us()
        });
        if !by_a_person {
            wrong.push(format!(
                "7: {entry} is wanted at {}, and nothing runs for it",
                content.at
            ));
        }
    }
    for seen in running {
        let name = &seen.execution.name;
        wrong.push(format!("7: {name} runs, and nobody wants it"));
    }
    wrong
}

/// What must hold when everything that ran after `settled` has fired.
pub(crate) fn fired(
    world: &World,
    settled: DateTime<Utc>,
    running: &[(EntryName, Fingerprint)],
) -> Vec<String> {
    let mut wrong = Vec::new();
    for seen in seen(world) {
        let ran = running.contains(&(seen.entry.clone(), seen.fingerprint));
        let Some(at) = world.at_of(&seen.entry, seen.fingerprint) else {
            continue;
        };
        let spans = seen.execution.start < settled && seen.end() > settled;
        if ran && at > settled && spans && seen.execution.fired != Some(at) {
            wrong.push(format!(
                "{} was to fire at {at}, and did at {:?}",
                seen.execution.name, seen.execution.fired
            ));
        }
    }
    wrong
}

/// What is wanted and runs now.
pub(crate) fn running(world: &World) -> Vec<(EntryName, Fingerprint)> {
    seen(world)
        .into_iter()
        .filter(|seen| seen.execution.status() == Status::Running)
        .map(|seen| (seen.entry, seen.fingerprint))
        .collect()
}
