//! When which notices are told.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::ledger::{Holder, Ledger};
use crate::model::limits::Limits;
use crate::model::name::Owner;
use crate::model::plan::{MaxStops, Plan, Policy, Rules};
use crate::model::records::Records;
use crate::source::scan::Scan;
use crate::view::standing::Standing;

fn moment(seconds: i64) -> Moment {
    Moment {
        owner: Owner::parse("test").expect("an owner"),
        scan: Scan::default(),
        records: Records::default(),
        plan: Arc::new(Plan::default()),
        orphans: Vec::new(),
        to_approve: BTreeSet::new(),
        pause: None,
        policy: Policy {
            start_only: false,
            stop_after: Duration::ZERO,
            horizon: Duration::ZERO,
            max_stops: MaxStops::Count(0),
            rules: Rules::default(),
        },
        limits: Limits::default(),
        standing: Standing::default(),
        now: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
    }
}

async fn cursor() -> Cursor {
    let directory = tempfile::tempdir().expect("a directory");
    let (ledger, _) = Ledger::open(directory.path(), Holder::Command).expect("a ledger");
    let end = ledger.events_after(None, 1, DateTime::UNIX_EPOCH).await;
    end.expect("it is read").1
}

/// An outage is told once it has stood for a minute, however its error reads, and so is its end; a short one is not.
#[tokio::test]
async fn what_stands_is_told_when_it_begins_and_when_it_ends() {
    let cursor = cursor().await;
    let (mut told, mut troubles) = (Told::default(), Troubles::new());
    let mut look = |seconds: i64, silent: &[&str]| {
        let mut moment = moment(seconds);
        moment.standing.answered = seconds != 800;
        moment.standing.silent = silent.iter().map(|&text| text.to_owned()).collect();
        let (notices, next) = told.news(
            &moment,
            &[],
            Some(cursor.clone()),
            (moment.now, &mut troubles),
        );
        told = next;
        let said = |notice: &Notice| (notice.event, notice.detail.clone().unwrap_or_default());
        notices.iter().map(said).collect::<Vec<_>>()
    };
    assert_eq!(look(0, &["us-east-1: timed out"]), []);
    assert_eq!(look(59, &["us-east-1: refused"]), []);
    assert_eq!(look(60, &[]), [], "a short one");
    assert_eq!(look(61, &["us-east-1: timed out"]), []);
    let begins = (Topic::Unready, "aws: us-east-1: reset".to_owned());
    assert_eq!(look(121, &["us-east-1: reset"]), [begins]);
    assert_eq!(look(500, &["eu-west-1: other"]), [], "it stands");
    assert_eq!(look(501, &[]), []);
    assert_eq!(
        look(560, &["eu-west-1: other"]),
        [],
        "it stood all the time"
    );
    assert_eq!(look(570, &[]), []);
    assert_eq!(look(800, &[]), [], "a process that has had no answer yet");
    let ends = (Topic::Recovered, "aws: as it should be again".to_owned());
    assert_eq!(look(801, &[]), [ends]);
    assert_eq!(look(900, &[]), []);
}

/// By a clock that is not believed, nothing is missed; once it is, what is missed is told.
#[tokio::test]
async fn a_wrong_clock_cries_no_wolf() {
    let cursor = cursor().await;
    let entry = Arc::new(crate::model::entry::sample("e"));
    let (mut told, mut troubles) = (Told::default(), Troubles::new());
    let mut look = |seconds: i64, clock: Option<&str>| {
        let mut moment = moment(seconds);
        let name = entry.name.clone();
        moment.scan.entries = Arc::new([(name.clone(), Arc::clone(&entry))].into());
        let rest = crate::model::plan::Decision::Rest { wake: None };
        moment.plan = Arc::new(Plan {
            decisions: [(name, rest)].into_iter().collect(),
            ..Plan::default()
        });
        moment.standing.clock = clock.map(str::to_owned);
        let (notices, next) = told.news(
            &moment,
            &[],
            Some(cursor.clone()),
            (moment.now, &mut troubles),
        );
        told = next;
        notices
            .iter()
            .map(|notice| notice.event)
            .collect::<Vec<_>>()
    };
    let late = (entry.at() - DateTime::UNIX_EPOCH).num_seconds() + 100_000;
    assert_eq!(look(late, Some("it jumped")), []);
    assert_eq!(look(late, None), [Topic::Missed]);
    assert_eq!(look(late, Some("it jumped")), []);
    assert_eq!(look(late, None), [], "once");
}

