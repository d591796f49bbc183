//! What of a payload had better be looked at: other programs read it as something else, or it may not be what was meant.
//! Never a value of it.

use std::collections::HashMap;
use std::ops::{BitOr, BitOrAssign};

use super::entry::EntryName;

/// Some of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Marks(u8);

impl Marks {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// A text that YAML 1.1 has for true or false: `yes`.
    pub const BOOL: Self = Self(1);
    /// A text that YAML 1.1 has for a number: `12:30`.
    pub const NUMBER: Self = Self(1 << 1);
    /// A number that YAML 1.1 has for a text: `1e3`.
    pub const TEXT: Self = Self(1 << 2);
    /// A text that YAML 1.1 has for a date: `2027-06-01`.
    pub const DATE: Self = Self(1 << 3);
    /// A text that is an error in YAML 1.1: `=`.
    pub const ERROR: Self = Self(1 << 4);
    /// The payload is a text that holds a JSON object or list.
    pub const JSON_TEXT: Self = Self(1 << 5);
    /// A whole number that is another one in 64 bits.
    pub const BIG_INTEGER: Self = Self(1 << 6);
    /// A text with a line break that only YAML 1.1 has, where it folds: U+0085, U+2028 or U+2029.
    pub const BREAK: Self = Self(1 << 7);
    /// `payload:` with nothing behind it. Such a payload has no other mark, and no payload has all others together.
    pub const NULL: Self = Self(u8::MAX);

    /// Is this among them?
    pub fn has(self, other: Self) -> bool {
        if self == Self::NULL || other == Self::NULL {
            return self == other;
        }
        self.0 & other.0 == other.0
    }

    /// Is there none?
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }
}

impl BitOr for Marks {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Marks {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// Where payloads have something with marks, by the place of a file among others and the entry's name.
pub type MarkedPlaces = HashMap<(usize, EntryName), Vec<MarkedPlace>>;

/// Where a payload has something with marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkedPlace {
    /// Which.
    pub marks: Marks,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// Counts those with the same marks of which the places are not kept, too.
    pub count: usize,
}
