//! The language of schedule files as types: which keys `parse` knows, and, in tests, what `docs/schema/schedule.json` says.
//! Holds no value of a file; never parses.
//!
//! The schema may take what `parse` refuses, and never the other way round.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

#[cfg(test)]
use crate::source::schema::{entries, own_keys};

/// A time: local, or with `Z` or an offset.
pub const TIME: &str = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.,]0+)?)?( ?([Zz]|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?))?$";
/// The IANA name of a time zone.
pub const ZONE: &str = "^(UTC|[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)+)$";
/// A duration.
pub const DURATION: &str = "^([0-9]+(ms|s|m|h|d))+$";
/// A function's name, partial ARN or ARN.
pub const LAMBDA: &str = "^(arn:aws[^:]*:lambda:[A-Za-z0-9_-]{1,32}:[0-9]{12}:function:|[0-9]{12}:function:)?[A-Za-z0-9_-]{1,64}(:([$]LATEST([.]PUBLISHED)?|[A-Za-z0-9_-]{1,128}))?$";
/// The ARN of a state machine, of a version or an alias of one.
pub const MACHINE: &str = r##"^arn:aws[^:]*:states:[A-Za-z0-9_-]{1,32}:[0-9]{12}:stateMachine:[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,160}(:[A-Za-z0-9_.-]{1,80})?$"##;
/// An entry's name; one that begins with `x-` is the user's own.
pub const NAME: &str = "^(?!x-)[0-9A-Za-z._-]{1,64}$";

/// What is to run once, and when. onced starts one Step Functions execution for each entry, and stops it when the entry is removed.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(title = "onced: a schedule file", deny_unknown_fields))]
#[cfg_attr(test, schemars(transform = own_keys))]
// Where `defaults` name nothing to run, each entry does.
#[cfg_attr(test, schemars(extend(
    "if" = {"not": {
        "properties": {"defaults": {"anyOf": [{"required": ["lambda"]}, {"required": ["state_machine"]}]}},
        "required": ["defaults"],
    }},
    "then" = {"properties": {"schedules": {"patternProperties": {
        "^(?!x-)": {"anyOf": [{"required": ["lambda"]}, {"required": ["state_machine"]}]},
    }}}},
)))]
#[derive(Debug)]
pub struct ScheduleFile {
    /// The version of this language: 1.
    #[cfg_attr(test, schemars(extend("enum" = [1, null])))]
    pub version: Option<u8>,
    /// What this file's entries get where they say nothing.
    pub defaults: Option<Defaults>,
    /// The entries by name. `{}` says that there are none.
    #[cfg_attr(test, schemars(transform = entries))]
    pub schedules: BTreeMap<String, Entry>,
}

impl ScheduleFile {
    /// The keys, in the order in which they are told.
    pub const KEYS: &[&str] = &["version", "defaults", "schedules"];
}

/// What this file's entries get where they say nothing.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, transform = own_keys))]
#[cfg_attr(test, schemars(extend(
    "dependencies" = {"lambda": {"if": {"properties": {"lambda": {"type": "string"}}}, "then": {"properties": {"state_machine": {"type": "null"}}}}},
)))]
#[derive(Debug)]
pub struct Defaults {
    /// The zone of local times, by its IANA name.
    #[cfg_attr(test, schemars(regex(pattern = ZONE), example = "Europe/Berlin"))]
    pub timezone: Option<String>,
    /// The function that is invoked: its name or ARN, with a qualifier if need be.
    #[cfg_attr(test, schemars(regex(pattern = LAMBDA), example = "send-email"))]
    pub lambda: Option<String>,
    /// The Standard state machine that is run instead of a function.
    #[cfg_attr(test, schemars(regex(pattern = MACHINE)))]
    pub state_machine: Option<String>,
    /// How late an entry may still be started; later, it is `missed`.
    #[cfg_attr(test, schemars(regex(pattern = DURATION), example = "5m"))]
    pub grace: Option<String>,
    /// `false`: entries are listed, not started, and stopped if they were.
    pub enabled: Option<bool>,
    /// What each function gets, key by key; a key of the entry's own `payload` wins.
    pub payload: Option<Map<String, Value>>,
    /// What each state machine gets, key by key; a key of the entry's own `input` wins.
    #[cfg_attr(test, schemars(extend("properties" = {"invocationTime": false})))]
    pub input: Option<Map<String, Value>>,
}

