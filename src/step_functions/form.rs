//! What a state machine does with an execution of ours, as far as its definition tells. Pure: knows no call.

use serde_json::{Map, Value};

use super::definition::TIME_PATH;

/// What every execution's input has, and a machine that waits reads.
const TIME: &str = "invocationTime";

/// What a definition does with an execution of ours, as far as it can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// It waits for its time, and invokes the function that the input names.
    Any,
    /// It waits for its time, and invokes always this function; `whole`: with the whole input, not its `payload`.
    One {
        /// The function's ARN or name.
        function: String,
        /// Does the function get the whole input?
        whole: bool,
    },
    /// Its input's time is read somewhere: a machine of the user's.
    Other,
}

/// A definition that could be read.
#[derive(Debug, Clone)]
pub struct Readable(Value);

impl Readable {
    /// `None`: it is no JSON, or was not to be had.
    pub fn new(definition: &str) -> Option<Self> {
        let definition: Value = serde_json::from_str(definition).ok()?;
        definition.get("States")?.as_object()?;
        Some(Self(definition))
    }

    /// What it does; `None`: no state of it reads the input's time, so it would run at once.
    pub fn form(&self) -> Option<Form> {
        let waits = reads_time(&self.0["States"]);
        waits.then(|| of_two_states(&self.0).unwrap_or(Form::Other))
    }

    /// The first ARN, of an integration or a function that a state always uses, that is of another partition than this.
    pub fn foreign(&self, partition: &str) -> Option<&str> {
        let arns = states(&self.0).into_iter().flat_map(used_by);
        let mut foreign = arns.filter(|arn| {
            let of = arn
                .strip_prefix("arn:")
                .and_then(|arn| arn.split(':').next());
            of.is_some_and(|of| of != partition)
        });
        foreign.next()
    }
}

/// All states, also those within others.
fn states(definition: &Value) -> Vec<&Value> {
    let (mut all, mut machines) = (Vec::new(), vec![definition]);
    while let Some(machine) = machines.pop() {
        let own = machine["States"].as_object().into_iter();
        for state in own.flat_map(Map::values) {
            all.push(state);
            machines.extend(state["Branches"].as_array().into_iter().flatten());
            machines.extend([&state["Iterator"], &state["ItemProcessor"]]);
        }
    }
    all
}

/// The resources that a state names, and the function.
fn used_by(state: &Value) -> impl Iterator<Item = &str> {
    let used = [
        &state["Resource"],
        &state["ItemReader"]["Resource"],
        &state["ResultWriter"]["Resource"],
        &state["Parameters"]["FunctionName"],
        &state["Arguments"]["FunctionName"],
    ];
    used.into_iter().filter_map(Value::as_str)
}

