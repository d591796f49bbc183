//! What `onced check` notes of good entries: times and payloads that had better be looked at twice. Never a mistake. Pure: the time is an
//! argument.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::FileView;
use super::findings::{Kind, number};
use super::odd_payloads::odd_payload;
use super::odd_times::{HOUR, another_year, clocks_change, etc_gmt, offset};
use crate::model::entry::{Entry, EntryName, instant};
use crate::model::marks::{MarkedPlace, MarkedPlaces, Marks};

/// One thing to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its kind, by the word that a finding of `onced plan` has.
    pub note: Kind,
    /// The entries that it is about; with `past` and with what several take over from one place, more than one.
    pub names: Vec<EntryName>,
    /// Of a payload: the line of what is noted. Else that of the first entry.
    pub line: usize,
    /// Of a payload: where on its line that begins, in characters, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What is to be seen.
    pub message: String,
}

/// Adds to files what there is to note of their entries, each given with the place of its file. `marked`: where payloads have
/// their marks, by file and entry.
pub fn note(
    files: &mut [FileView],
    entries: &[(usize, Arc<Entry>)],
    marked: &MarkedPlaces,
    now: DateTime<Utc>,
) {
    let mut all_past: Vec<Vec<&Entry>> = vec![Vec::new(); files.len()];
    let mut seen: HashMap<_, usize> = HashMap::new();
    for (place, entry) in entries.iter().filter(|(_, entry)| entry.enabled) {
        let (Some(file), Some(past)) = (files.get_mut(*place), all_past.get_mut(*place)) else {
            continue;
        };
        let year = another_year(entry, now);
        if entry.at() <= now && year.is_none() {
            past.push(entry);
        }
        let ahead = Some(entry).filter(|entry| entry.at() > now);
        let told = [
            (
                Kind::Past,
                year.map(|year| format!("its time is past; {year}")),
            ),
            (Kind::Offset, offset(entry)),
            (Kind::EtcGmt, etc_gmt(entry)),
            (
                Kind::Dst,
                ahead.and_then(|entry| clocks_change(entry, HOUR)),
            ),
        ];
        let of_time = told.into_iter().filter_map(|(kind, message)| {
            Some(Note {
                note: kind,
                names: vec![entry.name.clone()],
                line: entry.line(),
                column: None,
                message: message?,
            })
        });
        file.notes.extend(of_time);
        let places = marked.get(&(*place, entry.name.clone()));
        for note in of_payload(entry, places) {
            // What several entries take over from one place is noted once.
            let key = (*place, note.line, note.column, note.note);
            let known = seen.get(&key).filter(|_| note.column.is_some());
            if let Some(known) = known {
                file.notes[*known].names.extend(note.names);
            } else {
                seen.insert(key, file.notes.len());
                file.notes.push(note);
            }
        }
    }
    for (file, mut past) in files.iter_mut().zip(all_past) {
        past.sort_by_key(|entry| entry.line());
        file.notes.extend(are_past(&past));
        file.notes
            .sort_by_key(|note| (note.line, note.column, note.note));
    }
}

/// What is noted of an entry's payload. Without places, by the entry's line.
fn of_payload(entry: &Entry, places: Option<&Vec<MarkedPlace>>) -> Vec<Note> {
    let noted = |marks: Marks, (line, column): (usize, Option<usize>), count: usize| {
        odd_payload(marks)
            .into_iter()
            .filter_map(move |(note, message)| {
                let message = match count {
                    0 | 1 => message?,
                    _ => format!(
                        "{} (here, and {} more in this payload)",
                        message?,
                        number(count - 1)
                    ),
                };
                Some(Note {
                    note,
                    names: vec![entry.name.clone()],
                    line,
                    column,
                    message,
                })
            })
    };
    match places {
        None => noted(entry.marks, (entry.line(), None), 1).collect(),
        Some(places) => {
            let at = |place: &MarkedPlace| (place.line, Some(place.column));
            places
                .iter()
                .flat_map(|place| noted(place.marks, at(place), place.count))
                .collect()
        }
    }
}