/// Another set of stops that wait is told again, once it stands, unless it only grew smaller; in doubt, nothing is over.
#[tokio::test]
async fn another_mass_of_stops_is_told_again() {
    let cursor = cursor().await;
    let (mut told, mut troubles) = (Told::default(), Troubles::new());
    let mut look = |seconds: i64, executions: &[&str], doubt: Option<&str>| {
        let mut moment = moment(seconds);
        moment.to_approve = executions.iter().map(|&arn| arn.to_owned()).collect();
        let guard = (!executions.is_empty()).then(|| "stops many".to_owned());
        moment.plan = Arc::new(Plan {
            guard,
            ..Plan::default()
        });
        moment.scan.unclear = doubt.map(str::to_owned);
        let (notices, next) = told.news(
            &moment,
            &[],
            Some(cursor.clone()),
            (moment.now, &mut troubles),
        );
        told = next;
        let held = notices
            .iter()
            .filter(|notice| notice.event != Topic::Unready);
        let said = |notice: &Notice| (notice.event, notice.digest.is_some());
        held.map(said).collect::<Vec<_>>()
    };
    assert_eq!(look(0, &["a", "b"], None), []);
    assert_eq!(
        look(30, &["a", "b", "c"], None),
        [],
        "files are being replaced"
    );
    assert_eq!(look(60, &["a", "b", "c"], None), []);
    assert_eq!(look(90, &["a", "b", "c"], None), [(Topic::Held, true)]);
    assert_eq!(look(200, &["a", "b", "c"], None), []);
    assert_eq!(look(300, &["b", "c"], None), [], "one came to its time");
    assert_eq!(look(310, &["a", "b", "c"], None), [], "for a moment only");
    assert_eq!(look(400, &["a", "b", "c"], None), []);
    assert_eq!(look(410, &["d"], None), [], "others, and fewer");
    assert_eq!(look(470, &["d"], None), [(Topic::Held, true)]);
    assert_eq!(look(500, &[], Some("unmounted")), []);
    assert_eq!(look(600, &[], None), [(Topic::Recovered, false)]);
    assert_eq!(look(700, &[], None), []);
}

/// What can't be seen for a while is not told again, nor what only looks as if it had never run since the ledger is lost.
#[tokio::test]
async fn what_was_missed_is_told_once() {
    let (one, other) = (cursor().await, cursor().await);
    let entry = Arc::new(crate::model::entry::sample("e"));
    let late = (entry.at() - DateTime::UNIX_EPOCH).num_seconds() + 100_000;
    let look = |told: &mut Told, is_there: bool, doubt: Option<&str>, cursor: &Cursor| {
        let mut moment = moment(late);
        let name = entry.name.clone();
        if is_there {
            moment.scan.entries = Arc::new([(name.clone(), Arc::clone(&entry))].into());
            let rest = crate::model::plan::Decision::Rest { wake: None };
            moment.plan = Arc::new(Plan {
                decisions: [(name, rest)].into_iter().collect(),
                ..Plan::default()
            });
        }
        moment.scan.unclear = doubt.map(str::to_owned);
        let cursor = Some(cursor.clone());
        let (notices, next) = told.news(&moment, &[], cursor, (moment.now, &mut Troubles::new()));
        *told = next;
        notices
            .iter()
            .map(|notice| notice.event)
            .collect::<Vec<_>>()
    };
    let mut told = Told::default();
    assert_eq!(look(&mut told, true, None, &one), [Topic::Missed]);
    assert_eq!(look(&mut told, false, Some("unmounted"), &one), []);
    assert_eq!(look(&mut told, true, None, &one), []);
    assert_eq!(look(&mut told, false, None, &one), []);
    assert_eq!(
        look(&mut told, true, None, &one),
        [Topic::Missed],
        "put back"
    );
    let mut told = Told::default();
    assert_eq!(look(&mut told, false, None, &one), []);
    assert_eq!(
        look(&mut told, false, None, &other),
        [],
        "a loss, and nothing to be seen"
    );
    assert_eq!(look(&mut told, true, None, &other), [], "then all of it");
    assert_eq!(look(&mut told, true, None, &other), []);
}

#[test]
fn the_gist_of_a_refusal_is_its_operation_and_its_code() {
    let text = "StartExecution failed: AccessDenied: User: arn:x/session-1 is not authorized";
    assert_eq!(gist(text), "StartExecution failed: AccessDenied");
    assert_eq!(gist("it would run at once"), "it would run at once");
}

/// What time zone rules move is told by what was recorded of it; what they can't move any more, once for each new time.
#[tokio::test]
async fn what_the_rules_move_is_told() {
    let cursor = cursor().await;
    let entry = crate::model::entry::sample("e");
    let event = |was: Option<DateTime<Utc>>| Event {
        time: entry.at(),
        name: entry.name.clone(),
        event: "moved".to_owned(),
        at: entry.at(),
        execution_arn: "arn".to_owned(),
        detail: Some("why".to_owned()),
        late_ms: None,
        commit: None,
        was,
    };
    assert_eq!(happened(&event(None)), None, "another name");
    let notice = happened(&event(Some(entry.at()))).expect("a notice");
    assert_eq!(notice.event, Topic::Moved);
    let mut told = Told::default();
    let mut look = |hours: i64, waits: bool| {
        let mut moment = moment(0);
        let shift = crate::model::shift::Shift {
            was: entry.at(),
            is: entry.at() - TimeDelta::hours(hours),
            by: None,
            waits,
        };
        let held = Decision::Hold {
            step: crate::model::plan::Step::Replace,
            by: HeldBy::Rules,
            why: "kept".to_owned(),
            until: None,
            wake: None,
        };
        moment.plan = Arc::new(Plan {
            decisions: [(entry.name.clone(), held)].into_iter().collect(),
            shifts: [(entry.name.clone(), shift)].into(),
            ..Plan::default()
        });
        let now = (moment.now, &mut Troubles::new());
        let (notices, next) = told.news(&moment, &[], Some(cursor.clone()), now);
        told = next;
        let kept = notices.iter().filter(|notice| notice.event == Topic::Moved);
        kept.map(|notice| notice.detail.clone().unwrap_or_default())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        look(1, true),
        [""; 0],
        "it waits for approval, which is told as that"
    );
    assert_eq!(look(1, false), ["kept"]);
    assert_eq!(look(1, false), [""; 0], "once");
    assert_eq!(look(2, false), ["kept"], "by yet other rules");
}
