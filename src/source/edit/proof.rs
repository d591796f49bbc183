//! The proof that a change is what was asked for and nothing else: by the real parser, by all values, by all comments.

use super::judge;
use super::outline::Outline;
use super::{Edit, File, Refused, format, unsure};
use crate::model::entry::Entry;
use crate::source::parse::parse;
use crate::source::yaml::Value;

/// A text before and after.
pub(super) struct Proof<'p> {
    pub(super) file: &'p File<'p>,
    pub(super) before: &'p Outline<'p>,
    pub(super) after: &'p str,
}

impl Proof<'_> {
    /// After must be before with what was meant, and every comment that stood in no replaced place.
    pub(super) fn only(
        &self,
        edits: &[Edit],
        meant: impl Fn(&mut Value) -> Option<()>,
    ) -> Result<(), Refused> {
        let line = edits
            .first()
            .map(|(range, _)| self.before.line(range.start));
        let unsure = || unsure(line.unwrap_or(0));
        let file = self.file;
        parse(file.name, self.after.as_bytes(), file.defaults).map_err(Refused::WouldBe)?;
        let after = Outline::of(self.after).ok_or_else(unsure)?;
        let mut expected = Value::of(self.before.root()).ok_or_else(unsure)?;
        meant(&mut expected).ok_or_else(unsure)?;
        let is = Value::of(after.root()).ok_or_else(unsure)?;
        if !judge::same(&is, &expected) || !judge::agrees((self.before.text, self.after), &meant) {
            return Err(unsure());
        }
        let stays = |at: usize| !edits.iter().any(|(range, _)| range.contains(&at));
        if texts(self.before, stays) == texts(&after, |_| true) {
            return Ok(());
        }
        Err(unsure())
    }

    /// After must ask for the same, with the same comments.
    pub(super) fn same(&self) -> Result<(), Refused> {
        let (file, unsure) = (self.file, || unsure(0));
        let entries = |text: &str| parse(file.name, text.as_bytes(), file.defaults);
        let before = entries(self.before.text).map_err(Refused::Invalid)?;
        let after = entries(self.after).map_err(|_| unsure())?;
        let outline = Outline::of(self.after).ok_or_else(unsure)?;
        let (mut was, mut is) = (
            Value::of(self.before.root()).ok_or_else(unsure)?,
            Value::of(outline.root()).ok_or_else(unsure)?,
        );
        format::times(&mut was);
        format::times(&mut is);
        let all = |_| true;
        let is_same = before.len() == after.len()
            && before
                .iter()
                .zip(&after)
                .all(|(one, other)| same(one, other))
            && was == is
            && judge::agrees((self.before.text, self.after), &|root| {
                format::times(root);
                Some(())
            })
            && texts(self.before, all) == texts(&outline, all);
        is_same.then_some(()).ok_or_else(unsure)
    }
}

/// All but the line, and how other programs would read it.
fn same(one: &Entry, other: &Entry) -> bool {
    let other = Entry {
        in_line: one.in_line,
        marks: one.marks,
        ..other.clone()
    };
    *one == other
}

/// The comments that begin where one says.
fn texts<'o>(outline: &'o Outline<'_>, stays: impl Fn(usize) -> bool) -> Vec<&'o str> {
    let staying = outline.comments().iter().filter(|at| stays(at.start));
    staying
        .map(|at| outline.text[at.clone()].trim_end())
        .collect()
}
