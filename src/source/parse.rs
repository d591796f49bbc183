//! One schedule file's bytes become entries, or all that is wrong with them. Pure; never panics on any bytes, and never
//! shows a payload.

mod fields;
mod payload;
mod shown;

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::model::content::Content;
use crate::model::entry::{Entry, EntryName, MAX_INPUT_BYTES};
use crate::model::interner::Interner;
use crate::model::marks::MarkedPlace;
use crate::model::zone::Zone;
use crate::model::zones::Zones;
use crate::source::ignore::IgnorePatterns;
use crate::source::language::{self, ScheduleFile};
use crate::source::offset;
use crate::source::other;
use crate::source::patterns::Patterns;
use crate::source::problem::Problem;
use crate::source::targets;
use crate::source::time::written::{self, Mistake};
use crate::source::time::{self, Wrong};
use crate::source::yaml::{
    Document, Fault, MOST_FAULTS, Node, Place, Scalar, as_yaml, check_plain, read, readable,
    resolve,
};
use fields::Fields;
use shown::Show;

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
    /// Which files are not schedule files.
    pub ignore: Arc<IgnorePatterns>,
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
            ignore: Arc::default(),
        }
    }
}

/// What a file's `defaults` say.
struct FileDefaults<'d> {
    timezone: Zone,
    /// The same, where the file or the configuration names it.
    named_zone: Option<Zone>,
    lambda: Option<Arc<str>>,
    state_machine: Option<Arc<str>>,
    grace: Duration,
    enabled: bool,
    payload: Option<Node<'d>>,
    input: Option<Node<'d>>,
}

/// A function, and a machine of the entry's own.
type Target = (Option<Arc<str>>, Option<Arc<str>>);

/// The entries of a file, in its order.
pub fn parse(file: &str, bytes: &[u8], defaults: &Defaults) -> Result<Vec<Entry>, Vec<Problem>> {
    entries(file, bytes, defaults).map_err(|problems| other::instead_of(problems, file, bytes))
}

/// Where the payloads of a good file have something that had better be looked at, by entry.
pub fn marked(file: &str, bytes: &[u8], defaults: &Defaults) -> Vec<(EntryName, Vec<MarkedPlace>)> {
    let mut marked = Vec::new();
    match read_entries(file, bytes, defaults, Some(&mut marked)) {
        Ok(_) => marked,
        Err(_) => Vec::new(),
    }
}

fn entries(file: &str, bytes: &[u8], defaults: &Defaults) -> Result<Vec<Entry>, Vec<Problem>> {
    read_entries(file, bytes, defaults, None)
}

fn read_entries(
    file: &str,
    bytes: &[u8],
    defaults: &Defaults,
    marked: Option<&mut Vec<(EntryName, Vec<MarkedPlace>)>>,
) -> Result<Vec<Entry>, Vec<Problem>> {
    let text = readable(bytes).map_err(|problem| vec![problem])?;
    let text = &*as_yaml(text);
    let document = read(text, false);
    let mut parsing = Parsing {
        file: file.into(),
        defaults,
        texts: Interner::default(),
        wrongs: Vec::new(),
        count: 0,
        hidden: Vec::new(),
        hidden_lines: Vec::new(),
        marked,
        nodes: PhantomData,
    };
    let entries = parsing.text(text, &document);
    if parsing.count == 0 {
        return Ok(entries);
    }
    Err(parsing.problems(text))
}

struct Parsing<'a, 'd> {
    file: Arc<str>,
    defaults: &'a Defaults,
    /// Of functions and machines.
    texts: Interner,
    /// The first of what is wrong.
    wrongs: Vec<(Fault, Show)>,
    /// How much is wrong.
    count: usize,
    /// The bytes of each payload and input: their lines are never shown.
    hidden: Vec<Range<usize>>,
    /// First and last lines of the same.
    hidden_lines: Vec<(usize, usize)>,
    /// Where to say what is marked; `None`: nobody asks.
    marked: Option<&'a mut Vec<(EntryName, Vec<MarkedPlace>)>>,
    nodes: PhantomData<Node<'d>>,
}

