//! What the folder says, from when to when: the model that the judge reads. Knows nothing of how it is written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::TimeDelta;
use serde_yaml::Value;

use crate::wire::Time;

const ACCOUNT: &str = "arn:aws:states:us-east-1:123456789012:stateMachine";
/// The name of the machine that lambdas run through.
pub(crate) const MACHINE: &str = "OneTimeLambdaScheduler";
/// The name of the machine that some entries name themselves.
pub(crate) const OTHER: &str = "Other";

pub(crate) fn machine(name: &str) -> String {
    format!("{ACCOUNT}:{name}")
}

/// What is compared: the machine and the input, which holds the instant.
pub(crate) type Key = Arc<str>;

pub(crate) fn key_of(machine: &str, input: &str) -> Key {
    let machine = machine.rsplit(':').next().unwrap_or_default();
    format!("{machine} {input}").into()
}

/// The instant that a key holds.
pub(crate) fn instant_of(key: &str) -> Option<Time> {
    let input: serde_json::Value = serde_json::from_str(key.split_once(' ')?.1).ok()?;
    input["invocationTime"].as_str()?.parse().ok()
}

/// What an entry asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) at: Time,
    pub(crate) payload: u32,
    pub(crate) machine: &'static str,
    pub(crate) enabled: bool,
    /// In seconds; `None`: five minutes.
    pub(crate) grace: Option<u32>,
}

impl Content {
    pub(crate) fn key(&self) -> Key {
        let (at, payload) = (self.instant(), self.payload);
        let input = if self.machine == OTHER {
            format!(r#"{{"invocationTime":"{at}","n":{payload}}}"#)
        } else {
            format!(r#"{{"functionName":"f","invocationTime":"{at}","payload":{payload}}}"#)
        };
        key_of(self.machine, &input)
    }

    fn instant(&self) -> String {
        self.at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// As a line, or as several.
    pub(crate) fn text(&self, name: &str, block: bool) -> String {
        let mut keys = vec![format!("at: {}", self.instant())];
        if self.machine == OTHER {
            keys.push(format!("state_machine: '{}'", machine(OTHER)));
            keys.push(format!("input: {{n: {}}}", self.payload));
        } else {
            keys.push("lambda: f".into());
            keys.push(format!("payload: {}", self.payload));
        }
        keys.extend(self.grace.map(|grace| format!("grace: {grace}s")));
        if !self.enabled {
            keys.push("enabled: false".into());
        }
        if block {
            format!("  {name}:\n    {}\n", keys.join("\n    "))
        } else {
            format!("  {name}: {{{}}}\n", keys.join(", "))
        }
    }

    pub(crate) fn said(&self) -> String {
        let on = if self.machine == OTHER {
            " on Other"
        } else {
            ""
        };
        format!("{}#{}{on}", self.at.format("%H:%M:%S"), self.payload)
    }

    fn parse(value: &Value) -> Option<Self> {
        let other = value.get("state_machine").is_some();
        let payload = if other {
            &value["input"]["n"]
        } else {
            &value["payload"]
        };
        let grace = value["grace"]
            .as_str()
            .and_then(|text| text.strip_suffix('s')?.parse().ok());
        Some(Self {
            at: value["at"].as_str()?.parse().ok()?,
            payload: u32::try_from(payload.as_u64()?).ok()?,
            machine: if other { OTHER } else { MACHINE },
            enabled: value["enabled"].as_bool().unwrap_or(true),
            grace,
        })
    }
}

/// The entries of a file.
pub(crate) type Entries = BTreeMap<String, Content>;

/// A file with its entries in this order. `block`: each over several lines.
pub(crate) fn text(entries: &Entries, order: &[String], block: bool) -> String {
    if entries.is_empty() {
        return "schedules: {}\n".into();
    }
    let mut text = "schedules:\n".to_owned();
    for name in order {
        let _ = write!(text, "{}", entries[name].text(name, block));
    }
    text
}

/// What a file says that another tool has written; `None`: it is no schedule file.
pub(crate) fn parse(text: &str) -> Option<Entries> {
    let value: Value = serde_yaml::from_str(text).ok()?;
    let schedules = value["schedules"].as_mapping()?;
    let entry = |(name, content): (&Value, &Value)| {
        Some((name.as_str()?.to_owned(), Content::parse(content)?))
    };
    schedules.iter().map(entry).collect()
}

/// One entry as the folder says it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) name: String,
    pub(crate) key: Key,
    pub(crate) enabled: bool,
    pub(crate) grace: TimeDelta,
    /// Its file can be read, and shares no name with another one.
    pub(crate) sure: bool,
}

/// All that the folder says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) all: Vec<Asked>,
    /// Some file can't be understood.
    pub(crate) in_doubt: bool,
}

impl Said {
    pub(crate) fn of(files: &BTreeMap<String, Entries>, spoiled: &BTreeSet<String>) -> Self {
        let mut places: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for (file, entries) in files {
            for name in entries.keys() {
                places.entry(name).or_default().push(file);
            }
        }
        let shared = places.values().filter(|files| files.len() > 1).flatten();
        let unsure: BTreeSet<&String> = shared.copied().chain(spoiled).collect();
        let asked = |file: &String, (name, content): (&String, &Content)| Asked {
            name: name.clone(),
            key: content.key(),
            enabled: content.enabled,
            grace: TimeDelta::seconds(content.grace.map_or(300, i64::from)),
            sure: !unsure.contains(file),
        };
        let of_file = |(file, entries)| {
            let entries: &Entries = entries;
            entries.iter().map(move |entry| asked(file, entry))
        };
        Self {
            all: files.iter().flat_map(of_file).collect(),
            in_doubt: !unsure.is_empty(),
        }
    }

