//! Patterns of what schedule files may name. Pure.

use globset::{Error, Glob, GlobSet};

/// Globs, of which one is to match.
#[derive(Debug, Clone)]
pub struct Patterns {
    texts: Vec<String>,
    set: GlobSet,
}

impl Patterns {
    /// These patterns; the error says what is wrong with one of them.
    pub fn parse(texts: Vec<String>) -> Result<Self, Error> {
        let mut set = GlobSet::builder();
        for text in &texts {
            set.add(Glob::new(text)?);
        }
        let set = set.build()?;
        Ok(Self { texts, set })
    }

    /// Does one of them match?
    pub fn is_match(&self, text: &str) -> bool {
        self.set.is_match(text)
    }

    /// As they were written.
    pub fn texts(&self) -> &[String] {
        &self.texts
    }
}

impl Default for Patterns {
    /// The one that matches everything.
    fn default() -> Self {
        Self::parse(vec!["*".to_owned()]).expect("`*` is a pattern")
    }
}
