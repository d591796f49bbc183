//! What large files were parsed to, kept on the disk under what it was made from: a file that is as it was need not be
//! parsed again by the next process. A copy that is missing, cut or of another program is passed over; losing all of them
//! costs time alone.

mod copy;

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustix::fs::statvfs;
use sha2::{Digest, Sha256};
use tempfile::Builder;
use tracing::debug;

use crate::model::entry::Entry;
use crate::model::zones::Zones;
use crate::source::parse::Defaults;
use copy::{copy, entries};

/// From so many bytes on, a file takes longer to parse than a copy takes to open.
const LARGE: usize = 32 * 1024;
/// Bytes of a checksum.
const SUM: usize = 32;
/// The form of a copy.
const FORMAT: &str = "1";
/// How the name of a copy ends, and how that of one begins that is being written: nothing else is ever removed.
const ENDING: &str = ".parsed";
const UNDER_WAY: &str = ".parsed-";
/// How many bytes must stay free on the file system, which is the ledger's: no copy is worth a start that can't be
/// recorded.
const RESERVE: u64 = 256 << 20;
/// The bits of a mode by which others than the owner may write.
const OTHERS: u32 = 0o022;

/// Names a copy by all that it depends on: the program, the defaults, the file's name and its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; SUM]);

impl Key {
    fn file_name(&self) -> String {
        let digits = self.0.iter().map(|byte| format!("{byte:02x}"));
        digits.chain([ENDING.to_owned()]).collect()
    }

    /// The checksum of a copy: one of another key is no copy.
    fn seal(&self, bytes: &[u8]) -> [u8; SUM] {
        let sum = Sha256::new().chain_update(self.0).chain_update(bytes);
        sum.finalize().into()
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
        for part in [FORMAT, env!("CARGO_PKG_VERSION"), file] {
            add(part.as_bytes());
        }
        add(&program);
        add(digest);
        // Whatever comes to them must be added here.
        let Defaults {
            timezone,
            zones,
            state_machine,
            grace,
            allow_lambdas,
            allow_state_machines,
        } = defaults;
        add(timezone.name().as_bytes());
        add(zones.digest());
        add(state_machine.as_deref().unwrap_or_default().as_bytes());
        add(&grace.as_nanos().to_be_bytes());
        for patterns in [allow_lambdas, allow_state_machines] {
            add(&(patterns.texts().len() as u64).to_be_bytes());
            for text in patterns.texts() {
                add(text.as_bytes());
            }
        }
        Some(Key(hash.finalize().into()))
    }

    /// Who owns the copies; `None`: there is no such directory, or others than the owner of the state directory may write
    /// to it.
    fn owner(&self) -> Option<u32> {
        let state = fs::metadata(self.directory.parent()?).ok()?;
        // What a link leads to is not ours.
        let directory = fs::symlink_metadata(&self.directory).ok()?;
        let is_ours = directory.is_dir() && is_owners(&directory, state.uid());
        is_ours.then(|| state.uid())
    }

    /// What this file was parsed to, if that is known.
    pub(super) fn find(&self, key: &Key, file: &str, zones: &Zones) -> Option<Vec<Arc<Entry>>> {
        let owner = self.owner()?;
        let path = self.directory.join(key.file_name());
        let mut options = OpenOptions::new();
        let options = options.read(true);
        let options = options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let mut copy = options.open(path).ok()?;
        let metadata = copy.metadata().ok()?;
        if !metadata.is_file() || !is_owners(&metadata, owner) {
            return None;
        }
        let mut sealed = Vec::with_capacity(usize::try_from(metadata.len()).ok()?);
        copy.read_to_end(&mut sealed).ok()?;
        let (sum, bytes) = sealed.split_first_chunk::<SUM>()?;
        if key.seal(bytes) != *sum {
            return None;
        }
        entries(bytes, file, zones)
    }

