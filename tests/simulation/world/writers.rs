//! Programs that write a file in place, piece by piece, with pauses.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use onced::model::entry::EntryName;

use super::World;
use super::content::Content;

/// Bytes, and where they go; or where the file ends.
enum Piece {
    At(u64, Vec<u8>),
    End(u64),
}

/// A file that is being written.
pub(super) struct Writing {
    file: usize,
    path: PathBuf,
    /// What is still to be written, and when.
    pieces: VecDeque<(DateTime<Utc>, Piece)>,
    /// What the file asks for when it is written.
    then: BTreeMap<EntryName, Content>,
}

impl World {
    /// A program begins to write a file, over what is there or after it was emptied. It never pauses for as long as a
    /// change counts as young, and is through before a file that is never closed is taken as it is.
    pub(super) fn begin_writing(&mut self) {
        if !self.is_calm() {
            return;
        }
        let file = self.rng.usize(0..2);
        let mut then = self.files[file].clone();
        let said = match (self.rng.u32(0..5), self.rng.choice(then.keys().cloned())) {
            (0, Some(name)) => {
                then.remove(&name);
                self.faults.effort.lock().expect("no panic").removals += 1;
                format!("without {name}")
            }
            (1, Some(name)) => {
                let content = self.content();
                let said = format!("with {name} {}", content.said());
                self.typos.remove(&name);
                self.known
                    .entry(name.clone())
                    .or_default()
                    .push(content.clone());
                then.insert(name, content);
                said
            }
            (2, Some(name)) => return self.split_off(file, &name),
            _ => "with what it had".into(),
        };
        self.write_in_place(file, then, &said);
    }

    /// While a file is being written, one of its entries is already in the other one, under a name that nobody had.
    pub(super) fn split_off(&mut self, file: usize, name: &EntryName) {
        let Some((new, _)) = self.soon(0) else {
            return;
        };
        let Some(content) = self.files[file].remove(name) else {
            return;
        };
        // It is meant from now on that the old name asks for nothing.
        self.put(1 - file, new.clone(), content);
        self.faults.effort.lock().expect("no panic").removals += 1;
        self.changed();
        let text = self.text(&self.files[1 - file]);
        self.put_in_place(&self.paths[1 - file], &text);
        self.note_wanted();
        let said = format!("without {name}, which is {new} in the other one");
        self.write_in_place(file, self.files[file].clone(), &said);
    }

    fn write_in_place(&mut self, file: usize, then: BTreeMap<EntryName, Content>, said: &str) {
        let text = self.text(&then).into_bytes();
        let mut pieces = VecDeque::new();
        let mut at = self.now();
        let over = self.rng.bool();
        if !over {
            pieces.push_back((at, Piece::End(0)));
        }
        let size = text.len().div_ceil(self.rng.usize(3..40));
        for (number, bytes) in text.chunks(size).enumerate() {
            at += TimeDelta::milliseconds(self.rng.i64(50..1_800));
            pieces.push_back((at, Piece::At((number * size) as u64, bytes.to_vec())));
        }
        pieces.push_back((at, Piece::End(text.len() as u64)));
        let how = if over {
            "over what it was"
        } else {
            "from its beginning"
        };
        self.say(&format!(
            "file {file} is written {how} for {} ms, {said}",
            (at - self.now()).num_milliseconds()
        ));
        let path = self.root.join("schedules").join(&self.paths[file]);
        self.writing = Some(Writing {
            file,
            path,
            pieces,
            then,
        });
    }

    /// When the next piece is written.
    pub(super) fn next_piece(&self) -> Option<DateTime<Utc>> {
        let writing = self.writing.as_ref()?;
        writing.pieces.front().map(|(at, _)| *at)
    }

    /// Writes what is due. By the machine's clock the file has been changed just now, however long this takes.
    pub(super) fn write_on(&mut self, now: DateTime<Utc>) {
        let Some(mut writing) = self.writing.take() else {
            return;
        };
        self.changed();
        let file = File::options().write(true).open(&writing.path);
        let file = file.expect("it is there");
        while let Some((_, piece)) = writing.pieces.pop_front_if(|(at, _)| *at <= now) {
            match piece {
                Piece::At(at, bytes) => file.write_all_at(&bytes, at).expect("written"),
                Piece::End(length) => file.set_len(length).expect("cut"),
            }
        }
        file.set_modified(SystemTime::now()).expect("touched");
        if writing.pieces.is_empty() {
            self.files[writing.file] = writing.then;
            self.note_wanted();
            self.earlier.push(self.files.clone());
            self.say("it is written");
        } else {
            self.writing = Some(writing);
        }
    }

    pub(super) fn finish_writing(&mut self) {
        self.write_on(DateTime::<Utc>::MAX_UTC);
    }
}
