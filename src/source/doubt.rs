//! Why an entry that is in no good file may still be wanted: asked of each record when it is planned. Reads no file.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::problem::FileReport;
use crate::model::entry::EntryName;

/// The words of a text, any of which may be the name of an entry. Cheap to clone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words(Arc<HashSet<Box<str>>>);

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let words = text.split(|c| !is_part(c)).filter(|word| !word.is_empty());
        Self(Arc::new(words.map(Box::from).collect()))
    }

    fn contains(&self, name: &EntryName) -> bool {
        self.0.contains(name.as_str())
    }
}

/// Files that are gone, and that a file which can't be understood may be under another name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MayBe {
    /// Any of them: it was never read whole.
    Any,
    /// Those that went away while it was changed.
    Only(Arc<BTreeSet<String>>),
}

impl MayBe {
    pub(super) fn none() -> Self {
        Self::Only(Arc::default())
    }

    fn contains(&self, file: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(files) => files.contains(file),
        }
    }
}

/// A file that does not say what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    pub(super) path: String,
    /// `None`: it could not be read.
    pub(super) words: Option<Words>,
    pub(super) may_be: MayBe,
}

/// All that is known of what can't be seen at one moment. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Doubt {
    /// Why nothing is proven to be gone at all.
    pub(super) whole: Option<String>,
    pub(super) opaque: Arc<Vec<Opaque>>,
    /// Every file that is there, by path.
    pub(super) files: Arc<Vec<FileReport>>,
}

impl Doubt {
    /// Is there any? Else whatever is in no file is gone.
    pub fn is_any(&self) -> bool {
        self.whole.is_some() || !self.opaque.is_empty()
    }

    /// Which content of a file there is; another one once it changed, was removed or made.
    pub fn version(&self, file: &str) -> Option<u64> {
        let found = self.files.binary_search_by(|there| (*there.path).cmp(file));
        self.files[found.ok()?].version
    }

    /// Why an entry that is in no good file, and was last seen in `file`, may still be wanted; `None`: it is gone.
    pub fn of(&self, name: &EntryName, file: &str) -> Option<String> {
        if !self.is_any() {
            return None;
        }
        self.whole
            .clone()
            .or_else(|| self.in_opaque(name, file))
            .or_else(|| self.under_another_name(file))
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
        let is_there = self.files.binary_search_by(|there| (*there.path).cmp(file));
        if is_there.is_ok() || file.is_empty() {
            return None;
        }
        let mut opaque = self.opaque.iter();
        let may_be = opaque.find(|opaque| opaque.may_be.contains(file));
        may_be.map(|Opaque { path, .. }| {
            format!("`{file}`, where it was, is gone, and may be `{path}` now, which is invalid")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::problem::file_report;

    #[test]
    fn what_may_still_be_wanted() {
        let text = "schedules:\n  pay: [\n";
        let opaque = |path: &str, words: Option<&str>, may_be| Opaque {
            path: path.into(),
            words: words.map(Words::of),
            may_be,
        };
        let only = MayBe::Only(Arc::new(["moved.yaml".to_owned()].into()));
        let doubt = |opaque: Opaque| Doubt {
            whole: None,
            files: Arc::new(vec![file_report(opaque.path.clone(), Vec::new())]),
            opaque: Arc::new(vec![opaque]),
        };
        let rows = [
            ("pay", "b.yaml", Some(text), MayBe::none(), "mentions it"),
            ("pays", "b.yaml", Some(text), MayBe::none(), ""),
            (
                "e",
                "a.yaml",
                Some(text),
                MayBe::none(),
                "where it was, is invalid",
            ),
            ("e", "b.yaml", None, MayBe::none(), "can't be read"),
            ("e", "b.yaml", Some(text), MayBe::Any, "may be `a.yaml` now"),
            (
                "e",
                "moved.yaml",
                Some(text),
                only.clone(),
                "may be `a.yaml` now",
            ),
            ("e", "b.yaml", Some(text), only, ""),
        ];
        for (name, file, words, may_be, expected) in rows {
            let doubt = doubt(opaque("a.yaml", words, may_be));
            let name = EntryName::parse(name).expect("a name");
            let why = doubt.of(&name, file).unwrap_or_default();
            let is = if expected.is_empty() {
                why.is_empty()
            } else {
                why.contains(expected)
            };
            assert!(is, "{name} in {file}: {why}");
        }
        let whole = Doubt {
            whole: Some("unmounted".into()),
            ..Doubt::default()
        };
        let name = EntryName::parse("e").expect("a name");
        assert_eq!(whole.of(&name, "a.yaml"), Some("unmounted".into()));
        assert_eq!(Doubt::default().of(&name, "a.yaml"), None);
    }
}