impl<'d> Parsing<'_, 'd> {
    /// Is one more still told, or only counted?
    fn is_told(&mut self) -> bool {
        self.count += 1;
        self.count <= MOST_FAULTS
    }

    fn push(&mut self, place: impl FnOnce() -> Place, wrong: Wrong, show: Show) {
        if self.is_told() {
            let fault = Fault {
                place: place(),
                message: wrong.message,
                hint: wrong.hint,
            };
            self.wrongs.push((fault, show));
        }
    }

    fn wrong(&mut self, node: Node<'d>, message: impl Into<String>, hint: &str) {
        self.wrong_showing(node, message, hint, Show::Nothing);
    }

    fn wrong_showing(
        &mut self,
        node: Node<'d>,
        message: impl Into<String>,
        hint: &str,
        show: Show,
    ) {
        let hint = (!hint.is_empty()).then(|| hint.to_owned());
        let wrong = Wrong {
            message: message.into(),
            hint,
        };
        self.push(|| node.place(), wrong, show);
    }

    fn keep<T>(&mut self, node: Node<'d>, result: Result<T, Wrong>) -> Option<T> {
        result
            .map_err(|wrong| self.push(|| node.place(), wrong, Show::Nothing))
            .ok()
    }

    fn text(
        &mut self,
        text: &str,
        document: &'d Result<Option<Document<'d>>, Fault>,
    ) -> Vec<Entry> {
        const NOTHING: &str = "write `schedules: {}` where nothing is meant, or remove the file";
        let mut at = |line: usize, message: &str, hint: &str| {
            let wrong = Wrong {
                message: message.into(),
                hint: Some(hint.into()),
            };
            self.push(|| Place { line, column: 1 }, wrong, Show::Nothing);
            Vec::new()
        };
        if let Some(line) = text.lines().position(|line| line.starts_with("<<<<<<< ")) {
            let hint = "resolve the conflict: keep one side, remove the markers";
            return at(line + 1, "an unresolved merge conflict", hint);
        }
        match document {
            Ok(Some(document)) if document.root().is_null() => at(1, "the file is empty", NOTHING),
            Ok(None) => at(1, "the file is empty", NOTHING),
            Ok(Some(document)) => {
                // What is wrong with the YAML itself may lie within a payload.
                if !document.faults.is_empty() {
                    self.hide_what_may_be_payload(text);
                }
                self.count = document.count;
                let faults = document
                    .faults
                    .iter()
                    .map(|fault| (fault.clone(), Show::Nothing));
                self.wrongs.extend(faults);
                self.root(document.root())
            }
            Err(fault) => {
                self.hide_what_may_be_payload(text);
                self.count += 1;
                self.wrongs.push((fault.clone(), Show::Nothing));
                Vec::new()
            }
        }
    }

    fn root(&mut self, node: Node<'d>) -> Vec<Entry> {
        let Some(fields) = self.fields(node, ScheduleFile::KEYS, "a schedule file", false) else {
            return Vec::new();
        };
        if let Some(version) = fields.get("version")
            && !matches!(resolve(&version.resolved()), Ok(Some(Scalar::Number(number))) if number == "1")
        {
            self.wrong(
                version,
                "this onced reads version 1 of schedule files",
                "write `version: 1`",
            );
        }
        let defaults = self.file_defaults(&fields);
        let Some(schedules) = fields.any("schedules") else {
            self.wrong(
                node,
                "there is no `schedules`",
                "write `schedules:` and the entries below it",
            );
            return Vec::new();
        };
        if !schedules.is_mapping() {
            let hint = "write the entries below it, or `schedules: {}` where nothing is meant";
            self.hide(schedules);
            let message = "`schedules` is not a mapping of names to entries";
            self.wrong_showing(schedules, message, hint, Show::UpTo);
            return Vec::new();
        }
        let mut entries = Vec::new();
        for (key, value) in schedules.resolved().pairs() {
            let name = key.spelled().unwrap_or_default();
            if name.starts_with("x-") {
                self.hide(value);
            } else if fields::is_merge(key) {
                self.hide(value);
                self.no_merge(key);
            } else {
                entries.extend(self.entry(name, key, value, &defaults));
            }
        }
        entries
    }

    fn file_defaults(&mut self, root: &Fields<'d>) -> FileDefaults<'d> {
        let mut defaults = FileDefaults {
            timezone: self.defaults.timezone,
            // UTC is what there is where nobody has named one.
            named_zone: Some(self.defaults.timezone).filter(|zone| !zone.is_utc()),
            lambda: None,
            state_machine: None,
            grace: self.defaults.grace,
            enabled: true,
            payload: None,
            input: None,
        };
        let Some(node) = root.get("defaults") else {
            return defaults;
        };
        let Some(fields) = self.fields(node, language::Defaults::KEYS, "`defaults`", true) else {
            return defaults;
        };
        self.hide_payloads(&fields, language::Defaults::KEYS);
        if let Some(zone) = self.zone(&fields) {
            (defaults.timezone, defaults.named_zone) = (zone, Some(zone));
        }
        defaults.grace = self.grace(&fields).unwrap_or(defaults.grace);
        defaults.enabled = self.enabled(&fields).unwrap_or(true);
        defaults.lambda = self.lambda(&fields);
        defaults.state_machine = self.machine(&fields);
        defaults.payload = self.default_members(&fields, "payload");
        defaults.input = self.default_members(&fields, "input");
        if let (Some(_), Some(machine)) = (&defaults.lambda, fields.get("state_machine")) {
            self.wrong(
                machine,
                "`defaults` has both `lambda` and `state_machine`",
                "keep one of the two",
            );
        }
        defaults
    }

    fn at(&mut self, fields: &Fields<'d>) -> Option<(Node<'d>, &'d str)> {
        let node = fields.get("at")?;
        match epoch(node) {
            Some(wrong) => self.keep(node, Err(wrong)),
            None => self.string(fields, "at"),
        }
    }

    fn zone(&mut self, fields: &Fields<'d>) -> Option<Zone> {
        let (node, text) = self.string(fields, "timezone")?;
        self.keep(node, time::zone(text, &self.defaults.zones))
    }

    fn grace(&mut self, fields: &Fields<'d>) -> Option<Duration> {
        let node = fields.get("grace")?;
        // A number is taken for seconds by those who write it.
        if let Ok(Some(Scalar::Number(number))) = resolve(&node.resolved()) {
            let written = number
                .parse()
                .ok()
                .map(|seconds| time::spelled_duration(Duration::from_secs(seconds)));
            let hint = written.map_or(
                "write it as `30s`, `5m`, `2h` or `300d`".into(),
                |written| format!("write `{written}`"),
            );
            self.wrong(node, "`grace` is a duration with its unit", &hint);
            return None;
        }
        let (node, text) = self.string(fields, "grace")?;
        self.keep(node, time::duration(text))
    }

    fn enabled(&mut self, fields: &Fields<'d>) -> Option<bool> {
        let node = fields.get("enabled")?;
        if let Ok(Some(Scalar::Bool(enabled))) = resolve(&node.resolved()) {
            return Some(enabled);
        }
        self.wrong(node, "`enabled` is `true` or `false`", "");
        None
    }

    fn lambda(&mut self, fields: &Fields<'d>) -> Option<Arc<str>> {
        let (node, text) = self.string(fields, "lambda")?;
        let checked = targets::lambda(text, &self.defaults.allow_lambdas);
        let name = self.keep(node, checked)?;
        Some(self.texts.intern(name))
    }

    fn machine(&mut self, fields: &Fields<'d>) -> Option<Arc<str>> {
        let (node, text) = self.string(fields, "state_machine")?;
        let checked = targets::machine(text, &self.defaults.allow_state_machines);
        let arn = self.keep(node, checked)?;
        Some(self.texts.intern(arn))
    }

    fn entry(
        &mut self,
        name: &str,
        key: Node<'d>,
        node: Node<'d>,
        defaults: &FileDefaults<'d>,
    ) -> Option<Entry> {
        let before = self.count;
        let name = check_plain(name).and_then(|()| {
            EntryName::parse(name).map_err(|message| Wrong {
                message,
                hint: None,
            })
        });
        let name = self.keep(key, name);
        let fields = self.fields(node, language::Entry::KEYS, "an entry", true)?;
        self.hide_payloads(&fields, language::Entry::KEYS);
        let description = self.string(&fields, "description");
        let own_zone = self.zone(&fields);
        let timezone = own_zone.unwrap_or(defaults.timezone);
        let written = self.at(&fields);
        let is_local = written.is_some_and(|(_, text)| time::is_local(text));
        let at = written.and_then(|(node, text)| self.keep(node, time::instant(text, timezone)));
        // The line to write for an expression of EventBridge is told already.
        let is_expression = |(key, _): (Node<'_>, _)| key.spelled().is_some_and(time::is_key);
        if fields.get("at").is_none() && !node.resolved().pairs().any(is_expression) {
            self.wrong(
                key,
                "the entry has no `at`",
                "write when it runs, such as `at: 2026-12-01T09:00:00`",
            );
        }
        let grace = self.grace(&fields).unwrap_or(defaults.grace);
        let enabled = self.enabled(&fields).unwrap_or(defaults.enabled);
        let (lambda, machine) = self.target(key, &fields, defaults)?;
        let state_machine = machine.or_else(|| self.defaults.state_machine.clone());
        let state_machine = state_machine.unwrap_or_else(|| "".into());
        let input = self.input(key, &fields, (lambda.as_deref(), at), defaults);
        let (at, input) = (at?, input?);
        if self.count > before {
            return None;
        }
        let named_zone = if is_local {
            Some(timezone)
        } else {
            let differs =
                |zone: &Zone| written.is_some_and(|(_, text)| offset::differs(text, at, *zone));
            own_zone.or(defaults.named_zone).filter(differs)
        };
        let content = |input: String| Content::new(at, Arc::clone(&state_machine), input);
        let name = name?;
        self.note_marked(&name, key, &input.marked);
        Some(Entry {
            name,
            other: input.before.map(|before| Arc::new(content(before))),
            is_as_before: false,
            marks: input.marks,
            content: content(input.text),
            lambda,
            grace,
            enabled,
            named_zone,
            is_local,
            description: description.map(|(_, text)| text.into()),
            file: Arc::clone(&self.file),
            in_line: u32::try_from(key.line()).unwrap_or(u32::MAX),
        })
    }

    /// What the entry runs: a function, or a machine of its own.
    fn target(
        &mut self,
        key: Node<'d>,
        fields: &Fields<'d>,
        defaults: &FileDefaults<'d>,
    ) -> Option<Target> {
        let (lambda, machine) = (self.lambda(fields), self.machine(fields));
        match (
            fields.get("lambda").is_some(),
            fields.get("state_machine").is_some(),
        ) {
            (true, true) => {
                let message = "the entry has both `lambda` and `state_machine`";
                self.wrong(key, message, "keep one of the two");
                None
            }
            (true, false) => Some((lambda, None)),
            (false, true) => Some((None, machine)),
            (false, false) => {
                let (lambda, machine) = (defaults.lambda.clone(), defaults.state_machine.clone());
                if lambda.is_none() && machine.is_none() {
                    let hint =
                        "write the function as `lambda: NAME`, or an ARN as `state_machine: ARN`";
                    self.wrong(key, "the entry says nothing to run", hint);
                }
                Some((lambda, machine))
            }
        }
    }
}

/// What to write for a time that YAML takes for a number: a count since 1970. `None`: it is nothing like a time.
fn epoch(node: Node<'_>) -> Option<Wrong> {
    let node = node.resolved();
    let Ok(Some(Scalar::Number(_))) = resolve(&node) else {
        return None;
    };
    let refused = written::read(node.spelled()?).err()?;
    (refused.kind != Mistake::NotATime).then(|| refused.into())
}
