//! All integration tests are one binary: one link, not ten.
mod bootstrap;
mod clock;
mod conformance;
mod doctor;
mod folder;
mod git;
mod language;
mod layers;
mod operator;
mod pause;
mod process;
mod regression;
mod renaming;
mod scanning;
mod stories;
mod surroundings;
mod walk;
