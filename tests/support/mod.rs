//! Helpers that several test files share.

pub(crate) mod daemon;
pub(crate) mod fake;
pub(crate) mod git;
pub(crate) mod json;
pub(crate) mod judge;
pub(crate) mod ledgers;
pub(crate) mod program;
pub(crate) mod sandbox;
pub(crate) mod servers;
pub(crate) mod tls;
