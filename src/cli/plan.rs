//! `onced plan`: what would be done, and what it will meet. Through the daemon where one runs, else from files and ledger.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

use super::arguments::Format;
use super::{Context, Outcome, exit, print, results, text};
use crate::settings::Settings;
use crate::view::forecast::Forecast;
use crate::view::{Moment, PlanView, StepView};

/// `onced plan`.
pub(super) async fn plan(context: &Context, directory: Option<&String>, detailed: bool) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json, Format::Markdown])?;
    let settings = context.settings(directory)?;
    let plan = results::ask(&settings, "/v1/plan", Moment::plan).await?;
    let printed = match format {
        Format::Json => results::to_json(&plan)?,
        Format::Markdown => plan_markdown(&plan),
        Format::Text | Format::Github | Format::Sarif => plan_text(
            &plan,
            &settings,
            (crate::daemon::wall_clock())(),
            context.color,
        ),
    };
    print(&printed);
    Ok(if plan.guard.is_some() {
        exit::HELD
    } else if results::has_invalid(&plan.files) {
        exit::INVALID
    } else if detailed
        && !(plan.steps.is_empty() && plan.held.iter().all(|step| step.until.is_none()))
    {
        exit::CHANGES
    } else {
        exit::DONE
    })
}

fn mark(step: &str) -> &'static str {
    match step {
        "Start" => "+",
        "Stop" => "-",
        "Replace" => "-/+",
        "Move" => "~>",
        _ => ".",
    }
}

fn reason(view: &StepView) -> String {
    let from = view.from.as_ref();
    let was = from.map(|from| format!(": was `{from}`"));
    format!("{}{}", view.reason, was.unwrap_or_default())
}

fn counts(plan: &PlanView) -> String {
    let count = |step: &str| plan.steps.iter().filter(|view| view.step == step).count();
    let (start, stop, replace) = (count("Start"), count("Stop"), count("Replace"));
    let (moved, forget) = (count("Move"), count("Forget"));
    let mut line = format!("{start} to start, {stop} to stop, {replace} to replace");
    if moved > 0 {
        let _ = write!(line, ", {moved} to move");
    }
    if forget > 0 {
        let _ = write!(line, ", {forget} to forget");
    }
    if !plan.held.is_empty() {
        let _ = write!(line, ", {} held", plan.held.len());
    }
    line
}

fn plan_text(plan: &PlanView, settings: &Settings, now: DateTime<Utc>, color: bool) -> String {
    let mut text = text::problems(&plan.files, color);
    text += &text::halted(plan.paused.as_ref(), plan.doubt.as_ref(), settings);
    let zone = settings.defaults.timezone;
    let row = |view: &StepView, held: bool| {
        let at: DateTime<Utc> = view.at.parse().unwrap_or_default();
        let place = view.line.map_or_else(
            || format!("was in {}", view.file),
            |line| format!("{}:{line}", view.file),
        );
        let times = if zone == chrono_tz::UTC {
            view.at.clone()
        } else {
            format!("{} = {}", text::local(at, zone), view.at)
        };
        let why = if held {
            format!("held: {}", view.reason)
        } else {
            reason(view)
        };
        vec![
            if held {
                "!".to_owned()
            } else {
                mark(&view.step).to_owned()
            },
            view.name.to_string(),
            times,
            text::relative(now, at),
            text::runs(view.lambda.as_deref(), &view.state_machine),
            place,
            why,
        ]
    };
    let rows: Vec<Vec<String>> = plan
        .steps
        .iter()
        .map(|view| row(view, false))
        .chain(plan.held.iter().map(|view| row(view, true)))
        .collect();
    text += &text::table(&rows);
    let waits = plan.guard.is_some() || !plan.orphans.is_empty();
    let digest = Some(&plan.digest).filter(|_| waits);
    text += &text::waiting(plan.guard.as_ref(), &plan.orphans, digest);
    let _ = writeln!(text, "{}", counts(plan));
    text + &forecast_text(&plan.forecast)
}

/// What of a forecast a person would want to know.
fn forecast_text(forecast: &Forecast) -> String {
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

fn plan_markdown(plan: &PlanView) -> String {
    let mut text = format!("**onced plan**: {}\n", counts(plan));
    if !plan.steps.is_empty() || !plan.held.is_empty() {
        text += "\n| | entry | at (UTC) | runs | file | why |\n|---|---|---|---|---|---|\n";
    }
    for (view, held) in plan
        .steps
        .iter()
        .map(|view| (view, ""))
        .chain(plan.held.iter().map(|view| (view, "held: ")))
    {
        let line = view.line.map(|line| format!(":{line}")).unwrap_or_default();
        let runs = text::runs(view.lambda.as_deref(), &view.state_machine);
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {runs} | `{}{line}` | {held}{} |",
            mark(&view.step),
            view.name,
            view.at,
            view.file,
            reason(view)
        );
    }
    for file in plan.files.iter().filter(|file| file.state == "invalid") {
        for error in &file.errors {
            let _ = writeln!(
                text,
                "\n- `{}:{}:{}`: {}",
                file.path, error.line, error.column, error.message
            );
        }
    }
    text
}
