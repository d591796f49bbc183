//! What a scalar means: the core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>), and no other. Pure.

use std::borrow::Cow;

use super::{Kind, Node, Style, Tag, characters, numbers};
use crate::source::time::Wrong;

/// What a scalar means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::source) enum Scalar<'d> {
    Null,
    Bool(bool),
    /// As JSON writes it, with the digits that stand there.
    Number(Cow<'d, str>),
    Text(&'d str),
}

/// What a scalar means; `None`: it is none, but a mapping, a sequence or an alias.
pub(in crate::source) fn resolve<'d>(node: &Node<'d>) -> Result<Option<Scalar<'d>>, Wrong> {
    let Kind::Scalar(text, style) = node.kind() else {
        return Ok(None);
    };
    let text: &'d str = text;
    let tag = node.tag();
    if *style != Style::Plain {
        return match tag {
            // Ruby's and Perl's writers put a tag before a text in quotes.
            Some(Tag::Null | Tag::Bool | Tag::Int | Tag::Float) => tagged(plain(text), tag),
            _ => Ok(Some(Scalar::Text(text))),
        };
    }
    match tag {
        Some(Tag::Local | Tag::Str | Tag::Timestamp) => Ok(Some(Scalar::Text(text))),
        None => {
            characters::check_plain(text)?;
            plain(text).map(Some)
        }
        _ => tagged(plain(text), tag),
    }
}

/// A scalar with the tag of another kind than text.
fn tagged(
    scalar: Result<Scalar<'_>, Wrong>,
    tag: Option<Tag>,
) -> Result<Option<Scalar<'_>>, Wrong> {
    let scalar = scalar?;
    let (is, name) = match tag {
        Some(Tag::Null) => (scalar == Scalar::Null, "!!null"),
        Some(Tag::Bool) => (matches!(scalar, Scalar::Bool(_)), "!!bool"),
        Some(Tag::Int) => {
            let whole = |text: &str| !text.contains(['.', 'e', 'E']);
            (
                matches!(&scalar, Scalar::Number(text) if whole(text)),
                "!!int",
            )
        }
        _ => (matches!(scalar, Scalar::Number(_)), "!!float"),
    };
    if is {
        return Ok(Some(scalar));
    }
    Err(Wrong {
        message: format!("what has the tag `{name}` is not one"),
        hint: Some("leave the tag out, and put a text in quotes".into()),
    })
}

/// A scalar without quotes.
fn plain(text: &str) -> Result<Scalar<'_>, Wrong> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Scalar::Null),
        "true" | "True" | "TRUE" => return Ok(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Scalar::Bool(false)),
        _ => {}
    }
    let begins = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.');
    if text.as_bytes().first().is_some_and(begins)
        && let Some(number) = numbers::read(text)?
    {
        return Ok(Scalar::Number(number));
    }
    Ok(Scalar::Text(text))
}

/// Does a text without quotes mean itself?
pub(in crate::source) fn is_text(text: &str) -> bool {
    characters::check_plain(text).is_ok() && plain(text) == Ok(Scalar::Text(text))
}
