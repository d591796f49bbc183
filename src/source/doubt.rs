//! Why an entry that is in no good file may still be wanted: asked of each record when it is planned. Reads no file.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::leftover::{Leftover, is_schedule_file};
use super::problem::FileReport;
use crate::model::entry::EntryName;
use crate::model::records::Records;
use crate::model::roots::{is_below, why_lost};

/// The words of a text, any of which may be the name of an entry, and of words that dots join each two neighbours with the dot
/// between them. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(Arc<HashSet<Box<str>>>);

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let mut words: HashSet<Box<str>> = HashSet::new();
        for joined in text.split(|c| !is_part(c)).filter(|word| !word.is_empty()) {
            let single = joined.split('.').filter(|word| !word.is_empty());
            words.extend(single.map(Box::from));
            words.extend(pairs(joined).map(Box::from));
        }
        Self(Arc::new(words))
    }

    /// May the text hold this name? A name with dots may also be spread over several places of it.
    fn contains(&self, name: &EntryName) -> bool {
        let name = name.as_str();
        if name.contains('.') {
            return pairs(name).all(|pair| self.0.contains(pair));
        }
        self.0.contains(name)
    }
}

/// Each dot of a text, with the words before and behind it.
fn pairs(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('.').map(|(dot, _)| {
        let begin = text[..dot].rfind('.').map_or(0, |before| before + 1);
        let end = text[dot + 1..]
            .find('.')
            .map_or(text.len(), |next| dot + 1 + next);
        &text[begin..end]
    })
}

/// The files whose entries a file that can't be understood may hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MayHold {
    /// Those of every file that is gone: it was never read whole.
    pub(super) of_any_gone: bool,
    /// Those that went away, or were changed, while it was changed.
    pub(super) of: Arc<BTreeSet<String>>,
}

impl MayHold {
    pub(super) fn anything() -> Self {
        Self {
            of_any_gone: true,
            ..Self::default()
        }
    }
}

/// A file that does not say what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    pub(super) path: String,
    /// `None`: it could not be read.
    pub(super) words: Option<Words>,
    pub(super) may_hold: MayHold,
    /// When it changed last, where that is known.
    pub(super) changed: Option<DateTime<Utc>>,
}

/// A place that is not read, where an entry was that may still be wanted. It may stay so for ever: of other entries it says
/// nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    at: At,
    why: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// In this file.
    File(String),
    /// In a file whose name differs from this in the case of its ending.
    Case(String),
    /// Somewhere below this directory.
    Below(String),
}

impl Pin {
    /// Of what was in a file that is passed over now.
    pub(super) fn passed_over(file: &str, leftover: Leftover) -> Option<Self> {
        let problem = leftover.problem(file)?;
        let at = match leftover {
            Leftover::Case => At::Case(file.to_owned()),
            _ => At::File(file.to_owned()),
        };
        let hint = problem.hint.map(|hint| format!(": {hint}"));
        Some(Self {
            at,
            why: format!("`{file}`: {}{}", problem.message, hint.unwrap_or_default()),
        })
    }

    /// Of what was below a directory that is not looked into any more.
    pub(super) fn below(directory: &str, why: String) -> Self {
        let at = At::Below(directory.to_owned());
        Self { at, why }
    }

    fn holds(&self, file: &str) -> bool {
        match &self.at {
            At::File(at) => at == file,
            At::Case(at) => is_schedule_file(file) && without_ending(at) == without_ending(file),
            At::Below(at) => {
                let rest = file.strip_prefix(at.as_str());
                rest.is_some_and(|rest| rest.starts_with('/'))
            }
        }
    }
}

fn without_ending(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// All that is known of what can't be seen at one moment. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Doubt {
    /// Why nothing is proven to be gone at all.
    pub(super) whole: Option<String>,
    /// Directories that are not the ones that they were.
    pub(super) lost: Arc<[String]>,
    pub(super) opaque: Arc<Vec<Opaque>>,
    /// What is not read.
    pub(super) pins: Arc<Vec<Pin>>,
    /// Every file that is there, by path.
    pub(super) files: Arc<Vec<FileReport>>,
    /// The records that it is asked of; `None`: of every one.
    pub(super) of_these: Option<Records>,
}

impl Doubt {
    /// From now on of these records alone: [`Rules::each_record`] is taken out.
    ///
    /// [`Rules::each_record`]: crate::model::rules::Rules
    #[doc(hidden)]
    pub fn only_of(&mut self, records: &Records) {
        self.of_these = Some(records.clone());
    }

    /// Is there any, of whichever entry?
    pub fn is_any(&self) -> bool {
        self.whole.is_some() || !self.lost.is_empty() || !self.opaque.is_empty()
    }

