//! Values that stand in no file yet, or are compared with others: numbers keep their digits, mappings their order. Pure.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use super::{Kind, Node, Scalar, keys, read, resolve};
use crate::source::time::Wrong;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number as JSON writes it, digit by digit.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    Sequence(Vec<Self>),
    /// Keys and values in their order.
    Mapping(Vec<(String, Self)>),
    /// What stands for another value of its file, by the number of its anchor.
    Alias(u32),
}

impl Value {
    /// The value of a node; `None`: it is none that JSON can write.
    pub(in crate::source) fn of(node: Node<'_>) -> Option<Self> {
        Some(match node.kind() {
            Kind::Alias(anchor) => Self::Alias(*anchor),
            Kind::Sequence { .. } => {
                Self::Sequence(node.items().map(Self::of).collect::<Option<_>>()?)
            }
            Kind::Mapping { .. } => {
                let pair = |(key, value): (Node<'_>, Node<'_>)| {
                    Some((key.spelled()?.to_owned(), Self::of(value)?))
                };
                Self::Mapping(node.pairs().map(pair).collect::<Option<_>>()?)
            }
            Kind::Scalar(..) => match resolve(&node).ok()?? {
                Scalar::Null => Self::Null,
                Scalar::Bool(truth) => Self::Bool(truth),
                Scalar::Number(number) => Self::Number(number.into_owned()),
                Scalar::Text(text) => Self::Text(text.to_owned()),
            },
        })
    }

    /// The value of a key, where it is a mapping.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Mapping(pairs) => pairs
                .iter()
                .find(|(known, _)| known == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }

    /// Its keys and values, where it is a mapping.
    pub(in crate::source) fn pairs_mut(&mut self) -> Option<&mut Vec<(String, Self)>> {
        match self {
            Self::Mapping(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// The value of a key, where it is a mapping.
    pub(in crate::source) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let mut pairs = self.pairs_mut()?.iter_mut();
        pairs
            .find(|(known, _)| known == key)
            .map(|(_, value)| value)
    }

    /// The text that it is.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// As JSON, its keys in their order.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| escaped(&serde_json::Value::from(text).to_string()).into_owned();
        match self {
            Self::Null | Self::Alias(_) => f.write_str("null"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Number(number) => f.write_str(number),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Sequence(items) => {
                f.write_str("[")?;
                for (n, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if n > 0 { ", " } else { "" })?;
                }
                f.write_str("]")
            }
            Self::Mapping(pairs) => {
                f.write_str("{")?;
                for (n, (key, value)) in pairs.iter().enumerate() {
                    write!(
                        f,
                        "{}{}: {value}",
                        if n > 0 { ", " } else { "" },
                        quoted(key)
                    )?;
                }
                f.write_str("}")
            }
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match value {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(truth),
            Json::Number(number) => Self::Number(number.to_string()),
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::Sequence(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => {
                let pairs = members.into_iter();
                Self::Mapping(pairs.map(|(key, value)| (key, Self::from(value))).collect())
            }
        }
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

/// The value of a JSON text, in which a key stands once.
pub fn from_json(text: &str) -> Result<Value, Wrong> {
    let wrong = |message: String| Wrong {
        message,
        hint: None,
    };
    // What JSON takes is JSON's to say; what it means, and that no key stands twice, is ours.
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map_err(|error| wrong(error.to_string()))?;
    // Within the quotes of JSON, which are the only place for them, they mean the same as escapes.
    let escaped = escaped(text);
    let document = read(&escaped, false);
    let document = document.map_err(|fault| wrong(fault.message))?;
    let Some(document) = document else {
        return Err(wrong("there is no value".into()));
    };
    if let Some(fault) = document.faults.first() {
        return Err(wrong(fault.message.clone()));
    }
    check(document.root())?;
    Value::of(document.root()).ok_or_else(|| wrong("it has no value that can be sent".into()))
}

/// A file of JSON as YAML takes it, too: with escapes for the characters that JSON alone takes as they are. Any other file is
/// left as it is.
pub(in crate::source) fn as_yaml(text: &str) -> Cow<'_, str> {
    let is_json = || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if text.trim_start().starts_with('{') && text.contains(is_odd) && is_json() {
        return escaped(text);
    }
    text.into()
}

/// Does JSON take it as it is, and YAML not?
fn is_odd(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' | '\u{feff}')
}

/// The text with escapes for the characters that JSON takes as they are and YAML does not.
fn escaped(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' | '\u{feff}');
    if !text.contains(is_odd) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_odd(c) {
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped.into()
}

fn check(node: Node<'_>) -> Result<(), Wrong> {
    resolve(&node)?;
    for item in node.items() {
        check(item)?;
    }
    for (key, value) in node.pairs() {
        keys::of_payload(&key)?;
        check(value)?;
    }
    Ok(())
}