/// Does something that is evaluated name the input's time? Literal text, such as a comment, is not.
fn reads_time(value: &Value) -> bool {
    match value {
        Value::String(text) => {
            // A path, an intrinsic function, or JSONata.
            let is_evaluated = ["$", "States.", "{%"].iter().any(|s| text.starts_with(s));
            is_evaluated && text.contains(TIME)
        }
        Value::Array(all) => all.iter().any(reads_time),
        Value::Object(all) => {
            let mut others = all.iter().filter(|(key, _)| *key != "Comment");
            others.any(|(_, value)| reads_time(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Is this JSONata that names just this of the state's input?
fn is_of_input(value: &Value, name: &str) -> bool {
    let text = value.as_str().unwrap_or_default();
    let within = text
        .strip_prefix("{%")
        .and_then(|text| text.strip_suffix("%}"));
    let path = within.and_then(|within| within.trim().strip_prefix("$states.input."));
    path == Some(name)
}

/// A wait for the input's time, and then the invocation of a function.
fn of_two_states(definition: &Value) -> Option<Form> {
    let states = definition.get("States")?;
    let wait = states.get(definition.get("StartAt")?.as_str()?)?;
    let passes_on = wait.get("Output").is_none();
    let waits =
        wait["TimestampPath"] == TIME_PATH || is_of_input(&wait["Timestamp"], TIME) && passes_on;
    if wait["Type"] != "Wait" || !waits {
        return None;
    }
    let task = states.get(wait.get("Next")?.as_str()?)?;
    let resource = task.get("Resource")?.as_str()?;
    if resource.contains(":lambda:") && resource.contains(":function:") {
        let own = ["Parameters", "InputPath", "Arguments"];
        return Some(Form::One {
            function: resource.to_owned(),
            whole: own.iter().all(|key| task.get(key).is_none()),
        });
    }
    if !resource.ends_with(":states:::lambda:invoke") {
        return None;
    }
    let given = task.get("Parameters").or_else(|| task.get("Arguments"))?;
    if let Some(function) = given.get("FunctionName").and_then(Value::as_str)
        && !function.starts_with("{%")
    {
        return Some(Form::One {
            function: function.to_owned(),
            whole: false,
        });
    }
    let by_path = given["FunctionName.$"] == "$.functionName" && given["Payload.$"] == "$.payload";
    let by_jsonata = is_of_input(&given["FunctionName"], "functionName")
        && is_of_input(&given["Payload"], "payload");
    (by_path || by_jsonata).then_some(Form::Any)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step_functions::definition::tests::{FUNCTION, all};

    fn form(definition: &str) -> Option<Form> {
        let readable = Readable::new(definition).expect("a definition");
        readable.form()
    }

    #[test]
    fn what_is_bundled_is_recognised() {
        let one = || Form::One {
            function: FUNCTION.into(),
            whole: true,
        };
        let forms = [Form::Any, Form::Any, one(), one()];
        for (definition, expected) in all().iter().zip(forms) {
            assert_eq!(form(&definition.text()), Some(expected));
        }
    }

    #[test]
    fn the_form_made_by_hand_is_recognised() {
        let by_hand = format!(
            r#"{{"StartAt": "CountDownTimer", "States": {{
                "CountDownTimer": {{"Type": "Wait", "TimestampPath": "$.invocationTime", "Next": "InvokeLambda"}},
                "InvokeLambda": {{"Type": "Task", "Resource": "{FUNCTION}", "End": true}}}}}}"#
        );
        let (function, whole) = (FUNCTION.to_owned(), true);
        assert_eq!(form(&by_hand), Some(Form::One { function, whole }));
    }

    /// A machine in JSONata, by what its Wait and its Task have beside the rest.
    fn jsonata(wait: &str, function: &str, payload: &str) -> String {
        format!(
            r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{
                "A": {{"Type": "Wait", {wait}, "Next": "B"}},
                "B": {{"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                    "Arguments": {{"FunctionName": "{function}", "Payload": "{payload}"}}, "End": true}}}}}}"#
        )
    }

    #[test]
    fn the_same_in_jsonata_is_recognised() {
        let wait = r#""Timestamp": "{% $states.input.invocationTime %}""#;
        let (function, payload) = (
            "{% $states.input.functionName %}",
            "{%$states.input.payload%}",
        );
        assert_eq!(form(&jsonata(wait, function, payload)), Some(Form::Any));
        let one = Form::One {
            function: FUNCTION.into(),
            whole: false,
        };
        assert_eq!(form(&jsonata(wait, FUNCTION, payload)), Some(one));
        let otherwise = r#""Timestamp": "{% $states.input.invocationTime %}", "Output": "{% 1 %}""#;
        for (wait, function, payload) in [
            (wait, "{% $states.input.payload.f %}", payload),
            (wait, function, "{% $states.input %}"),
            (otherwise, function, payload),
            (
                r#""Timestamp": "{% $fromMillis($toMillis($states.input.invocationTime)) %}""#,
                function,
                payload,
            ),
        ] {
            let definition = jsonata(wait, function, payload);
            assert_eq!(form(&definition), Some(Form::Other), "{definition}");
        }
    }

    #[test]
    fn what_does_not_wait_is_told() {
        let at_once = [
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#,
            // What is said of it is not what it does.
            r#"{"Comment":"waits for $.invocationTime","StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#,
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Comment":"$.invocationTime","End":true}}}"#,
            r#"{"StartAt":"invocationTime","States":{"invocationTime":{"Type":"Pass","Result":"invocationTime","End":true}}}"#,
        ];
        for definition in at_once {
            assert_eq!(form(definition), None, "{definition}");
        }
        let other = [
            r#"{"StartAt":"A","States":{"A":{"Type":"Wait","TimestampPath":"$.invocationTime","Next":"B"},"B":{"Type":"Pass","End":true}}}"#,
            r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{"t.$":"States.Format('{}', $.invocationTime)"},"End":true}}}"#,
            r#"{"StartAt":"A","States":{"A":{"Type":"Parallel","Branches":[{"StartAt":"B","States":{"B":{"Type":"Wait","TimestampPath":"$$.Execution.Input.invocationTime","End":true}}}],"End":true}}}"#,
        ];
        for definition in other {
            assert_eq!(form(definition), Some(Form::Other), "{definition}");
        }
        assert!(Readable::new("no JSON").is_none());
    }

    #[test]
    fn what_is_of_another_partition_is_found_wherever_it_is() {
        let task =
            |resource: &str| format!(r#"{{"Type":"Task","Resource":"{resource}","End":true}}"#);
        let within = |states: &str| format!(r#"{{"StartAt":"A","States":{{"A":{states}}}}}"#);
        let of = "arn:aws:states:::lambda:invoke";
        let inner = within(&task(of));
        let all = [
            inner.clone(),
            within(&format!(
                r#"{{"Type":"Parallel","Branches":[{inner}],"End":true}}"#
            )),
            within(&format!(
                r#"{{"Type":"Map","ItemProcessor":{inner},"End":true}}"#
            )),
            within(&format!(
                r#"{{"Type":"Map","Iterator":{inner},"End":true}}"#
            )),
            within(&format!(
                r#"{{"Type":"Map","ItemReader":{{"Resource":"{of}"}},"End":true}}"#
            )),
            jsonata(r#""Seconds": 1"#, of, "x"),
        ];
        for definition in all {
            let readable = Readable::new(&definition).expect("a definition");
            assert_eq!(readable.foreign("aws"), None, "{definition}");
            assert_eq!(readable.foreign("aws-eusc"), Some(of), "{definition}");
        }
        let others = within(r#"{"Type":"Pass","Result":"arn:aws:states:::x","End":true}"#);
        assert_eq!(
            Readable::new(&others)
                .expect("a definition")
                .foreign("aws-cn"),
            None
        );
    }
}
