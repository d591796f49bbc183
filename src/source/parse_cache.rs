//! What large files were parsed to, kept on the disk under what it was made from: a file that is as it was need not be
//! parsed again by the next process. A copy that is missing, cut or of another program is passed over; losing all of them
//! costs time alone.

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::DateTime;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use tracing::debug;

use crate::model::content::{Content, Fingerprint};
use crate::model::entry::{Entry, EntryName};
use crate::source::parse::Defaults;

/// From so many bytes on, a file takes longer to parse than a copy takes to open.
const LARGE: usize = 32 * 1024;
/// Bytes of a checksum.
const SUM: usize = 32;

/// Names a copy by all that it depends on: the program, the defaults, the file's name and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; SUM]);

impl Key {
    fn file_name(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, byte| {
            use std::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// Copies of what files were parsed to, in a directory of their own.
#[derive(Debug)]
pub struct ParseCache {
    directory: PathBuf,
    /// The checksum of this program; `None` where it can't read itself.
    program: OnceLock<Option<[u8; SUM]>>,
    keeps: bool,
}

/// What is kept of a file: the texts that its entries share, and the entries.
#[derive(Serialize, Deserialize)]
struct OfFile<'a> {
    #[serde(borrow)]
    texts: Vec<&'a str>,
    entries: Vec<OfEntry<'a>>,
}

/// An entry. Numbers are places in `texts`.
#[derive(Serialize, Deserialize)]
struct OfEntry<'a> {
    name: &'a str,
    at: i64,
    lambda: Option<usize>,
    state_machine: usize,
    input: &'a str,
    fingerprint: Fingerprint,
    grace: Duration,
    enabled: bool,
    zone: Option<usize>,
    description: Option<&'a str>,
    line: usize,
}

impl ParseCache {
    /// The cache of a state directory, for one who only looks.
    pub fn reading(state_directory: &Path) -> Self {
        Self {
            directory: state_directory.join("parsed"),
            program: OnceLock::new(),
            keeps: false,
        }
    }

    /// The same, for the one process that holds the ledger beside it: it adds what is not there, and removes what nothing
    /// needs.
    pub fn keeping(state_directory: &Path) -> Self {
        Self {
            keeps: true,
            ..Self::reading(state_directory)
        }
    }

    /// The key of a file's content, where a copy would be worth it.
    pub(super) fn key(
        &self,
        file: &str,
        content: (&[u8], &[u8; SUM]),
        defaults: &Defaults,
    ) -> Option<Key> {
        let (bytes, digest) = content;
        if bytes.len() < LARGE {
            return None;
        }
        let program = (*self.program.get_or_init(program))?;
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        add(&program);
        add(digest);
        add(file.as_bytes());
        add(defaults.timezone.name().as_bytes());
        add(defaults.state_machine.as_deref().unwrap_or("").as_bytes());
        add(&defaults.grace.as_nanos().to_be_bytes());
        for patterns in [&defaults.allow_lambdas, &defaults.allow_state_machines] {
            add(&(patterns.texts().len() as u64).to_be_bytes());
            for text in patterns.texts() {
                add(text.as_bytes());
            }
        }
        Some(Key(hash.finalize().into()))
    }

    /// What this file was parsed to, if that is known.
    pub(super) fn find(&self, key: &Key, file: &str) -> Option<Vec<Arc<Entry>>> {
        let sealed = fs::read(self.directory.join(key.file_name())).ok()?;
        let (sum, bytes) = sealed.split_first_chunk::<SUM>()?;
        let found: [u8; SUM] = Sha256::digest(bytes).into();
        if found != *sum {
            return None;
        }
        entries(bytes, file)
    }

    /// Keeps what a file was parsed to. Answers the same as it was read back, where it was: unlike what was parsed, that
    /// does not lie scattered among what parsing took and gave back.
    pub(super) fn keep(
        &self,
        key: &Key,
        file: &str,
        parsed: &[Arc<Entry>],
    ) -> Option<Vec<Arc<Entry>>> {
        let bytes = self.keeps.then(|| copy(parsed)).flatten()?;
        let read = entries(&bytes, file).filter(|read| read == parsed)?;
        if let Err(error) = self.write(key, &bytes) {
            let directory = self.directory.display();
            debug!(%error, "what `{file}` was parsed to can't be kept in `{directory}`");
        }
        Some(read)
    }