/// One note for all of them: entries that have fired may stay where they are.
fn are_past(past: &[&Entry]) -> Option<Note> {
    let first = past.first()?;
    let at = instant(first.at());
    let message = match past.len() {
        1 => format!("its time is past: {at}"),
        several => format!(
            "the times of {} entries are past, that of the first at {at}",
            number(several)
        ),
    };
    Some(Note {
        note: Kind::Past,
        names: past.iter().map(|entry| entry.name.clone()).collect(),
        line: first.line(),
        column: None,
        message,
    })
}

impl Note {
    /// The message, with the entry where it is about one.
    pub fn text(&self) -> String {
        match &self.names[..] {
            [name] => format!("`{name}`: {}", self.message),
            _ => self.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::content::Content;
    use crate::model::entry::sample;
    use crate::model::zone::Zone;

    fn entry(name: &str, line: u32, at: &str, zone: &str, is_local: bool) -> Arc<Entry> {
        Arc::new(Entry {
            content: Content::new(at.parse().unwrap(), "", "{}"),
            named_zone: Some(Zone::bundled(zone)),
            is_local,
            other: None,
            is_as_before: false,
            marks: crate::model::marks::Marks::NONE,
            in_line: line,
            ..sample(name)
        })
    }

    #[test]
    fn each_file_has_its_own() {
        let berlin = "Europe/Berlin";
        let off = Entry {
            enabled: false,
            ..Entry::clone(&entry("off", 1, "2020-01-01T00:00:00Z", berlin, true))
        };
        let entries = [
            (0, entry("old", 9, "2025-06-01T00:00:00Z", berlin, true)),
            (0, entry("older", 7, "2024-06-01T00:00:00Z", berlin, true)),
            (0, entry("year", 8, "2025-12-24T00:00:00Z", berlin, true)),
            (1, entry("fine", 2, "2027-06-01T00:00:00Z", berlin, true)),
            (2, entry("hour", 3, "2027-03-28T01:30:00Z", berlin, true)),
            (2, entry("day", 4, "2027-03-28T09:00:00Z", berlin, true)),
            (
                2,
                entry("sign", 5, "2027-06-01T00:00:00Z", "Etc/GMT-2", true),
            ),
            (2, entry("beside", 6, "2027-06-01T00:00:00Z", berlin, false)),
            (3, entry("one", 2, "2024-06-01T00:00:00Z", berlin, true)),
            (3, Arc::new(off)),
        ];
        let file = FileView {
            path: String::new(),
            state: "ok".into(),
            ignored_by: None,
            errors: Vec::new(),
            notes: Vec::new(),
        };
        let mut files = vec![file; 4];
        note(
            &mut files,
            &entries,
            &MarkedPlaces::new(),
            "2026-11-29T12:00:00Z".parse().unwrap(),
        );
        let told = |place: usize| {
            let notes = files[place].notes.iter();
            let told =
                notes.map(|note| format!("{} {} {}", note.line, note.note.as_str(), note.text()));
            told.collect::<Vec<_>>()
        };
        assert_eq!(
            told(0),
            [
                "7 past the times of two entries are past, that of the first at 2024-06-01T00:00:00Z",
                "8 past `year`: its time is past; another year? 2026-12-24 is in 24 d 12 h",
            ]
        );
        assert!(told(1).is_empty());
        let beginnings = [
            "3 dst `hour`: the clocks",
            "5 etc-gmt `sign`: `Etc/GMT-2` means",
            "6 offset `beside`: the",
        ];
        assert_eq!(told(2).len(), beginnings.len(), "{:?}", told(2));
        for (note, begins) in told(2).iter().zip(beginnings) {
            assert!(note.starts_with(begins), "{note}");
        }
        assert_eq!(
            told(3),
            ["2 past `one`: its time is past: 2024-06-01T00:00:00Z"]
        );
    }
}