    /// Keeps what a file was parsed to. Answers the same as it was read back, where it was: unlike what was parsed, that
    /// does not lie scattered among what parsing took and gave back.
    pub(super) fn keep(
        &self,
        key: &Key,
        file: &str,
        parsed: &[Arc<Entry>],
        zones: &Zones,
    ) -> Option<Vec<Arc<Entry>>> {
        let bytes = self.keeps.then(|| copy(parsed)).flatten()?;
        let read = entries(&bytes, file, zones).filter(|read| read == parsed)?;
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
        if self.owner().is_none() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let free = statvfs(&self.directory)?;
        if free.f_bavail.saturating_mul(free.f_frsize) < RESERVE + bytes.len() as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let mut file = Builder::new()
            .prefix(UNDER_WAY)
            .tempfile_in(&self.directory)?;
        file.write_all(&key.seal(bytes))?;
        file.write_all(bytes)?;
        file.persist(self.directory.join(key.file_name()))?;
        Ok(())
    }

    /// Removes all copies but these, and what was left half written.
    pub(super) fn sweep(&self, used: impl Iterator<Item = Key>) {
        if !self.keeps || self.owner().is_none() {
            return;
        }
        let Ok(items) = fs::read_dir(&self.directory) else {
            return;
        };
        let used: HashSet<String> = used.map(|key| key.file_name()).collect();
        let is_copy = |name: &str| {
            let digits = name.strip_suffix(ENDING);
            digits.is_some_and(|digits| {
                digits.len() == 2 * SUM && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
            })
        };
        for item in items.flatten() {
            let name = item.file_name();
            let name = name.to_str().unwrap_or_default();
            if (is_copy(name) && !used.contains(name)) || name.starts_with(UNDER_WAY) {
                let _ = fs::remove_file(item.path());
            }
        }
    }
}

/// May nobody but this user write to it?
fn is_owners(metadata: &Metadata, user: u32) -> bool {
    metadata.uid() == user && metadata.mode() & OTHERS == 0
}