    fn write(&self, key: &Key, bytes: &[u8]) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)?;
        let mut file = NamedTempFile::new_in(&self.directory)?;
        file.write_all(&Sha256::digest(bytes))?;
        file.write_all(bytes)?;
        file.persist(self.directory.join(key.file_name()))?;
        Ok(())
    }

    /// Removes all but these.
    pub(super) fn sweep(&self, used: impl Iterator<Item = Key>) {
        if !self.keeps {
            return;
        }
        let Ok(items) = fs::read_dir(&self.directory) else {
            return;
        };
        let used: HashSet<String> = used.map(|key| key.file_name()).collect();
        for item in items.flatten() {
            if !item
                .file_name()
                .to_str()
                .is_some_and(|name| used.contains(name))
            {
                let _ = fs::remove_file(item.path());
            }
        }
    }
}

/// The checksum of the program that runs: another one may parse the same file to something else. The link leads to it also
/// when another file lies in its place meanwhile.
fn program() -> Option<[u8; SUM]> {
    let mut program = File::open("/proc/self/exe").ok()?;
    let mut hash = Sha256::new();
    let mut some = vec![0; 64 * 1024];
    loop {
        match io::Read::read(&mut program, &mut some) {
            Ok(0) => return Some(hash.finalize().into()),
            Ok(read) => hash.update(&some[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

fn copy(parsed: &[Arc<Entry>]) -> Option<Vec<u8>> {
    let (mut texts, mut places) = (Vec::new(), HashMap::new());
    let mut place = |text| {
        *places.entry(text).or_insert_with(|| {
            texts.push(text);
            texts.len() - 1
        })
    };
    let kept = parsed.iter().map(|entry| OfEntry {
        name: entry.name.as_str(),
        at: entry.at().timestamp(),
        lambda: entry.lambda.as_deref().map(&mut place),
        state_machine: place(entry.state_machine()),
        input: entry.input(),
        fingerprint: entry.fingerprint(),
        grace: entry.grace,
        enabled: entry.enabled,
        zone: entry.zone.map(|zone| place(zone.name())),
        description: entry.description.as_deref(),
        line: entry.line,
    });
    let entries = kept.collect();
    postcard::to_allocvec(&OfFile { texts, entries }).ok()
}

fn entries(bytes: &[u8], file: &str) -> Option<Vec<Arc<Entry>>> {
    let copy: OfFile<'_> = postcard::from_bytes(bytes).ok()?;
    let texts: Vec<Arc<str>> = copy.texts.iter().map(|text| Arc::from(*text)).collect();
    let zones: Vec<Option<Tz>> = copy.texts.iter().map(|text| text.parse().ok()).collect();
    let file: Arc<str> = file.into();
    let entry = |kept: OfEntry<'_>| {
        let text = |place: usize| texts.get(place).cloned();
        Some(Arc::new(Entry {
            name: EntryName::parse(kept.name).ok()?,
            content: Content::known(
                DateTime::from_timestamp(kept.at, 0)?,
                text(kept.state_machine)?,
                kept.input.into(),
                kept.fingerprint,
            ),
            lambda: match kept.lambda {
                Some(place) => Some(text(place)?),
                None => None,
            },
            grace: kept.grace,
            enabled: kept.enabled,
            zone: match kept.zone {
                Some(place) => Some((*zones.get(place)?)?),
                None => None,
            },
            description: kept.description.map(Arc::from),
            file: Arc::clone(&file),
            line: kept.line,
        }))
    };
    let entries: Option<Vec<_>> = copy.entries.into_iter().map(entry).collect();
    let mut entries = entries?;
    // They may lie where the copies lay, which takes more.
    entries.shrink_to_fit();
    Some(entries)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::source::parse::parse;
    use crate::source::patterns::Patterns;

    const TEXT: &str = "defaults: {timezone: Europe/Berlin, grace: 90s}
schedules:
  a: {at: 2027-06-01 09:00, lambda: f, payload: {b: [1, null, \"ä\\n\"]}, description: One}
  b: {at: 2027-06-01T09:00:00Z, lambda: f, enabled: false}
  c:
    at: 2027-06-02T09:00:00+05:30
    state_machine: arn:aws:states:eu-west-1:123456789012:stateMachine:Own
    input: {key: value}
    grace: 1h
  d: {at: 2027-06-01 09:00, timezone: America/New_York, lambda: g, description: One}
";

    fn parsed(defaults: &Defaults) -> Vec<Arc<Entry>> {
        let entries = parse("a.yaml", TEXT.as_bytes(), defaults).expect("a good file");
        entries.into_iter().map(Arc::new).collect()
    }

    fn key(cache: &ParseCache, content: u8, defaults: &Defaults) -> Key {
        let large = vec![content; LARGE];
        let key = cache.key("a.yaml", (&large, &[content; SUM]), defaults);
        key.expect("a large file has a key")
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let state = tempfile::tempdir().unwrap();
        let cache = ParseCache::keeping(state.path());
        let defaults = Defaults::default();
        let (entries, key) = (parsed(&defaults), key(&cache, 1, &defaults));
        assert_eq!(cache.find(&key, "a.yaml"), None);
        assert_eq!(
            cache.keep(&key, "a.yaml", &entries).as_ref(),
            Some(&entries)
        );
        let other = ParseCache::reading(state.path());
        let found = other.find(&key, "a.yaml").expect("it was kept");
        assert_eq!(found, entries);
        for entry in &found {
            let [at, machine, input] = [
                entry.at().timestamp().to_string(),
                entry.state_machine().to_string(),
                entry.input().to_string(),
            ];
            let at = DateTime::from_timestamp(at.parse().unwrap(), 0).unwrap();
            let anew = Content::new(at, machine, input);
            assert_eq!(entry.fingerprint(), anew.fingerprint(), "{}", entry.name);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&cache.directory), 0o700, "it holds payloads");
        assert_eq!(mode(&cache.directory.join(key.file_name())), 0o600);
    }

    #[test]
    fn what_is_not_what_was_kept_is_passed_over() {
        let state = tempfile::tempdir().unwrap();
        let cache = ParseCache::keeping(state.path());
        let defaults = Defaults::default();
        let key = key(&cache, 1, &defaults);
        cache.keep(&key, "a.yaml", &parsed(&defaults));
        let path = cache.directory.join(key.file_name());
        let kept = fs::read(&path).unwrap();
        for place in 0..kept.len() {
            let mut damaged = kept.clone();
            damaged[place] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.find(&key, "a.yaml"), None, "byte {place}");
            fs::write(&path, &kept[..place]).unwrap();
            assert_eq!(cache.find(&key, "a.yaml"), None, "cut at {place}");
        }
        fs::write(&path, &kept).unwrap();
        assert!(cache.find(&key, "a.yaml").is_some());
    }

    #[test]
    fn the_key_names_all_that_a_parse_depends_on() {
        let cache = ParseCache::reading(Path::new("/nowhere"));
        let defaults = Defaults::default();
        let patterns = |text: &str| Patterns::parse(vec![text.to_owned()]).unwrap();
        let others = [
            Defaults {
                timezone: Tz::Europe__Berlin,
                ..defaults.clone()
            },
            Defaults {
                state_machine: Some("arn:m".into()),
                ..defaults.clone()
            },
            Defaults {
                grace: Duration::from_secs(1),
                ..defaults.clone()
            },
            Defaults {
                allow_lambdas: patterns("f"),
                ..defaults.clone()
            },
            Defaults {
                allow_state_machines: patterns("f"),
                ..defaults.clone()
            },
        ];
        let mut keys: HashSet<Key> = others.iter().map(|other| key(&cache, 1, other)).collect();
        keys.extend([key(&cache, 1, &defaults), key(&cache, 2, &defaults)]);
        let large = vec![1; LARGE];
        let sum = [1; SUM];
        keys.extend(cache.key("b.yaml", (&large, &sum), &defaults));
        assert_eq!(keys.len(), others.len() + 3);
        let small = cache.key("a.yaml", (&large[1..], &sum), &defaults);
        assert_eq!(small, None, "it is parsed as soon as a copy is opened");
        let another = ParseCache::reading(Path::new("/nowhere"));
        another.program.set(Some([7; SUM])).unwrap();
        assert!(!keys.contains(&key(&another, 1, &defaults)));
    }

    #[test]
    fn who_only_looks_writes_nothing_and_who_keeps_sweeps() {
        let state = tempfile::tempdir().unwrap();
        let defaults = Defaults::default();
        let entries = parsed(&defaults);
        let looking = ParseCache::reading(state.path());
        assert_eq!(
            looking.keep(&key(&looking, 1, &defaults), "a.yaml", &entries),
            None
        );
        assert!(!looking.directory.exists());
        let cache = ParseCache::keeping(state.path());
        let [one, two] = [1, 2].map(|content| key(&cache, content, &defaults));
        for key in [&one, &two] {
            cache.keep(key, "a.yaml", &entries);
        }
        fs::write(cache.directory.join(".tmp-of-one-that-was-killed"), "x").unwrap();
        looking.sweep([].into_iter());
        assert!(cache.find(&one, "a.yaml").is_some());
        cache.sweep([two].into_iter());
        assert!(cache.find(&one, "a.yaml").is_none() && cache.find(&two, "a.yaml").is_some());
        assert_eq!(fs::read_dir(&cache.directory).unwrap().count(), 1);
    }
}
