//! Texts that many values have in common, each kept once. Pure.

use std::collections::HashSet;
use std::sync::Arc;

/// A million entries name a handful of functions, machines and files.
#[derive(Debug, Default)]
pub struct Interner(HashSet<Arc<str>>);

impl Interner {
    /// The one copy of a text.
    pub fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return Arc::clone(known);
        }
        let text: Arc<str> = text.into();
        self.0.insert(Arc::clone(&text));
        text
    }
}