    /// Which content of a file there is; another one once it changed, was removed or made.
    pub fn version(&self, file: &str) -> Option<u64> {
        let found = self.files.binary_search_by(|there| (*there.path).cmp(file));
        self.files[found.ok()?].version
    }

    /// Is an entry that is in no good file not where it was, as far as one can see: its own file can be read, or is gone?
    pub fn has_left(&self, file: &str) -> bool {
        !self.opaque.iter().any(|opaque| opaque.path == file)
    }

    /// Why an entry that is in no good file, and was last seen in `file`, may still be wanted; `None`: it is gone.
    pub fn of(&self, name: &EntryName, file: &str) -> Option<String> {
        let these = self.of_these.as_ref();
        if these.is_some_and(|these| !these.contains_key(name)) {
            return None;
        }
        self.whole
            .clone()
            .or_else(|| self.in_lost(file))
            .or_else(|| self.in_opaque(name, file))
            .or_else(|| self.under_another_name(file))
            .or_else(|| self.pinned(file))
    }

    /// Why an entry that was wanted `then`, and that this process has never seen, may still be wanted: a file that was never
    /// read whole, and changed since, may have got it before the process began; its own file may be another one by now.
    pub fn of_never_seen(&self, then: DateTime<Utc>) -> Option<String> {
        let may = |opaque: &&Opaque| {
            let is_newer = opaque.changed.is_none_or(|changed| changed >= then);
            opaque.may_hold.of_any_gone && is_newer
        };
        let Opaque { path, .. } = self.opaque.iter().find(may)?;
        Some(format!(
            "`{path}` is invalid, and may have got it while onced was not running"
        ))
    }

    fn pinned(&self, file: &str) -> Option<String> {
        let pin = self.pins.iter().find(|pin| pin.holds(file))?;
        let is_read = matches!(pin.at, At::Case(_)) && self.is_there(file);
        (!is_read).then(|| pin.why.clone())
    }

    fn is_there(&self, file: &str) -> bool {
        let found = self.files.binary_search_by(|there| (*there.path).cmp(file));
        found.is_ok()
    }

    fn in_lost(&self, file: &str) -> Option<String> {
        let lost = self.lost.iter().filter(|lost| is_below(file, lost));
        let lost = lost.min_by_key(|lost| lost.len())?;
        Some(why_lost(lost))
    }

    /// The file that may mention this name, and why it may.
    pub(super) fn in_opaque(&self, name: &EntryName, file: &str) -> Option<String> {
        self.opaque.iter().find_map(|opaque| {
            let path = &opaque.path;
            match &opaque.words {
                _ if path == file => Some(format!("`{path}`, where it was, is invalid")),
                None => Some(format!("`{path}` can't be read, and may mention it")),
                Some(words) if words.contains(name) => {
                    Some(format!("`{path}` is invalid, and mentions it"))
                }
                Some(_) => None,
            }
        })
    }

