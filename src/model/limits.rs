//! How many calls a second AWS allows, for each operation in each region. Pure.

use std::collections::BTreeMap;
use std::fmt;

/// An operation whose calls are paced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// StartExecution.
    Start,
    /// StopExecution.
    Stop,
    /// DescribeExecution.
    Describe,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Start, Self::Stop, Self::Describe];

    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "StartExecution",
            Self::Stop => "StopExecution",
            Self::Describe => "DescribeExecution",
        }
    }

    /// The one of this name; `None`: there is none, or it is not paced.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.as_str() == name)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a token bucket allows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Calls a second, for ever.
    pub rate: f64,
    /// Calls at once, after a rest.
    pub burst: f64,
}

/// Regions with the larger quotas.
const LARGE: &[&str] = &["us-east-1", "us-west-2", "eu-west-1"];

/// What was set, by operation; AWS's quotas for the region where nothing was.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits(pub BTreeMap<Operation, Limit>);

impl Limits {
    /// What is allowed in this region.
    pub fn of(&self, operation: Operation, region: &str) -> Limit {
        let set = self.0.get(&operation).copied();
        set.unwrap_or_else(|| quota(operation, region))
    }
}

/// AWS's default quota (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
pub fn quota(operation: Operation, region: &str) -> Limit {
    let (rate, burst) = match (operation, LARGE.contains(&region)) {
        (Operation::Start, true) => (300.0, 1300.0),
        (Operation::Start, false) => (150.0, 800.0),
        (Operation::Stop, true) => (200.0, 1000.0),
        (Operation::Stop, false) => (25.0, 500.0),
        (Operation::Describe, true) => (15.0, 300.0),
        (Operation::Describe, false) => (10.0, 250.0),
    };
    Limit { rate, burst }
}

/// How many executions may be open in an account and region, by AWS's default quota (same page).
pub const MOST_OPEN: u32 = 1_000_000;

/// How many state transitions a second AWS runs there, by its default quota (same page).
pub fn transitions(region: &str) -> usize {
    if LARGE.contains(&region) { 5_000 } else { 800 }
}
