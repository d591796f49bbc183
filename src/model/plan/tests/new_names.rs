//! New names in one change with others: contents that are rotated and swapped, and what has fired a moment ago.

use super::*;

/// Contents by a letter: all at different times, those in lower case a moment ago, digits longer ago than the grace.
fn content(name: &str, letter: char) -> Entry {
    let number = i64::from(u32::from(letter.to_ascii_lowercase()));
    let ahead = if letter.is_lowercase() {
        number - 200
    } else if letter.is_ascii_digit() {
        number - 1000
    } else {
        3600 + number
    };
    entry(name, ahead)
}

/// What is recorded: content, then `r` for running, `s` for a start without an answer, `e` for ended after it fired, `x` for
/// being stopped, `p` for stopped by a person after its time, `q` before it.
fn recorded(name: &str, what: &str) -> Record {
    let letter = what.chars().next().unwrap();
    let entry = content(name, letter);
    let aborted = |after| Outcome {
        ended: Some(entry.at() + TimeDelta::seconds(after)),
        ..Outcome::bare(OutcomeStatus::Aborted)
    };
    match &what[1..] {
        "p" => record(&entry, Phase::Running).ended(aborted(1), now()),
        "q" => record(&entry, Phase::Running).ended(aborted(-1), now()),
        "r" => record(&entry, Phase::Running),
        "s" => record(&entry, Phase::Starting),
        "x" => record(&entry, Phase::Stopping),
        _ => record(&entry, Phase::Running).ended(Outcome::bare(OutcomeStatus::Succeeded), now()),
    }
}

/// The steps, for `name: recorded -> asked`, `-` for nothing.
fn steps(rows: &str) -> Vec<String> {
    let rows: Vec<[&str; 3]> = rows
        .split(", ")
        .map(|row| {
            let (name, rest) = row.split_once(": ").unwrap();
            let (is, asked) = rest.split_once(" -> ").unwrap();
            [name, is, asked]
        })
        .collect();
    let records: Records = rows
        .iter()
        .filter(|[_, is, _]| *is != "-")
        .map(|[name, is, _]| recorded(name, is))
        .collect();
    let entries: Vec<(EntryName, Option<Entry>)> = rows
        .iter()
        .map(|[name, _, asked]| {
            let letter = asked.chars().next().filter(|letter| *letter != '-');
            let entry = letter.map(|letter| content(name, letter));
            (EntryName::parse(name).unwrap(), entry)
        })
        .collect();
    let want = |entry: &Option<Entry>| match entry {
        Some(_) => None,
        None => Some(absent(now() - TimeDelta::seconds(31))),
    };
    let wants: Wants<'_> = entries
        .iter()
        .map(|(name, entry)| {
            let present = entry.as_ref().map(Want::Present);
            (name, want(entry).or(present).unwrap())
        })
        .collect();
    let lax = Policy {
        max_stops: MaxStops::Percent(100),
        ..policy()
    };
    let plan = make(&wants, &records, &lax);
    let step = |(name, step, _): (&EntryName, Step, _)| {
        let from = plan.moves.get(name).map(|from| format!(" from {from}"));
        let from = from.filter(|_| step == Step::Move).unwrap_or_default();
        format!("{} {name}{from}", step.as_str())
    };
    plan.steps().map(step).collect()
}

