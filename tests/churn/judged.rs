//! The judge is judged: of each rule a story that breaks it, and one like it that does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use fastrand::Rng;

use crate::daemons::Life;
use crate::folder::{Content, Entries, MACHINE, Moving, Said, Since, Timeline};
use crate::oracle::{Record, Run};
use crate::wire::{Seen, Time};
use crate::world::Setup;

/// So many milliseconds after the beginning.
fn at(milliseconds: i64) -> Time {
    let begin: Time = "2026-11-29T12:00:00Z".parse().expect("a time");
    begin + TimeDelta::milliseconds(milliseconds)
}

/// Something that is due after so many seconds.
fn content(due: i64) -> Content {
    Content {
        at: at(due * 1000),
        payload: 1,
        machine: MACHINE,
        enabled: true,
        grace: Some(20),
    }
}

fn off(content: &Content) -> Content {
    Content {
        enabled: false,
        ..content.clone()
    }
}

enum End {
    Fires,
    StoppedAt(i64),
    StoppedByAPersonAt(i64),
    RunsOn,
}

/// `settle` is 100 ms, `stop_after` 2 s; one daemon lives from the beginning on.
struct Story(Record);

impl Story {
    fn new() -> Self {
        let mut setup = Setup::new(1, Duration::from_mins(1), &mut Rng::with_seed(1));
        setup.settle = Duration::from_millis(100);
        setup.stop_after = Duration::from_secs(2);
        setup.guarded = false;
        let life = Life {
            ledger: 0,
            from: at(0),
            to: None,
            knows_since: at(0),
        };
        Self(Record {
            setup,
            timeline: Timeline::default(),
            wire: Vec::new(),
            lives: vec![life],
            by_a_person: BTreeSet::new(),
            runs: Vec::new(),
            written: BTreeSet::new(),
            ended: at(100_000),
        })
    }

    fn since(mut self, from: i64, moving: Moving, entries: &[(&str, &Content)], bad: bool) -> Self {
        let entry = |(name, content): &(&str, &Content)| ((*name).to_owned(), (*content).clone());
        let entries: Entries = entries.iter().map(entry).collect();
        let written = entries
            .iter()
            .map(|(name, content)| (name.clone(), content.key()));
        self.0.written.extend(written);
        let spoiled = BTreeSet::from_iter(bad.then(|| "a.yaml".to_owned()));
        let said = Said::of(&BTreeMap::from([("a.yaml".to_owned(), entries)]), &spoiled);
        let (from, said) = (at(from), Arc::new(said));
        self.0.timeline.0.push(Since { from, moving, said });
        self
    }

    /// From then on the folder is at rest, and says this.
    fn says(self, from: i64, entries: &[(&str, &Content)]) -> Self {
        self.since(from, Moving::No, entries, false)
    }

    fn spoiled(self, from: i64, entries: &[(&str, &Content)]) -> Self {
        self.since(from, Moving::No, entries, true)
    }

    /// From then on it changes; what it said before it says no more.
    fn moves(self, from: i64, moving: Moving, before: &[(&str, &Content)]) -> Self {
        self.since(from, moving, before, false)
    }

    fn asks(&mut self, operation: &str, (entry, content): (&str, &Content), name: &str, sent: i64) {
        self.0.wire.push(Seen {
            ledger: 0,
            operation: operation.into(),
            subject: name.into(),
            key: (operation == "StartExecution").then(|| content.key()),
            arrived: at(sent),
            answer: None,
        });
        assert!(name.contains(entry));
    }

    fn runs(mut self, of: (&str, &Content), start: i64, end: &End) -> Self {
        let (entry, content) = of;
        let name = format!("test-{entry}-f-{}", self.0.runs.len());
        self.asks("StartExecution", of, &name, start);
        let stopped_by_us = matches!(end, End::StoppedAt(_));
        let (end, fired) = match end {
            End::Fires => {
                let fired = content.at.max(at(start));
                (Some(fired), Some(fired))
            }
            End::StoppedAt(end) => {
                self.asks("StopExecution", of, &name, *end);
                (Some(at(*end)), None)
            }
            End::StoppedByAPersonAt(end) => (Some(at(*end)), None),
            End::RunsOn => (None, None),
        };
        self.0.runs.push(Run {
            name,
            entry: entry.to_owned(),
            key: content.key(),
            at: content.at,
            start: at(start),
            end,
            fired,
            is_running: end.is_none(),
            stopped_by_us,
        });
        self
    }

    fn rules(&self) -> Vec<&'static str> {
        let (faults, _) = self.0.judge();
        let mut rules: Vec<&str> = faults.iter().map(|fault| fault.rule).collect();
        rules.dedup();
        rules
    }

    fn is_good(&self) {
        assert_eq!(
            self.0.judge().0.iter().map(|f| &f.what).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
    }
}

