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

/// The dates of the last two answers, and when they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Dates(Arc<Mutex<VecDeque<Answer>>>);

/// When an answer came, and its date.
type Answer = (Instant, DateTime<Utc>);

impl Dates {
    fn note(&self, date: DateTime<Utc>) {
        let mut dates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        dates.push_back((Instant::now(), date));
        while dates.len() > 2 {
            dates.pop_front();
        }
    }

    /// What time it is by two answers since then that agree; `None`: there are none.
    pub(super) fn now(&self, since: Instant) -> Option<DateTime<Utc>> {
        let dates = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is = dates
            .iter()
            .filter(|(at, _)| *at >= since)
            .map(|(at, date)| {
                let passed = TimeDelta::from_std(at.elapsed()).unwrap_or(TimeDelta::MAX);
                date.checked_add_signed(passed)
            });
        let (first, second) = (is.next()??, is.next()??);
        ((second - first).abs() <= AGREE).then_some(second)
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
        if let Some(date) = date.and_then(|date| DateTime::from_timestamp(date.secs(), 0)) {
            self.note(date);
        }
        Ok(())
    }
}