#[test]
fn a_name_that_stays_gives_away_what_it_no_longer_asks_for() {
    let rows = [
        // Renamed, the old name gone or asking for something else.
        ("a: Ar -> -, b: - -> A", "Move b from a"),
        ("a: Ar -> C, b: - -> A", "Move b from a"),
        // Swapped, and in a ring of three.
        ("a: Ar -> B, b: Br -> A", "Move a from b"),
        ("a: Ar -> C, b: Br -> A, c: Cr -> B", "Move a from c"),
        // In a row: the last name first, then, on the next pass, the one before it.
        ("a: Ar -> D, b: Br -> A, c: - -> B", "Move c from b"),
        // One that has an execution which nobody wants is rid of that first, and nothing else is done meanwhile.
        ("a: Ar -> C, b: Br -> A", "Replace b"),
        ("a: Ar -> -, b: Br -> A", "Replace b"),
        // What fired a moment ago fires under no other name, however it got it.
        ("a: ar -> -, b: - -> a", "Move b from a"),
        ("a: ae -> C, b: - -> a", "Move b from a"),
        ("a: ae -> C, b: Br -> a", "Replace b"),
        ("a: ae -> b, b: be -> a", "Move a from b"),
        ("a: ap -> -, b: - -> a", "Move b from a"),
        ("a: ap -> C, b: - -> a", "Move b from a"),
        ("a: aq -> C, b: - -> a", "Start a, Start b"),
        ("a: be -> C, b: ae -> b, d: - -> a", "Move d from b"),
        // Swapped, and one of the two has fired, or is about to be seen to have.
        ("a: Ar -> b, e: be -> A", "Move a from e"),
        ("a: Ar -> b, e: br -> A", "Move a from e"),
        ("a: Ar -> 1, e: 1e -> A", "Move a from e"),
        ("a: Ar -> 1, e: 1r -> A", "Move a from e"),
        // A start without an answer is not stopped while another name asks for the same: first it is seen whether it runs.
        ("a: As -> -, b: - -> A", "Look a"),
        ("a: As -> C, b: - -> A", "Look a"),
        ("a: As -> 1, e: 1e -> A", "Look a"),
        ("a: As -> B, b: Br -> A", "Look a"),
        ("a: As -> C, b: - -> D", "Replace a, Start b"),
        ("a: As -> -, b: As -> -, c: - -> A", "Look a, Stop b"),
        // Alike, and both are asked for: no new name.
        ("a: Ar -> A, b: - -> A", "Start b"),
        // Two that asked for the same: one each.
        (
            "a: Ar -> -, b: Ar -> -, c: - -> A, d: - -> A",
            "Move c from a, Move d from b",
        ),
        ("a: Ar -> -, c: - -> A, d: - -> A", "Move c from a, Start d"),
        // It is being stopped: it is waited for how that ends.
        ("a: Ax -> -, b: - -> A", "Stop a"),
    ];
    for (row, expected) in rows {
        assert_eq!(steps(row).join(", "), expected, "{row}");
    }
}

/// What fired for a name that has asked for something else since fires for no other name, nor for that one again.
#[test]
fn what_fired_is_known_when_its_name_has_gone_on() {
    let (fired, later) = (entry("e", -60), entry("e", 3600));
    let mut records = Records::default();
    for record in [
        record(&fired, Phase::Running).ended(Outcome::bare(OutcomeStatus::Succeeded), now()),
        record(&later, Phase::Running),
    ] {
        records.insert(fired.name.clone(), record);
    }
    let again = entry("other", -60);
    let mut steps = |at: DateTime<Utc>| {
        let wants = Wants::from([
            (&later.name, Want::Present(&later)),
            (&again.name, Want::Present(&again)),
        ]);
        let of_long = records.forget_fired(at);
        let plan = make(&wants, &records, &policy());
        let step = plan.steps().next().map(|(_, step, _)| step);
        (step, plan.moves.get(&again.name).cloned(), of_long.len())
    };
    let of_e = Some(fired.name.clone());
    assert_eq!(steps(now()), (Some(Step::Move), of_e, 0));
    assert_eq!(
        steps(now() + TimeDelta::days(2)),
        (Some(Step::Start), None, 1)
    );
}

/// Switched off, and the same asked for under another name: nothing is stopped and started.
#[test]
fn a_name_that_is_switched_off_gives_away_what_runs() {
    let off = Entry {
        enabled: false,
        ..entry("a", 3600)
    };
    let new = entry("b", 3600);
    let records: Records = [record(&entry("a", 3600), Phase::Running)]
        .into_iter()
        .collect();
    let wants = Wants::from([
        (&off.name, Want::Present(&off)),
        (&new.name, Want::Present(&new)),
    ]);
    let plan = make(&wants, &records, &policy());
    let steps: Vec<_> = plan
        .steps()
        .map(|(name, step, _)| (name.as_str(), step))
        .collect();
    assert_eq!(steps, [("b", Step::Move)]);
}

/// A file that is being written counts as it was. A name that it still has may be gone from it by now, to another file under
/// another name: what asks for the same waits until the file is at rest, as long as there is time to tell.
#[test]
fn a_name_in_a_file_that_is_being_written_may_have_left() {
    let (soon, later) = (content("a", 'a'), content("a", 'A'));
    let plan = |entry: &Entry, phase: Option<Phase>, in_flight: bool| {
        let old = entry.clone();
        let new = Entry {
            name: EntryName::parse("b").unwrap(),
            file: "b.yaml".into(),
            ..entry.clone()
        };
        let records: Records = phase.map(|phase| record(&old, phase)).into_iter().collect();
        let wants = [
            Wanted {
                name: &old.name,
                want: Want::Present(&old),
                record: records.get(&old.name),
            },
            Wanted {
                name: &new.name,
                want: Want::Present(&new),
                record: None,
            },
        ];
        let sight = |wanted: &Wanted<'_>| Sight {
            in_flight: in_flight && wanted.name.as_str() == "a",
            ..Sight::CLEAR
        };
        let zones = Zones::bundled();
        let plan = Plan::make(&wants, &records, sight, &policy(), (&[], &zones), now());
        let of = |name| plan.decisions.get(name).cloned();
        (of(&old.name), of(&new.name))
    };
    let hour = TimeDelta::hours(1);
    assert!(soon.at() - now() < hour && later.at() - now() >= hour);
    for (entry, in_flight, starts) in [
        (&soon, true, false),
        (&soon, false, true),
        (&later, true, true),
        (&later, false, true),
    ] {
        let begins = |decision: &_| matches!(decision, Some(Decision::Act(Step::Start, _)));
        let (before, at_once) = plan(entry, None, in_flight);
        assert!(begins(&before), "{in_flight}: {before:?}");
        assert_eq!(begins(&at_once), starts, "{in_flight}: {at_once:?}");
        let (_, decision) = plan(entry, Some(Phase::Running), in_flight);
        assert_eq!(begins(&decision), starts, "{in_flight}: {decision:?}");
        if !starts {
            let held = matches!(&decision, Some(Decision::Hold { by: HeldBy::Doubt, why, .. }) if why.contains("`a`"));
            assert!(held, "{decision:?}");
        }
    }
}

