//! How programs write a file: at once or slowly, beside its place or into it. Never decides what is written.

use std::fs::{self, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use fastrand::Rng;
use tokio::task::block_in_place;
use tokio::time::sleep;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Beside its place, then there in one step.
    Atomic,
    /// Emptied, then written.
    Truncate,
    /// Removed, then made anew.
    Anew,
    /// Over what is there, in pieces, with pauses; cut to its length at the end.
    Over,
    /// Emptied, then entry by entry, with pauses, while it stays open.
    Slow,
    /// Emptied, then byte by byte.
    Bytes,
    /// `rsync --inplace`.
    Rsync,
}

impl Way {
    const QUICK: [Self; 4] = [Self::Atomic, Self::Atomic, Self::Truncate, Self::Anew];
    const LONG: [Self; 4] = [Self::Over, Self::Over, Self::Slow, Self::Bytes];

    pub(crate) fn quick(rng: &mut Rng) -> Self {
        *rng.choice(&Self::QUICK).expect("a way")
    }

    pub(crate) fn long(rng: &mut Rng) -> Self {
        *rng.choice(&Self::LONG).expect("a way")
    }

    /// Is the file changed in one moment?
    pub(crate) fn is_quick(self) -> bool {
        Self::QUICK.contains(&self) || self == Self::Rsync
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Atomic => "atomic",
            Self::Truncate => "truncate",
            Self::Anew => "anew",
            Self::Over => "over",
            Self::Slow => "slow",
            Self::Bytes => "bytes",
            Self::Rsync => "rsync",
        }
    }

    /// Writes the file so. `beside`: on the same file system, and not watched.
    pub(crate) async fn write(self, path: &Path, beside: &Path, text: &str, rng: &mut Rng) {
        match self {
            Self::Atomic => {
                fs::write(beside, text).expect("written");
                fs::rename(beside, path).expect("renamed");
            }
            Self::Truncate => fs::write(path, text).expect("written"),
            Self::Anew => {
                let _ = fs::remove_file(path);
                fs::write(path, text).expect("written");
            }
            Self::Over => over(path, text, rng).await,
            Self::Slow => {
                let mut file = fs::File::create(path).expect("opened");
                let lines: Vec<&str> = text.split_inclusive('\n').collect();
                let most = 6000 / lines.len().max(1) as u64;
                for line in lines {
                    file.write_all(line.as_bytes()).expect("written");
                    sleep(Duration::from_millis(rng.u64(0..=most.min(1500)))).await;
                }
            }
            Self::Bytes => {
                let mut file = fs::File::create(path).expect("opened");
                for (n, byte) in text.bytes().enumerate() {
                    file.write_all(&[byte]).expect("written");
                    if n % 16 == 0 && rng.u32(0..3) == 0 {
                        sleep(Duration::from_millis(rng.u64(1..40))).await;
                    }
                }
            }
            Self::Rsync => {
                fs::write(beside, text).expect("written");
                let mut rsync = Command::new("rsync");
                rsync.args(["--inplace", "--no-whole-file", "--ignore-times"]);
                let status = block_in_place(|| rsync.arg(beside).arg(path).status());
                assert!(status.expect("rsync").success(), "rsync");
            }
        }
    }
}

/// As a program does that opens a file to write into it, and does not empty it.
async fn over(path: &Path, text: &str, rng: &mut Rng) {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .expect("opened");
    let piece = rng.usize(40..300);
    let pieces = text.len().div_ceil(piece) as u64;
    file.seek(SeekFrom::Start(0)).expect("at the beginning");
    for bytes in text.as_bytes().chunks(piece) {
        file.write_all(bytes).expect("written");
        sleep(Duration::from_millis(
            rng.u64(0..=(6000 / pieces).min(1700)),
        ))
        .await;
    }
    file.set_len(text.len() as u64).expect("cut");
}

/// Adds lines at the end of a file, with a pause before each, while it stays open.
pub(crate) async fn append(path: &Path, lines: &[String], pause: Duration) {
    let mut file = OpenOptions::new().append(true).open(path).expect("opened");
    for line in lines {
        sleep(pause).await;
        file.write_all(line.as_bytes()).expect("written");
    }
}
