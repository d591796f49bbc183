//! The judge from outside: serde_yaml reads both texts too, where it can, and must see the same change. Pure.
//!
//! It keeps numbers in 64 or 128 bits, so they are compared as it reads them, on both sides. What a key without quotes is
//! to it (`1e5`, `null`) is no name: such keys are taken from our own reader, by their place.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::source::yaml::Value;

/// Stands before what is no text to it, but a key.
const NO_TEXT: char = '\0';

/// A text, and what our own reader reads in it.
#[derive(Clone, Copy)]
pub(super) struct Side<'s>(pub(super) &'s str, pub(super) &'s Value);

/// Are they the same, in whichever order their keys stand?
pub(super) fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Mapping(one), Value::Mapping(others)) => {
            let found = |(place, (key, value)): (usize, &(String, Value))| {
                // Most stand where they stood: a file may have very many.
                let is = |pair: &&(String, Value)| pair.0 == *key;
                let other = others.get(place).filter(is);
                let other = other.or_else(|| others.iter().find(is));
                other.is_some_and(|(_, other)| same(value, other))
            };
            one.len() == others.len() && one.iter().enumerate().all(found)
        }
        (Value::Sequence(one), Value::Sequence(others)) => {
            let all = one.iter().zip(others).all(|(one, other)| same(one, other));
            one.len() == others.len() && all
        }
        _ => one == other,
    }
}

/// Does serde_yaml see in the text after what was meant of the one before? What it can't read before, it can't judge.
pub(super) fn agrees(
    before: Side<'_>,
    after: Side<'_>,
    meant: impl Fn(&mut Value) -> Option<()>,
) -> bool {
    let Some(mut expected) = seen(before) else {
        return true;
    };
    if meant(&mut expected).is_none() {
        return false;
    }
    let expected = rounded(expected);
    seen(after).is_some_and(|after| same(&after, &expected))
}

/// Does serde_yaml see the same in both, once `form` has brought each into one form?
pub(super) fn agrees_on_form(before: Side<'_>, after: Side<'_>, form: impl Fn(&mut Value)) -> bool {
    let Some(mut was) = seen(before) else {
        return true;
    };
    let Some(mut is) = seen(after) else {
        return false;
    };
    form(&mut was);
    form(&mut is);
    was == is
}

/// What serde_yaml reads. A last line without its end is read as if it had one, as by our own reader.
fn seen(Side(text, ours): Side<'_>) -> Option<Value> {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    let text = format!("{text}{end}");
    let mut documents = Vec::new();
    for document in serde_yaml::Deserializer::from_str(&text) {
        documents.push(Seen::deserialize(document).ok()?.0);
    }
    // One without anything counts for nothing.
    documents.retain(|document| *document != Value::Null);
    let mut seen = documents.pop().filter(|_| documents.is_empty())?;
    name(&mut seen, ours);
    Some(seen)
}

/// Gives keys that are no text to serde_yaml the names that they have in our own reader.
fn name(seen: &mut Value, ours: &Value) {
    match (seen, ours) {
        (Value::Mapping(seen), Value::Mapping(ours)) if seen.len() == ours.len() => {
            for ((key, value), (named, own)) in seen.iter_mut().zip(ours) {
                if key.starts_with(NO_TEXT) {
                    key.clone_from(named);
                }
                name(value, own);
            }
        }
        (Value::Sequence(seen), Value::Sequence(ours)) => {
            for (seen, ours) in seen.iter_mut().zip(ours) {
                name(seen, ours);
            }
        }
        _ => {}
    }
}

/// The same with each number as serde_yaml reads it.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(digits) => match serde_yaml::from_str(&digits) {
            Ok(Seen(number @ Value::Number(_))) => number,
            _ => Value::Number(digits),
        },
        Value::Sequence(items) => Value::Sequence(items.into_iter().map(rounded).collect()),
        Value::Mapping(pairs) => {
            let pairs = pairs.into_iter();
            Value::Mapping(pairs.map(|(key, value)| (key, rounded(value))).collect())
        }
        other => other,
    }
}

/// A value as serde_yaml reads it, in its order, with all keys.
struct Seen(Value);

impl<'de> Deserialize<'de> for Seen {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reading).map(Self)
    }
}

/// Takes whatever there is but a tag that serde_yaml does not know.
struct Reading;

impl<'de> Visitor<'de> for Reading {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_i128<E: Error>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Number(format!("{number:?}")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Seen(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Sequence(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some((Seen(key), Seen(value))) = pairs.next_entry()? {
            let key = match key {
                Value::Text(text) => text,
                other => format!("{NO_TEXT}{other}"),
            };
            all.push((key, value));
        }
        Ok(Value::Mapping(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::yaml;

    fn ours(text: &str) -> Value {
        let document = yaml::read(text, false).unwrap().unwrap();
        Value::of(document.root()).unwrap()
    }

    fn judged(before: &str, after: &str, key: &str, value: &str) -> bool {
        let value = Value::Number(value.into());
        let (was, is) = (ours(before), ours(after));
        agrees(Side(before, &was), Side(after, &is), |root| {
            *root.get_mut(key)? = value.clone();
            Some(())
        })
    }

    #[test]
    fn numbers_are_compared_as_they_are_read() {
        for digits in [
            "1.0",
            "1e3",
            "-0",
            "1.10",
            "6.02214076e23",
            "9999999999999.99999",
            "18446744073709551616",
            "123456789012345678901234567890123456789012345678901234567890",
        ] {
            let after = format!("a: {digits}\nb: 2\n");
            assert!(judged("a: 1\nb: 2\n", &after, "a", digits), "{digits}");
            assert!(!judged("a: 1\nb: 2\n", &after, "a", "7"), "{digits}");
            let other = format!("a: {digits}\nb: 3\n");
            assert!(!judged("a: 1\nb: 2\n", &other, "a", digits), "{digits}");
        }
    }

    #[test]
    fn keys_that_are_no_text_are_judged_too() {
        let before = "1e5: 1\n10e4: 1\nnull: 1\n1001: 1\n";
        let after = before.replace("10e4: 1", "10e4: 2");
        assert!(judged(before, &after, "10e4", "2"));
        assert!(!judged(before, &after, "1e5", "2"));
        assert!(!judged(
            before,
            &after.replace("1001: 1", "1001: 3"),
            "10e4",
            "2"
        ));
    }

    #[test]
    fn a_last_line_without_its_end_and_a_document_without_anything() {
        assert!(judged("a: 1\nb: |\n  x", "a: 2\nb: |\n  x\n", "a", "2"));
        assert!(judged("a: 1\n---\n", "a: 2\n---\n", "a", "2"));
        assert!(!judged("a: 1\n---\n", "a: 3\n---\n", "a", "2"));
    }
}
