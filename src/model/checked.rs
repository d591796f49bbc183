//! Texts that are checked while they are read, without a copy in between. Pure.

use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// Reads a text, and makes of it what it stands for.
pub(super) fn checked<'de, D, T, E>(
    deserializer: D,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Display,
{
    deserializer.deserialize_str(Checked(parse, PhantomData))
}

struct Checked<F, T>(F, PhantomData<T>);

impl<F, T, P> Visitor<'_> for Checked<F, T>
where
    F: FnOnce(&str) -> Result<T, P>,
    P: Display,
{
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}
