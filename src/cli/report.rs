//! `onced report`: what was to fire lately, and what came of it.

use chrono::{DateTime, Utc};

use super::arguments::Format;
use super::{Context, Failure, Outcome, exit, list, print, results, text};
use crate::settings::Settings;
use crate::source::time;
use crate::view::report::{Firing, Report, report as compare};
use crate::view::{List, Moment};

pub(super) async fn report(context: &Context, since: &str) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let settings = context.settings(None)?;
    let now = (crate::daemon::wall_clock())();
    let since = begin(since, &settings, now)?;
    let list: List = results::ask(&settings, "/v1/list", Moment::list).await?;
    let events = results::all_events(&settings).await?;
    let report = compare(&list, &events, since, now);
    let printed = match format {
        Format::Json => results::to_json(&report)?,
        _ => list::other_rules(&list, &settings) + &report_text(&report, &settings),
    };
    print(&printed);
    Ok(if report.missing > 0 {
        exit::FAILURE
    } else {
        exit::DONE
    })
}

/// `24h`, or a time.
fn begin(since: &str, settings: &Settings, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    if let Ok(span) = time::duration(since) {
        let begin = now.checked_sub_signed(crate::model::plan::span(span));
        return Ok(begin.unwrap_or(DateTime::<Utc>::MIN_UTC));
    }
    let begin = time::instant(since, settings.defaults.timezone).map_err(super::change::wrong)?;
    if begin > now {
        return Err(Failure::usage(
            "`--since` is a time to come\nhint: give a duration such as `24h`, or a time that is past",
        ));
    }
    Ok(begin)
}

fn report_text(report: &Report, settings: &Settings) -> String {
    let zone = settings.defaults.timezone;
    let local = |at: &str| {
        at.parse()
            .map_or_else(|_| at.to_owned(), |at| text::local(at, zone))
    };
    let row = |firing: &Firing| {
        let late = firing.late_ms.map(|ms| format!("{} late", text::span(ms)));
        vec![
            if firing.missing { "!" } else { " " }.to_owned(),
            local(&firing.at),
            firing.name.to_string(),
            firing.outcome.clone(),
            late.unwrap_or_default(),
            firing.detail.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = report.firings.iter().map(row).collect();
    format!(
        "{}{} expected since {}: {} fired, {} of them failed, {} missing\n",
        text::table(&rows),
        report.firings.len(),
        local(&report.since),
        report.fired,
        report.failed,
        report.missing
    )
}
