//! `onced ledger`: the store as lines of JSON, its check, and a new beginning.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::arguments::LedgerCommand;
use super::{Context, Failure, Outcome, exit, opening, print};
use crate::ledger::{Change, Holder, Ledger, LedgerError, Whole};
use crate::model::name::{Fingerprint, Owner};
use crate::model::record::{Event, Record};

/// One line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// The first one: its format.
    OncedLedger(u32),
    Record {
        record: Box<Record>,
        input: Option<String>,
    },
    Event(Event),
    Approved(String),
}

pub(super) async fn ledger(context: &Context, what: &LedgerCommand) -> Outcome {
    let settings = context.settings(None)?;
    let state = settings
        .state_directory
        .clone()
        .ok_or_else(|| Failure::new("there is no state directory\nhint: give --state-directory"))?;
    Ledger::admit(&state, &settings.owner, [].into_iter())?;
    match what {
        LedgerCommand::Export => export(&state, &settings.owner),
        LedgerCommand::Import { file } => import(&state, file, &settings.owner).await,
        LedgerCommand::Check => check(&state, &settings.owner),
        LedgerCommand::Rebuild => {
            // What can't be read can't say whose it is.
            match Ledger::peek(&state) {
                Ok(found) => {
                    let records = found.unwrap_or_default().records;
                    Ledger::admit(&state, &settings.owner, records.values())?;
                }
                Err(held @ LedgerError::Held { .. }) => return Err(held.into()),
                Err(_) => {}
            }
            let aside = Ledger::set_aside(&state)?;
            print(&match aside {
                Some(aside) => format!(
                    "set aside as `{}`; the next `onced run` adopts what runs\n",
                    aside.display()
                ),
                None => format!("there is no ledger in `{}`\n", state.display()),
            });
            Ok(exit::DONE)
        }
    }
}

fn none(state: &Path) -> Failure {
    Failure::new(format!("there is no ledger in `{}`", state.display()))
}

/// All of the ledger, for its owner.
fn whole(state: &Path, owner: &Owner) -> Result<Whole, Failure> {
    let whole = Ledger::whole(state)?.ok_or_else(|| none(state))?;
    Ledger::admit(state, owner, whole.records.iter().map(|(record, _)| record))?;
    Ok(whole)
}

fn export(state: &Path, owner: &Owner) -> Outcome {
    let whole = whole(state, owner)?;
    let records = whole
        .records
        .into_iter()
        .map(|(record, input)| Line::Record {
            record: Box::new(record),
            input,
        });
    let lines = std::iter::once(Line::OncedLedger(1))
        .chain(records)
        .chain(whole.events.into_iter().map(Line::Event))
        .chain(whole.approved.into_iter().map(Line::Approved));
    for line in lines {
        print(&(serde_json::to_string(&line).map_err(Failure::new)? + "\n"));
    }
    Ok(exit::DONE)
}

/// How many changes of an import share one sync.
const TOGETHER: usize = 256;

/// Everything is read and checked before anything is written. State machines count as not listed: the next run lists
/// what runs before it starts anything.
async fn import(state: &Path, file: &str, owner: &Owner) -> Outcome {
    let reader: Box<dyn BufRead> = if file == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        let opened = std::fs::File::open(file);
        let failed = |error| Failure::new(format!("can't open `{file}`: {error}"));
        Box::new(BufReader::new(opened.map_err(failed)?))
    };
    let (mut changes, mut events, mut approved) = (Vec::new(), Vec::new(), BTreeSet::new());
    let mut names = BTreeSet::new();
    for (number, line) in reader.lines().enumerate() {
        let wrong = |why: String| Failure::new(format!("`{file}`, line {}: {why}", number + 1));
        let line = line.map_err(|error| wrong(error.to_string()))?;
        let line: Line = serde_json::from_str(&line).map_err(|error| wrong(error.to_string()))?;
        match line {
            Line::OncedLedger(1) if number == 0 => {}
            _ if number == 0 => return Err(wrong("this is no export of this version".into())),
            Line::OncedLedger(_) => return Err(wrong("the export begins a second time".into())),
            Line::Record { record, input } => {
                if record.owner != *owner {
                    return Err(wrong(format!(
                        "this record is of owner `{}`",
                        record.owner.as_str()
                    )));
                }
                if !names.insert(record.name.clone()) {
                    return Err(wrong(format!("`{}` comes twice", record.name)));
                }
                if input
                    .as_deref()
                    .is_some_and(|input| !belongs(&record, input))
                {
                    return Err(wrong(format!(
                        "the input of `{}` is another one",
                        record.name
                    )));
                }
                changes.push(Change {
                    name: record.name.clone(),
                    record: Some(*record),
                    input: input.map(Arc::from),
                    event: None,
                });
            }
            Line::Event(event) => events.push(event),
            Line::Approved(execution) => {
                approved.insert(execution);
            }
        }
    }
    let (ledger, found) = opening::open(state, owner, Holder::Command).await?;
    if !found.records.is_empty() {
        return Err(Failure::new(format!(
            "the ledger in `{}` has {} records already\nhint: set it aside first with `onced ledger rebuild`",
            state.display(),
            found.records.len()
        )));
    }
    let (records, told) = (changes.len(), events.len());
    for some in changes.chunks(TOGETHER) {
        ledger.commit_all(some.to_vec()).await?;
    }
    for event in events {
        ledger.tell(event).await?;
    }
    ledger.approved(approved, true).await?;
    ledger.close().await;
    print(&format!("imported {records} records and {told} events\n"));
    Ok(exit::DONE)
}

fn belongs(record: &Record, input: &str) -> bool {
    Fingerprint::of_input(record.at, &record.state_machine, input) == record.fingerprint
}

fn check(state: &Path, owner: &Owner) -> Outcome {
    let whole = whole(state, owner)?;
    for (record, input) in &whole.records {
        if input
            .as_deref()
            .is_some_and(|input| !belongs(record, input))
        {
            return Err(Failure::new(format!(
                "the input of `{}` is not the one that its record names\nhint: `onced ledger rebuild`",
                record.name
            )));
        }
    }
    print(&format!(
        "good: {} records, {} events, {} commits\n",
        whole.records.len(),
        whole.events.len(),
        whole.sequence
    ));
    Ok(exit::DONE)
}
