//! What an entry may run, by name or ARN: functions and state machines. Pure.

use crate::source::patterns::Patterns;
use crate::source::time::Wrong;

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
