//! What becomes of a step that has ended: the record in memory, when it is tried again, and what is said of it.

use tokio::time::{Instant, timeout, timeout_at};
use tracing::{debug, info, warn};

use super::apply::StepError;
use super::flights::{Flight, Landed, Landing};
use super::health::{Sign, Turn};
use super::retry::{CAP, Failure};
use super::verify::Stray;
use super::{ASKED, Reconciler, Report};
use crate::model::arn::Place;
use crate::model::entry::{EntryName, instant};
use crate::model::kind;
use crate::model::limits::Operation;
use crate::model::name::Fingerprint;
use crate::model::plan::{Step, after};
use crate::model::record::{OutcomeStatus, Phase, Record};

/// The step that has ended.
struct Ended<'a> {
    name: &'a EntryName,
    step: Step,
    why: &'a str,
    asked: Option<Fingerprint>,
    place: Option<&'a Place>,
    /// By which operation's pace it was begun.
    paced: Option<Operation>,
}

impl Reconciler {
    /// Waits until nothing is under way any more, and takes it in. Says again and again that it waits, but not while it
    /// takes something in.
    pub async fn settle(&mut self, waits: &(dyn Fn() + Send + Sync)) {
        let mut report = Report::default();
        loop {
            match timeout(ASKED, self.flights.next()).await {
                Ok(Some(landed)) => self.land(landed, &mut report).await,
                Ok(None) => return,
                Err(_) => waits(),
            }
        }
    }

    /// The same, but not for longer than until then. Answers whether nothing is under way any more.
    pub(super) async fn settle_until(&mut self, end: Instant) -> bool {
        let mut report = Report::default();
        // What has ended is taken in whatever the time is: nobody else would.
        while let Ok(next) = timeout_at(end, self.flights.next()).await {
            match next {
                Some(landed) => self.land(landed, &mut report).await,
                None => return true,
            }
        }
        false
    }

    pub(super) async fn land(&mut self, landed: Landed, report: &mut Report) {
        let Landed {
            flight,
            lane,
            names,
            landing,
        } = landed;
        let place = lane.place;
        let landing = match landing {
            Ok(landing) => landing,
            // The intent may be in the ledger: nothing more is done for this entry before its record is read again.
            Err(error) => {
                warn!(%error, "a step broke off");
                self.unknown.extend(names);
                return;
            }
        };
        self.heed(place.as_ref(), &landing, &flight);
        match flight {
            Flight::Step {
                name,
                step,
                why,
                asked,
                adopted,
            } => {
                if let (Ok(_), Some(stray)) = (&landing, adopted) {
                    self.verify.over(&stray);
                }
                for other in names.iter().filter(|other| **other != name) {
                    self.read_again(other).await;
                }
                let ended = Ended {
                    name: &name,
                    step,
                    why,
                    asked,
                    place: place.as_ref(),
                    paced: lane.operation,
                };
                self.step_ended(ended, landing, report).await;
            }
            Flight::Orphan { stray, name } => self.orphan_ended(&stray, &name, landing),
        }
    }

    /// What the end of a step says of the place where it called.
    fn heed(&mut self, place: Option<&Place>, landing: &Landing, flight: &Flight) {
        let calls = match flight {
            Flight::Step { step, .. } => !matches!(step, Step::Move | Step::Forget),
            Flight::Orphan { .. } => true,
        };
        let Some(there) = place.filter(|_| calls) else {
            return;
        };
        let (sign, error) = match landing {
            Ok(_) => (Sign::Answer, String::new()),
            Err(error) => (Sign::of(error), error.to_string()),
        };
        if let Err(error) = landing
            && let Some(operation) = throttled(error)
        {
            self.pace.throttled(there, operation, Instant::now());
        }
        match self.health.note(there, (sign, &error), Instant::now()) {
            Turn::Same => {}
            Turn::Out => {
                warn!(
                    target: kind::OUTAGE,
                    account = there.account,
                    region = there.region,
                    error,
                    "no answers from Step Functions: what is due there waits, and one step at a time is tried"
                );
            }
            Turn::Back(after) => {
                info!(
                    target: kind::ANSWERS,
                    account = there.account,
                    region = there.region,
                    after_s = after.as_secs(),
                    "Step Functions answers again"
                );
                self.retries.again(there, Instant::now());
            }
        }
    }

    /// A record as it was written last. A store that can't be read says nothing.
    async fn read_again(&mut self, name: &EntryName) {
        match self.hands.ledger.record(name).await {
            Ok(Some(record)) => {
                self.desk.records.insert(name.clone(), record);
            }
            Ok(None) => {}
            Err(_) => {
                self.unknown.insert(name.clone());
            }
        }
    }

