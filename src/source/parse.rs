//! One schedule file's bytes become entries, or all that is wrong with them. Pure; never panics on any bytes, and never
//! shows a payload.

mod shown;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use serde_yaml::Value as Yaml;

use crate::model::content::Content;
use crate::model::entry::{Entry, EntryName, MAX_INPUT_BYTES, lambda_input, machine_input};
use crate::model::interner::Interner;
use crate::model::zone::Zone;
use crate::model::zones::Zones;
use crate::source::language::{self, ScheduleFile};
use crate::source::offset;
use crate::source::patterns::Patterns;
use crate::source::problem::Problem;
use crate::source::time::{self, Wrong};
use crate::source::tree::{self, Node, Place};
use crate::source::value::{self, Field, Fields};
use shown::readable;

/// What an entry gets where its file says nothing.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// Of local times.
    pub timezone: Zone,
    /// The time zones that there are.
    pub zones: Zones,
    /// The machine that lambdas run through. Without one, such entries have an empty ARN: fit for `check` alone.
    pub state_machine: Option<Arc<str>>,
    /// How late an entry may still be started.
    pub grace: Duration,
    /// Which functions may be named.
    pub allow_lambdas: Patterns,
    /// Which machines may be named.
    pub allow_state_machines: Patterns,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            timezone: Zone::utc(),
            zones: Zones::bundled(),
            state_machine: None,
            grace: Duration::from_mins(5),
            allow_lambdas: Patterns::default(),
            allow_state_machines: Patterns::default(),
        }
    }
}

/// What a file's `defaults` say.
struct FileDefaults {
    timezone: Zone,
    /// The same, where the file or the configuration names it.
    named_zone: Option<Zone>,
    lambda: Option<Arc<str>>,
    state_machine: Option<Arc<str>>,
    grace: Duration,
    enabled: bool,
}

/// The entries of a file, in its order.
pub fn parse(file: &str, bytes: &[u8], defaults: &Defaults) -> Result<Vec<Entry>, Vec<Problem>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = readable(bytes).map_err(|problem| vec![problem])?;
    let mut parsing = Parsing {
        file: file.into(),
        defaults,
        texts: Interner::default(),
        wrongs: Vec::new(),
        hidden: Vec::new(),
    };
    let entries = parsing.text(&text);
    if parsing.wrongs.is_empty() {
        return Ok(entries);
    }
    Err(parsing.problems(&text))
}

struct Parsing<'a> {
    file: Arc<str>,
    defaults: &'a Defaults,
    /// Of functions and machines.
    texts: Interner,
    wrongs: Vec<(Place, Wrong)>,
    /// First and last line of each payload and input: never shown.
    hidden: Vec<(usize, usize)>,
}

