//! `onced doctor`: would onced work here? Looks, and asks AWS; starts, stops and writes nothing.

mod files;
mod services;
mod zones;

use serde::Serialize;
use tracing::{info, warn};

use super::arguments::Format;
use super::{Context, Failure, Outcome, exit, print, results};
use crate::settings::Settings;
use crate::step_functions::StepFunctions;
use crate::step_functions::access::Access;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Warning,
    Failure,
}

/// One line.
#[derive(Debug, Serialize)]
struct Check {
    #[serde(rename = "check")]
    name: String,
    state: Verdict,
    message: String,
    remedy: Option<String>,
}

#[derive(Debug, Default)]
struct Report(Vec<Check>);

impl Report {
    fn add(&mut self, check: &str, state: Verdict, message: impl Into<String>, remedy: &str) {
        self.0.push(Check {
            name: check.to_owned(),
            state,
            message: message.into(),
            remedy: Some(remedy.to_owned()).filter(|remedy| !remedy.is_empty()),
        });
    }

    fn ok(&mut self, check: &str, message: impl Into<String>) {
        self.add(check, Verdict::Ok, message, "");
    }

    fn warn(&mut self, check: &str, message: impl Into<String>, remedy: &str) {
        self.add(check, Verdict::Warning, message, remedy);
    }

    fn fail(&mut self, check: &str, message: impl Into<String>, remedy: &str) {
        self.add(check, Verdict::Failure, message, remedy);
    }

    /// A failure whose message may end with a hint.
    fn failed(&mut self, check: &str, failure: &Failure) {
        let (message, remedy) = failure
            .message
            .split_once("\nhint: ")
            .unwrap_or((&failure.message, ""));
        self.fail(check, message, remedy);
    }

    fn text(&self, color: bool) -> String {
        let mut text = String::new();
        for check in &self.0 {
            let (word, paint) = match check.state {
                Verdict::Ok => ("ok     ", "\x1b[32m"),
                Verdict::Warning => ("warning", "\x1b[33m"),
                Verdict::Failure => ("FAILURE", "\x1b[31m"),
            };
            let (paint, end) = if color { (paint, "\x1b[0m") } else { ("", "") };
            text += &[
                paint,
                word,
                end,
                " ",
                &check.name,
                ": ",
                &check.message,
                "\n",
            ]
            .concat();
            if let Some(remedy) = &check.remedy {
                text += &["        hint: ", remedy, "\n"].concat();
            }
        }
        text
    }
}

pub(super) async fn doctor(context: &Context) -> Outcome {
    let format = results::format(context, &[Format::Text, Format::Json])?;
    let as_json = format == Format::Json;
    let mut report = Report::default();
    match context.settings(None) {
        Ok(settings) => {
            report.ok(
                "configuration",
                format!("owner `{}`", settings.owner.as_str()),
            );
            let daemon = results::daemon(&settings).await.ok().flatten();
            let daemon = daemon.and_then(|daemon| daemon.about.zone_rules);
            let now = (crate::daemon::wall_clock())();
            zones::zones(&settings.defaults.zones, daemon.as_ref(), now, &mut report);
            let machines = files::directory(&settings, &mut report);
            files::state(&settings, &mut report);
            services::all(context, &settings, machines, &mut report).await;
        }
        Err(failure) => report.failed("configuration", &failure),
    }
    let text = if as_json {
        let result = serde_json::json!({"version": 1, "checks": report.0});
        results::to_json(&result)?
    } else {
        report.text(context.color)
    };
    print(&text);
    let has_failed = report.0.iter().any(|check| check.state == Verdict::Failure);
    Ok(if has_failed {
        exit::FAILURE
    } else {
        exit::DONE
    })
}

/// What `onced run` asks AWS when it begins, beside its work: who we are there, whether the configured state machine will
/// do, and what time it is. Says what is not as it should be.
pub(super) async fn preflight(settings: Settings, reach: (Access, StepFunctions)) {
    let mut report = Report::default();
    services::at_start(&settings, &reach, &mut report).await;
    let (good, bad): (Vec<_>, Vec<_>) = report
        .0
        .iter()
        .partition(|check| check.state == Verdict::Ok);
    for check in bad {
        let remedy = check.remedy.as_deref();
        let hint = remedy.map(|remedy| format!("\nhint: {remedy}"));
        warn!(
            "{}: {}{}",
            check.name,
            check.message,
            hint.unwrap_or_default()
        );
    }
    for check in good {
        info!("{}: {}", check.name, check.message);
    }
}