/// A process that begins can't tell yet whether an entry still asks for what was being started when the one before ended. What
/// asks for the same waits until AWS has said whether that runs, be it due soon.
#[test]
fn a_start_without_an_answer_is_looked_for_before_another_name_asks_for_the_same() {
    let old = entry("a", 60);
    let new = Entry {
        name: EntryName::parse("b").unwrap(),
        file: "b.yaml".into(),
        ..old.clone()
    };
    let plan = |missing: Option<DateTime<Utc>>, ahead: i64| {
        let record = Record {
            missing,
            ..record(&old, Phase::Starting)
        };
        let records: Records = [record].into_iter().collect();
        let wants = Wants::from([
            (&old.name, Want::Unclear("not read yet".into())),
            (&new.name, Want::Present(&new)),
        ]);
        let zones = Zones::bundled();
        let now = old.at() - TimeDelta::seconds(ahead);
        let wants = side_by_side(&wants, &records);
        let plan = Plan::make(
            &wants,
            &records,
            |_| Sight::CLEAR,
            &policy(),
            (&[], &zones),
            now,
        );
        let steps = plan
            .steps()
            .map(|(name, step, _)| format!("{step:?} {name}"));
        steps.collect::<Vec<_>>()
    };
    assert_eq!(plan(None, 60), ["Look a"]);
    assert_eq!(
        plan(None, 4),
        ["Look a", "Start b"],
        "else it would be missed"
    );
    assert_eq!(plan(Some(now()), 60), ["Start b"], "it was looked for");
    assert_eq!(plan(Some(now()), 180), Vec::<String>::new());
}

/// A name whose last execution was over, and may run again, is looked at before anything is started for it. What it asks for
/// now, and runs under another name, is its own all the same: that is not stopped meanwhile.
#[test]
fn a_name_that_is_looked_at_first_takes_over_afterwards() {
    let plan = |of_b: &str, of_a: Option<char>, redriven: bool| {
        let asked = of_a.map(|letter| content("a", letter));
        let new = content("b", 'A');
        let (a, b) = (recorded("a", "Ar"), recorded("b", of_b));
        let (name_of_a, name_of_b) = (a.name.clone(), b.name.clone());
        let records: Records = [a, b].into_iter().collect();
        let gone = absent(now() - TimeDelta::seconds(31));
        let wants = Wants::from([
            (&name_of_a, asked.as_ref().map_or(gone, Want::Present)),
            (&name_of_b, Want::Present(&new)),
        ]);
        let wants = side_by_side(&wants, &records);
        let sight = |wanted: &Wanted<'_>| Sight {
            redriven: redriven && *wanted.name == name_of_b,
            ..Sight::CLEAR
        };
        let lax = Policy {
            max_stops: MaxStops::Percent(100),
            ..policy()
        };
        let plan = Plan::make(
            &wants,
            &records,
            sight,
            &lax,
            (&[], &Zones::bundled()),
            now(),
        );
        let steps = plan
            .steps()
            .map(|(name, step, _)| format!("{} {name}", step.as_str()));
        steps.collect::<Vec<_>>()
    };
    // It was stopped by a person before its time; it has fired, and is to fire later once more.
    for of_b in ["cq", "ce"] {
        for of_a in [None, Some('C'), Some('c')] {
            assert_eq!(plan(of_b, of_a, true), ["Look b"], "{of_b} {of_a:?}");
            // What has fired for `b` is what `a` asks for: both at once.
            let is_ring = (of_b, of_a) == ("ce", Some('c'));
            let then = if is_ring { "Move a" } else { "Move b" };
            assert_eq!(plan(of_b, of_a, false), [then], "{of_b} {of_a:?}");
        }
    }
    // What it asks for has fired for it: nothing is taken over.
    assert_eq!(plan("Ae", Some('C'), true), ["Replace a", "Look b"]);
}
