//! Programs that take their time over a file that stays open: what it says meanwhile is not what they mean.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::time::Duration;

use tokio::time::sleep;

use super::Walk;
use crate::process::{day, has};

impl Walk {
    /// What a file is to say next: one entry changes, one is new, and stands first.
    fn next_text(&mut self) -> Option<(String, String)> {
        let (file, name) = self.any_entry()?;
        let mut lines = self.lines(&file);
        let (changed, new) = (self.content(), self.content());
        lines.insert(name, changed);
        lines.insert(
            format!("a{}-{}", self.contents, file.trim_end_matches(".yaml")),
            new,
        );
        Some((file, Self::text(&lines)))
    }

    /// Emptied, then written entry by entry.
    pub(super) async fn written_entry_by_entry(&mut self) {
        self.rests().await;
        let Some((file, text)) = self.next_text() else {
            return;
        };
        self.say(format!("{file} is written slowly, entry by entry"));
        let mut open = File::create(self.path(&file)).expect("opened");
        for line in text.split_inclusive('\n') {
            open.write_all(line.as_bytes()).expect("written");
            sleep(Duration::from_millis(self.rng.u64(10..2600))).await;
        }
    }

    /// Entries are added at the end, one a second.
    pub(super) async fn grows(&mut self) {
        self.rests().await;
        let Some((file, _)) = self.any_file() else {
            return;
        };
        self.say(format!("{file} grows while it is open"));
        let mut open = OpenOptions::new()
            .append(true)
            .open(self.path(&file))
            .expect("opened");
        for _ in 0..self.rng.u32(2..5) {
            let content = self.content();
            let line = format!(
                "  z{}-{}: {content}\n",
                self.contents,
                file.trim_end_matches(".yaml")
            );
            let (first, rest) = line.split_at(line.len() / 2);
            open.write_all(first.as_bytes()).expect("written");
            sleep(Duration::from_millis(300)).await;
            open.write_all(rest.as_bytes()).expect("written");
            sleep(Duration::from_millis(700)).await;
        }
    }

    /// Opened for writing, not emptied, and overwritten in pieces: all entries get other times. Its length stays, so that
    /// what is half old and half new is a schedule file, too.
    pub(super) async fn overwritten(&mut self) {
        self.rests().await;
        let Some((file, _)) = self.any_file() else {
            return;
        };
        let mut text = Self::text(&self.lines(&file));
        for name in self.entries(&file).into_keys() {
            let at = format!("  {name}: {{at: {}", day(self.rng.i64(40..200)));
            let from = text.find(&format!("  {name}: ")).expect("its line");
            text.replace_range(from..from + at.len(), &at);
        }
        self.say(format!("{file} is overwritten in pieces"));
        let path = self.path(&file);
        let mut open = OpenOptions::new().write(true).open(path).expect("opened");
        for bytes in text.as_bytes().chunks(self.rng.usize(20..100)) {
            open.write_all(bytes).expect("written");
            sleep(Duration::from_millis(self.rng.u64(10..2500))).await;
        }
        open.set_len(text.len() as u64).expect("cut");
    }

    /// `rsync --inplace` writes into what is there.
    pub(super) async fn synchronised(&mut self) {
        if !has("rsync") {
            return;
        }
        self.rests().await;
        let Some((file, text)) = self.next_text() else {
            return;
        };
        self.say(format!("rsync --inplace of {file}"));
        let slowly = if self.rng.bool() { "--bwlimit=1" } else { "" };
        fs::write(self.world.root.path().join("text"), text).expect("written");
        self.shell(&format!(
            "rsync --inplace --no-whole-file --ignore-times {slowly} ../text {file}"
        ));
    }
}
