//! Changes of a schedule file's text that leave all else as it is: bytes in, bytes out. Pure; a change that would do
//! anything but what was asked for is refused, never made.

mod format;
mod insert;
mod judge;
mod layout;
mod outline;
mod proof;
mod quote;
mod reason;
mod remove;
mod set;
mod write;

use std::ops::Range;

use crate::model::zone::Zone;
use crate::source::parse::{Defaults, parse};
use crate::source::problem::Problem;
use crate::source::time;
use crate::source::yaml::{self, Kind, Node, Value};
use outline::Outline;

/// Why a change is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// The file is invalid as it stands.
    Invalid(Vec<Problem>),
    /// What was asked for would make it invalid.
    WouldBe(Vec<Problem>),
    /// It takes a person, who looks at this line first.
    ByHand {
        /// From 1.
        line: usize,
        /// What is in the way.
        why: String,
        /// What to do about it.
        hint: String,
    },
}

/// A key of an entry and its new value.
pub type Field = (&'static str, Value);

/// A text in another place of a text. An empty place: it is put in.
type Edit = (Range<usize>, String);

/// A schedule file that is to be changed.
#[derive(Debug, Clone, Copy)]
pub struct File<'a> {
    /// How it is called in what is said of it.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
    /// What its entries get where it says nothing.
    pub defaults: &'a Defaults,
}

/// A content without the marks that a text has none of: line feeds only, no byte order mark.
struct Plain {
    text: String,
    marked: bool,
    returns: bool,
}

impl File<'_> {
    /// The file without this entry, and without the comments that belong to it.
    pub fn remove(&self, name: &str) -> Result<Vec<u8>, Refused> {
        let take = |root: &mut Value| {
            let entries = root.get_mut("schedules")?.pairs_mut()?;
            let at = entries.iter().position(|(known, _)| known == name)?;
            entries.remove(at);
            Some(())
        };
        self.change(|outline| remove::edits(outline, name), take)
    }

    /// The file with these values in an entry.
    pub fn set(&self, name: &str, fields: &[Field]) -> Result<Vec<u8>, Refused> {
        let put = |root: &mut Value| {
            let entry = root.get_mut("schedules")?.get_mut(name)?.pairs_mut()?;
            for (key, value) in fields {
                match entry.iter_mut().find(|(known, _)| known == key) {
                    Some((_, old)) => *old = value.clone(),
                    None => entry.push(((*key).to_owned(), value.clone())),
                }
            }
            Some(())
        };
        self.change(|outline| set::edits(outline, name, fields), put)
    }

    /// The file with one more entry, as its last.
    pub fn insert(&self, name: &str, fields: &[Field]) -> Result<Vec<u8>, Refused> {
        let add = |root: &mut Value| {
            let fields = fields
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()));
            let entries = root.get_mut("schedules")?.pairs_mut()?;
            let is_new = !entries.iter().any(|(known, _)| known == name);
            entries.push((name.to_owned(), Value::Mapping(fields.collect())));
            is_new.then_some(())
        };
        self.change(|outline| insert::edits(outline, name, fields), add)
    }

    /// The same file in its form, which `docs/schedule-files.md` describes.
    pub fn format(&self) -> Result<Vec<u8>, Refused> {
        let text = readable(self.bytes)?.0.replace("\r\n", "\n");
        parse(self.name, self.bytes, self.defaults).map_err(Refused::Invalid)?;
        let outline = Outline::of(&text).ok_or_else(|| unsure(0))?;
        let formatted = format::format(&outline).ok_or_else(|| unsure(0))?;
        let proof = proof::Proof {
            file: self,
            before: &outline,
            after: &formatted,
        };
        proof.same()?;
        Ok(formatted.into_bytes())
    }

    /// A text that the file says at this path of keys.
    pub fn text(&self, path: &[&str]) -> Option<String> {
        let text = yaml::readable(self.bytes).ok()?;
        let document = yaml::read(text, false).ok()??;
        let mut found = document.root();
        for key in path {
            found = found.resolved().find(key)?.1;
        }
        Value::of(found.resolved())?.as_str().map(str::to_owned)
    }

    /// The time zone of an entry that is good.
    pub fn zone(&self, name: &str) -> Zone {
        let own = self.text(&["schedules", name, "timezone"]);
        let said = own.or_else(|| self.text(&["defaults", "timezone"]));
        let zone = said.and_then(|zone| time::zone(&zone, &self.defaults.zones).ok());
        zone.unwrap_or(self.defaults.timezone)
    }

    fn change<'t>(
        &self,
        edits: impl Fn(&Outline<'_>) -> Result<Vec<Edit>, Refused>,
        meant: impl Fn(&mut Value) -> Option<()> + 't,
    ) -> Result<Vec<u8>, Refused> {
        parse(self.name, self.bytes, self.defaults).map_err(Refused::Invalid)?;
        let plain = self.plain()?;
        let outline = Outline::of(&plain.text).ok_or_else(|| unsure(0))?;
        let edits = edits(&outline)?;
        let after = applied(&plain.text, &edits);
        let proof = proof::Proof {
            file: self,
            before: &outline,
            after: &after,
        };
        proof.only(&edits, meant)?;
        Ok(plain.bytes(&after))
    }

    fn plain(&self) -> Result<Plain, Refused> {
        let (text, marked) = readable(self.bytes)?;
        let returns = text.contains("\r\n");
        let alone = |(at, _): &(usize, &str)| !text[..*at].ends_with('\r');
        let mixed = text.match_indices('\n').find(alone).filter(|_| returns);
        if let Some((at, _)) = mixed {
            let why = "some lines end with a carriage return, and this one does not";
            return Err(by_hand(
                line_of(text, at),
                why,
                "run `onced fmt`, which makes them the same",
            ));
        }
        Ok(Plain {
            text: text.replace("\r\n", "\n"),
            marked,
            returns,
        })
    }
}

