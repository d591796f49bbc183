//! Orders of the socket (approve, pause, resume, reload), and of whoever notices changed time zone rules.

use serde_json::json;
use tracing::{info, warn};

use super::socket::{Order, What};
use super::{Daemon, TICK};
use crate::model::kind;
use crate::model::zones::Zones;
use crate::settings::Settings;
use crate::source::parse::Defaults;
use crate::source::scan::Scan;
use crate::view::resume::PauseView;

impl Daemon {
    /// Does what a person asks for, unless that person was told already that it is not done.
    pub(super) async fn obey(&mut self, order: Order, scan: &Scan) {
        if order.answer.is_closed() {
            return;
        }
        let answer = match order.what {
            What::Approve(digest) => {
                let number = self.let_go(&digest, scan).await;
                number.map(|number| json!({"version": 1, "approved": number}))
            }
            What::Pause(until) => {
                let pausing = self.reconciler.begin_pause(until);
                let pause = self.beats.during(TICK, pausing).await;
                pause.map(|pause| json!({"version": 1, "paused": PauseView::from(pause)}))
            }
            What::Resume => {
                let was = self.reconciler.resume().await;
                was.map(|was| json!({"version": 1, "resumed": was}))
            }
            What::Reload(settings) => {
                self.reload(*settings);
                Ok(json!({"version": 1, "reloaded": true}))
            }
            What::Zones(zones) => {
                self.go_by(*zones);
                Ok(json!({"version": 1}))
            }
        };
        let _ = order.answer.send(answer);
    }

    /// Goes on with these settings. Every file is read again.
    fn reload(&mut self, settings: Settings) {
        let mut defaults = settings.defaults;
        if defaults.zones.note().is_some() {
            // A database that can't be read now changes nothing.
            defaults.zones = self.defaults.zones.clone().with_note_of(&defaults.zones);
        }
        self.reparse(defaults);
        (self.settle, self.resync) = (settings.settle, settings.resync);
        self.policy = settings.policy.clone();
        self.reconciler
            .reload(settings.policy, settings.limits, settings.verify);
    }

    /// Goes on with these time zone rules. Every local time is read again.
    fn go_by(&mut self, zones: Zones) {
        if zones == self.defaults.zones {
            return;
        }
        if let Some(note) = zones.note() {
            warn!(target: kind::ZONES, "{note}");
        } else {
            let before = self.defaults.zones.to_string();
            info!(target: kind::ZONES, before, "the time zone rules are now those of {zones}");
        }
        let timezone = zones.get(self.defaults.timezone.name());
        self.reparse(Defaults {
            timezone: timezone.unwrap_or(self.defaults.timezone),
            zones,
            ..self.defaults.clone()
        });
    }

    fn reparse(&mut self, defaults: Defaults) {
        self.defaults = defaults.clone();
        match &mut self.scanner {
            Some(scanner) => scanner.reparse(defaults),
            None => self.awaited = Some(defaults),
        }
        (self.last, self.scanned) = (None, None);
    }

    /// Lets go what exactly this digest names. Answers how many executions that were; the error says why not.
    pub async fn let_go(&mut self, digest: &str, scan: &Scan) -> Result<usize, String> {
        let wanted = self.desired(scan);
        self.reconciler.approve(digest, &wanted).await
    }
}
