//! The head: a small synced file beside the store that says how far the store had come. A store that is behind it was
//! lost, cut or rolled back. Two slots, written in turn, so that a write that is cut leaves the other one.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use sha2::{Digest, Sha256};

const SLOT: usize = 128;

/// An open head file.
#[derive(Debug)]
pub(super) struct Head {
    file: File,
    /// Which store it belongs to.
    pub(super) identity: String,
    /// The last sequence number that was acknowledged.
    pub(super) sequence: u64,
}

/// What a head file says when it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// There is none.
    Nothing,
    /// Neither slot can be trusted.
    Garbage,
    /// An identity and a sequence number.
    Line(String, u64),
}

fn slot(identity: &str, sequence: u64) -> Vec<u8> {
    let text = format!("onced head 1 {identity} {sequence} ");
    let sum = Sha256::digest(text.as_bytes());
    let sum = u64::from_be_bytes(sum[..8].try_into().expect("SHA-256 is longer than 8 bytes"));
    let mut bytes = format!("{text}{sum:016x}").into_bytes();
    bytes.resize(SLOT - 1, b' ');
    bytes.push(b'\n');
    bytes
}

fn parse(bytes: &[u8]) -> Option<(String, u64)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut words = text.strip_prefix("onced head 1 ")?.split_whitespace();
    let (identity, sequence) = (words.next()?.to_owned(), words.next()?.parse().ok()?);
    (bytes == slot(&identity, sequence)).then_some((identity, sequence))
}

impl Head {
    /// Reads, changing nothing.
    pub(super) fn read(path: &Path) -> io::Result<Said> {
        let bytes = match std::fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Said::Nothing),
            read => read?,
        };
        let newest = bytes
            .chunks(SLOT)
            .filter_map(parse)
            .max_by_key(|(_, sequence)| *sequence);
        Ok(newest.map_or(Said::Garbage, |(identity, sequence)| {
            Said::Line(identity, sequence)
        }))
    }

    /// Makes a head of a new store: whole, or not at all. Its directory is still to be synced.
    pub(super) fn create(path: &Path, identity: String) -> io::Result<Self> {
        let beside = path.with_extension("new");
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let head = Self::open(&beside, identity, 0)?;
        std::fs::rename(&beside, path)?;
        Ok(head)
    }

    /// Opens the file of a head that was read.
    pub(super) fn open(path: &Path, identity: String, sequence: u64) -> io::Result<Self> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)?;
        let mut head = Self {
            file,
            identity,
            sequence,
        };
        head.advance(sequence)?;
        Ok(head)
    }

    /// Acknowledges `sequence`, durably.
    pub(super) fn advance(&mut self, sequence: u64) -> io::Result<()> {
        let offset = (sequence % 2) * SLOT as u64;
        self.file
            .write_all_at(&slot(&self.identity, sequence), offset)?;
        self.file.sync_data()?;
        self.sequence = sequence;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_that_was_cut_leaves_the_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("head");
        assert_eq!(Head::read(&path).unwrap(), Said::Nothing);
        let mut head = Head::open(&path, "me".into(), 0).unwrap();
        for sequence in 1..=9 {
            head.advance(sequence).unwrap();
            assert_eq!(
                Head::read(&path).unwrap(),
                Said::Line("me".into(), sequence)
            );
        }
        let whole = std::fs::read(&path).unwrap();
        for position in 0..SLOT * 2 {
            let mut bytes = whole.clone();
            bytes[position] ^= 1;
            std::fs::write(&path, &bytes).unwrap();
            let older = if position < SLOT { 9 } else { 8 };
            assert_eq!(Head::read(&path).unwrap(), Said::Line("me".into(), older));
        }
        std::fs::write(&path, "").unwrap();
        assert_eq!(Head::read(&path).unwrap(), Said::Garbage);
    }
}
