//! Logs: in full to stderr, in short on a terminal, as JSON, or into the journal.

use std::collections::BTreeMap;
use std::fmt;

use chrono::Utc;
use rustix::fs::fstat;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::arguments::{Common, LogFormat};
use super::journal::Journal;
use super::log_queue::{self, Lines};

/// From now on, logs are printed. `stderr`: whether it is a terminal, and takes colours.
pub(super) fn begin(
    common: &Common,
    environment: &BTreeMap<String, String>,
    (terminal, color): (bool, bool),
) {
    log_queue::begin();
    let (ours, others) = match (common.quiet, common.verbose) {
        (true, _) => (LevelFilter::WARN, LevelFilter::WARN),
        (false, 0) => (LevelFilter::INFO, LevelFilter::WARN),
        (false, 1) => (LevelFilter::DEBUG, LevelFilter::INFO),
        (false, _) => (LevelFilter::DEBUG, LevelFilter::DEBUG),
    };
    // What these say of a request may hold a token or a password.
    let connectors = others.min(LevelFilter::INFO);
    // What goes wrong there onced says itself, with a remedy.
    let sdk = if common.verbose > 1 {
        others
    } else {
        LevelFilter::OFF
    };
    let filter = Targets::new()
        .with_default(others)
        .with_target("aws_", sdk)
        .with_target("aws_config", LevelFilter::OFF)
        .with_target("aws_sdk_", LevelFilter::OFF)
        .with_target("aws_smithy_http_client", sdk.min(connectors))
        .with_target("hyper_util", connectors)
        .with_target("onced", ours);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| Lines)
        // A log that can't be written can't be told of there, and is no reason to break off.
        .log_internal_errors(false)
        .with_ansi(color)
        .with_target(false);
    let logs = tracing_subscriber::registry().with(filter);
    let is_journal = || is_journal(environment.get("JOURNAL_STREAM"));
    let format = common.log_format.unwrap_or_else(|| {
        if is_journal() {
            LogFormat::Journald
        } else {
            LogFormat::Text
        }
    });
    match format {
        LogFormat::Text if terminal => logs.with(layer.event_format(Short { color })).init(),
        LogFormat::Text => logs.with(layer).init(),
        LogFormat::Json => logs.with(layer.json().with_target(true)).init(),
        LogFormat::Journald => {
            // For tests: another place than the journal's.
            let socket = environment.get("ONCED_JOURNAL_SOCKET");
            logs.with(Journal::new(socket.map(String::as_str))).init();
        }
    }
}

/// Is stderr what systemd says it has connected with the journal
/// (<https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html>, `JOURNAL_STREAM`)?
fn is_journal(stream: Option<&String>) -> bool {
    let Some((device, inode)) = stream.and_then(|stream| stream.split_once(':')) else {
        return false;
    };
    let said = device.parse::<u64>().ok().zip(inode.parse::<u64>().ok());
    let is = fstat(std::io::stderr()).ok();
    said.is_some() && said == is.map(|stat| (stat.st_dev, stat.st_ino))
}

/// What an event says.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) message: String,
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Said {
    pub(super) fn of(event: &Event<'_>) -> Self {
        let mut said = Self::default();
        event.record(&mut said);
        said
    }

    /// Without what nobody reads on a line: the whole ARN, and the step that the message names.
    fn short(&self) -> impl Iterator<Item = &(&'static str, String)> {
        let long = ["execution", "step"];
        self.fields
            .iter()
            .filter(move |(key, _)| !long.contains(key))
    }

    fn put(&mut self, field: &Field, text: String) {
        match field.name() {
            "message" => self.message = text,
            name => self.fields.push((name, text)),
        }
    }

    /// The line as people read it. What a file's name, or AWS, brings along can't end it or paint the terminal.
    pub(super) fn line(&self, key: impl Fn(&str) -> String) -> String {
        let mut parts = self.message.split("\nhint: ").map(harmless);
        let mut line = parts.next().unwrap_or_default();
        for (name, value) in self.short() {
            line = line + " " + &key(name) + &harmless(value);
        }
        for hint in parts {
            line = line + "\nhint: " + &hint;
        }
        line
    }
}

/// Without control characters.
fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            harmless.extend(c.escape_default());
        } else {
            harmless.push(c);
        }
    }
    harmless
}

impl Visit for Said {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

/// One short line: time, level, message, and what it is about.
struct Short {
    color: bool,
}

impl<S, N> FormatEvent<S, N> for Short
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let said = Said::of(event);
        let (level, color) = match *event.metadata().level() {
            Level::ERROR => ("ERROR", "31"),
            Level::WARN => (" WARN", "33"),
            Level::INFO => (" INFO", "32"),
            Level::DEBUG => ("DEBUG", "34"),
            Level::TRACE => ("TRACE", "35"),
        };
        let paint = |code: &str, text: &str| {
            if self.color {
                format!("\x1b[{code}m{text}\x1b[0m")
            } else {
                text.to_owned()
            }
        };
        let time = Utc::now().format("%H:%M:%SZ").to_string();
        let line = said.line(|key| paint("2", &format!("{key}=")));
        writeln!(
            writer,
            "{} {} {line}",
            paint("2", &time),
            paint(color, level)
        )
    }
}
