//! Patterns of what schedule files may name. Pure.

use crate::model::glob::{Glob, GlobError};

/// Globs, of which one is to match.
#[derive(Debug, Clone)]
pub struct Patterns {
    texts: Vec<String>,
    globs: Vec<Glob>,
}

impl Patterns {
    /// These patterns; the error says what is wrong with one of them.
    pub fn parse(texts: Vec<String>) -> Result<Self, GlobError> {
        let globs = texts.iter().map(|text| Glob::parse(text));
        let globs = globs.collect::<Result<_, _>>()?;
        Ok(Self { texts, globs })
    }

    /// Does one of them match?
    pub fn is_match(&self, text: &str) -> bool {
        self.globs.iter().any(|glob| glob.is_match(text))
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
