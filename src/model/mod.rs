//! Floor 1: nouns and the brain. No async, no I/O, no clock, no logging.

pub mod access;
pub mod arn;
pub mod brake;
pub mod causes;
mod checked;
pub mod content;
pub mod cut;
pub mod entry;
pub mod glob;
pub mod guard;
pub mod interner;
pub mod key;
pub mod kind;
pub mod limits;
pub mod name;
pub(crate) mod parallel;
pub mod plan;
pub mod printable;
pub mod record;
pub mod records;
pub mod roots;
pub mod rules;
pub mod shift;
pub mod topic;
pub mod written;
pub mod zone;
pub mod zones;