    /// Those that ask for this.
    pub(crate) fn asking<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Asked> {
        self.all
            .iter()
            .filter(move |asked| asked.enabled && *asked.key == *key)
    }

    pub(crate) fn asks(&self, key: &str) -> bool {
        self.asking(key).next().is_some()
    }

    /// Under how many names this is asked for.
    pub(crate) fn names(&self, key: &str) -> usize {
        self.asking(key)
            .map(|asked| &asked.name)
            .collect::<BTreeSet<_>>()
            .len()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.all.iter().any(|asked| asked.name == name)
    }
}

/// How much of the folder is being changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moving {
    /// Nothing: it is at rest.
    No,
    /// One file, from what is said before to what is said after.
    File,
    /// Anything: git is at work, or the directory is away.
    All,
}

/// From then on until the next one.
#[derive(Debug, Clone)]
pub(crate) struct Since {
    pub(crate) from: Time,
    pub(crate) moving: Moving,
    /// While it moves: what it said before.
    pub(crate) said: Arc<Said>,
}

/// A stretch of the timeline, cut to what was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Stretch {
    pub(crate) from: Time,
    pub(crate) to: Time,
    pub(crate) moving: Moving,
    pub(crate) said: Arc<Said>,
    /// While it moves: what it says after.
    pub(crate) after: Arc<Said>,
}

impl Stretch {
    /// May the folder ask for this?
    pub(crate) fn may_ask(&self, key: &str) -> bool {
        self.moving == Moving::All || self.said.asks(key) || self.after.asks(key)
    }

    /// Does it, as far as one can read?
    pub(crate) fn asks_surely(&self, key: &str) -> bool {
        self.names_surely(key) > 0
    }

    /// Under how many names it does, as far as one can read.
    pub(crate) fn names_surely(&self, key: &str) -> usize {
        if self.moving == Moving::All {
            return 0;
        }
        let names = |said: &Said| said.asking(key).filter(|asked| asked.sure).count();
        names(&self.said).min(names(&self.after))
    }

    /// Under how many names it may, at most.
    pub(crate) fn names_at_most(&self, key: &str) -> usize {
        match self.moving {
            Moving::All => usize::MAX,
            Moving::No | Moving::File => self.names(key),
        }
    }

    pub(crate) fn names(&self, key: &str) -> usize {
        self.said.names(key).max(self.after.names(key))
    }
}

/// What the folder said, from its beginning on.
#[derive(Debug, Default)]
pub(crate) struct Timeline(pub(crate) Vec<Since>);

impl Timeline {
    /// The stretches between the two moments, in their order.
    pub(crate) fn between(&self, from: Time, to: Time) -> Vec<Stretch> {
        let first = self
            .0
            .partition_point(|since| since.from <= from)
            .saturating_sub(1);
        let mut all = Vec::new();
        for (n, since) in self.0.iter().enumerate().skip(first) {
            if since.from >= to && n > first {
                break;
            }
            let next = self.0.get(n + 1);
            let after = next.filter(|_| since.moving != Moving::No).unwrap_or(since);
            all.push(Stretch {
                from: since.from.max(from),
                to: next.map_or(to, |next| next.from.min(to)),
                moving: since.moving,
                said: Arc::clone(&since.said),
                after: Arc::clone(&after.said),
            });
        }
        all
    }
}
