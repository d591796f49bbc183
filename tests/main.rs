//! All integration tests are one binary: one link, not ten.
mod language;
mod scanning;
