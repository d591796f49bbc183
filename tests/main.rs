//! All integration tests are one binary: one link, not ten.
mod clock;
mod conformance;
mod language;
mod layers;
mod operator;
mod process;
mod regression;
mod scanning;
mod stories;
