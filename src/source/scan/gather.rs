//! What all files say, put together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Scanner;
use super::files::{Known, Seen};
use super::result::Scan;
use crate::model::entry::{Entry, EntryName};
use crate::source::conflict::Conflict;
use crate::source::doubt::{MayHold, Opaque, Words};
use crate::source::in_flight::InFlight;
use crate::source::problem::{FileReport, FileState, file_report, note_twice, written_for_long};
use crate::source::walk::{Found, Ignored, PassedOver};

impl Scanner {
    /// Puts together what all files say.
    pub(super) fn gather(
        &self,
        found: Vec<Found>,
        seen: Vec<Seen>,
        for_long: &BTreeSet<String>,
    ) -> Scan {
        let mut files: Vec<FileReport> = Vec::with_capacity(found.len() + self.ignored.len());
        // Of those that were read.
        let mut known: Vec<Option<&Known>> = Vec::with_capacity(found.len());
        for (found, seen) in found.into_iter().zip(seen) {
            let of_file = self.known.get(&found.shown);
            let (of_file, errors) = match seen {
                Seen::Refused(errors) => (None, errors),
                Seen::Same | Seen::Read | Seen::Judged | Seen::InFlight => {
                    let errors = of_file.and_then(|known| known.parsed.as_ref().err());
                    (of_file, errors.cloned().unwrap_or_default())
                }
            };
            let version = of_file.map(|known| {
                let (first, _) = known.digest.split_first_chunk().expect("32 bytes");
                u64::from_be_bytes(*first)
            });
            files.push(FileReport {
                version,
                ..file_report(found.shown, errors)
            });
            known.push(of_file);
        }
        let entries_of = |place: usize| {
            let parsed = known[place].map(|known| &known.parsed);
            parsed
                .and_then(|parsed| parsed.as_deref().ok())
                .unwrap_or_default()
        };
        // In each file they are sorted. Mostly one file's names lie before the next one's, and nothing is left to be sorted.
        let mut places: Vec<usize> = (0..files.len()).collect();
        places.sort_by_key(|place| entries_of(*place).first().map(|entry| &entry.name));
        let of_all = places
            .into_iter()
            .flat_map(|place| entries_of(place).iter().map(move |e| (e, place)));
        let mut all: Vec<(&Arc<Entry>, usize)> = of_all.collect();
        all.sort_by(|(a, here), (b, there)| (&a.name, here).cmp(&(&b.name, there)));
        let mut shared: BTreeMap<&EntryName, Vec<(usize, usize)>> = BTreeMap::new();
        for same in all.chunk_by(|(a, _), (b, _)| a.name == b.name) {
            if let [(first, _), _, ..] = same {
                let places = same.iter().map(|(entry, place)| (*place, entry.line()));
                shared.insert(&first.name, places.collect());
            }
        }
        for (name, places) in &shared {
            note_twice(name, places, &mut files);
        }
        let is_invalid = |place: &usize| files[*place].state == FileState::Invalid;
        let opaque = (0..known.len()).filter(is_invalid).map(|place| {
            // All the names that a file holds which is good by itself are known.
            let names = entries_of(place).iter().map(|entry| entry.name.as_str());
            let names = || Words::of(&names.collect::<Vec<_>>().join(" "));
            let of_file = known[place];
            Opaque {
                path: files[place].path.clone(),
                words: of_file.map(|known| known.words.clone().unwrap_or_else(names)),
                may_hold: of_file.map_or_else(MayHold::anything, |known| known.may_hold.clone()),
                changed: of_file.and_then(|known| known.stat?.changed()),
            }
        });
        let opaque = opaque.collect();
        let conflict = (0..known.len()).find_map(|place| {
            let line = known[place]?.conflict.filter(|_| self.rules.conflict)?;
            Some(Conflict::new(&files[place].path, line))
        });
        let good = all
            .iter()
            .filter(|(_, place)| files[*place].state == FileState::Ok);
        let why = |place: usize| known[place].and_then(|known| known.cut);
        let cut = good
            .clone()
            .filter_map(|(entry, place)| Some((entry.name.clone(), why(*place)?)));
        let cut = cut.collect();
        let twofold = good.clone().filter(|(entry, _)| entry.other.is_some());
        let twofold = twofold.map(|(entry, _)| entry.name.clone()).collect();
        let entries = good.map(|(entry, _)| (entry.name.clone(), Arc::clone(entry)));
        let entries = entries.collect();
        let longest = self.in_flight.as_ref().map(InFlight::longest);
        let long = files
            .iter_mut()
            .filter(|file| file.state == FileState::Ok && for_long.contains(&file.path));
        for file in long {
            file.errors.extend(longest.map(written_for_long));
        }
        let ignored = self.ignored.iter().map(|Ignored { path, why }| {
            let (errors, ignored_by) = match why {
                PassedOver::Leftover(leftover) => (leftover.problem(path), None),
                PassedOver::Pattern(by) => (None, Some(by.clone())),
            };
            FileReport {
                state: FileState::Ignored,
                ignored_by,
                ..file_report(path.clone(), errors.into_iter().collect())
            }
        });
        files.extend(ignored);
        files.extend(self.ignore_reports.iter().cloned());
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Scan {
            entries: Arc::new(entries),
            twofold,
            files: Arc::new(files),
            opaque: Arc::new(opaque),
            cut: Arc::new(cut),
            conflict,
            zones: self.defaults.zones.clone(),
            ..Scan::default()
        }
    }
}
