//! Starting, and adopting what runs already: the intent is durable before the call. Never stops anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{Asked, Looked, read_input};
use super::{Hands, StepError};
use crate::ledger::LedgerError;
use crate::model::arn::unqualified;
use crate::model::entry::{Entry, EntryName};
use crate::model::name::{Fingerprint, NUMBERS_IN_64_BITS};
use crate::model::plan::is_late;
use crate::model::record::answer::{Found, found};
use crate::model::record::{Event, Phase, Record};
use crate::model::written::Written;
use crate::reconcile::verify::Stray;
use crate::step_functions::Remedy;

/// How far AWS's clock may be ahead of this one, and more.
const SKEW: TimeDelta = TimeDelta::minutes(2);

/// How long after it was seen to be over nobody can have redriven it.
const JUST_NOW: TimeDelta = TimeDelta::seconds(10);

/// How long before its time an entry is started without what can't be asked.
const NEAR: TimeDelta = TimeDelta::minutes(2);

impl Hands {
    /// A start begun earlier is the same call again: same name, same bytes (the fingerprint covers the input).
    pub(super) async fn start(
        &self,
        entry: &Entry,
        before: Option<Record>,
        (taken, asks): (&[u32], bool),
        why: &str,
        now: DateTime<Utc>,
    ) -> Result<Record, StepError> {
        let before = match before {
            Some(before) if asks => match self.is_still_over(entry, before, now).await? {
                Ok(before) => Some(before),
                Err(again) => return Ok(again),
            },
            before => before,
        };
        if let Some(other) = self.ran_as_before(entry, before.as_ref(), now).await? {
            return Box::pin(self.start(&other, before, (taken, false), why, now)).await;
        }
        let mut wanted = self.wanted(entry, before.as_ref(), now);
        // Those generations run, or ran, for an entry that had this one's name.
        while taken.contains(&wanted.generation) {
            wanted.generation += 1;
        }
        let mut intent = match before {
            Some(begun) if begun.fingerprint == wanted.fingerprint => match begun.phase {
                // It is here now; where it was when it was begun, or that it was gone meanwhile, is over.
                Phase::Starting => Record {
                    file: wanted.file,
                    gone: None,
                    guarded: None,
                    ..begun
                },
                // It may run: no answer to this start may make it look as if it had never been sent.
                Phase::Stopping => Record {
                    in_doubt: begun.in_doubt.or(Some(now)),
                    commit: wanted.commit,
                    file: wanted.file,
                    gone: None,
                    guarded: None,
                    ..begun.in_phase(Phase::Starting, now)
                },
                Phase::Running | Phase::Stopped | Phase::Ended => wanted,
            },
            _ => wanted,
        };
        if !self.rules.generation {
            intent.generation = 0;
        }
        if let Err(error) = self.must_fit(entry).await {
            if error.refuses() {
                let input = Some(Arc::clone(entry.input()));
                self.refused(intent, input, error.to_string(), now).await?;
            }
            return Err(error);
        }
        // An earlier attempt may have arrived, or may still arrive: only a look ends that doubt.
        let earlier = intent.in_doubt;
        intent.in_doubt = Some(now);
        let input = Some(Arc::clone(entry.input()));
        let intent = if self.rules.intent_first {
            self.write(intent, input, None).await?
        } else {
            intent
        };
        // The commit may have waited for a disk: the fence is asked at the last moment.
        if self.rules.late_fence && is_late(entry.at(), entry.grace, (self.clock)()) {
            return Err(StepError::TooLate);
        }
        let called = self
            .step_functions
            .start(
                &intent.state_machine,
                &intent.execution_name(),
                entry.input(),
            )
            .await;
        match called {
            Ok(arn) if arn == intent.execution_arn() => {
                let running = found(&intent, &Found::Running, now)
                    .expect("a starting record that runs has a next one");
                let event = running.event(why, now);
                Ok(self.write(running, None, event).await?)
            }
            // Made anew as another type, perhaps: it is asked for before the next start.
            Ok(arn) => Err(self.another(&intent.state_machine, format!(
                "StartExecution answered `{arn}`, not `{}`: is the state machine of type STANDARD?",
                intent.execution_arn()
            ))),
            Err(error) if error.remedy() == Remedy::Exists => self.look(intent, why, now).await,
            Err(error) => {
                if matches!(error.code(), "StateMachineDeleting" | "StateMachineDoesNotExist") {
                    self.machines.forget(&intent.state_machine);
                }
                // The answer is definite: this call had no effect. Only an earlier one may still be on its way.
                let definite = Record {
                    in_doubt: earlier,
                    ..intent
                };
                match error.remedy() {
                    Remedy::Refused => self.refused(definite, None, error.to_string(), now).await?,
                    Remedy::Slower => {
                        self.write(definite, None, None).await?;
                    }
                    _ => {}
                }
                Err(error.into())
            }
        }
    }

