//! Floor 2, the hand that touches schedule files. Never calls AWS, never writes a record.

pub mod git;
pub mod parse;
pub mod problem;
pub mod scan;
pub mod time;
mod tree;
pub(crate) mod value;
pub mod watch;
