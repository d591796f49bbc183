//! onced keeps AWS Step Functions in step with a folder of YAML files. Floors, from the bottom: `model`, then the
//! hands `ledger` and `step_functions`, then `reconcile`, which uses both.

pub mod bootstrap;
pub mod cli;
pub mod daemon;
pub mod ledger;
pub mod model;
pub mod reconcile;
pub mod sandbox;
pub mod settings;
pub mod source;
pub mod step_functions;
pub mod view;
