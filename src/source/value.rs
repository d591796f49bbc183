//! Values and their places, side by side: serde_yaml says what a value is, the tree says where it stands. Pure.

use serde_json::{Map, Number, Value as Json};
use serde_yaml::Value as Yaml;

use crate::source::patterns::Patterns;
use crate::source::time::Wrong;
use crate::source::time::written::{self, Mistake};
use crate::source::tree::{Kind, Node, Place};

/// A value and its place. Below an alias, every place is the alias's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) node: &'a Node,
    pub(super) value: &'a Yaml,
}

/// A key of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Key<'a> {
    pub(super) text: &'a str,
    pub(super) place: Place,
}

/// The keys and values of one mapping.
#[derive(Debug)]
pub(super) struct Fields<'a>(pub(super) Vec<(Key<'a>, Field<'a>)>);

impl<'a> Fields<'a> {
    /// The value of a key, if it is there.
    pub(super) fn get(&self, key: &str) -> Option<Field<'a>> {
        self.0
            .iter()
            .find(|(known, _)| known.text == key)
            .map(|(_, field)| *field)
    }
}

/// A mapping's keys and values; `None`: this is no mapping. A key that is no string has its spelling as text.
pub(super) fn pairs<'a>(node: &'a Node, value: &'a Yaml) -> Option<Vec<(Key<'a>, Field<'a>)>> {
    let mapping = value.as_mapping()?;
    let places = match &node.kind {
        Kind::Mapping(places) if places.len() == mapping.len() => Some(places),
        Kind::Alias => None,
        _ => return None,
    };
    let pair = |(n, (key, value)): (usize, (&'a Yaml, &'a Yaml))| {
        let (key_node, value_node) =
            places.map_or((node, node), |places| (&places[n].0, &places[n].1));
        let text = match (key, &key_node.kind) {
            (Yaml::String(text), _) | (_, Kind::Scalar(text)) => text.as_str(),
            _ => "",
        };
        (
            Key {
                text,
                place: key_node.place,
            },
            Field {
                node: value_node,
                value,
            },
        )
    };
    Some(mapping.iter().enumerate().map(pair).collect())
}

fn wrong(place: Place, message: &str, hint: &str) -> (Place, Wrong) {
    (
        place,
        Wrong {
            message: message.to_owned(),
            hint: Some(hint.to_owned()),
        },
    )
}

/// The value as JSON, for a payload or an input. Messages never say what it is.
pub(super) fn json(node: &Node, value: &Yaml) -> Result<Json, (Place, Wrong)> {
    let item = |n: usize| match &node.kind {
        Kind::Sequence(items) => items.get(n).unwrap_or(node),
        _ => node,
    };
    match value {
        Yaml::Null => Ok(Json::Null),
        Yaml::Bool(truth) => Ok(Json::Bool(*truth)),
        Yaml::String(text) => Ok(Json::String(text.clone())),
        Yaml::Number(number) => number_json(number).ok_or_else(|| {
            wrong(
                node.place,
                if number.as_f64().is_some_and(f64::is_finite) {
                    "this number is too large to be kept exactly"
                } else {
                    "this number has no form in JSON"
                },
                "put it in quotes if a text will do",
            )
        }),
        Yaml::Sequence(items) => {
            let items = items
                .iter()
                .enumerate()
                .map(|(n, value)| json(item(n), value));
            items.collect::<Result<_, _>>().map(Json::Array)
        }
        Yaml::Mapping(mapping) => {
            let fields = pairs(node, value).unwrap_or_default();
            let mut object = Map::new();
            for ((key, field), given) in fields.iter().zip(mapping.keys()) {
                if !given.is_string() {
                    return Err(wrong(
                        key.place,
                        "a key of JSON is a text",
                        "put the key in quotes",
                    ));
                }
                object.insert(key.text.to_owned(), json(field.node, field.value)?);
            }
            if object.len() == mapping.len() {
                Ok(Json::Object(object))
            } else {
                Err(wrong(
                    node.place,
                    "this mapping can't be read for sure",
                    "write it out without anchors",
                ))
            }
        }
        Yaml::Tagged(_) => Err(wrong(
            node.place,
            "YAML tags (`!…`) have no form in JSON",
            "leave the tag out",
        )),
    }
}

