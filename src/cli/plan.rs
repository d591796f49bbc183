//! `onced plan`: what would be done, and what it will meet. Through the daemon where one runs, else from files and ledger;
//! against a commit, from files alone.

mod markdown;
mod text;

use std::path::Path;

use chrono::{DateTime, Utc};

use super::arguments::{FailOn, Format, Plan};
use super::{Context, Failure, Outcome, exit, print, results};
use crate::model::entry::instant;
use crate::model::limits::Limits;
use crate::model::name::Owner;
use crate::model::plan::after;
use crate::settings::Offline;
use crate::source::parse::Defaults;
use crate::source::revision::Revision;
use crate::source::scan::{Scan, Scanner};
use crate::source::{time, words, zoneinfo};
use crate::view::compare::{Against, ByRules, Versions};
use crate::view::findings::{Kind, in_short};
use crate::view::zone_rules::ZoneRules;
use crate::view::{Moment, NoteView, PlanView};

/// `onced plan`.
pub(super) async fn plan(context: &Context, what: &Plan) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json, Format::Markdown])?;
    let mut offline = context.offline(what.directory.as_ref())?;
    let of_now = offline.defaults.clone();
    if let Some(directory) = &what.zoneinfo {
        offline.defaults = by_rules_of(directory, offline.defaults)?;
    }
    let as_of = what.as_of.as_deref();
    let as_of = as_of.map(|time| as_of_time(time, &offline)).transpose()?;
    let now = as_of.unwrap_or_else(|| (crate::daemon::wall_clock())());
    let plan = match (&what.against, &what.zoneinfo) {
        (Some(reference), _) => against(&offline, reference, now)?,
        (None, Some(_)) => by_other_rules(&offline, of_now, now)?,
        (None, None) => recorded(context, what, as_of).await?,
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

/// What schedule files get where they say nothing, by the time zone rules in this directory.
fn by_rules_of(directory: &Path, defaults: Defaults) -> Result<Defaults, Failure> {
    let path = directory.display();
    let zones = zoneinfo::open(directory)
        .map_err(|error| Failure::new(format!("can't read the time zones of `{path}`: {error}")))?;
    let name = defaults.timezone.name();
    let timezone = time::zone(name, &zones).map_err(super::change::wrong)?;
    Ok(Defaults {
        timezone,
        zones,
        ..defaults
    })
}

/// What the files ask for by the time zone rules of now would become what they ask for by other ones: nobody is asked, and
/// nothing is recorded.
fn by_other_rules(
    offline: &Offline,
    of_now: Defaults,
    now: DateTime<Utc>,
) -> Result<PlanView, Failure> {
    let directory = directory(offline)?;
    let versions = Versions {
        owner: Owner::parse("offline").map_err(Failure::new)?,
        reference: None,
        is_empty: false,
        submodules: Vec::new(),
        before: scan(directory, of_now),
        after: all_of(directory, offline)?,
    };
    Ok(versions.plan(&offline.policy, &Limits::default(), now))
}

fn directory(offline: &Offline) -> Result<&Path, Failure> {
    let directory = offline.directory.as_deref();
    directory.ok_or_else(|| {
        Failure::new("no directory of schedule files is given\nhint: name it, or give --directory")
    })
}

fn scan(directory: &Path, defaults: Defaults) -> Scan {
    let scanner = Scanner::new(directory.to_owned(), defaults);
    scanner.trusting().scan()
}

/// The files of now, all of them.
fn all_of(directory: &Path, offline: &Offline) -> Result<Scan, Failure> {
    let scan = scan(directory, offline.defaults.clone());
    match &scan.unclear {
        Some(why) => Err(Failure::new(why)),
        None => Ok(scan),
    }
}

/// From a commit: nobody is asked, and nothing is recorded.
fn against(offline: &Offline, reference: &str, now: DateTime<Utc>) -> Result<PlanView, Failure> {
    let directory = directory(offline)?;
    let after = all_of(directory, offline)?;
    let revision = Revision::of(directory, reference)
        .map_err(|error| Failure::new(crate::model::causes::causes(&error)))?;
    let versions = Versions {
        owner: Owner::parse("offline").map_err(Failure::new)?,
        reference: Some((reference.to_owned(), revision.commit.clone())),
        is_empty: revision.is_empty,
        submodules: revision.submodules.clone(),
        before: scan(revision.directory(), offline.defaults.clone()),
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
        FailOn::Yaml11 => Kind::Yaml11,
        FailOn::JsonText => Kind::JsonText,
        FailOn::BigInteger => Kind::BigInteger,
        FailOn::NullPayload => Kind::NullPayload,
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
    let by_rules = plan.by_rules.as_ref();
    let compared = plan.against.as_ref().map(Against::in_short);
    if let Some(mut text) = compared.or(by_rules.map(ByRules::in_short)) {
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
