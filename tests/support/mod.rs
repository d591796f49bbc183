//! Helpers that several test files share.

pub(crate) mod daemon;
pub(crate) mod sandbox;