/// A file that is made for an entry, before the entry is put into it.
pub const EMPTY: &[u8] = b"schedules: {}\n";

impl Plain {
    fn bytes(&self, text: &str) -> Vec<u8> {
        let mark = if self.marked { "\u{feff}" } else { "" };
        let text = if self.returns {
            text.replace('\n', "\r\n")
        } else {
            text.to_owned()
        };
        (mark.to_owned() + &text).into_bytes()
    }
}

/// The text, and whether a byte order mark stood before it.
fn readable(bytes: &[u8]) -> Result<(&str, bool), Refused> {
    let text = std::str::from_utf8(bytes).map_err(|_| unsure(0))?;
    let (text, marked) = text
        .strip_prefix('\u{feff}')
        .map_or((text, false), |text| (text, true));
    if text.starts_with('\u{feff}') {
        let hint = "take it away";
        return Err(by_hand(0, "there is a second byte order mark", hint));
    }
    let alone = |(at, _): &(usize, &str)| !text[at + 1..].starts_with('\n');
    if let Some((at, _)) = text.match_indices('\r').find(alone) {
        let why = "a carriage return stands alone here";
        let hint = "put a line feed in its place";
        return Err(by_hand(line_of(text, at), why, hint));
    }
    Ok((text, marked))
}

/// From 0.
fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count()
}

/// `line`: from 0.
fn by_hand(line: usize, why: impl Into<String>, hint: impl Into<String>) -> Refused {
    Refused::ByHand {
        line: line + 1,
        why: why.into(),
        hint: hint.into(),
    }
}

/// Nothing is known to be in the way.
fn unsure(line: usize) -> Refused {
    let why = "the change would be more than what was asked for";
    by_hand(line, why, "change it in an editor")
}

/// In the order of their places; of several at one place, in their own.
fn applied(text: &str, edits: &[Edit]) -> String {
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|(range, _)| range.start);
    let (mut after, mut at) = (String::with_capacity(text.len()), 0);
    for (range, new) in edits {
        after.push_str(text.get(at..range.start).unwrap_or_default());
        after.push_str(new);
        at = range.end;
    }
    after + &text[at..]
}

/// The mapping of the entries in a file that is good, behind its key.
fn schedules<'o>(outline: &'o Outline<'_>) -> Result<(Node<'o>, Node<'o>), Refused> {
    let (key, value) = outline.root().find("schedules").ok_or_else(|| unsure(0))?;
    if matches!(value.kind(), Kind::Mapping { .. }) {
        return Ok((key, value));
    }
    Err(reason::stands_for(outline, "`schedules`", key, value))
}

/// Where among these the entry with this name is.
fn position(pairs: &[(Node<'_>, Node<'_>)], name: &str) -> Option<usize> {
    pairs
        .iter()
        .position(|(key, _)| key.spelled() == Some(name))
}
