//! Texts that many values have in common, each kept once. Pure.

use std::cell::RefCell;
use std::collections::{HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;

use serde::Deserializer;

use crate::model::checked::checked;

/// How many texts are looked at before all are searched: neighbours mostly name the same.
const RECENT: usize = 8;

/// A million entries name a handful of functions, machines and files.
#[derive(Debug, Default)]
pub struct Interner {
    all: HashSet<Arc<str>>,
    recent: Recent,
}

impl Interner {
    /// The one copy of a text.
    pub fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.recent.find(text) {
            return known;
        }
        let text = if let Some(known) = self.all.get(text) {
            Arc::clone(known)
        } else {
            let text: Arc<str> = text.into();
            self.all.insert(Arc::clone(&text));
            text
        };
        self.recent.add(&text);
        text
    }
}

/// The last texts, the newest first.
#[derive(Debug, Default)]
struct Recent(VecDeque<Arc<str>>);

impl Recent {
    fn find(&self, text: &str) -> Option<Arc<str>> {
        self.0.iter().find(|known| ***known == *text).cloned()
    }

    fn add(&mut self, text: &Arc<str>) {
        self.0.truncate(RECENT - 1);
        self.0.push_front(Arc::clone(text));
    }
}

thread_local! {
    static READ: RefCell<Recent> = RefCell::default();
}

/// Reads a text, as the same copy as its neighbours' where it is the same: without one that is thrown away at once.
pub(super) fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
    checked(deserializer, |text| {
        READ.with_borrow_mut(|recent| {
            let known = recent.find(text);
            Ok::<_, Infallible>(known.unwrap_or_else(|| {
                let text = text.into();
                recent.add(&text);
                text
            }))
        })
    })
}

/// The same of a text that may be missing.
pub(super) fn read_some<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Arc<str>>, D::Error> {
    #[derive(serde::Deserialize)]
    struct Text(#[serde(deserialize_with = "read")] Arc<str>);
    let text = <Option<Text> as serde::Deserialize>::deserialize(deserializer)?;
    Ok(text.map(|text| text.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_has_one_copy() {
        let mut texts = Interner::default();
        let first: Vec<Arc<str>> = (0..100).map(|n| texts.intern(&n.to_string())).collect();
        for (n, first) in first.iter().enumerate() {
            let again = texts.intern(&n.to_string());
            assert_eq!(*again, *n.to_string());
            assert!(Arc::ptr_eq(first, &again), "{n}");
        }
        assert_eq!(texts.recent.0.len(), RECENT);
    }

    #[test]
    fn neighbours_are_read_as_one() {
        let read = |json: &str| read(&mut serde_json::Deserializer::from_str(json)).unwrap();
        let (one, other, again) = (read("\"a\""), read("\"\\u00e4\""), read("\"a\""));
        assert_eq!((&*one, &*other), ("a", "ä"));
        assert!(Arc::ptr_eq(&one, &again));
        let some = |json: &str| read_some(&mut serde_json::Deserializer::from_str(json)).unwrap();
        assert_eq!(some("null"), None);
        assert!(some("\"a\"").is_some_and(|text| Arc::ptr_eq(&one, &text)));
        for n in 0..RECENT {
            read(&format!("\"{n}\""));
        }
        assert!(
            !Arc::ptr_eq(&one, &read("\"a\"")),
            "only the last ones are kept"
        );
    }
}