    /// Asks once more how an entry's recorded execution stands, before another one is started for it: a person may have redriven
    /// it, and no listing has shown that yet. Answers the record, as `Err` if it is another one by that. Where that can't be asked, an
    /// entry whose time is near is started all the same.
    async fn is_still_over(
        &self,
        entry: &Entry,
        before: Record,
        now: DateTime<Utc>,
    ) -> Result<Result<Record, Record>, StepError> {
        let is_old = now - before.since > JUST_NOW;
        if !(self.rules.redriven && is_old && before.may_be_redriven(now)) {
            return Ok(Ok(before));
        }
        match self.look(before.clone(), "", now).await {
            Ok(looked) if looked == before => Ok(Ok(before)),
            Ok(looked) => Ok(Err(looked)),
            Err(StepError::Call(_)) if now > entry.at() - NEAR => Ok(Ok(before)),
            Err(error) => Err(error),
        }
    }

    /// The entry as an onced of before read it, where that was started and no record says so: it may have fired, and then no
    /// listing shows it. One that fired has its time behind it, so only a start that is about to be late is asked for.
    async fn ran_as_before(
        &self,
        entry: &Entry,
        before: Option<&Record>,
        now: DateTime<Utc>,
    ) -> Result<Option<Entry>, StepError> {
        let is_recorded = before.is_some_and(|record| record.fingerprint == entry.fingerprint());
        if entry.is_as_before || is_recorded || now < entry.at() - SKEW {
            return Ok(None);
        }
        let Some(other) = entry.in_the_other_reading() else {
            return Ok(None);
        };
        let asked = self.wanted(&other, before, now);
        let looked = self.observe(&asked.execution_arn()).await?;
        Ok(Some(other).filter(|_| looked.found != Found::Nothing))
    }

    /// The intent to start what an entry asks for, at the commit of now.
    fn wanted(&self, entry: &Entry, before: Option<&Record>, now: DateTime<Utc>) -> Record {
        Record {
            commit: self.commits.of(&entry.file),
            written: Written::of(entry, self.zones.version()),
            ..Record::starting(&self.owner, entry, before, now)
        }
    }

    /// AWS said no. It is told once for each reason.
    async fn refused(
        &self,
        record: Record,
        input: Option<Arc<str>>,
        reason: String,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let known = record.refused.as_ref() == Some(&reason);
        let record = Record {
            refused: Some(reason),
            ..record
        };
        let event = record.event("", now).filter(|_| !known);
        self.write(record, input, event).await.map(drop)
    }

    fn another(&self, state_machine: &str, why: String) -> StepError {
        self.machines.forget(state_machine);
        StepError::Surprise(why)
    }

    /// Sees to it that the entry whose name an execution bears does not use that name again, should it come back, once the
    /// execution is another entry's.
    async fn reserve(
        &self,
        named: &EntryName,
        entry: &Entry,
        stray: &Stray,
        now: DateTime<Utc>,
    ) -> Result<(), StepError> {
        let known = self.ledger.record(named).await?;
        if known.as_ref().is_some_and(|record| {
            record.is_live() || record.knows_closed(&stray.fingerprint, stray.generation)
        }) {
            return Ok(());
        }
        let of_name = Entry {
            name: named.clone(),
            ..entry.clone()
        };
        let left = Record {
            generation: stray.generation,
            moved_to: Some(entry.name.clone()),
            ..Record::starting(&self.owner, &of_name, known.as_ref(), now)
                .in_phase(Phase::Stopped, now)
        };
        self.write(left, None, None).await?;
        Ok(())
    }

