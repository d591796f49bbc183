//! A moment that is not the daemon's: as commands see it that find no daemon, or as it would be at another time. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Moment;
use super::standing::Standing;
use crate::model::brake::Pause;
use crate::model::limits::Limits;
use crate::model::name::Owner;
use crate::model::plan::{Policy, Sight, Wanted};
use crate::model::record::Record;
use crate::model::records::Records;
use crate::reconcile::{Desired, Desk};
use crate::source::scan::Scan;

/// What a moment is made of.
#[derive(Debug, Clone)]
pub struct Known {
    /// Whose executions.
    pub owner: Owner,
    /// What the files say.
    pub scan: Scan,
    /// What is recorded.
    pub records: Records,
    /// The executions whose stop is approved.
    pub approved: BTreeSet<String>,
    /// The pause that is recorded.
    pub pause: Option<Pause>,
    /// What the planner keeps to.
    pub policy: Policy,
    /// How fast AWS may be called.
    pub limits: Limits,
}

impl Known {
    /// The moment at this time, of what was seen at that one: waits began then.
    pub fn at(self, seen: DateTime<Utc>, now: DateTime<Utc>) -> Moment {
        let mut desk = Desk::new(self.records);
        let mut desired = Desired::of(&self.scan);
        desired.choose(&desk.records, []);
        let is_approved = |record: &Record| self.approved.contains(&record.execution_arn());
        let sight = |wanted: &Wanted<'_>| Sight {
            approved: !self.approved.is_empty() && wanted.record.is_some_and(is_approved),
            ..Sight::CLEAR
        };
        let pause = self.pause.filter(|pause| pause.holds(now));
        if seen < now {
            let _ = desk.plan(&desired, sight, &self.policy, &desired.brakes, seen);
        }
        let mut brakes = desired.brakes.clone();
        let resumed = pause.map(|_| desk.plan(&desired, sight, &self.policy, &brakes, now));
        brakes.extend(pause.map(|pause| pause.brake()));
        let plan = desk.plan(&desired, sight, &self.policy, &brakes, now);
        Moment {
            owner: self.owner,
            scan: Scan {
                entries: Arc::clone(&desired.entries),
                ..self.scan
            },
            to_approve: plan.guarded(&desk.records),
            records: desk.records,
            plan: Arc::new(plan),
            orphans: Vec::new(),
            pause: pause.zip(resumed.map(Arc::new)),
            policy: self.policy,
            limits: self.limits,
            standing: Standing::default(),
            now,
        }
    }
}

impl Moment {
    /// The same files and records at another time.
    #[must_use]
    pub fn as_of(&self, now: DateTime<Utc>) -> Self {
        let known = Known {
            owner: self.owner.clone(),
            scan: self.scan.clone(),
            records: self.records.clone(),
            approved: BTreeSet::new(),
            pause: self.pause.as_ref().map(|(pause, _)| *pause),
            policy: self.policy.clone(),
            limits: self.limits.clone(),
        };
        Self {
            orphans: self.orphans.clone(),
            standing: self.standing.clone(),
            ..known.at(self.now, now)
        }
    }
}
