//! What a field of a state asks for: paths in JSONPath, expressions in JSONata, as far as the bundled definitions go.
//! Anything else is an error that says what the sandbox does not evaluate. Pure.

use serde_json::{Map, Value};

/// In which language a state asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    JsonPath,
    Jsonata,
}

/// Why a field has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// The path leads nowhere; the expression is undefined.
    Nothing(String),
    /// The sandbox does not evaluate this.
    Unknown(String),
}

/// What can be asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) input: &'a Value,
    pub(super) result: Option<&'a Value>,
    pub(super) context: &'a Value,
}

/// `.a.b` in a value: names of letters, digits and `_`, and in JSONata quoted ones.
fn steps<'a>(value: &'a Value, path: &str, whole: &str) -> Result<&'a Value, Failure> {
    let unknown = || Failure::Unknown(whole.to_owned());
    let nothing = || Failure::Nothing(whole.to_owned());
    let (mut value, mut rest) = (value, path);
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').ok_or_else(unknown)?;
        let quote = rest.chars().next().filter(|c| "`\"'".contains(*c));
        let (name, after) = if let Some(quote) = quote {
            rest[1..].split_once(quote).ok_or_else(unknown)?
        } else {
            let named = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
            rest.split_at(rest.find(|c| !named(c)).unwrap_or(rest.len()))
        };
        if name.is_empty() {
            return Err(unknown());
        }
        value = value.get(name).ok_or_else(nothing)?;
        rest = after;
    }
    Ok(value)
}

/// `$`, `$.a.b`, and `$$.a.b` of the context.
pub(super) fn path(path: &str, scope: Scope<'_>) -> Result<Value, Failure> {
    let found = if let Some(rest) = path.strip_prefix("$$") {
        steps(scope.context, rest, path)
    } else if let Some(rest) = path.strip_prefix('$') {
        steps(scope.input, rest, path)
    } else {
        Err(Failure::Unknown(path.to_owned()))
    };
    found.cloned()
}

/// What is between `{%` and `%}`; `None`: the text is no expression.
pub(super) fn expression(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{%")?.strip_suffix("%}")?;
    Some(inner.trim())
}

/// `$states.input.a`, `$states.result.a`, `$states.context.a`, and literals.
fn evaluate(expression: &str, scope: Scope<'_>) -> Result<Value, Failure> {
    let roots = [
        ("$states.input", Some(scope.input)),
        ("$states.result", scope.result),
        ("$states.context", Some(scope.context)),
    ];
    for (name, root) in roots {
        let rest = expression.strip_prefix(name);
        if let Some(rest) = rest.filter(|rest| rest.is_empty() || rest.starts_with('.')) {
            let root = root.ok_or_else(|| Failure::Nothing(expression.to_owned()))?;
            return steps(root, rest, expression).cloned();
        }
    }
    serde_json::from_str(expression).map_err(|_| Failure::Unknown(expression.to_owned()))
}

/// A text that may be an expression.
fn text(text: &str, scope: Scope<'_>) -> Result<Value, Failure> {
    match expression(text) {
        Some(expression) => evaluate(expression, scope),
        None => Ok(Value::String(text.to_owned())),
    }
}

/// A value with everything in it followed: `"a.$": "$.b"` in JSONPath, `"a": "{% … %}"` in JSONata.
pub(super) fn template(
    language: Language,
    value: &Value,
    scope: Scope<'_>,
) -> Result<Value, Failure> {
    match (language, value) {
        (Language::Jsonata, Value::String(given)) => text(given, scope),
        (Language::Jsonata, Value::Array(items)) => {
            let item = |item| template(language, item, scope);
            items
                .iter()
                .map(item)
                .collect::<Result<_, _>>()
                .map(Value::Array)
        }
        (_, Value::Object(fields)) => {
            let field = |(key, value): (&String, &Value)| match (key.strip_suffix(".$"), value) {
                (Some(key), Value::String(asked)) if language == Language::JsonPath => {
                    Ok((key.to_owned(), path(asked, scope)?))
                }
                _ => Ok((key.clone(), template(language, value, scope)?)),
            };
            let fields = fields.iter().map(field).collect::<Result<Map<_, _>, _>>();
            fields.map(Value::Object)
        }
        (_, other) => Ok(other.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(language: Language, value: &Value) -> Result<Value, Failure> {
        let input = json!({"a": {"b c": [1]}, "t": "x"});
        let context = json!({"Execution": {"Name": "n"}});
        let scope = Scope {
            input: &input,
            result: None,
            context: &context,
        };
        template(language, value, scope)
    }

    #[test]
    fn expressions_of_the_bundled_forms_are_evaluated() {
        let ask =
            |text: &str| asked(Language::Jsonata, &json!({"v": text})).map(|v| v["v"].clone());
        for (text, value) in [
            ("{% $states.input %}", json!({"a": {"b c": [1]}, "t": "x"})),
            ("{% $states.input.t %}", json!("x")),
            ("{%$states.input.a.`b c`%}", json!([1])),
            ("{% $states.context.Execution.Name %}", json!("n")),
            ("{% 5 %}", json!(5)),
            ("{% \"x\" %}", json!("x")),
            ("plain", json!("plain")),
            ("$states.input.t", json!("$states.input.t")),
        ] {
            assert_eq!(ask(text), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_not_evaluated_says_so_and_what_is_not_there_is_nothing() {
        let ask = |text: &str| asked(Language::Jsonata, &json!(text));
        for text in [
            "{% $states.input.t & \"x\" %}",
            "{% $now() %}",
            "{% $states.inputs %}",
            "{% $states.input.a[0] %}",
        ] {
            assert!(matches!(ask(text), Err(Failure::Unknown(_))), "{text}");
        }
        for text in ["{% $states.input.none %}", "{% $states.result %}"] {
            assert!(matches!(ask(text), Err(Failure::Nothing(_))), "{text}");
        }
    }

    #[test]
    fn paths_are_followed_in_json_path_alone() {
        let ask = |value| asked(Language::JsonPath, &value);
        assert_eq!(
            ask(json!({"v.$": "$.t", "n.$": "$$.Execution.Name", "w": "{% 1 %}"})),
            Ok(json!({"v": "x", "n": "n", "w": "{% 1 %}"}))
        );
        let bad = ask(json!({"v.$": "States.Format('{}', $.t)"}));
        assert!(matches!(bad, Err(Failure::Unknown(_))));
        let bad = ask(json!({"v.$": "$.none"}));
        assert!(matches!(bad, Err(Failure::Nothing(_))));
        assert_eq!(
            asked(Language::Jsonata, &json!({"v.$": "$.t"})),
            Ok(json!({"v.$": "$.t"}))
        );
    }
}
