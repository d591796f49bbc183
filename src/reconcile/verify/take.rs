//! Taking in a listing of running executions. Decides nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::{AGAIN, AGAIN_AT_FIRST, CONSISTENT, Done, Listing, Stray, Verify, is_of, listed_as};
use crate::model::name::{Owner, parse_execution_name};
use crate::model::plan::after;
use crate::model::record::{Phase, Record};
use crate::model::records::Records;
use crate::step_functions::{CallError, Remedy};

/// What runs on a machine, by name, and how often each was redriven.
struct Shown {
    state_machine: String,
    /// By both clocks.
    begun: (DateTime<Utc>, Instant),
    names: BTreeMap<String, u32>,
}

impl Verify {
    pub(super) fn take(&mut self, listing: Listing, records: &Records, owner: &Owner) -> Done {
        let Listing {
            state_machine,
            begun,
            names,
        } = listing;
        let names = match names {
            Ok(names) => names,
            Err(error) => return self.failed(state_machine, &error, begun.1),
        };
        let apart = self.apart();
        let settled = self.begun.map(|begun| begun + apart);
        let soon = settled.filter(|at| self.lost.contains(&state_machine) && begun.1 < *at);
        let first = soon.is_none() && !self.before.contains(&state_machine);
        let shown = Shown {
            state_machine,
            begun,
            names,
        };
        self.doubt(&shown, records);
        self.take_strays(&shown, records, owner);
        self.ask_again(&shown, records);
        let unconfirmed = self
            .all_strays()
            .any(|stray| stray.runs() && !stray.is_confirmed(apart));
        let wait = if unconfirmed { apart } else { self.every };
        let state_machine = shown.state_machine;
        let machine = self
            .machines
            .get_mut(&state_machine)
            .expect("a listing is of a known machine");
        machine.running = false;
        machine.listed |= soon.is_none();
        machine.failures = 0;
        machine.refused = false;
        machine.failed = None;
        machine.due = soon.unwrap_or(begun.1 + wait);
        Done {
            state_machine,
            first,
            problem: None,
        }
    }

    fn failed(&mut self, state_machine: String, error: &CallError, begun: Instant) -> Done {
        let again = if self.is_patient() {
            AGAIN_AT_FIRST
        } else {
            AGAIN
        };
        let machine = self
            .machines
            .get_mut(&state_machine)
            .expect("a listing is of a known machine");
        machine.running = false;
        let told = machine.failed.replace(error.to_string()) == Some(error.to_string());
        machine.refused = error.remedy() == Remedy::Refused;
        let wait = Duration::from_secs(1) * 2_u32.pow(machine.failures.min(6));
        machine.failures += 1;
        machine.due = begun + wait.min(again);
        let problem = (!told).then(|| error.to_string());
        Done {
            state_machine,
            first: false,
            problem,
        }
    }

    /// What is recorded as running, and was not listed.
    fn doubt(&mut self, shown: &Shown, records: &Records) {
        let is_listed = |name: &str| shown.names.contains_key(name);
        self.unshown
            .retain(|execution| !is_of(execution, &shown.state_machine));
        for record in self.of_machine(shown, records) {
            let old = shown.begun.0 >= after(record.since, CONSISTENT);
            let doubted = record.phase == Phase::Running && !is_listed(&record.execution_name());
            if doubted {
                self.unshown.insert(record.execution_arn());
            }
            if doubted && old {
                self.doubted.insert(record.name.clone());
            } else if !doubted {
                self.doubted.remove(&record.name);
            }
        }
    }

    /// What runs and is not the recorded execution of its entry; and of those that are, what was over and runs again.
    fn take_strays(&mut self, shown: &Shown, records: &Records, owner: &Owner) {
        let (wall, begun) = shown.begun;
        for strays in self.strays.values_mut() {
            strays.retain(|name, stray| {
                stray.state_machine != shown.state_machine
                    || stray.is_shown(shown.names.contains_key(name), begun)
            });
        }
        // Those that do not bear the name of their entry.
        let mut odd: BTreeMap<String, Vec<&Record>> = BTreeMap::new();
        let counts = |record: &&Record| record.is_live() || record.may_be_redriven(wall);
        for record in records.values().filter(counts) {
            if record.key().as_str() != record.name.as_str() {
                let of_name = odd.entry(record.execution_name()).or_default();
                of_name.push(record);
            }
        }
        self.redriven.begin(&shown.state_machine);
        for (name, redrives) in &shown.names {
            let redrives = if self.rules.redriven { *redrives } else { 0 };
            let Some((key, fingerprint, generation)) = parse_execution_name(owner, name) else {
                continue;
            };
            let of_entry = self.strays.entry(key.clone()).or_default();
            let record = key.name().and_then(|name| records.get(&name));
            let own = record.filter(|record| record.execution_name() == *name);
            let known = odd.get(name).into_iter().flatten().copied().chain(own);
            let runs_again =
                |record: &Record| record.may_be_redriven(wall) && redrives > record.redrives;
            let mut is_known = false;
            for record in known {
                let again = runs_again(record);
                if again {
                    self.redriven.shown(record, &shown.state_machine, redrives);
                }
                is_known |= again || record.is_live();
            }
            if is_known {
                of_entry.remove(name);
                continue;
            }
            let stray = of_entry.entry(name.clone()).or_insert(Stray {
                key,
                fingerprint,
                generation,
                state_machine: shown.state_machine.clone(),
                redrives,
                first: wall,
                shown: (begun, begun),
                gone: None,
            });
            (stray.shown.1, stray.redrives) = (begun, redrives);
        }
        self.strays.retain(|_, strays| !strays.is_empty());
    }

    /// What failed or was stopped may have been redriven, and be over again: some of it is asked for.
    fn ask_again(&mut self, shown: &Shown, records: &Records) {
        if !self.rules.redriven {
            return;
        }
        let (wall, begun) = shown.begun;
        self.redriven.keep(|name| {
            let record = records.get(name);
            record.is_some_and(|record| record.may_be_redriven(wall))
        });
        let over = self.of_machine(shown, records);
        let over: Vec<&Record> = over.filter(|record| record.may_be_redriven(wall)).collect();
        let when = (begun, self.every);
        self.redriven.ask(over, &shown.state_machine, when);
    }

    fn of_machine<'a>(
        &self,
        shown: &Shown,
        records: &'a Records,
    ) -> impl Iterator<Item = &'a Record> + use<'a> {
        let (machine, rules) = (shown.state_machine.clone(), self.rules);
        let is_there = move |record: &&Record| listed_as(&record.state_machine, rules) == machine;
        records.values().filter(is_there)
    }
}