/// The checksum of the program that runs: another one may parse the same file to something else. The link leads to it also
/// when another file lies in its place meanwhile.
fn program() -> Option<[u8; SUM]> {
    let mut program = File::open("/proc/self/exe").ok()?;
    let mut hash = Sha256::new();
    let mut some = vec![0; 64 * 1024];
    loop {
        match program.read(&mut some) {
            Ok(0) => return Some(hash.finalize().into()),
            Ok(read) => hash.update(&some[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use crate::model::zone::Zone;
    use chrono::DateTime;

    use super::*;
    use crate::model::content::Content;
    use crate::model::entry::EntryName;
    use crate::source::parse::parse;
    use crate::source::patterns::Patterns;
    use crate::source::scan::{Scan, Scanner};

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
        assert_eq!(cache.find(&key, "a.yaml", &Zones::bundled()), None);
        assert_eq!(
            cache
                .keep(&key, "a.yaml", &entries, &Zones::bundled())
                .as_ref(),
            Some(&entries)
        );
        let other = ParseCache::reading(state.path());
        let found = other
            .find(&key, "a.yaml", &Zones::bundled())
            .expect("it was kept");
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
        cache.keep(&key, "a.yaml", &parsed(&defaults), &Zones::bundled());
        let path = cache.directory.join(key.file_name());
        let kept = fs::read(&path).unwrap();
        for place in 0..kept.len() {
            let mut damaged = kept.clone();
            damaged[place] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(
                cache.find(&key, "a.yaml", &Zones::bundled()),
                None,
                "byte {place}"
            );
            fs::write(&path, &kept[..place]).unwrap();
            assert_eq!(
                cache.find(&key, "a.yaml", &Zones::bundled()),
                None,
                "cut at {place}"
            );
        }
        fs::write(&path, &kept).unwrap();
        assert!(cache.find(&key, "a.yaml", &Zones::bundled()).is_some());
    }

    #[test]
    fn what_others_may_have_written_is_passed_over() {
        let state = tempfile::tempdir().unwrap();
        let cache = ParseCache::keeping(state.path());
        let defaults = Defaults::default();
        let entries = parsed(&defaults);
        let [key, other] = [1, 2].map(|content| key(&cache, content, &defaults));
        cache.keep(&key, "a.yaml", &entries, &Zones::bundled());
        let path = cache.directory.join(key.file_name());
        let rights = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        for (path, before) in [(&path, 0o600), (&cache.directory, 0o700)] {
            rights(path, before | 0o020);
            assert_eq!(cache.find(&key, "a.yaml", &Zones::bundled()), None);
            rights(path, before);
            assert!(cache.find(&key, "a.yaml", &Zones::bundled()).is_some());
        }
        // Under the name of another one.
        fs::copy(&path, cache.directory.join(other.file_name())).unwrap();
        assert_eq!(cache.find(&other, "a.yaml", &Zones::bundled()), None);
        let away = state.path().join("away");
        fs::rename(&path, &away).unwrap();
        std::os::unix::fs::symlink(&away, &path).unwrap();
        assert_eq!(cache.find(&key, "a.yaml", &Zones::bundled()), None);
        // A link in the place of the directory is not followed, neither to read nor to sweep or write.
        let elsewhere = state.path().join("elsewhere");
        fs::remove_file(&path).unwrap();
        fs::rename(&away, &path).unwrap();
        fs::rename(&cache.directory, &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &cache.directory).unwrap();
        let count = fs::read_dir(&elsewhere).unwrap().count();
        assert_eq!(cache.find(&key, "a.yaml", &Zones::bundled()), None);
        cache.sweep([].into_iter());
        cache.keep(&key_of(&cache, 3), "a.yaml", &entries, &Zones::bundled());
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), count);
    }

    fn key_of(cache: &ParseCache, content: u8) -> Key {
        key(cache, content, &Defaults::default())
    }

    /// A copy is what the next process begins with; new defaults make it another one.
    #[test]
    fn a_scan_takes_the_copy_and_a_reload_does_not() {
        let (directory, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let text = format!("{TEXT}# {}\n", "x".repeat(LARGE));
        fs::write(directory.path().join("a.yaml"), &text).unwrap();
        let scanner = |cache| {
            let scanner = Scanner::new(directory.path().to_owned(), Defaults::default());
            scanner.with_cache(Some(cache))
        };
        let first = scanner(ParseCache::keeping(state.path())).scan();
        assert_eq!(first.entries.len(), 4);
        // In its place, one that tells something else.
        let cache = ParseCache::keeping(state.path());
        let digest: [u8; SUM] = Sha256::digest(&text).into();
        let key = cache.key("a.yaml", (text.as_bytes(), &digest), &Defaults::default());
        let planted = parsed(&Defaults::default()).into_iter().map(|entry| {
            Arc::new(Entry {
                description: Some("from the copy".into()),
                ..(*entry).clone()
            })
        });
        cache.keep(
            &key.unwrap(),
            "a.yaml",
            &planted.collect::<Vec<_>>(),
            &Zones::bundled(),
        );
        let name = EntryName::parse("b").unwrap();
        let mut again = scanner(ParseCache::reading(state.path()));
        let told = |scan: &Scan| scan.entries[&name].description.clone();
        assert_eq!(told(&again.scan()).as_deref(), Some("from the copy"));
        again.reparse(Defaults {
            grace: Duration::from_secs(1),
            ..Defaults::default()
        });
        assert_eq!(told(&again.scan()), None);
    }

    #[test]
    fn the_key_names_all_that_a_parse_depends_on() {
        let cache = ParseCache::reading(Path::new("/nowhere"));
        let defaults = Defaults::default();
        let patterns = |text: &str| Patterns::parse(vec![text.to_owned()]).unwrap();
        let others = [
            Defaults {
                timezone: Zone::bundled("Europe/Berlin"),
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
            looking.keep(
                &key(&looking, 1, &defaults),
                "a.yaml",
                &entries,
                &Zones::bundled()
            ),
            None
        );
        assert!(!looking.directory.exists());
        let cache = ParseCache::keeping(state.path());
        let [one, two] = [1, 2].map(|content| key(&cache, content, &defaults));
        for key in [&one, &two] {
            cache.keep(key, "a.yaml", &entries, &Zones::bundled());
        }
        fs::write(cache.directory.join(".parsed-of-one-that-was-killed"), "x").unwrap();
        let foreign = cache.directory.join("schedules.yaml");
        fs::write(&foreign, "not ours").unwrap();
        looking.sweep([].into_iter());
        assert!(cache.find(&one, "a.yaml", &Zones::bundled()).is_some());
        cache.sweep([two].into_iter());
        assert!(
            cache.find(&one, "a.yaml", &Zones::bundled()).is_none()
                && cache.find(&two, "a.yaml", &Zones::bundled()).is_some()
        );
        fs::remove_file(foreign).expect("what is not ours is left alone");
        assert_eq!(fs::read_dir(&cache.directory).unwrap().count(), 1);
    }
}
