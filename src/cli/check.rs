//! `onced check`: offline, and without an owner. Asks nobody but a daemon of this configuration, and that only by which time
//! zone rules it goes.

use std::path::PathBuf;
use std::time::Duration;

use super::arguments::Format;
use super::{Context, Failure, Outcome, exit, print, results, text};
use crate::settings::{Settings, SettingsError};
use crate::source::check;
use crate::view::zone_rules::ZoneRules;
use crate::view::{self, FileView, check_notes};

/// How long a daemon is waited for: a check needs no answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// `onced check`.
pub(super) async fn check(context: &Context, mut paths: Vec<PathBuf>) -> Outcome {
    let known = [Format::Text, Format::Json, Format::Github, Format::Sarif];
    let format = results::format(context, &known)?;
    // All settings, where there are: they say which daemon is meant.
    let settings = context.settings(None).ok();
    let (directory, defaults) = if let Some(settings) = &settings {
        (settings.directory.clone(), settings.defaults.clone())
    } else {
        let offline = context.offline(None)?;
        (offline.directory, offline.defaults)
    };
    if paths.is_empty() {
        paths.extend(directory.clone());
    }
    if paths.is_empty() {
        let hint = "name files or directories, or give --directory";
        return Err(Failure::from(SettingsError::Missing { what: "path", hint }));
    }
    if let Some(missing) = paths.iter().find(|path| !path.exists()) {
        return Err(Failure::new(format!(
            "`{}` is not there",
            missing.display()
        )));
    }
    let daemons = daemons_rules(settings.as_ref()).await;
    let checked = check::check(&paths, &defaults, directory.as_deref());
    let mut files = view::files(&checked.files);
    let now = (crate::daemon::wall_clock())();
    check_notes::note(&mut files, &checked.entries, &checked.marked, now);
    let (bad, good) = (
        files.iter().filter(|f| f.state == "invalid").count(),
        files.iter().filter(|f| f.state == "ok").count(),
    );
    let own = ZoneRules::from(&defaults.zones);
    let comes = "what is good here may fire at another time there";
    let others = daemons.as_ref();
    let others = others.and_then(|daemon| text::other_rules(daemon, &own, comes));
    match format {
        Format::Json => {
            let daemons = daemons.filter(|_| others.is_some());
            print(&json(&files, &own, daemons.as_ref())?);
        }
        Format::Github => {
            print(&text::annotations(&files));
            let message = others.map(|note| text::annotation(&note.message));
            print(&message.unwrap_or_default());
        }
        Format::Sarif => print(&results::to_json(&text::sarif(&files))?),
        Format::Text | Format::Markdown => {
            print(&text::problems(&files, context.color));
            print(&text::entry_notes(&files));
            print(&text::notes(others.as_slice()));
            if context.common.verbose > 0 {
                print(&text::ignored(&checked.files));
            }
            print(&format!("{good} good, {bad} invalid\n"));
        }
    }
    Ok(if bad > 0 { exit::INVALID } else { exit::DONE })
}

/// The time zone rules of the daemon of this configuration; `None`: none runs, or it does not say.
async fn daemons_rules(settings: Option<&Settings>) -> Option<ZoneRules> {
    let asked = results::daemon(settings?);
    let daemon = tokio::time::timeout(PATIENCE, asked).await;
    daemon.ok()?.ok()??.about.zone_rules
}

fn json(
    files: &[FileView],
    own: &ZoneRules,
    daemon: Option<&ZoneRules>,
) -> Result<String, Failure> {
    let mut result = serde_json::json!({"version": 1, "files": files, "zone_rules": own});
    if let Some(daemon) = daemon {
        result["daemon_zone_rules"] = serde_json::json!(daemon);
    }
    results::to_json(&result)
}
