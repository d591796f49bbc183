//! `onced plan`: what would be done, and what it will meet. Through the daemon where one runs, else from files and ledger;
//! against a commit, from files alone.

mod markdown;
mod text;

use chrono::{DateTime, Utc};

use super::arguments::{FailOn, Format, Plan};
use super::{Context, Failure, Outcome, exit, print, results};
use crate::model::entry::instant;
use crate::model::limits::Limits;
use crate::model::name::Owner;
use crate::model::plan::after;
use crate::settings::Offline;
use crate::source::revision::Revision;
use crate::source::scan::Scanner;
use crate::source::{time, words};
use crate::view::compare::Versions;
use crate::view::findings::{Kind, in_short};
use crate::view::zone_rules::ZoneRules;
use crate::view::{Moment, NoteView, PlanView};

/// `onced plan`.
pub(super) async fn plan(context: &Context, what: &Plan) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json, Format::Markdown])?;
    let offline = context.offline(what.directory.as_ref())?;
    let as_of = what.as_of.as_deref();
    let as_of = as_of.map(|time| as_of_time(time, &offline)).transpose()?;
    let now = as_of.unwrap_or_else(|| (crate::daemon::wall_clock())());
    let plan = match &what.against {
        Some(reference) => against(&offline, reference, now)?,
        None => recorded(context, what, as_of).await?,
    };
    print(&match format {
        Format::Json => results::to_json(&plan)?,
        Format::Markdown => markdown::markdown(&plan),
        Format::Text | Format::Github | Format::Sarif => {
            text::text(&plan, offline.defaults.timezone, now, context.color)
        }
    });
    let failing = failing(&plan, &what.fail_on);
    Ok(if plan.guard.is_some() {
        exit::HELD
    } else if results::has_invalid(&plan.files) {
        exit::INVALID
    } else if let Some(why) = failing {
        return Err(Failure::new(why));
    } else if what.detailed_exitcode && is_pending(&plan) {
        exit::CHANGES
    } else {
        exit::DONE
    })
}

fn is_pending(plan: &PlanView) -> bool {
    !(plan.steps.is_empty() && plan.held.iter().all(|step| step.until.is_none()))
}

/// From what is recorded.
async fn recorded(
    context: &Context,
    what: &Plan,
    as_of: Option<DateTime<Utc>>,
) -> Result<PlanView, Failure> {
    let settings = context.settings(what.directory.as_ref())?;
    let asked = match as_of {
        Some(time) => format!("/v1/plan/{}", instant(time)),
        None => "/v1/plan".to_owned(),
    };
    let mut plan = results::ask_as_of(&settings, &asked, as_of, Moment::plan).await?;
    let own = ZoneRules::from(&settings.defaults.zones);
    // Our own look goes by our own rules: only a daemon's differ.
    plan.command_zone_rules = Some(own).filter(|own| own.differ_from(&plan.zone_rules));
    Ok(plan)
}

/// From a commit: nobody is asked, and nothing is recorded.
fn against(offline: &Offline, reference: &str, now: DateTime<Utc>) -> Result<PlanView, Failure> {
    let directory = offline.directory.as_ref().ok_or_else(|| {
        Failure::new("no directory of schedule files is given\nhint: name it, or give --directory")
    })?;
    let scan = |directory: &std::path::Path| {
        Scanner::new(directory.to_owned(), offline.defaults.clone())
            .trusting()
            .scan()
    };
    let after = scan(directory);
    if let Some(why) = &after.unclear {
        return Err(Failure::new(why));
    }
    let revision = Revision::of(directory, reference)
        .map_err(|error| Failure::new(crate::model::causes::causes(&error)))?;
    let versions = Versions {
        owner: Owner::parse("offline").map_err(Failure::new)?,
        reference: (reference.to_owned(), revision.commit.clone()),
        is_empty: revision.is_empty,
        submodules: revision.submodules.clone(),
        before: scan(revision.directory()),
        after,
    };
    Ok(versions.plan(&offline.policy, &Limits::default(), now))
}

fn as_of_time(time: &str, offline: &Offline) -> Result<DateTime<Utc>, Failure> {
    let now = (crate::daemon::wall_clock())();
    if let Ok(span) = time::duration(time) {
        return Ok(after(now, span));
    }
    words::instant(time, offline.defaults.timezone, now).map_err(super::change::wrong)
}

/// Why the plan fails, if it does.
fn failing(plan: &PlanView, fail_on: &[FailOn]) -> Option<String> {
    let kinds: Vec<Kind> = fail_on.iter().copied().map(kind).collect();
    let mut found = plan.findings.clone();
    found.retain(|finding| kinds.contains(&finding.finding));
    (!found.is_empty())
        .then(|| format!("the plan has what `--fail-on` names: {}", in_short(&found)))
}

fn kind(what: FailOn) -> Kind {
    match what {
        FailOn::Past => Kind::Past,
        FailOn::Offset => Kind::Offset,
        FailOn::EtcGmt => Kind::EtcGmt,
        FailOn::Dst => Kind::Dst,
        FailOn::Far => Kind::Far,
        FailOn::Close => Kind::Close,
    }
}

/// The sign of a step.
fn mark(step: &str) -> &'static str {
    match step {
        "Start" => "+",
        "Stop" => "-",
        "Replace" => "-/+",
        "Move" => "~>",
        _ => ".",
    }
}

/// That the plan is made by the rules of the daemon, where those of this command are others.
fn other_rules(plan: &PlanView) -> Option<NoteView> {
    let own = plan.command_zone_rules.as_ref()?;
    super::text::other_rules(
        &plan.zone_rules,
        own,
        "the plan is the daemon's, by its own",
    )
}

/// All steps in one line.
fn counts(plan: &PlanView) -> String {
    if let Some(against) = &plan.against {
        let mut text = against.in_short();
        if !plan.held.is_empty() {
            text = format!("{text}, {} held", plan.held.len());
        }
        let findings = in_short(&plan.findings);
        let comma = if findings.is_empty() { "" } else { "; " };
        return format!("{text}{comma}{findings}");
    }
    let count = |step: &str| plan.steps.iter().filter(|view| view.step == step).count();
    let (start, stop, replace) = (count("Start"), count("Stop"), count("Replace"));
    let more = [
        (count("Move"), "to move"),
        (count("Forget"), "to forget"),
        (plan.held.len(), "held"),
    ];
    let more = more.into_iter().filter(|(count, _)| *count > 0);
    let more = more.fold(String::new(), |text, (count, what)| {
        text + &format!(", {count} {what}")
    });
    format!("{start} to start, {stop} to stop, {replace} to replace{more}")
}