impl Parsing<'_> {
    fn wrong(&mut self, place: Place, message: impl Into<String>, hint: &str) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        self.wrongs.push((
            place,
            Wrong {
                message: message.into(),
                hint,
            },
        ));
    }

    fn keep<T>(&mut self, place: Place, result: Result<T, Wrong>) -> Option<T> {
        result
            .map_err(|wrong| self.wrongs.push((place, wrong)))
            .ok()
    }

    fn text(&mut self, text: &str) -> Vec<Entry> {
        const NOTHING: &str = "write `schedules: {}` where nothing is meant, or remove the file";
        let start = Place { line: 1, column: 1 };
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
            let hint = "resolve the conflict: keep one side, remove the markers";
            self.wrong(
                Place {
                    line: line + 1,
                    column: 1,
                },
                "an unresolved merge conflict",
                hint,
            );
            return Vec::new();
        }
        let root = match tree::read(text) {
            Ok(Some(root)) => root,
            Ok(None) => {
                self.wrong(start, "the file is empty", NOTHING);
                return Vec::new();
            }
            Err(fault) => {
                self.hide_what_may_be_payload(text);
                self.wrongs.push((
                    fault.place,
                    Wrong {
                        message: fault.message,
                        hint: fault.hint,
                    },
                ));
                return Vec::new();
            }
        };
        let value: Yaml = match serde_yaml::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let place = error.location().map_or(start, |at| Place {
                    line: at.line(),
                    column: at.column(),
                });
                self.hide_what_may_be_payload(text);
                if error.to_string().contains("128") {
                    self.wrong(
                        place,
                        "a whole number of more than 64 bits has no form in JSON",
                        "put it in quotes",
                    );
                } else {
                    self.wrong(place, "not YAML that onced can read", "");
                }
                return Vec::new();
            }
        };
        if value.is_null() {
            self.wrong(start, "the file is empty", NOTHING);
            return Vec::new();
        }
        self.root(&root, &value)
    }

    fn root(&mut self, node: &Node, value: &Yaml) -> Vec<Entry> {
        let Some(fields) = self.fields(node, value, ScheduleFile::KEYS, "a schedule file") else {
            return Vec::new();
        };
        if let Some(version) = fields.get("version")
            && version.value.as_u64() != Some(1)
        {
            self.wrong(
                version.node.place,
                "this onced reads version 1 of schedule files",
                "write `version: 1`",
            );
        }
        let defaults = self.file_defaults(&fields);
        let Some(schedules) = fields.get("schedules") else {
            self.wrong(
                node.place,
                "there is no `schedules`",
                "write `schedules:` and the entries below it",
            );
            return Vec::new();
        };
        let Some(pairs) = value::pairs(schedules.node, schedules.value) else {
            let hint = "write the entries below it, or `schedules: {}` where nothing is meant";
            self.hide(schedules.node);
            self.wrong(
                schedules.node.place,
                "`schedules` is not a mapping of names to entries",
                hint,
            );
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (key, field) in pairs {
            if key.text.starts_with("x-") {
                self.hide(field.node);
            } else {
                entries.extend(self.entry(key.text, key.place, field, &defaults));
            }
        }
        entries
    }

    /// The fields of a mapping; what is not one, or not known, is noted.
    fn fields<'n>(
        &mut self,
        node: &'n Node,
        value: &'n Yaml,
        known: &[&str],
        what: &str,
    ) -> Option<Fields<'n>> {
        let Some(pairs) = value::pairs(node, value) else {
            let hint = format!("{what} has keys: {}", known.join(", "));
            self.hide(node);
            self.wrong(
                node.place,
                format!("{what} is a mapping, and this is none"),
                &hint,
            );
            return None;
        };
        for (key, field) in &pairs {
            // What is the user's own may be a payload that is named by `*`.
            if key.text.starts_with("x-") {
                self.hide(field.node);
            }
            if !key.text.starts_with("x-") && !known.contains(&key.text) {
                let near = known
                    .iter()
                    .map(|known| (strsim::jaro_winkler(known, key.text), known));
                let near = near
                    .max_by(|a, b| a.0.total_cmp(&b.0))
                    .filter(|(likeness, _)| *likeness > 0.75);
                let hint = near.map_or_else(
                    || {
                        format!(
                            "{what} has: {}; keys of your own begin with `x-`",
                            known.join(", ")
                        )
                    },
                    |(_, known)| format!("did you mean `{known}`?"),
                );
                self.hidden.push((key.place.line, field.node.last));
                self.wrong(key.place, format!("unknown key `{}`", key.text), &hint);
            }
        }
        Some(Fields(pairs))
    }

    fn file_defaults(&mut self, root: &Fields<'_>) -> FileDefaults {
        let mut defaults = FileDefaults {
            timezone: self.defaults.timezone,
            // UTC is what there is where nobody has named one.
            named_zone: Some(self.defaults.timezone).filter(|zone| !zone.is_utc()),
            lambda: None,
            state_machine: None,
            grace: self.defaults.grace,
            enabled: true,
        };
        let Some(field) = root.get("defaults") else {
            return defaults;
        };
        let Some(fields) = self.fields(
            field.node,
            field.value,
            language::Defaults::KEYS,
            "`defaults`",
        ) else {
            return defaults;
        };
        if let Some(zone) = self.zone(&fields) {
            (defaults.timezone, defaults.named_zone) = (zone, Some(zone));
        }
        defaults.grace = self.grace(&fields).unwrap_or(defaults.grace);
        defaults.enabled = self.enabled(&fields).unwrap_or(true);
        defaults.lambda = self.lambda(&fields);
        defaults.state_machine = self.machine(&fields);
        if let (Some(_), Some(machine)) = (&defaults.lambda, fields.get("state_machine")) {
            self.wrong(
                machine.node.place,
                "`defaults` has both `lambda` and `state_machine`",
                "keep one of the two",
            );
        }
        defaults
    }

    fn string<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<(Place, &'n str)> {
        let field = fields.get(key)?;
        let text = field.value.as_str();
        if text.is_none() {
            let hint = if field.value.is_sequence() || field.value.is_mapping() {
                "write one text, without brackets"
            } else {
                "put it in quotes"
            };
            let message = format!("`{key}` is a text, and this is none");
            self.wrong(field.node.place, message, hint);
        }
        text.map(|text| (field.node.place, text))
    }

    fn at<'n>(&mut self, fields: &Fields<'n>) -> Option<(Place, &'n str)> {
        let field = fields.get("at")?;
        match value::epoch(field) {
            Some(wrong) => self.keep(field.node.place, Err(wrong)),
            None => self.string(fields, "at"),
        }
    }

    fn zone(&mut self, fields: &Fields<'_>) -> Option<Zone> {
        let (place, text) = self.string(fields, "timezone")?;
        self.keep(place, time::zone(text, &self.defaults.zones))
    }

    fn grace(&mut self, fields: &Fields<'_>) -> Option<Duration> {
        let (place, text) = self.string(fields, "grace")?;
        self.keep(place, time::duration(text))
    }

    fn enabled(&mut self, fields: &Fields<'_>) -> Option<bool> {
        let field = fields.get("enabled")?;
        let enabled = field.value.as_bool();
        if enabled.is_none() {
            self.wrong(field.node.place, "`enabled` is `true` or `false`", "");
        }
        enabled
    }

    fn lambda(&mut self, fields: &Fields<'_>) -> Option<Arc<str>> {
        let (place, text) = self.string(fields, "lambda")?;
        let checked = value::lambda(text, &self.defaults.allow_lambdas);
        let name = self.keep(place, checked)?;
        Some(self.texts.intern(name))
    }

    fn machine(&mut self, fields: &Fields<'_>) -> Option<Arc<str>> {
        let (place, text) = self.string(fields, "state_machine")?;
        let checked = value::machine(text, &self.defaults.allow_state_machines);
        let arn = self.keep(place, checked)?;
        Some(self.texts.intern(arn))
    }

    fn entry(
        &mut self,
        name: &str,
        place: Place,
        field: Field<'_>,
        defaults: &FileDefaults,
    ) -> Option<Entry> {
        let before = self.wrongs.len();
        let name = self.keep(
            place,
            EntryName::parse(name).map_err(|message| Wrong {
                message,
                hint: None,
            }),
        );
        let fields = self.fields(field.node, field.value, language::Entry::KEYS, "an entry")?;
        for key in language::Entry::KEYS {
            if let Some(field) = fields.get(key)
                // What stands below the wrong key may have been meant as a payload.
                && (["payload", "input"].contains(key) || field.value.is_mapping() || field.value.is_sequence())
            {
                self.hidden.push((field.node.place.line, field.node.last));
            }
        }
        let description = self.string(&fields, "description");
        let own_zone = self.zone(&fields);
        let timezone = own_zone.unwrap_or(defaults.timezone);
        let written = self.at(&fields);
        let is_local = written.is_some_and(|(_, text)| time::is_local(text));
        let at = written.and_then(|(place, text)| self.keep(place, time::instant(text, timezone)));
        if fields.get("at").is_none() {
            self.wrong(
                place,
                "the entry has no `at`",
                "write when it runs, such as `at: 2026-12-01T09:00:00`",
            );
        }
        let grace = self.grace(&fields).unwrap_or(defaults.grace);
        let enabled = self.enabled(&fields).unwrap_or(defaults.enabled);
        let (lambda, machine) = (self.lambda(&fields), self.machine(&fields));
        let own = (
            fields.get("lambda").is_some(),
            fields.get("state_machine").is_some(),
        );
        let (lambda, machine) = match own {
            (true, true) => {
                self.wrong(
                    place,
                    "the entry has both `lambda` and `state_machine`",
                    "keep one of the two",
                );
                return None;
            }
            (true, false) => (lambda, None),
            (false, true) => (None, machine),
            (false, false) => (defaults.lambda.clone(), defaults.state_machine.clone()),
        };
        if lambda.is_none() && machine.is_none() && own == (false, false) {
            let hint = "write the function as `lambda: NAME`, or an ARN as `state_machine: ARN`";
            self.wrong(place, "the entry says nothing to run", hint);
        }
        let runs_lambda = own.0 || lambda.is_some();
        let (mine, others, hint) = if runs_lambda {
            ("payload", "input", "with `lambda`, write `payload`")
        } else {
            ("input", "payload", "with `state_machine`, write `input`")
        };
        if let Some(field) = fields.get(others) {
            self.wrong(
                field.node.place,
                format!("`{others}` does not go with what the entry runs"),
                hint,
            );
        }
        let given = fields
            .get(mine)
            .map(|field| (field.node.place, value::json(field.node, field.value)));
        let json = match given {
            None => Json::Object(serde_json::Map::new()),
            Some((_, Ok(json))) => json,
            Some((_, Err((place, wrong)))) => {
                self.wrongs.push((place, wrong));
                return None;
            }
        };
        let input_place = fields.get(mine).map_or(place, |field| field.node.place);
        let at = at?;
        let input = match (&lambda, json) {
            (Some(function), payload) => lambda_input(function, at, payload),
            (None, Json::Object(input)) if input.contains_key("invocationTime") => {
                self.wrong(
                    input_place,
                    "`input` already has `invocationTime`",
                    "leave it out: onced adds it from `at`",
                );
                return None;
            }
            (None, Json::Object(input)) => machine_input(input, at),
            (None, _) => {
                self.wrong(input_place, "`input` is a mapping, and this is none", "");
                return None;
            }
        };
        if input.len() > MAX_INPUT_BYTES {
            let message = format!(
                "the execution's input has {} bytes, and at most {MAX_INPUT_BYTES} are allowed",
                input.len()
            );
            self.wrong(input_place, message, "put it into S3 and name it here");
        }
        if self.wrongs.len() > before {
            return None;
        }
        let named_zone = if is_local {
            Some(timezone)
        } else {
            let differs =
                |zone: &Zone| written.is_some_and(|(_, text)| offset::differs(text, at, *zone));
            own_zone.or(defaults.named_zone).filter(differs)
        };
        Some(Entry {
            name: name?,
            content: Content::new(
                at,
                machine
                    .or_else(|| self.defaults.state_machine.clone())
                    .unwrap_or_else(|| "".into()),
                input,
            ),
            lambda,
            grace,
            enabled,
            named_zone,
            is_local,
            description: description.map(|(_, text)| text.into()),
            file: Arc::clone(&self.file),
            in_line: u32::try_from(place.line).unwrap_or(u32::MAX),
        })
    }
}
