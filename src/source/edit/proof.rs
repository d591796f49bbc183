//! The proof that a change is what was asked for and nothing else: by all values, by all comments, by the judge from
//! outside, and at last by the real parser.

use super::judge::{self, Side};
use super::outline::Outline;
use super::reason::{self, Difference};
use super::{Edit, File, Refused, format};
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
        let at = edits.first().map_or(0, |(range, _)| range.start);
        let refused = |difference| reason::of(self.before, at, &difference);
        let file = self.file;
        let was = Value::of(self.before.root()).ok_or_else(|| reason::of_no_value(self.before))?;
        let unreadable = || refused(Difference::Unreadable);
        let after = Outline::of(self.after).ok_or_else(unreadable)?;
        let is = Value::of(after.root()).ok_or_else(unreadable)?;
        let mut expected = was.clone();
        meant(&mut expected).ok_or_else(|| refused(Difference::Meaning))?;
        if !judge::same(&is, &expected) {
            return Err(reason::of_values(self.before, at, (&expected, &is)));
        }
        let stays = |at: usize| !edits.iter().any(|(range, _)| range.contains(&at));
        if texts(self.before, stays) != texts(&after, |_| true) {
            return Err(refused(Difference::Comments));
        }
        let sides = (Side(self.before.text, &was), Side(self.after, &is));
        if !judge::agrees(sides.0, sides.1, meant) {
            return Err(refused(Difference::OtherReader));
        }
        // It says what was asked for, and nothing else: what is wrong now is what was asked for.
        parse(file.name, self.after.as_bytes(), file.defaults).map_err(Refused::WouldBe)?;
        Ok(())
    }

    /// After must ask for the same, with the same comments.
    pub(super) fn same(&self) -> Result<(), Refused> {
        let file = self.file;
        let begin = self.before.root().find("schedules");
        let begin = begin.map_or(0, |(key, _)| key.start());
        let refused = |at: usize, difference| reason::of(self.before, at, &difference);
        let mut was =
            Value::of(self.before.root()).ok_or_else(|| reason::of_no_value(self.before))?;
        let entries = |text: &str| parse(file.name, text.as_bytes(), file.defaults);
        let before = entries(self.before.text).map_err(Refused::Invalid)?;
        let unreadable = || refused(self.moved(), Difference::Unreadable);
        let after = entries(self.after).map_err(|_| unreadable())?;
        let outline = Outline::of(self.after).ok_or_else(unreadable)?;
        let mut is = Value::of(outline.root()).ok_or_else(unreadable)?;
        let sides = (was.clone(), is.clone());
        let mut pairs = before.iter().zip(&after);
        if let Some((other, _)) = pairs.find(|(one, other)| !same(one, other)) {
            let line = self.before.span(other.line().saturating_sub(1));
            return Err(refused(line.end, Difference::Meaning));
        }
        format::times(&mut was);
        format::times(&mut is);
        if before.len() != after.len() || was != is {
            return Err(refused(self.moved(), Difference::Meaning));
        }
        let sides = (Side(self.before.text, &sides.0), Side(self.after, &sides.1));
        if !judge::agrees_on_form(sides.0, sides.1, format::times) {
            return Err(refused(begin, Difference::OtherReader));
        }
        let all = |_| true;
        let (kept, left) = (texts(self.before, all), texts(&outline, all));
        if kept != left {
            let alike = kept.iter().zip(&left).take_while(|(a, b)| a == b).count();
            let comment = self.before.comments().get(alike);
            let at = comment.map_or(begin, |comment| comment.start);
            return Err(refused(at, Difference::Comments));
        }
        Ok(())
    }

    /// The first byte that is another one after.
    fn moved(&self) -> usize {
        let pairs = self.before.text.char_indices().zip(self.after.chars());
        let mut other = pairs.filter(|((_, one), other)| one != other);
        other.next().map_or(0, |((at, _), _)| at)
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
