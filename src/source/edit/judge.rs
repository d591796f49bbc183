//! The judge from outside: serde_yaml reads both texts too, where it can, and must see the same change. Pure.

use serde_yaml::Value as Yaml;

use crate::source::yaml::Value;

/// Are they the same, in whichever order their keys stand?
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Mapping(one), Value::Mapping(others)) => {
            let found = |(key, value): &(String, Value)| {
                let other = others.iter().find(|(known, _)| known == key);
                other.is_some_and(|(_, other)| same(value, other))
            };
            one.len() == others.len() && one.iter().all(found)
        }
        (Value::Sequence(one), Value::Sequence(others)) => {
            let all = one.iter().zip(others).all(|(one, other)| same(one, other));
            one.len() == others.len() && all
        }
        _ => one == other,
    }
}

/// Does serde_yaml see in the text after what was meant of the one before? It reads YAML 1.1 in parts, and numbers of 64
/// bits: what it can't read before, it can't judge.
pub(super) fn agrees(
    (before, after): (&str, &str),
    meant: &impl Fn(&mut Value) -> Option<()>,
) -> bool {
    let Some(mut expected) = value(before) else {
        return true;
    };
    if meant(&mut expected).is_none() {
        return true;
    }
    value(after).is_some_and(|after| same(&after, &expected))
}

fn value(text: &str) -> Option<Value> {
    of(&serde_yaml::from_str(text).ok()?)
}

fn of(value: &Yaml) -> Option<Value> {
    Some(match value {
        Yaml::Null => Value::Null,
        Yaml::Bool(truth) => Value::Bool(*truth),
        Yaml::Number(number) => Value::Number(number.to_string()),
        Yaml::String(text) => Value::Text(text.clone()),
        Yaml::Sequence(items) => Value::Sequence(items.iter().map(of).collect::<Option<_>>()?),
        Yaml::Mapping(pairs) => {
            let pair = |(key, value): (&Yaml, &Yaml)| Some((key.as_str()?.to_owned(), of(value)?));
            Value::Mapping(pairs.iter().map(pair).collect::<Option<_>>()?)
        }
        Yaml::Tagged(_) => return None,
    })
}
