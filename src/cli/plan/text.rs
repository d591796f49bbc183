//! A plan for people: one line a step, with its sign and why. Pure text; prints nothing.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::super::text;
use super::{counts, mark, other_rules};
use crate::model::zone::Zone;
use crate::view::compare::{Against, ByRules};
use crate::view::findings::Finding;
use crate::view::forecast::Forecast;
use crate::view::{PlanView, StepView};

/// How many entries at rest, and how many findings, are shown.
const SHOWN: usize = 20;

pub(super) fn text(plan: &PlanView, zone: Zone, now: DateTime<Utc>, color: bool) -> String {
    let mut text = text::problems(&plan.files, color);
    text += &text::halted(plan.paused.as_ref(), plan.doubt.as_ref(), zone);
    text += &text::notes(other_rules(plan).as_slice());
    let held = plan.held.iter().map(|view| ("!", "held: ", view));
    let resting = plan.resting.iter().take(SHOWN);
    let all = plan
        .steps
        .iter()
        .map(|view| (mark(&view.step), "", view))
        .chain(held)
        .chain(resting.map(|view| (mark(&view.step), "", view)));
    let rows: Vec<Vec<String>> = all
        .map(|(mark, held, view)| row(mark, held, view, zone, now))
        .collect();
    text += &colored(&text::table(&rows), color);
    if plan.resting.len() > SHOWN {
        let more = plan.resting.len() - SHOWN;
        let _ = writeln!(text, ".    and {more} more for which nothing is done");
    }
    text += &findings(&plan.findings);
    let waits = plan.guard.is_some() || !plan.orphans.is_empty();
    let digest = Some(&plan.digest).filter(|_| waits);
    text += &text::waiting(plan.guard.as_ref(), &plan.orphans, digest);
    if let Some(against) = &plan.against {
        text += &compared(against);
    }
    if let Some(by_rules) = &plan.by_rules {
        text += &read_by(by_rules);
    }
    let _ = writeln!(text, "{}", counts(plan));
    text + &forecast(&plan.forecast)
}

fn row(mark: &str, held: &str, view: &StepView, zone: Zone, now: DateTime<Utc>) -> Vec<String> {
    let at: DateTime<Utc> = view.at.parse().unwrap_or_default();
    let times = if zone == Zone::utc() {
        view.at.clone()
    } else {
        format!("{} = {}", text::local(at, zone), view.at)
    };
    let place = view.line.map_or_else(
        || format!("was in {}", view.file),
        |line| format!("{}:{line}", view.file),
    );
    vec![
        mark.to_owned(),
        view.name.to_string(),
        times,
        text::relative(now, at),
        text::runs(view.lambda.as_deref(), &view.state_machine),
        place,
        format!("{held}{}", reason(view)),
    ]
}

/// Why, and of a renamed entry what it was called.
pub(super) fn reason(view: &StepView) -> String {
    let from = view.from.as_ref();
    let was = from.map(|from| format!(": was `{from}`"));
    format!("{}{}", view.reason, was.unwrap_or_default())
}

/// Each line in the colour of its sign.
fn colored(table: &str, color: bool) -> String {
    if !color {
        return table.to_owned();
    }
    let line = |line: &str| {
        let color = match line.split(' ').next() {
            Some("+") => "\x1b[32m",
            Some("-") => "\x1b[31m",
            Some("-/+" | "!") => "\x1b[33m",
            Some("~>") => "\x1b[36m",
            _ => "\x1b[2m",
        };
        format!("{color}{line}\x1b[0m\n")
    };
    table.lines().map(line).collect()
}

fn findings(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings.iter().take(SHOWN) {
        let (kind, place) = (finding.finding.as_str(), &finding.file);
        let name = match &finding.names[..] {
            [name] => format!("`{name}` "),
            _ => String::new(),
        };
        let (at, line, message) = (&finding.at, finding.line, &finding.message);
        let _ = writeln!(text, "{kind}: {name}at {at} ({place}:{line}): {message}");
    }
    if findings.len() > SHOWN {
        let _ = writeln!(text, "and {} such more", findings.len() - SHOWN);
    }
    text
}

/// What is to be known of the commit.
fn compared(against: &Against) -> String {
    let (mut text, reference) = (String::new(), &against.reference);
    if against.is_empty {
        let _ = writeln!(
            text,
            "`{reference}` has nothing at this place: all counts as new"
        );
    }
    for path in &against.submodules {
        let _ = writeln!(
            text,
            "`{path}` is a repository of its own, and is not compared"
        );
    }
    for path in &against.invalid {
        let _ = writeln!(
            text,
            "`{path}` was invalid in `{reference}`: what is in it counts as new, and what is gone from it is not counted"
        );
    }
    if let Some(why) = &against.guard {
        let _ = writeln!(
            text,
            "a daemon would hold this for approval: this plan {why}"
        );
    }
    text
}

/// By which time zone rules the versions were read.
fn read_by(by_rules: &ByRules) -> String {
    let rules = &by_rules.rules;
    let Some(instead_of) = &by_rules.instead_of else {
        return format!("by the time zone rules {rules}\n");
    };
    let mut text = format!("by the time zone rules {rules} instead of {instead_of}\n");
    if let Some(why) = &by_rules.guard {
        let _ = writeln!(
            text,
            "a daemon would hold this for approval: this plan {why}"
        );
    }
    text
}

/// What of a forecast a person would want to know.
fn forecast(forecast: &Forecast) -> String {
    let mut text = String::new();
    if forecast.seconds >= 1.0 {
        let _ = writeln!(
            text,
            "takes at least {:.0} s at the rates that AWS allows",
            forecast.seconds
        );
    }
    if let Some(first) = forecast.late.first() {
        let number = forecast.late.len();
        let _ = writeln!(
            text,
            "{number} would be started after their time by that, the first of them `{first}`"
        );
    }
    for open in &forecast.open {
        let _ = writeln!(
            text,
            "{} in {}: {} executions would be open, and AWS allows {}\nhint: ask AWS for more, or lower `reconcile.horizon`",
            open.account, open.region, open.executions, open.limit
        );
    }
    for second in forecast.crowded.iter().take(10) {
        let _ = writeln!(
            text,
            "{}: {} entries fire in that second in {} in {}, and AWS begins about {}: some are later",
            second.at, second.entries, second.account, second.region, second.limit
        );
    }
    if forecast.crowded.len() > 10 {
        let _ = writeln!(text, "and {} seconds more", forecast.crowded.len() - 10);
    }
    text
}