impl Defaults {
    /// The keys, in the order in which they are told.
    pub const KEYS: &[&str] = &[
        "timezone",
        "lambda",
        "state_machine",
        "grace",
        "enabled",
        "payload",
        "input",
    ];
}

/// One invocation, once. It has `lambda` and perhaps `payload`, or `state_machine` and perhaps `input`; or `defaults` say what runs.
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[cfg_attr(test, schemars(deny_unknown_fields, transform = own_keys))]
#[cfg_attr(test, schemars(extend(
    "dependencies" = {
        "lambda": {"if": {"properties": {"lambda": {"type": "string"}}}, "then": {"properties": {"state_machine": {"type": "null"}, "input": {"type": "null"}}}},
        "state_machine": {"if": {"properties": {"state_machine": {"type": "string"}}}, "then": {"properties": {"lambda": {"type": "null"}, "payload": {"type": "null"}}}},
    },
    "examples" = [{"at": "2027-06-01T09:00:00", "lambda": "send-email", "payload": {"campaign": "launch"}}],
)))]
#[derive(Debug)]
pub struct Entry {
    /// For people; never part of what is compared.
    pub description: Option<String>,
    /// When: local time in `timezone`, or with `Z` or an offset such as `+01:00`. A space for the T, missing seconds, a fraction of zeros and a space before the offset are fine.
    #[cfg_attr(test, schemars(regex(pattern = TIME)))]
    #[cfg_attr(test, schemars(extend("examples" = ["2027-06-01T09:00:00", "2027-06-01 09:00", "2027-06-01T07:00:00Z"])))]
    pub at: String,
    /// The zone of `at`, by its IANA name. Else that of `defaults`, else that of the configuration.
    #[cfg_attr(test, schemars(regex(pattern = ZONE), example = "America/New_York"))]
    pub timezone: Option<String>,
    /// The function that is invoked: its name or ARN, with a qualifier if need be.
    #[cfg_attr(test, schemars(regex(pattern = LAMBDA)))]
    #[cfg_attr(test, schemars(extend("examples" = ["send-email", "send-email:live"])))]
    pub lambda: Option<String>,
    /// What the function gets: any JSON. `{}` where nothing is said.
    pub payload: Option<Value>,
    /// The Standard state machine that is run instead of a function.
    #[cfg_attr(test, schemars(regex(pattern = MACHINE)))]
    #[cfg_attr(
        test,
        schemars(example = "arn:aws:states:us-east-1:123456789012:stateMachine:CloseAuction")
    )]
    pub state_machine: Option<String>,
    /// What the state machine gets. onced adds `invocationTime`.
    #[cfg_attr(test, schemars(extend("properties" = {"invocationTime": false})))]
    pub input: Option<Map<String, Value>>,
    /// How late it may still be started; later, it is `missed`.
    #[cfg_attr(test, schemars(regex(pattern = DURATION)))]
    #[cfg_attr(test, schemars(extend("examples" = ["30s", "5m", "2h", "1h30m"])))]
    pub grace: Option<String>,
    /// `false`: listed, not started, and stopped if it was.
    pub enabled: Option<bool>,
}

impl Entry {
    /// The keys, in the order in which they are told.
    pub const KEYS: &[&str] = &[
        "description",
        "at",
        "timezone",
        "lambda",
        "payload",
        "state_machine",
        "input",
        "grace",
        "enabled",
    ];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::schema::{kept, keys};

    /// After a change: `ONCED_PRINT_ANEW=1 cargo test --lib schema_is`.
    #[test]
    fn the_schema_is_that_of_the_types() {
        kept::<ScheduleFile>("schedule");
    }

    #[test]
    fn the_parser_knows_the_keys_of_the_types() {
        assert_eq!(keys::<ScheduleFile>(), sorted(ScheduleFile::KEYS));
        assert_eq!(keys::<Defaults>(), sorted(Defaults::KEYS));
        assert_eq!(keys::<Entry>(), sorted(Entry::KEYS));
    }

    fn sorted(keys: &[&str]) -> Vec<String> {
        let mut keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        keys.sort();
        keys
    }

    /// The pattern of zones takes each that there is.
    #[test]
    fn every_zone_has_the_form_of_one() {
        let form = jsonschema::options().build(&serde_json::json!({"pattern": ZONE}));
        let form = form.expect("a schema");
        let zones = crate::model::zones::Zones::bundled();
        for name in zones.names() {
            let taken = crate::source::time::zone(name, &zones).is_ok();
            assert!(!taken || form.is_valid(&name.into()), "{name}");
        }
    }
}
