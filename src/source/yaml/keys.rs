//! Keys of mappings: texts, each once. Pure.

use std::collections::HashMap;

use super::{Kind, Node, Scalar, resolve};
use crate::source::time::Wrong;

/// A mapping with at least so many keys is not searched from end to end for each.
const MANY: usize = 16;

/// Tells of what is wrong with the keys of a mapping, whatever it is for: where, what, and what to write.
pub(super) fn faults(
    mapping: Node<'_>,
    mut tell: impl FnMut(Node<'_>, &dyn Fn() -> (String, &'static str)),
) {
    let (mut few, mut count) = ([""; MANY], 0);
    let mut many: HashMap<&str, Node<'_>> = HashMap::new();
    for (key, _) in mapping.pairs() {
        if mapping.is_block() && stands_behind_a_tab(key) {
            let message = "not YAML: a tab stands where spaces are meant";
            tell(key, &|| (message.into(), "indent with spaces"));
        }
        if key.tag().is_some()
            && let Err(wrong) = resolve(&key.resolved())
        {
            let hint = "leave the tag out";
            tell(key, &|| (wrong.message.clone(), hint));
        }
        let Some(text) = key.spelled() else {
            let hint = "write the key as text, in quotes if need be";
            tell(key, &|| ("a key is a plain text here".into(), hint));
            continue;
        };
        let first = if count < MANY {
            let same = few[..count].contains(&text);
            few[count] = text;
            count += 1;
            same.then(|| mapping.find(text))
                .flatten()
                .map(|(key, _)| key)
        } else {
            if many.is_empty() {
                let texts = mapping
                    .pairs()
                    .filter_map(|(key, _)| Some((key.spelled()?, key)));
                many.extend(texts.take(MANY));
            }
            many.insert(text, key)
        };
        if let Some(first) = first {
            let line = first.line();
            let message =
                || format!("this key stands here a second time; the first is on line {line}");
            tell(key, &|| (message(), "keep one of the two"));
        }
    }
}

/// Is there a tab among the blanks that its line begins with?
fn stands_behind_a_tab(key: Node<'_>) -> bool {
    let before = &key.document.text.as_bytes()[..key.start()];
    let blanks = before
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b' ' | b'\t'));
    let (mut count, mut tabs) = (0, false);
    for blank in blanks {
        count += 1;
        tabs |= *blank == b'\t';
    }
    let begins = before.len() == count || matches!(before[before.len() - count - 1], b'\n' | b'\r');
    tabs && begins
}

/// The text that a key of a payload is in JSON.
pub(in crate::source) fn of_payload<'d>(key: &Node<'d>) -> Result<&'d str, Wrong> {
    let key = key.resolved();
    let wrong = |message: &str, hint: String| Wrong {
        message: message.into(),
        hint: Some(hint),
    };
    // Of another kind, which the reader has told already.
    let (Some(scalar), Kind::Scalar(spelled, style)) = (resolve(&key)?, key.kind()) else {
        return Ok("");
    };
    let spelled: &'d str = spelled;
    match scalar {
        Scalar::Text("<<") if *style == super::Style::Plain && key.tag().is_none() => Err(wrong(
            "merge keys (`<<`) are not read inside a payload",
            "write the keys out, or `\"<<\"` if the key is meant".into(),
        )),
        Scalar::Text(text) => Ok(text),
        // PHP's and Java's writers write maps by number so.
        Scalar::Number(number)
            if number == spelled && !number.contains(['.', 'e', 'E']) && number != "-0" =>
        {
            Ok(spelled)
        }
        Scalar::Number(number) => {
            let short = |text: &str| text.chars().take(40).collect::<String>();
            let other = if number == spelled {
                String::new()
            } else {
                format!(", or `{}`", short(&number))
            };
            Err(wrong(
                &format!(
                    "the key `{}` is a number that JSON has no key for",
                    short(spelled)
                ),
                format!("write `\"{}\"`{other}", short(spelled)),
            ))
        }
        Scalar::Null if spelled.is_empty() => Err(wrong(
            "a key without a text",
            "write `\"\"` if it is meant".into(),
        )),
        Scalar::Null | Scalar::Bool(_) => Err(wrong(
            &format!("the key `{spelled}` is not a text"),
            format!("write `\"{spelled}\"`"),
        )),
    }
}