#[test]
fn one_execution_for_each_content_and_entry() {
    let (c, d) = (content(200), content(250));
    let story = || Story::new().says(0, &[("e1", &c)]);
    let twice = story()
        .says(20_000, &[("e2", &c)])
        .runs(("e1", &c), 1000, &End::RunsOn)
        .runs(("e2", &c), 21_000, &End::RunsOn);
    assert_eq!(twice.rules(), ["1 content"]);
    // Two names ask for it.
    let copied = story()
        .says(20_000, &[("e1", &c), ("e2", &c)])
        .runs(("e1", &c), 1000, &End::RunsOn)
        .runs(("e2", &c), 21_000, &End::RunsOn);
    copied.is_good();
    // They did when a daemon looked, and one of them no more when both were started.
    let both = [("e1", &c), ("e2", &c)];
    let switched = story()
        .says(20_000, &both)
        .says(21_000, &[("e1", &off(&c)), ("e2", &c)])
        .runs(("e1", &c), 21_040, &End::StoppedAt(22_500))
        .runs(("e2", &c), 21_050, &End::RunsOn);
    switched.is_good();
    // One after the other, they are one name.
    let renamed = story()
        .says(20_000, &[("e2", &c)])
        .runs(("e1", &c), 20_040, &End::StoppedAt(22_500))
        .runs(("e2", &c), 20_050, &End::RunsOn);
    assert!(renamed.rules().contains(&"1 content"));
    let beside = story()
        .says(20_000, &[("e1", &d)])
        .runs(("e1", &c), 1000, &End::StoppedAt(22_000))
        .runs(("e1", &d), 21_000, &End::RunsOn);
    assert_eq!(beside.rules(), ["1 entry"]);
    let after = story()
        .says(20_000, &[("e1", &d)])
        .runs(("e1", &c), 1000, &End::StoppedAt(21_000))
        .runs(("e1", &d), 21_500, &End::RunsOn);
    after.is_good();
}

#[test]
fn nothing_fires_twice() {
    let c = content(60);
    let twice = Story::new()
        .says(0, &[("e1", &c)])
        .says(61_000, &[("e2", &c)])
        .runs(("e1", &c), 1000, &End::Fires)
        .runs(("e2", &c), 62_000, &End::Fires);
    assert_eq!(twice.rules(), ["2 fired twice"]);
    let mut lost = twice;
    lost.0.lives[0].to = Some(at(60_500));
    lost.0.lives.push(Life {
        ledger: 0,
        from: at(60_800),
        to: None,
        knows_since: at(60_700),
    });
    lost.is_good();
    let stopped = Story::new()
        .says(0, &[("e1", &c)])
        .says(10_000, &[])
        .says(20_000, &[("e1", &c)])
        .runs(("e1", &c), 1000, &End::StoppedAt(12_500))
        .runs(("e1", &c), 21_000, &End::Fires);
    stopped.is_good();
}

#[test]
fn nothing_is_stopped_that_is_asked_for() {
    let (c, d) = (content(200), content(250));
    let stopped = |story: Story, end| story.runs(("e1", &c), 1000, &End::StoppedAt(end));
    let begin = || Story::new().says(0, &[("e1", &c)]);
    assert_eq!(stopped(begin(), 9000).rules(), ["3 stopped"]);
    // Gone for long enough, and not.
    stopped(begin().says(5000, &[]), 7100).is_good();
    assert_eq!(
        stopped(begin().says(5000, &[]), 6000).rules(),
        ["3 stopped"]
    );
    // Put back long before.
    let back = || begin().says(5000, &[]).says(8000, &[("e1", &c)]);
    stopped(back(), 8300).is_good();
    assert_eq!(stopped(back(), 30_000).rules(), ["3 stopped"]);
    // Changed or switched off, for as long as that takes to be seen.
    for other in [&d, &off(&c)] {
        stopped(begin().says(5000, &[("e1", other)]), 5110).is_good();
        let flash = begin()
            .says(5000, &[("e1", other)])
            .says(5020, &[("e1", &c)]);
        assert_eq!(stopped(flash, 5030).rules(), ["3 stopped"]);
    }
    // Its file can't be read; the directory is away; the file is being written.
    let spoiled = begin().spoiled(5000, &[("e1", &c)]);
    assert_eq!(stopped(spoiled, 9000).rules(), ["3 stopped"]);
    for moving in [Moving::All, Moving::File] {
        let moves = begin()
            .moves(5000, moving, &[("e1", &c)])
            .says(20_000, &[("e1", &c)]);
        assert_eq!(stopped(moves, 9000).rules(), ["3 stopped"]);
    }
    let git = begin()
        .says(5000, &[])
        .moves(5500, Moving::All, &[])
        .says(20_000, &[]);
    assert_eq!(stopped(git, 9000).rules(), ["3 stopped"]);
    // Another name asks for it now.
    let renamed = begin().says(5000, &[("e2", &c)]);
    assert_eq!(stopped(renamed, 9000).rules(), ["3 stopped, and renamed"]);
    // Two names asked for it, and now one.
    let copied = || begin().says(500, &[("e1", &c), ("e2", &c)]);
    let one_is_changed = copied().says(5000, &[("e1", &d), ("e2", &c)]);
    let both = one_is_changed.runs(("e2", &c), 1500, &End::RunsOn);
    stopped(both, 5200).is_good();
    let both = copied().runs(("e2", &c), 1500, &End::RunsOn);
    assert_eq!(stopped(both, 5200).rules(), ["3 stopped, and renamed"]);
    // What a person stopped of one of two is none that the other could give.
    let both = || copied().runs(("e2", &c), 1500, &End::StoppedByAPersonAt(2000));
    let one_is_gone = both().says(5000, &[("e2", &c)]);
    stopped(one_is_gone, 7100).is_good();
    assert_eq!(stopped(both(), 7100).rules(), ["3 stopped, and renamed"]);
    let mut late = begin().says(205_000, &[]);
    late.0.ended = at(300_000);
    assert_eq!(
        stopped(late, 208_000).rules(),
        ["4 did not fire", "3 stopped after its time"]
    );
}

