//! What commands take that change schedule files: add, edit.

use clap::Args;

/// `onced add`.
#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("when").required(true).args(["at", "after"])))]
pub(in crate::cli) struct Add {
    /// The entry's name.
    pub(in crate::cli) name: String,
    /// When: `2026-12-01T09:00:00`, `tomorrow 09:00`, `monday 09:00`, `09:00`; in the time zone, or with an offset.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) at: Option<String>,
    /// From now, such as `30s`.
    #[arg(long = "in", value_name = "DURATION")]
    pub(in crate::cli) after: Option<String>,
    /// The function's name or ARN.
    #[arg(long, value_name = "FUNCTION")]
    pub(in crate::cli) lambda: String,
    /// What the function is given, as JSON.
    #[arg(long, value_name = "JSON")]
    pub(in crate::cli) payload: Option<String>,
    /// The zone of `--at`; else that of the file's defaults or of the configuration.
    #[arg(long, value_name = "ZONE")]
    pub(in crate::cli) timezone: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) description: Option<String>,
    /// How late it may still be started.
    #[arg(long, value_name = "DURATION")]
    pub(in crate::cli) grace: Option<String>,
    /// The schedule file, within the directory; it may be there already. `NAME.yaml` where it is not given.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) file: Option<String>,
}

/// `onced edit`.
#[derive(Debug, Args)]
pub(in crate::cli) struct Edit {
    /// The entry's name.
    pub(in crate::cli) name: String,
    /// When, as for `onced add`.
    #[arg(long, value_name = "TIME")]
    pub(in crate::cli) at: Option<String>,
    /// From now, such as `30s`.
    #[arg(long = "in", value_name = "DURATION", conflicts_with = "at")]
    pub(in crate::cli) after: Option<String>,
    /// The entry's time zone.
    #[arg(long, value_name = "ZONE")]
    pub(in crate::cli) timezone: Option<String>,
    /// The function's name or ARN.
    #[arg(long, value_name = "FUNCTION")]
    pub(in crate::cli) lambda: Option<String>,
    /// What the function or the state machine is given, as JSON.
    #[arg(long, value_name = "JSON")]
    pub(in crate::cli) payload: Option<String>,
    /// What it is for.
    #[arg(long, value_name = "TEXT")]
    pub(in crate::cli) description: Option<String>,
    /// How late it may still be started.
    #[arg(long, value_name = "DURATION")]
    pub(in crate::cli) grace: Option<String>,
    /// Let it run.
    #[arg(long)]
    pub(in crate::cli) enable: bool,
    /// Don't let it run; stop it if it waits to.
    #[arg(long, conflicts_with = "enable")]
    pub(in crate::cli) disable: bool,
}

impl Edit {
    /// Is no change given?
    pub(in crate::cli) fn says_nothing(&self) -> bool {
        let texts = [
            &self.at,
            &self.after,
            &self.timezone,
            &self.lambda,
            &self.payload,
            &self.description,
            &self.grace,
        ];
        texts.iter().all(|text| text.is_none()) && !self.enable && !self.disable
    }
}
