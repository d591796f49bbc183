//! Texts that many values have in common, each kept once. Pure.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// How many texts are looked at before all are searched: neighbours mostly name the same.
const RECENT: usize = 8;

/// A million entries name a handful of functions, machines and files.
#[derive(Debug, Default)]
pub struct Interner {
    all: HashSet<Arc<str>>,
    /// The last one first.
    recent: VecDeque<Arc<str>>,
}

impl Interner {
    /// The one copy of a text.
    pub fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.recent.iter().find(|known| ***known == *text) {
            return Arc::clone(known);
        }
        let text = if let Some(known) = self.all.get(text) {
            Arc::clone(known)
        } else {
            let text: Arc<str> = text.into();
            self.all.insert(Arc::clone(&text));
            text
        };
        self.recent.truncate(RECENT - 1);
        self.recent.push_front(Arc::clone(&text));
        text
    }
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
        assert_eq!(texts.recent.len(), RECENT);
    }
}