    /// Records an execution that runs and is not recorded, as what its name and its input say. `bears`: the entry whose name
    /// it has, where that is known.
    pub(super) async fn adopt(
        &self,
        entry: &Entry,
        before: Option<Record>,
        (stray, bears, machines): (&Stray, Option<&EntryName>, &BTreeSet<String>),
        now: DateTime<Utc>,
    ) -> Result<Option<Record>, StepError> {
        let named = Some(&stray.key).filter(|key| **key != entry.name.key());
        let wanted = Record {
            named: named.cloned(),
            ..self.wanted(entry, before.as_ref(), now)
        };
        let may_start = entry.enabled && !is_late(entry.at(), entry.grace, now);
        if named.is_none() && wanted.fingerprint == stray.fingerprint && may_start {
            // The same call again: it answers that this execution runs, or that it is over.
            let intent = Record {
                generation: stray.generation,
                in_doubt: Some(now),
                ..wanted
            };
            let why = "it ran already, and was not recorded";
            return self
                .start(entry, Some(intent), (&[], false), why, now)
                .await
                .map(Some);
        }
        let arn = stray.execution_arn(&self.owner);
        let Looked {
            found: seen,
            input,
            redrives,
            qualified,
        } = self.observe(&arn).await?;
        if seen == Found::Nothing {
            // It was listed as running: reads are behind.
            return Err(StepError::Unsettled);
        }
        if seen != Found::Running {
            // It ended meanwhile. If it bore this entry's name, the start that follows finds out how.
            let ran = Record {
                named: named.cloned(),
                generation: stray.generation,
                redrives,
                ..wanted
            }
            .in_phase(Phase::Running, now);
            let next = found(&ran, &seen, now)
                .filter(|_| named.is_some() && ran.fingerprint == stray.fingerprint);
            let Some(next) = next else {
                return Ok(before);
            };
            let event = next.event("", now);
            let input = Some(Arc::clone(entry.input()));
            return Ok(Some(self.write(next, input, event).await?));
        }
        // Of a name that nobody knows there is nothing to note: should it come back, this record still says that its key is used.
        if let Some(named) = bears.filter(|_| named.is_some()) {
            self.reserve(named, entry, stray, now).await?;
        }
        let Asked {
            at,
            lambda,
            state_machine,
        } = if wanted.fingerprint == stray.fingerprint {
            Asked {
                at: wanted.at,
                lambda: wanted.lambda.clone(),
                state_machine: Arc::clone(&wanted.state_machine),
            }
        } else {
            let own = [&*stray.state_machine, &*wanted.state_machine].into_iter();
            let others = qualified.iter().chain(machines).map(String::as_str);
            let machines: Vec<&str> = own
                .chain(others)
                .filter(|machine| unqualified(machine) == unqualified(&stray.state_machine))
                .collect();
            let read = input
                .as_deref()
                .and_then(|input| read_input(input, stray.fingerprint, machines));
            read.ok_or_else(|| {
                StepError::Surprise(format!(
                    "`{arn}` runs with an input that does not belong to its name: it is left alone"
                ))
            })?
        };
        let fingerprint = stray.fingerprint;
        let adopted = Record {
            // Of what the entry does not ask for nobody knows which onced made it.
            scheme: if fingerprint == wanted.fingerprint {
                wanted.scheme
            } else {
                NUMBERS_IN_64_BITS
            },
            written: as_scheduled(entry, &wanted, (at, fingerprint)),
            at,
            lambda,
            fingerprint,
            generation: stray.generation,
            state_machine,
            redrives,
            phase: Phase::Running,
            ..wanted
        };
        let event = adopted
            .event("it ran already, and was not recorded", now)
            .map(|event| Event {
                event: "adopted".into(),
                ..event
            });
        Ok(Some(
            self.write(adopted, input.map(Arc::from), event).await?,
        ))
    }
}

/// How the time of an execution was written that nothing was recorded of: as its entry's, if it is that, or would be by
/// other time zone rules.
fn as_scheduled(
    entry: &Entry,
    wanted: &Record,
    (at, content): (DateTime<Utc>, Fingerprint),
) -> Option<Written> {
    if content == wanted.fingerprint {
        return wanted.written.clone();
    }
    let there = entry.content.at_another(at)?;
    Written::guess(entry, at).filter(|_| there.fingerprint() == content)
}
