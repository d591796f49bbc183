//! What AWS's clock says: the `Date` of each answer. Never decides what a difference means.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sfn::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_sfn::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sfn::error::BoxError;
use aws_sdk_sfn::primitives::{DateTime as HttpDate, DateTimeFormat};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;

/// How much two answers may differ of which one clock is believed.
const AGREE: TimeDelta = TimeDelta::seconds(30);

/// The dates of the last two answers that bore one, and when they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Dates(Arc<Mutex<Noted>>);

#[derive(Debug, Default)]
struct Noted {
    dated: VecDeque<(Instant, DateTime<Utc>)>,
    /// When the last successful answer came that bore none.
    undated: Option<Instant>,
}

/// AWS's time, as far as its answers since a moment tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AwsTime {
    /// There was no answer.
    Silent,
    /// There were successful answers, and none of them bore a usable date.
    Undated,
    /// One answer said so.
    Single(DateTime<Utc>),
    /// The last two answers said so.
    Agreed(DateTime<Utc>),
    /// The last two answers differ.
    Disputed,
}

impl AwsTime {
    /// The time, where two answers agree on it.
    pub fn agreed(self) -> Option<DateTime<Utc>> {
        match self {
            Self::Agreed(time) => Some(time),
            Self::Silent | Self::Undated | Self::Single(_) | Self::Disputed => None,
        }
    }
}

impl Dates {
    fn note(&self, date: Option<DateTime<Utc>>, is_success: bool) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match date {
            Some(date) => noted.dated.push_back((Instant::now(), date)),
            // An error without a date may be a proxy's.
            None if is_success => noted.undated = Some(Instant::now()),
            None => {}
        }
        while noted.dated.len() > 2 {
            noted.dated.pop_front();
        }
    }

    /// What the answers since then tell.
    pub(super) fn now(&self, since: Instant) -> AwsTime {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is = noted
            .dated
            .iter()
            .filter(|(at, _)| *at >= since)
            .filter_map(|(at, date)| {
                let passed = TimeDelta::from_std(at.elapsed()).ok()?;
                date.checked_add_signed(passed)
            });
        match (is.next(), is.next()) {
            (Some(first), Some(second)) if (second - first).abs() <= AGREE => {
                AwsTime::Agreed(second)
            }
            (Some(_), Some(_)) => AwsTime::Disputed,
            (Some(only), None) => AwsTime::Single(only),
            (None, _) if noted.undated.is_some_and(|at| at >= since) => AwsTime::Undated,
            (None, _) => AwsTime::Silent,
        }
    }
}

impl Intercept for Dates {
    fn name(&self) -> &'static str {
        "Dates"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let header = context.response().headers().get("date");
        let date = header.and_then(|date| HttpDate::from_str(date, DateTimeFormat::HttpDate).ok());
        let date = date.and_then(|date| DateTime::from_timestamp(date.secs(), 0));
        self.note(date, context.response().status().is_success());
        Ok(())
    }
}
