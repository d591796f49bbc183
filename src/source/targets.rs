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
            name_like(name, 64)
                && (matches!(*qualifier, "$LATEST" | "$LATEST.PUBLISHED")
                    || name_like(qualifier, 128))
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

/// The most characters that StartExecution takes as `stateMachineArn`
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
const MAX_ARN: usize = 256;

/// Is this what a state machine may be called
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>, `name`)? Letters of any script may be, and
/// signs such as `+`, `(` and `'`.
fn is_machine_name(name: &str) -> bool {
    let is_refused = |c: char| {
        c.is_whitespace()
            || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c)
            || matches!(c, '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}')
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    (1..=80).contains(&name.chars().count()) && !name.contains(is_refused)
}

/// The number of a version, or what an alias may be called
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachineAlias.html>, `name`): never a number alone.
fn is_qualifier(qualifier: &str) -> bool {
    let is_number = qualifier.bytes().all(|b| b.is_ascii_digit());
    let is_version = is_number && !qualifier.starts_with('0');
    name_like(&qualifier.replace('.', "_"), 80) && (is_version || !is_number)
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
                && is_machine_name(name)
                && rest.len() <= 1
                && rest.iter().all(|qualifier| is_qualifier(qualifier))
                && text.chars().count() <= MAX_ARN
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

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:";

    fn is_taken(name: &str) -> bool {
        machine(&format!("{MACHINE}{name}"), &Patterns::default()).is_ok()
    }

    #[test]
    fn a_state_machine_is_called_what_aws_takes() {
        let long = "ä".repeat(80);
        for good in [
            "M",
            "M:1",
            "M:7",
            "M:1000",
            "M:PROD",
            "M:v1.2",
            "M:.",
            "M:-",
            "M:_1",
            "M:2.0",
            "M:0.1",
            "M.1",
            "a+b",
            "f(x)",
            "me@home",
            "a=b",
            "wow!",
            "it's",
            "Zähler",
            "カウント",
            "🕰",
            &long,
        ] {
            assert!(is_taken(good), "{good}");
        }
        for bad in [
            "",
            "M:",
            "M:0",
            "M:007",
            "M:a:b",
            "M:ä",
            "M:a+b",
            "M:a b",
            "M/label",
            "a b",
            "a\u{a0}b",
            "a<b",
            "a>b",
            "{a}",
            "[a]",
            "a?",
            "a*",
            "a\"b",
            "a#b",
            "a%b",
            "a\\b",
            "a^b",
            "a|b",
            "a~b",
            "a`b",
            "a$b",
            "a&b",
            "a,b",
            "a;b",
            "a\u{7}b",
            "a\u{7f}b",
            "a\u{9f}b",
            "a\u{fffe}b",
            &format!("{long}ä"),
            &format!("M:{}", "a".repeat(81)),
        ] {
            assert!(!is_taken(bad), "{bad}");
        }
        let alias = "b".repeat(80);
        for (more, is_taken) in [(21, true), (22, false)] {
            let (partition, region) = (format!("aws{}", "x".repeat(more)), "r".repeat(32));
            let arn =
                format!("arn:{partition}:states:{region}:123456789012:stateMachine:{long}:{alias}");
            assert_eq!(arn.chars().count() <= MAX_ARN, is_taken);
            assert_eq!(machine(&arn, &Patterns::default()).is_ok(), is_taken);
        }
    }

    #[test]
    fn patterns_are_held_against_any_name() {
        for (pattern, name, expected) in [
            ("*:stateMachine:Zähler*", "Zähler:PROD.1", true),
            ("*:f(x)", "f(x)", true),
            ("*:it's", "it's", true),
            ("*:a+b", "aab", false),
            ("*:{a+b,wow!}", "wow!", true),
        ] {
            let allow = Patterns::parse(vec![pattern.to_owned()]).expect("a pattern");
            let arn = format!("{MACHINE}{name}");
            assert_eq!(machine(&arn, &allow).is_ok(), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_function_may_be_its_published_version() {
        let any = Patterns::default();
        for good in [
            "f:$LATEST",
            "f:$LATEST.PUBLISHED",
            "123456789012:function:f:$LATEST.PUBLISHED",
        ] {
            assert!(lambda(good, &any).is_ok(), "{good}");
        }
        for bad in [
            "f:$LATEST.",
            "f:$LATEST.published",
            "f:LATEST.PUBLISHED",
            "f.PUBLISHED",
        ] {
            assert!(lambda(bad, &any).is_err(), "{bad}");
        }
    }
}
