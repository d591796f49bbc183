//! Which time zone rules something goes by, as people and scripts see it. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::zones::{Version, Zones};

/// A version of the time zone database, and where it comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRules {
    /// Such as `2026f`; `None`: the directory does not say it.
    pub version: Option<Version>,
    /// `bundled`, or the directory.
    pub source: String,
}

impl ZoneRules {
    /// Are these other rules? The same version is the same wherever it lies.
    pub fn differ_from(&self, other: &Self) -> bool {
        match (&self.version, &other.version) {
            (None, None) => self.source != other.source,
            (one, another) => one != another,
        }
    }
}

impl From<&Zones> for ZoneRules {
    fn from(zones: &Zones) -> Self {
        Self {
            version: zones.version().cloned(),
            source: zones.origin().to_string(),
        }
    }
}

/// `2026f (bundled)`.
impl fmt::Display for ZoneRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.version.as_ref().map_or("unknown", Version::as_str);
        write!(f, "{version} ({})", self.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_decides_and_not_the_place() {
        let rules = |version: Option<&str>, source: &str| ZoneRules {
            version: version.map(|version| Version::parse(version).unwrap()),
            source: source.to_owned(),
        };
        for (one, other, differ) in [
            (
                rules(Some("2026f"), "bundled"),
                rules(Some("2026f"), "/a"),
                false,
            ),
            (rules(Some("2026f"), "/a"), rules(Some("2025b"), "/a"), true),
            (rules(Some("2026f"), "/a"), rules(None, "/a"), true),
            (rules(None, "/a"), rules(None, "/a"), false),
            (rules(None, "/a"), rules(None, "/b"), true),
        ] {
            assert_eq!(one.differ_from(&other), differ, "{one} {other}");
            assert_eq!(other.differ_from(&one), differ, "{one} {other}");
        }
        assert_eq!(
            ZoneRules::from(&Zones::bundled()).to_string(),
            Zones::bundled().to_string()
        );
    }
}
