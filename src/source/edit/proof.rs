//! The proof that a change is what was asked for and nothing else: by all values, by all comments, by the judge from
//! outside, and at last by the real parser.

use super::judge::{self, Side};
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
        let after = Outline::of(self.after).ok_or_else(unsure)?;
        let was = Value::of(self.before.root()).ok_or_else(unsure)?;
        let is = Value::of(after.root()).ok_or_else(unsure)?;
        let mut expected = was.clone();
        meant(&mut expected).ok_or_else(unsure)?;
        let stays = |at: usize| !edits.iter().any(|(range, _)| range.contains(&at));
        let sides = (Side(self.before.text, &was), Side(self.after, &is));
        let is_meant = judge::same(&is, &expected)
            && texts(self.before, stays) == texts(&after, |_| true)
            && judge::agrees(sides.0, sides.1, meant);
        if !is_meant {
            return Err(unsure());
        }
        // It says what was asked for, and nothing else: what is wrong now is what was asked for.
        parse(file.name, self.after.as_bytes(), file.defaults).map_err(Refused::WouldBe)?;
        Ok(())
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
        let sides = (was.clone(), is.clone());
        format::times(&mut was);
        format::times(&mut is);
        let all = |_| true;
        let is_same = before.len() == after.len()
            && before
                .iter()
                .zip(&after)
                .all(|(one, other)| same(one, other))
            && was == is
            && judge::agrees_on_form(
                Side(self.before.text, &sides.0),
                Side(self.after, &sides.1),
                format::times,
            )
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
