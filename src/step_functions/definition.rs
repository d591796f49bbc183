//! The state machine that lambdas run through, as a definition in the Amazon States Language. Pure: knows no call.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The version of what is bundled. A change of the definition raises it.
pub const VERSION: &str = "1";
/// What every execution's input has, and the machine's wait reads.
pub const TIME_PATH: &str = "$.invocationTime";

/// A Lambda invocation ends within 15 minutes; a minute more is for the way
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
const TASK_SECONDS: u32 = 960;

/// What of the bundled definition can be chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// The partition of the state machine. The integrations of another one are not known there: each invocation would fail.
    pub partition: String,
    /// The queue's URL to which invocations go that failed for good.
    pub dead_letter_queue: Option<String>,
    /// The one function that is always invoked, with the execution's whole input, by the Task's `Resource`: the form
    /// that such machines had before the integration with parameters.
    pub legacy_lambda: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Machine {
    comment: &'static str,
    start_at: &'static str,
    states: States,
}

/// In the order in which they are printed.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct States {
    count_down_timer: Wait,
    invoke_lambda: Task,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_dead_letter_queue: Option<Task>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<Fail>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Wait {
    r#type: &'static str,
    timestamp_path: &'static str,
    next: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Task {
    r#type: &'static str,
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Parameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout_seconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_path: Option<&'static str>,
    retry: Vec<Retry>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    catch: Vec<Catch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<bool>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Parameters {
    Invoke {
        #[serde(rename = "FunctionName.$")]
        function_name: &'static str,
        #[serde(rename = "Payload.$")]
        payload: &'static str,
    },
    Send {
        #[serde(rename = "QueueUrl")]
        queue_url: String,
        #[serde(rename = "MessageBody")]
        message_body: DeadLetter,
    },
}

/// What is sent of an invocation that failed: enough to know it and to do it again.
#[derive(Serialize)]
struct DeadLetter {
    #[serde(rename = "execution.$")]
    execution: &'static str,
    #[serde(rename = "input.$")]
    input: &'static str,
    #[serde(rename = "error.$")]
    error: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Retry {
    error_equals: Vec<&'static str>,
    interval_seconds: u32,
    max_attempts: u32,
    backoff_rate: u32,
    jitter_strategy: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Catch {
    error_equals: Vec<&'static str>,
    result_path: &'static str,
    next: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Fail {
    r#type: &'static str,
    error_path: &'static str,
    cause_path: &'static str,
}

fn again(error_equals: Vec<&'static str>) -> Vec<Retry> {
    vec![Retry {
        error_equals,
        interval_seconds: 2,
        max_attempts: 6,
        backoff_rate: 2,
        jitter_strategy: "FULL",
    }]
}

fn caught(errors: &[&'static str], result_path: &'static str, next: &'static str) -> Vec<Catch> {
    let each = errors.iter().map(|error| Catch {
        error_equals: vec![error],
        result_path,
        next,
    });
    each.collect()
}

impl Definition {
    /// The definition's text, for people and for AWS.
    #[expect(clippy::missing_panics_doc, reason = "strings and numbers are JSON")]
    pub fn text(&self) -> String {
        serde_json::to_string_pretty(&self.machine()).expect("strings and numbers")
    }

    fn integration(&self, with: &str) -> String {
        format!("arn:{}:states:::{with}", self.partition)
    }

    fn machine(&self) -> Machine {
        let comment = if self.legacy_lambda.is_some() {
            "Waits until invocationTime, then invokes one Lambda function with the whole input. Used by onced."
        } else {
            "Waits until invocationTime, then invokes the Lambda function functionName with payload. Used by onced."
        };
        let has_queue = self.dead_letter_queue.is_some();
        // `States.ALL` leaves out a result that is too large
        // (<https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>).
        let every: &[&'static str] = if has_queue {
            &["States.DataLimitExceeded", "States.ALL"]
        } else {
            &[]
        };
        Machine {
            comment,
            start_at: "CountDownTimer",
            states: States {
                count_down_timer: Wait {
                    r#type: "Wait",
                    timestamp_path: TIME_PATH,
                    next: "InvokeLambda",
                },
                invoke_lambda: Task {
                    r#type: "Task",
                    resource: self
                        .legacy_lambda
                        .clone()
                        .unwrap_or_else(|| self.integration("lambda:invoke")),
                    parameters: self.legacy_lambda.is_none().then_some(Parameters::Invoke {
                        function_name: "$.functionName",
                        payload: "$.payload",
                    }),
                    timeout_seconds: Some(TASK_SECONDS),
                    result_path: None,
                    // What AWS documents as passing, and a function that is asked for too often
                    // (<https://docs.aws.amazon.com/step-functions/latest/dg/sfn-best-practices.html>).
                    retry: again(vec![
                        "Lambda.ClientExecutionTimeoutException",
                        "Lambda.ServiceException",
                        "Lambda.AWSLambdaException",
                        "Lambda.SdkClientException",
                        "Lambda.TooManyRequestsException",
                    ]),
                    catch: caught(every, "$.error", "ToDeadLetterQueue"),
                    next: None,
                    end: Some(true),
                },
                to_dead_letter_queue: self.dead_letter_queue.clone().map(|queue_url| Task {
                    r#type: "Task",
                    resource: self.integration("sqs:sendMessage"),
                    parameters: Some(Parameters::Send {
                        queue_url,
                        message_body: DeadLetter {
                            execution: "$$.Execution.Id",
                            input: "$$.Execution.Input",
                            error: "$.error",
                        },
                    }),
                    timeout_seconds: Some(60),
                    // What it ended with is said by `Failed`, not by the queue.
                    result_path: Some("$.sent"),
                    retry: again(vec!["States.TaskFailed", "States.Timeout"]),
                    catch: caught(every, "$.unsent", "Failed"),
                    next: Some("Failed"),
                    end: None,
                }),
                failed: has_queue.then_some(Fail {
                    r#type: "Fail",
                    error_path: "$.error.Error",
                    cause_path: "$.error.Cause",
                }),
            },
        }
    }
}

/// Do two definitions say the same? Compared as JSON: order and spaces say nothing.
pub fn same(one: &str, other: &str) -> bool {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || parsed(one).is_some_and(|one| parsed(other) == Some(one))
}

/// What tells whether a definition is still the one that was put there: 16 hex digits, of its JSON.
pub fn digest(text: &str) -> String {
    let canonical =
        serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |v| v.to_string());
    let mut digest = String::new();
    for byte in Sha256::digest(canonical.as_bytes()).iter().take(8) {
        let _ = write!(digest, "{byte:02x}");
    }
    digest
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    const QUEUE: &str = "https://sqs.us-east-1.amazonaws.com/123456789012/dead";
    pub(in super::super) const FUNCTION: &str =
        "arn:aws:lambda:us-east-1:123456789012:function:hello";

    pub(in super::super) fn all() -> [Definition; 4] {
        let queue = || Some(QUEUE.to_owned());
        let legacy = || Some(FUNCTION.to_owned());
        [
            (None, None),
            (queue(), None),
            (None, legacy()),
            (queue(), legacy()),
        ]
        .map(|(dead_letter_queue, legacy_lambda)| Definition {
            partition: "aws".into(),
            dead_letter_queue,
            legacy_lambda,
        })
    }

    #[test]
    fn each_state_leads_to_one_that_is_there_and_none_ends_well_after_an_error() {
        for definition in all() {
            let json: Value = serde_json::from_str(&definition.text()).expect("JSON");
            let states = json["States"].as_object().expect("states");
            assert!(
                json.get("TimeoutSeconds").is_none(),
                "it would count the wait"
            );
            for (name, state) in states {
                let caught = state["Catch"].as_array().into_iter().flatten();
                let leads = caught.map(|c| &c["Next"]).chain(state.get("Next"));
                for next in leads {
                    let next = next.as_str().expect("a name");
                    assert!(states.contains_key(next), "{name} leads to {next}");
                }
                let ends = state.get("End").is_some();
                assert!(!ends || name == "InvokeLambda", "{name} ends well");
            }
        }
    }

    #[test]
    fn order_and_spaces_say_nothing() {
        let (one, other) = (r#"{"a":1,"b":[2]}"#, "{ \"b\": [2],\n\"a\": 1}");
        assert!(same(one, other) && digest(one) == digest(other));
        assert!(!same(one, r#"{"a":1}"#) && digest(one) != digest(r#"{"a":1}"#));
    }
}