/// What to write for a time that YAML takes for a number: a count since 1970. `None`: it is nothing like a time.
pub(super) fn epoch(field: Field<'_>) -> Option<Wrong> {
    let text = match (field.value, &field.node.kind) {
        (Yaml::Number(_), Kind::Scalar(text)) => text.clone(),
        (Yaml::Number(number), _) => number.to_string(),
        _ => return None,
    };
    let refused = written::read(&text).err()?;
    (refused.kind != Mistake::NotATime).then(|| refused.into())
}

fn number_json(number: &serde_yaml::Number) -> Option<Json> {
    if let Some(number) = number.as_i64() {
        return Some(number.into());
    }
    if let Some(number) = number.as_u64() {
        return Some(number.into());
    }
    // A whole number too large for 64 bits would be rounded without a word.
    let float = number.as_f64()?;
    let exact = float.abs() < 9_007_199_254_740_992.0 || float.fract() != 0.0;
    exact.then(|| Number::from_f64(float).map(Json::Number))?
}

fn name_like(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn allowed<'a>(text: &'a str, allow: &Patterns, key: &str) -> Result<&'a str, Wrong> {
    if allow.is_match(text) {
        return Ok(text);
    }
    let hint = format!("add a pattern to `allow.{key}` in the configuration, if it should be");
    Err(Wrong {
        message: format!("`{text}` is not among what the configuration allows"),
        hint: Some(hint),
    })
}

/// A function's name, partial ARN or ARN, each with a qualifier or without
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>, `FunctionName`).
pub(super) fn lambda<'a>(text: &'a str, allow: &Patterns) -> Result<&'a str, Wrong> {
    let parts: Vec<&str> = text.split(':').collect();
    let account = |part: &str| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit());
    let function = |parts: &[&str]| match parts {
        [name] => name_like(name, 64),
        [name, qualifier] => {
            name_like(name, 64) && (*qualifier == "$LATEST" || name_like(qualifier, 128))
        }
        _ => false,
    };
    let good = match parts.as_slice() {
        [
            "arn",
            partition,
            "lambda",
            region,
            id,
            "function",
            rest @ ..,
        ] => partition.starts_with("aws") && name_like(region, 32) && account(id) && function(rest),
        [id, "function", rest @ ..] => account(id) && function(rest),
        rest => function(rest),
    };
    if good {
        return allowed(text, allow, "lambdas");
    }
    let hint = "write a name such as `send-email`, with `:alias` if need be, or the function's ARN";
    Err(Wrong {
        message: format!("`{text}` is not a function's name or ARN"),
        hint: Some(hint.into()),
    })
}

/// The ARN of a state machine, of a version or an alias of one.
pub(crate) fn machine<'a>(text: &'a str, allow: &Patterns) -> Result<&'a str, Wrong> {
    let parts: Vec<&str> = text.split(':').collect();
    let good = match parts.as_slice() {
        [
            "arn",
            partition,
            "states",
            region,
            account,
            "stateMachine",
            name,
            rest @ ..,
        ] => {
            partition.starts_with("aws")
                && name_like(region, 32)
                && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit())
                && name_like(&name.replace('.', "_"), 80)
                && rest.len() <= 1
                && rest.iter().all(|qualifier| name_like(qualifier, 80))
        }
        _ => false,
    };
    if good {
        return allowed(text, allow, "state_machines");
    }
    let hint = "write it as `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`";
    Err(Wrong {
        message: format!("`{text}` is not the ARN of a state machine"),
        hint: Some(hint.into()),
    })
}
