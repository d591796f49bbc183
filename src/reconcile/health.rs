//! How it stands with each account and region. Where no answers come, one step at a time finds out when they come again, and
//! the others wait without being tried: trouble in one place costs the others nothing. Calls nobody.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::apply::StepError;
use crate::model::arn::Place;

/// So many calls in a row without an answer are an outage. One answer ends it.
const OUTAGE: u32 = 8;
/// How long after a call without an answer the next one is tried in an outage, at first.
pub(super) const FIRST: Duration = Duration::from_millis(250);
/// The same at most.
const CAP: Duration = Duration::from_secs(5);

/// What a step's end says of the place where it called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// It answers, if only by a no.
    Answer,
    /// No answer came, or one that says nothing: 5xx.
    Silence,
    /// Nothing: nobody was called.
    Nothing,
}

impl Sign {
    /// What an error says.
    pub(super) fn of(error: &StepError) -> Self {
        match error {
            StepError::Call(error) if error.is_silence() => Self::Silence,
            StepError::Call(_) | StepError::Surprise(_) | StepError::Unsettled => Self::Answer,
            StepError::Ledger(_)
            | StepError::Unfit(_)
            | StepError::Unusable(_)
            | StepError::TooLate => Self::Nothing,
        }
    }
}

/// What becomes of a place by a sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// An outage begins.
    Out,
    /// An outage is over; it has lasted so long.
    Back(Duration),
    /// All as before.
    Same,
}

#[derive(Debug)]
struct Silent {
    calls: u32,
    since: Instant,
    error: String,
    /// When the next step may be tried.
    next: Instant,
}

/// The places that have not answered lately.
#[derive(Debug, Default)]
pub(super) struct Health {
    silent: BTreeMap<Place, Silent>,
}

impl Health {
    /// Notes a sign, and the error with it.
    pub(super) fn note(
        &mut self,
        place: &Place,
        (sign, error): (Sign, &str),
        now: Instant,
    ) -> Turn {
        match sign {
            Sign::Nothing => Turn::Same,
            Sign::Answer => match self.silent.remove(place) {
                Some(silent) if silent.calls >= OUTAGE => Turn::Back(now - silent.since),
                _ => Turn::Same,
            },
            Sign::Silence => {
                let silent = self.silent.entry(place.clone()).or_insert_with(|| Silent {
                    calls: 0,
                    since: now,
                    error: String::new(),
                    next: now,
                });
                silent.calls += 1;
                error.clone_into(&mut silent.error);
                let more = silent.calls.saturating_sub(OUTAGE).min(10);
                silent.next = now + (FIRST * 2_u32.pow(more)).min(CAP);
                if silent.calls == OUTAGE {
                    Turn::Out
                } else {
                    Turn::Same
                }
            }
        }
    }

    /// The error with which an outage shows there; `None`: there is none.
    pub(super) fn outage(&self, place: &Place) -> Option<&str> {
        self.out(place).map(|silent| silent.error.as_str())
    }

    /// Where there are outages, each with its error.
    pub(super) fn outages(&self) -> impl Iterator<Item = (&Place, &str)> {
        let out = self.silent.iter();
        let out = out.filter(|(_, silent)| silent.calls >= OUTAGE);
        out.map(|(place, silent)| (place, silent.error.as_str()))
    }

    /// Is there no outage anywhere?
    pub(super) fn is_good(&self) -> bool {
        self.silent.values().all(|silent| silent.calls < OUTAGE)
    }

    /// May one more step be begun there, with so many under way?
    pub(super) fn may(&self, place: &Place, under_way: usize, now: Instant) -> bool {
        self.out(place)
            .is_none_or(|silent| under_way == 0 && now >= silent.next)
    }

    /// When the next step may be tried in this place.
    pub(super) fn next(&self, place: &Place) -> Option<Instant> {
        self.out(place).map(|silent| silent.next)
    }

    fn out(&self, place: &Place) -> Option<&Silent> {
        self.silent
            .get(place)
            .filter(|silent| silent.calls >= OUTAGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_begins_with_silence_in_a_row_and_ends_with_one_answer() {
        let mut health = Health::default();
        let place = |region| {
            Place::of(&format!(
                "arn:aws:states:{region}:123456789012:stateMachine:A"
            ))
            .unwrap()
        };
        let (here, there) = (place("us-east-1"), place("eu-west-1"));
        let begin = Instant::now();
        let second = Duration::from_secs(1);
        for round in 0..2 {
            for call in 1..OUTAGE {
                let turn = health.note(&here, (Sign::Silence, "no"), begin);
                assert_eq!(turn, Turn::Same, "{round} {call}");
            }
            assert!(health.may(&here, 31, begin), "not yet");
            if round == 0 {
                assert_eq!(health.note(&here, (Sign::Answer, ""), begin), Turn::Same);
            }
        }
        assert_eq!(health.note(&here, (Sign::Nothing, ""), begin), Turn::Same);
        assert_eq!(health.note(&here, (Sign::Silence, "no"), begin), Turn::Out);
        assert_eq!(health.outage(&here), Some("no"));
        assert!(health.may(&there, 31, begin), "the other one is well");
        assert!(!health.may(&here, 0, begin), "a moment of rest");
        assert!(health.may(&here, 0, begin + second));
        assert!(!health.may(&here, 1, begin + second), "one at a time");
        let late = begin + second;
        for _ in 0..40 {
            assert_eq!(health.note(&here, (Sign::Silence, "no"), late), Turn::Same);
        }
        assert_eq!(health.next(&here), Some(late + CAP));
        let end = begin + second * 9;
        let back = Turn::Back(second * 9);
        assert_eq!(health.note(&here, (Sign::Answer, ""), end), back);
        assert!(health.may(&here, 31, end) && health.outage(&here).is_none());
    }
}