    fn under_another_name(&self, file: &str) -> Option<String> {
        let is_gone = !file.is_empty() && !self.is_there(file);
        let mut opaque = self.opaque.iter();
        let Opaque { path, .. } = opaque.find(|opaque| {
            let MayHold { of_any_gone, of } = &opaque.may_hold;
            is_gone && *of_any_gone || of.contains(file)
        })?;
        Some(if is_gone {
            format!("`{file}`, where it was, is gone, and may be `{path}` now, which is invalid")
        } else {
            format!(
                "`{path}` was changed with `{file}`, where it was, and is invalid: it may be there now"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::source::problem::file_report;

    /// With dots, names are words that other words may stand beside.
    #[test]
    fn every_name_in_a_text_is_found() {
        let long = ["reminder"; 7].join(".");
        let text = format!(
            "schedules:\n  launch.email.v2: {{\n  '.hidden' : [\n -a: see pay. Not v2.launch\n...\n  x.{long}.y: {{\n"
        );
        let words = Words::of(&text);
        let has = |name: &str| words.contains(&EntryName::parse(name).expect("a name"));
        for name in [
            "launch.email.v2",
            "launch",
            "email",
            "launch.email",
            "email.v2",
            ".hidden",
            "hidden",
            "-a",
            "pay.",
            "pay",
            "..",
            "...",
            ".",
            &long,
        ] {
            assert!(has(name), "{name}");
        }
        for name in [
            "launch.v2",
            "hidden.",
            ".pay",
            "a",
            "v2.email",
            "v2.",
            "lay",
        ] {
            assert!(!has(name), "{name}");
        }
    }

    #[test]
    fn what_may_still_be_wanted() {
        let text = "schedules:\n  pay: [\n";
        let opaque = |path: &str, words: Option<&str>, may_hold| Opaque {
            path: path.into(),
            words: words.map(Words::of),
            may_hold,
            changed: None,
        };
        let only = MayHold {
            of_any_gone: false,
            of: Arc::new(["moved.yaml".to_owned()].into()),
        };
        let doubt = |opaque: Opaque| Doubt {
            whole: None,
            pins: Arc::default(),
            lost: Arc::default(),
            files: Arc::new(vec![file_report(opaque.path.clone(), Vec::new())]),
            opaque: Arc::new(vec![opaque]),
            of_these: None,
        };
        let rows = [
            (
                "pay",
                "b.yaml",
                Some(text),
                MayHold::default(),
                "mentions it",
            ),
            ("pays", "b.yaml", Some(text), MayHold::default(), ""),
            ("pay.", "b.yaml", Some(text), MayHold::default(), ""),
            (".", "b.yaml", Some(text), MayHold::default(), ""),
            (
                "e",
                "a.yaml",
                Some(text),
                MayHold::default(),
                "where it was, is invalid",
            ),
            ("e", "b.yaml", None, MayHold::default(), "can't be read"),
            (
                "e",
                "b.yaml",
                Some(text),
                MayHold::anything(),
                "may be `a.yaml` now",
            ),
            (
                "e",
                "moved.yaml",
                Some(text),
                only.clone(),
                "may be `a.yaml` now",
            ),
            ("e", "b.yaml", Some(text), only, ""),
        ];
        for (name, file, words, may_hold, expected) in rows {
            let doubt = doubt(opaque("a.yaml", words, may_hold));
            let name = EntryName::parse(name).expect("a name");
            let why = doubt.of(&name, file).unwrap_or_default();
            let is = if expected.is_empty() {
                why.is_empty()
            } else {
                why.contains(expected)
            };
            assert!(is, "{name} in {file}: {why}");
        }
        let lost = Doubt {
            lost: ["team".to_owned()].into(),
            ..Doubt::default()
        };
        let name = EntryName::parse("e").expect("a name");
        let why = lost.of(&name, "team/deep/a.yaml").unwrap_or_default();
        assert!(why.contains("`team` is empty"), "{why}");
        assert_eq!(lost.of(&name, "teams.yaml"), None);
        let whole = Doubt {
            whole: Some("unmounted".into()),
            ..Doubt::default()
        };
        let name = EntryName::parse("e").expect("a name");
        assert_eq!(whole.of(&name, "a.yaml"), Some("unmounted".into()));
        assert_eq!(Doubt::default().of(&name, "a.yaml"), None);
    }

    #[test]
    fn what_was_never_seen_may_be_in_what_was_never_read() {
        let then = DateTime::UNIX_EPOCH;
        let seconds = TimeDelta::seconds;
        for (may_hold, changed, expected) in [
            (MayHold::anything(), None, true),
            (MayHold::anything(), Some(then + seconds(1)), true),
            (MayHold::anything(), Some(then - seconds(1)), false),
            (MayHold::default(), Some(then + seconds(1)), false),
        ] {
            let opaque = Opaque {
                path: "b.yaml".into(),
                words: Some(Words::default()),
                may_hold,
                changed,
            };
            let doubt = Doubt {
                opaque: Arc::new(vec![opaque]),
                ..Doubt::default()
            };
            assert_eq!(doubt.of_never_seen(then).is_some(), expected, "{doubt:?}");
        }
    }

    #[test]
    fn what_is_not_read_pins_what_was_there() {
        let pin = |file: &str| {
            let leftover = Leftover::of_file(file.rsplit('/').next().expect("a name"));
            Pin::passed_over(file, leftover.expect("a leftover")).expect("a pin")
        };
        let doubt = Doubt {
            pins: Arc::new(vec![
                pin("d/New.YAML"),
                pin("both.YAML"),
                pin("x_BASE_2027.yaml"),
                Pin::below("node_modules/a", "deep".into()),
            ]),
            files: Arc::new(vec![file_report("both.yaml".into(), Vec::new())]),
            ..Doubt::default()
        };
        assert!(!doubt.is_any());
        let name = EntryName::parse("e").expect("a name");
        for (file, expected) in [
            ("d/New.yaml", "name it `New.yaml`"),
            ("d/New.yml", "name it `New.yaml`"),
            ("New.yaml", ""),
            ("d/new.yaml", ""),
            ("both.yaml", ""),
            ("x_BASE_2027.yaml", "not read"),
            ("x.yaml", ""),
            ("node_modules/a/b.yaml", "deep"),
            ("node_modules/ab.yaml", ""),
        ] {
            let why = doubt.of(&name, file).unwrap_or_default();
            let is = if expected.is_empty() {
                why.is_empty()
            } else {
                why.contains(expected)
            };
            assert!(is, "{file}: {why}");
        }
    }
}
