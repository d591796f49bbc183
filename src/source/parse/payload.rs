//! What an entry's execution gets: its payload or input over that of `defaults`, as canonical JSON. Pure.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::fields::Fields;
use super::shown::Show;
use super::{FileDefaults, MAX_INPUT_BYTES, Node, Parsing};
use crate::model::entry::{EntryName, instant, lambda_input_of};
use crate::model::marks::MarkedPlace;
use crate::source::yaml::{
    Failed, Marked, Member, Members, Place, Writer, Written, members, of_whole,
};

/// What onced adds to the input of a machine.
const TIME: &str = "invocationTime";

impl<'d> Parsing<'_, 'd> {
    /// What stands below the keys that hold payloads is never shown; nor is what has an unfit kind below another key: it
    /// may have been meant as a payload.
    pub(super) fn hide_payloads(&mut self, fields: &Fields<'d>, known: &[&str]) {
        for key in known {
            let Some(value) = fields.any(key) else {
                continue;
            };
            let is_payload = ["payload", "input"].contains(key);
            if is_payload || value.is_mapping() || value.is_sequence() {
                self.hide(value);
                self.hide(value.resolved());
            }
        }
    }

    /// Says where the payload of an entry is marked, where somebody asks.
    pub(super) fn note_marked(&mut self, name: &EntryName, node: Node<'d>, marked: &[Marked]) {
        let Some(all) = self.marked.as_mut().filter(|_| !marked.is_empty()) else {
            return;
        };
        let place = |marked: &Marked| {
            let Place { line, column } = node.place_of(marked.at);
            MarkedPlace {
                marks: marked.marks,
                line,
                column,
                count: marked.count,
            }
        };
        all.push((name.clone(), marked.iter().map(place).collect()));
    }

    fn failed(&mut self, failed: Vec<Failed>) {
        for (place, wrong) in failed {
            self.push(|| place, wrong, Show::Nothing);
        }
    }

    fn time_within(&mut self, node: Node<'d>) {
        let hint = "leave it out: onced adds it from `at`";
        self.wrong(node, "`input` already has `invocationTime`", hint);
    }

    /// What `defaults` give to each entry, key by key.
    pub(super) fn default_members(&mut self, fields: &Fields<'d>, key: &str) -> Option<Node<'d>> {
        let node = fields.get(key)?;
        if !node.is_mapping() {
            let message = format!("`{key}` of `defaults` is a mapping, and this is none");
            self.wrong_showing(
                node,
                message,
                "it is merged with that of each entry, key by key",
                Show::UpTo,
            );
            return None;
        }
        if key == "input" && node.resolved().find(TIME).is_some() {
            self.time_within(node);
            return None;
        }
        match Writer::value(node) {
            Ok(_) => Some(node),
            Err(failed) => {
                self.failed(failed);
                None
            }
        }
    }

    /// The input of the entry's execution.
    pub(super) fn input(
        &mut self,
        key: Node<'d>,
        fields: &Fields<'d>,
        (lambda, at): (Option<&str>, Option<DateTime<Utc>>),
        defaults: &FileDefaults<'d>,
    ) -> Option<Written> {
        let runs_lambda = lambda.is_some() || fields.get("lambda").is_some();
        let (mine, others, hint) = if runs_lambda {
            ("payload", "input", "with `lambda`, write `payload`")
        } else {
            ("input", "payload", "with `state_machine`, write `input`")
        };
        if let Some(node) = fields.get(others) {
            self.wrong(
                node,
                format!("`{others}` does not go with what the entry runs"),
                hint,
            );
        }
        let shared = if runs_lambda {
            defaults.payload
        } else {
            defaults.input
        };
        // A payload may be null; an input that is null is none.
        let own = if runs_lambda {
            fields.any(mine)
        } else {
            fields.get(mine)
        };
        let place = own.unwrap_or(key);
        let written = match own {
            // Another kind of value is not merged with anything.
            Some(own) if runs_lambda && !own.is_mapping() => Writer::value(own),
            _ if runs_lambda => Writer::object(&self.members(own, shared)?),
            _ => {
                let mut members = self.members(own, shared)?;
                if members.iter().any(|(key, _)| *key == TIME) {
                    self.time_within(place);
                    return None;
                }
                members.push((TIME, Member::Text(at.map(instant).unwrap_or_default())));
                Writer::object(&members)
            }
        };
        let mut written = written.map_err(|failed| self.failed(failed)).ok()?;
        if let Some(marked) = own.and_then(of_whole) {
            written.marks |= marked.marks;
            written.marked.push(marked);
        }
        let input = match lambda.zip(at) {
            Some((function, at)) => Written {
                text: lambda_input_of(function, at, &written.text),
                before: written
                    .before
                    .map(|before| lambda_input_of(function, at, &before)),
                ..written
            },
            None => written,
        };
        if input.text.len() > MAX_INPUT_BYTES {
            let more = if input.is_cut { "more than " } else { "" };
            let message = format!(
                "the execution's input has {more}{} bytes, and at most {MAX_INPUT_BYTES} are allowed",
                input.text.len()
            );
            self.wrong(place, message, "put it into S3 and name it here");
        }
        Some(input)
    }

    /// The members of both: the entry's own before those of `defaults`.
    fn members(&mut self, own: Option<Node<'d>>, shared: Option<Node<'d>>) -> Option<Members<'d>> {
        let all = match own {
            Some(own) if own.is_mapping() => match members(own) {
                Ok(members) => members,
                Err(failed) => {
                    self.failed(failed);
                    return None;
                }
            },
            Some(own) => {
                self.wrong_showing(
                    own,
                    "`input` is a mapping, and this is none",
                    "",
                    Show::UpTo,
                );
                return None;
            }
            None => Vec::new(),
        };
        let Some(shared) = shared else {
            return Some(all);
        };
        let own: HashSet<&str> = all.iter().map(|(key, _)| *key).collect();
        // What is wrong with these was told once.
        let shared = members(shared).unwrap_or_default();
        let more: Vec<_> = shared
            .into_iter()
            .filter(|(key, _)| !own.contains(key))
            .collect();
        Some(all.into_iter().chain(more).collect())
    }
}
