//! onced keeps AWS Step Functions in step with a folder of YAML files. Floors, from the bottom: `model`, `ledger`.

pub mod ledger;
pub mod model;
