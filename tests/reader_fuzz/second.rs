//! What serde-saphyr reads, and serde_yaml, whose parser (libyaml's) shares no code with ours.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::support::json::Json;

/// A value, with numbers as it has them.
#[derive(Debug, Clone)]
pub(super) enum Second {
    Null,
    Boolean(bool),
    Number(f64),
    Text(String),
    List(Vec<Second>),
    Object(BTreeMap<String, Second>),
}

impl Second {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let options = serde_saphyr::options! {
            strict_booleans: true,
            with_snippet: false,
        };
        let text = std::str::from_utf8(bytes).map_err(|why| why.to_string())?;
        let documents: Vec<Self> = serde_saphyr::from_multiple_with_options(text, options)
            .map_err(|why| why.to_string())?;
        let mut documents = documents
            .into_iter()
            .filter(|document| !matches!(document, Self::Null));
        documents.next().ok_or_else(|| "nothing".into())
    }

    /// What serde_yaml reads. A last line without its end is read as if it had one, as by onced.
    pub(super) fn by_libyaml(bytes: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(bytes).map_err(|why| why.to_string())?;
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let text = format!("{text}{end}");
        let mut documents = Vec::new();
        for document in serde_yaml::Deserializer::from_str(&text) {
            let document = Self::deserialize(document).map_err(|why| why.to_string())?;
            if !matches!(document, Self::Null) {
                documents.push(document);
            }
        }
        documents.into_iter().next().ok_or_else(|| "nothing".into())
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Object(pairs) = self else {
            return None;
        };
        pairs.get(key)
    }

    /// Numbers it may have rounded, or taken for texts where they are very long.
    pub(super) fn is(&self, json: &Json) -> bool {
        match (self, json) {
            (Self::Null, Json::Null) => true,
            (Self::Boolean(one), Json::Boolean(other)) => one == other,
            (Self::Number(one), Json::Number(other)) => other
                .parse::<f64>()
                .is_ok_and(|other| one.partial_cmp(&other) == Some(Ordering::Equal)),
            (Self::Text(one), Json::Number(other)) => one == other && other.len() > 18,
            (Self::Text(one), Json::Text(other)) => one == other,
            (Self::List(one), Json::List(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.is(other))
            }
            (Self::Object(one), Json::Object(other)) => {
                let mut pairs = one.iter().zip(other);
                one.len() == other.len()
                    && pairs.all(|((key, one), (same, other))| key == same && one.is(other))
            }
            _ => false,
        }
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Second;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Second, E> {
        Ok(Second::Null)
    }

    fn visit_none<E>(self) -> Result<Second, E> {
        Ok(Second::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Second, E> {
        Ok(Second::Boolean(value))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i64<E>(self, value: i64) -> Result<Second, E> {
        Ok(Second::Number(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u64<E>(self, value: u64) -> Result<Second, E> {
        Ok(Second::Number(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_i128<E>(self, value: i128) -> Result<Second, E> {
        Ok(Second::Number(value as f64))
    }

    #[allow(clippy::cast_precision_loss)]
    fn visit_u128<E>(self, value: u128) -> Result<Second, E> {
        Ok(Second::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Second, E> {
        Ok(Second::Number(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Second, E> {
        Ok(Second::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Second, E> {
        Ok(Second::Text(value))
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Second, D::Error> {
        Second::deserialize(inner)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Second, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Second::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Second, A::Error> {
        let mut object = BTreeMap::new();
        while let Some((key, value)) = pairs.next_entry::<String, Second>()? {
            object.insert(key, value);
        }
        Ok(Second::Object(object))
    }
}

impl<'de> Deserialize<'de> for Second {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Any)
    }
}