#[test]
fn what_starts_is_what_its_name_asks_for() {
    let (c, d) = (content(200), content(250));
    let began = Story::new()
        .says(0, &[("e1", &c)])
        .says(20_000, &[("e1", &c), ("e2", &d)]);
    let torn = began.runs(("e1", &d), 21_000, &End::RunsOn);
    assert!(
        torn.rules().contains(&"5 not asked for"),
        "{:?}",
        torn.rules()
    );
    let back = || Story::new().says(0, &[("e1", &c)]).says(1000, &[]);
    let git = |story: Story| story.moves(30_000, Moving::All, &[]).says(90_000, &[]);
    // Brought back by an older commit; and new, in a commit alone.
    let brought = git(back()).runs(("e1", &c), 40_000, &End::StoppedAt(95_000));
    assert!(
        brought.rules().contains(&"5 not asked for"),
        "{:?}",
        brought.rules()
    );
    let mut lost = brought;
    lost.0.written.insert(("e1".to_owned(), c.key()));
    assert!(lost.rules().contains(&"5 not asked for"));
    // The ledger does not know that it was there.
    lost.0.lives[0].to = Some(at(35_000));
    lost.0.lives.push(Life {
        ledger: 0,
        from: at(36_000),
        to: None,
        knows_since: at(35_500),
    });
    assert!(!lost.rules().contains(&"5 not asked for"));
    let mut new = git(back()).runs(("e3", &d), 40_000, &End::StoppedAt(95_000));
    assert!(
        new.rules().contains(&"5 not asked for"),
        "{:?}",
        new.rules()
    );
    new.0.written.insert(("e3".to_owned(), d.key()));
    assert!(
        !new.rules().contains(&"5 not asked for"),
        "{:?}",
        new.rules()
    );
    let mut two =
        Story::new()
            .says(0, &[("e1", &c), ("e2", &d)])
            .runs(("e1", &c), 1000, &End::RunsOn);
    two.is_good();
    let name = two.0.runs[0].name.clone();
    two.asks("StartExecution", ("e1", &d), &name, 2000);
    assert_eq!(two.rules(), ["6 two inputs"]);
    let late = Story::new().says(0, &[("e1", &content(10))]);
    let late = late.runs(("e1", &content(10)), 50_000, &End::Fires);
    assert_eq!(late.rules(), ["8 too late"]);
}

#[test]
fn what_is_asked_for_fires_and_what_is_gone_does_not() {
    let c = content(60);
    let story = Story::new().says(0, &[("e1", &c)]);
    assert_eq!(story.rules(), ["4 did not fire"]);
    Story::new()
        .says(0, &[])
        .says(50_000, &[("e1", &c)])
        .is_good();
    Story::new().spoiled(0, &[("e1", &c)]).is_good();
    let mut dead = Story::new().says(0, &[("e1", &c)]);
    dead.0.lives[0].to = Some(at(50_000));
    dead.is_good();
    let gone = |from| Story::new().says(0, &[("e1", &c)]).says(from, &[]);
    assert_eq!(
        gone(10_000).runs(("e1", &c), 1000, &End::Fires).rules(),
        ["4 fired"]
    );
    gone(58_000).runs(("e1", &c), 1000, &End::Fires).is_good();
}