    async fn step_ended(&mut self, ended: Ended<'_>, landing: Landing, report: &mut Report) {
        let Ended {
            name,
            step,
            why,
            asked,
            place,
            paced,
        } = ended;
        let broken = matches!(&landing, Err(StepError::Ledger(_)));
        if let Err(StepError::Ledger(error)) = &landing
            && !self.told_ledger
        {
            warn!(target: kind::LEDGER, %error, "nothing is started or stopped until the ledger can be written");
        } else if self.told_ledger && !broken {
            info!(target: kind::LEDGER, "the ledger can be written again");
        }
        self.told_ledger = broken;
        let error = match landing {
            Ok(record) => {
                self.retries.done(name);
                if step.changes() {
                    self.progress.one_more();
                }
                *report.done.entry(step.as_str()).or_default() += 1;
                let runs_again = self.say_redriven(name, record.as_ref());
                let is_same = step == Step::Look && record.as_ref() == self.desk.records.get(name);
                if !(runs_again || is_same) {
                    say(name, step, why, record.as_ref());
                }
                self.verify.settled(name, step, record.as_ref());
                let records = &mut self.desk.records;
                match record {
                    Some(record) => records.insert(name.clone(), record),
                    None => records.remove(name),
                }
                return;
            }
            Err(error) => error,
        };
        // What was written last may be newer than what is in memory. A store that can't be read says nothing.
        self.read_again(name).await;
        self.verify.recorded(self.desk.records.get(name));
        if throttled(&error).is_some_and(|operation| Some(operation) == paced) {
            // It is due as before: the pace says when.
            self.retries.done(name);
            debug!(entry = %name, step = step.as_str(), %error, "too fast");
            return;
        }
        let now = self.now();
        let record = self.desk.records.get(name);
        let near =
            record.is_some_and(|record| record.at < after(now, CAP) && now < after(record.at, CAP));
        let unusable = matches!(error, StepError::Unusable(_));
        let refused = error.refuses() && (unusable || record.is_some_and(|r| r.refused.is_some()));
        let goes_on = matches!(error, StepError::Unsettled)
            && record.is_some_and(|r| r.phase == Phase::Running && r.missing.is_none());
        let silent = Sign::of(&error) == Sign::Silence;
        let failure = Failure {
            asked,
            error: if goes_on {
                String::new()
            } else {
                error.to_string()
            },
            refused,
            near,
            silent: place.filter(|_| silent).cloned(),
            unusable,
        };
        let unsettled = matches!(error, StepError::Unsettled);
        if !unsettled {
            self.hands.tally.again(step);
        }
        let (wait, again) = self.retries.failed(name, failure, Instant::now());
        let ends = self.hands.step_functions.has_ended();
        let cut_off = |there| self.health.outage(there).is_some();
        let is_told = silent && place.is_some_and(cut_off);
        let quiet = unsettled || broken || again || ends || is_told;
        if !quiet {
            let (step, again_in_ms) = (step.as_str(), wait.as_millis());
            let record = self.desk.records.get(name);
            let execution = record.map(Record::execution_arn);
            if refused {
                warn!(target: kind::REFUSED, entry = %name, step, execution, %error, again_in_ms, "refused");
            } else {
                warn!(target: kind::RETRIED, entry = %name, step, execution, %error, again_in_ms, "not done yet");
            }
        }
    }

    /// Says that an entry's execution was redriven, where that is new. Answers whether it runs since.
    fn say_redriven(&self, name: &EntryName, record: Option<&Record>) -> bool {
        let before = self.desk.records.get(name);
        let Some((record, before)) = record.zip(before) else {
            return false;
        };
        let (at, execution) = (instant(record.at), record.execution_arn());
        if record.redrives <= before.redrives || execution != before.execution_arn() {
            return false;
        }
        let redrives = record.redrives;
        info!(target: kind::REDRIVEN, entry = %name, at, execution, redrives, "redriven");
        record.phase == Phase::Running
    }

    fn orphan_ended(&mut self, stray: &Stray, name: &EntryName, landing: Landing) {
        let execution = stray.execution_arn(&self.hands.owner);
        match landing {
            Ok(_) => {
                info!(target: kind::STOPPED, entry = %name, step = "Stop", execution, "stopped");
                self.approved.remove(&execution);
                self.verify.over(stray);
            }
            Err(error) => {
                warn!(target: kind::RETRIED, entry = %name, step = "Stop", execution, %error, "not stopped yet");
                self.orphans_after = Some(Instant::now() + super::approve::AGAIN);
            }
        }
    }
}

/// The paced operation that was too fast, if that is what went wrong.
fn throttled(error: &StepError) -> Option<Operation> {
    match error {
        StepError::Call(error) if error.is_throttle() => Operation::parse(error.operation()),
        _ => None,
    }
}

/// One line an action, with what a person needs to find it at AWS. Never an input.
fn say(name: &EntryName, step: Step, why: &str, record: Option<&Record>) {
    let (entry, did) = (name, step.as_str());
    let Some(record) = record else {
        info!(target: kind::FORGOTTEN, %entry, step = did, why, "forgotten");
        return;
    };
    let (at, execution) = (instant(record.at), record.execution_arn());
    macro_rules! say {
        ($level:ident, $kind:expr, $what:literal) => {
            $level!(target: $kind, %entry, step = did, why, at, execution, $what)
        };
    }
    macro_rules! over {
        ($level:ident, $kind:expr, $what:literal, $outcome:expr) => {
            $level!(target: $kind, %entry, step = did, at, execution, error = $outcome.error, $what)
        };
    }
    match (record.phase, step, &record.outcome) {
        (Phase::Running, Step::Look, _) => {
            debug!(%entry, step = did, at, execution, "runs");
        }
        (_, Step::Move, _) => say!(info, kind::MOVED, "moved"),
        (Phase::Running, Step::Adopt, _) => say!(info, kind::ADOPTED, "adopted"),
        (Phase::Running, ..) => say!(info, kind::SCHEDULED, "scheduled"),
        (Phase::Stopped, ..) => say!(info, kind::STOPPED, "stopped"),
        (Phase::Ended, _, Some(outcome)) => match outcome.status {
            OutcomeStatus::Succeeded => over!(info, kind::SUCCEEDED, "succeeded", outcome),
            OutcomeStatus::Failed => over!(warn, kind::FAILED, "failed", outcome),
            OutcomeStatus::TimedOut => over!(warn, kind::TIMED_OUT, "timed_out", outcome),
            OutcomeStatus::Aborted => over!(warn, kind::ABORTED, "aborted", outcome),
            OutcomeStatus::Missed => over!(warn, kind::MISSED, "missed", outcome),
        },
        _ => info!(%entry, step = did, why, at, execution, "goes on"),
    }
}
