//! `onced --version -v`: what else decides what the program does.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::arguments::Common;
use super::print;
use crate::settings::Offline;
use crate::source::zoneinfo::{Choice, Zoneinfo};

/// Prints, below the version, the time zone rules that commands with this configuration go by; with one that is not good,
/// those that go without any.
pub(super) fn more(common: &Common, environment: &BTreeMap<String, String>) {
    let configured = common.typed(None).ok();
    let configured = configured.and_then(|typed| Offline::resolve(&typed, environment).ok());
    let zones = match configured {
        Some(offline) => offline.defaults.zones,
        None => without_configuration(environment).load(None),
    };
    print(&format!("time zone rules: {zones}\n"));
    if let Some(other) = zones.other() {
        print(&format!("not used: {other}\n"));
    }
    if let Some(note) = zones.note() {
        print(&format!("note: {note}\n"));
    }
}

fn without_configuration(environment: &BTreeMap<String, String>) -> Zoneinfo {
    let tzdir = environment.get("TZDIR").filter(|text| !text.is_empty());
    Zoneinfo {
        choice: Choice::default(),
        tzdir: tzdir.map(PathBuf::from),
    }
}
