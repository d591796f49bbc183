//! Floor 2, the hand that touches schedule files. Never calls AWS, never writes a record.

mod baseline;
pub mod check;
pub mod conflict;
pub mod doubt;
pub mod edit;
pub mod file_system;
pub mod ignore;
pub mod in_flight;
pub mod language;
mod leftover;
mod offset;
mod other;
pub mod parse;
pub mod patterns;
pub mod problem;
pub mod read;
pub mod replace;
pub mod revision;
pub mod scan;
#[cfg(test)]
pub(crate) mod schema;
pub(crate) mod targets;
pub mod time;
mod walk;
pub mod watch;
pub mod words;
pub mod work_tree;
pub mod yaml;
pub mod zoneinfo;
