//! What is printed for others to create the machine with: policies, a CloudFormation template, a Terraform file. Pure;
//! the definition in them is the one that `onced bootstrap` creates.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::arn::MachineArn;
use crate::step_functions::definition::Definition;

const CLOUDFORMATION: &str = include_str!("cloudformation.yaml");
const TERRAFORM: &str = include_str!("terraform.tf");
/// Where a template has its definition, on a line of its own.
const HOLE: &str = "@definition@";

/// For whom policies are.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The machine.
    pub machine: MachineArn,
    /// Whose executions onced may look at and stop.
    pub owner: String,
    /// The machine's role, where it is known.
    pub role: Option<String>,
    /// Which functions may be invoked: names, ARNs, or patterns of them, as `allow.lambdas` has them.
    pub functions: Vec<String>,
    /// The queue of dead letters, by its URL.
    pub dead_letter_queue: Option<String>,
}

/// A policy document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: &'static str,
    effect: Allow,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Value>,
    action: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

#[derive(Debug, Default, Serialize)]
enum Allow {
    #[default]
    Allow,
}

/// The policies, by who they are for.
#[derive(Debug, Serialize)]
struct Policies {
    /// For who runs `onced run`.
    onced: Policy,
    /// For who runs `onced bootstrap`.
    bootstrap: Policy,
    /// Who may assume the machine's role.
    state_machine_role_trust: Policy,
    /// What the machine's role may do.
    state_machine_role: Policy,
}

fn policy(statement: Vec<Statement>) -> Policy {
    Policy {
        version: "2012-10-17",
        statement,
    }
}

/// The least rights, as one JSON object of four policy documents.
#[expect(clippy::missing_panics_doc, reason = "strings are JSON")]
pub fn iam(scope: &Scope) -> String {
    let machine = scope.machine.to_string();
    let name = &scope.machine.name;
    let account = &scope.machine.place.account;
    let own = format!("execution:{name}:{}-*", scope.owner);
    let role = scope
        .role
        .clone()
        .unwrap_or_else(|| format!("arn:{}:iam::{account}:role/{name}", scope.machine.partition));
    let functions = scope
        .functions
        .iter()
        .flat_map(|pattern| function(scope, pattern));
    let mut of_machine = vec![Statement {
        sid: "Invoke",
        action: vec!["lambda:InvokeFunction"],
        resource: functions.collect(),
        ..Statement::default()
    }];
    if let Some(queue) = &scope.dead_letter_queue {
        let queue = queue.rsplit('/').next().unwrap_or_default();
        of_machine.push(Statement {
            sid: "DeadLetters",
            action: vec!["sqs:SendMessage"],
            resource: vec![scope.machine.beside("sqs", queue)],
            ..Statement::default()
        });
    }
    let policies = Policies {
        onced: policy(vec![
            Statement {
                sid: "StateMachine",
                action: vec![
                    "states:StartExecution",
                    "states:ListExecutions",
                    "states:DescribeStateMachine",
                ],
                resource: vec![machine.clone()],
                ..Statement::default()
            },
            Statement {
                sid: "OwnExecutions",
                action: vec![
                    "states:DescribeExecution",
                    "states:GetExecutionHistory",
                    "states:StopExecution",
                ],
                resource: vec![scope.machine.beside("states", &own)],
                ..Statement::default()
            },
        ]),
        bootstrap: policy(vec![
            Statement {
                sid: "StateMachine",
                action: vec![
                    "states:CreateStateMachine",
                    "states:UpdateStateMachine",
                    "states:DescribeStateMachine",
                    "states:TagResource",
                    "states:ListTagsForResource",
                ],
                resource: vec![machine.clone()],
                ..Statement::default()
            },
            Statement {
                sid: "PassRole",
                action: vec!["iam:PassRole"],
                resource: vec![role],
                condition: Some(
                    json!({"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}}),
                ),
                ..Statement::default()
            },
        ]),
        state_machine_role_trust: policy(vec![Statement {
            sid: "Assume",
            principal: Some(json!({"Service": "states.amazonaws.com"})),
            action: vec!["sts:AssumeRole"],
            condition: Some(json!({
                "ArnLike": {"aws:SourceArn": machine},
                "StringEquals": {"aws:SourceAccount": account},
            })),
            ..Statement::default()
        }]),
        state_machine_role: policy(of_machine),
    };
    serde_json::to_string_pretty(&policies).expect("strings")
}

/// A function, and its versions and aliases. IAM knows `*` and `?`: what else a pattern has becomes `*`.
fn function(scope: &Scope, pattern: &str) -> [String; 2] {
    let mut plain = pattern;
    let mut wide = String::new();
    while let Some(at) = plain.find(['[', '{']) {
        let close = if plain[at..].starts_with('[') {
            ']'
        } else {
            '}'
        };
        let end = plain[at..]
            .find(close)
            .map_or(plain.len(), |end| at + end + 1);
        wide = format!("{wide}{}*", &plain[..at]);
        plain = &plain[end..];
    }
    let pattern = wide + plain;
    let arn = if pattern.starts_with("arn:") {
        pattern
    } else {
        scope
            .machine
            .beside("lambda", &format!("function:{pattern}"))
    };
    [arn.clone(), format!("{arn}:*")]
}

/// A CloudFormation template: role, machine, queue of dead letters, alarm, and the policy for onced.
pub fn cloudformation() -> String {
    filled(CLOUDFORMATION, "${AWS::Partition}", "${DeadLetterQueue}")
}

/// The same for Terraform.
pub fn terraform() -> String {
    filled(
        TERRAFORM,
        "${data.aws_partition.current.partition}",
        "${aws_sqs_queue.dead_letters.url}",
    )
}

fn filled(template: &str, partition: &str, queue: &str) -> String {
    let definition = Definition {
        partition: partition.to_owned(),
        dead_letter_queue: Some(queue.to_owned()),
        legacy_lambda: None,
    }
    .text();
    let hole = template.lines().find(|line| line.trim() == HOLE);
    let hole = hole.expect("a template has a place for the definition");
    let indent = &hole[..hole.len() - HOLE.len()];
    let lines: Vec<String> = definition
        .lines()
        .map(|line| format!("{indent}{line}"))
        .collect();
    template.replacen(hole, &lines.join("\n"), 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_becomes_one_that_iam_knows() {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:A";
        let scope = Scope {
            machine: MachineArn::parse(machine).expect("an ARN"),
            owner: "prod".into(),
            role: None,
            functions: Vec::new(),
            dead_letter_queue: None,
        };
        let made = |pattern| function(&scope, pattern)[0].clone();
        let prefix = "arn:aws:lambda:us-east-1:123456789012:function:";
        assert_eq!(made("send-*"), format!("{prefix}send-*"));
        assert_eq!(made("{a,b}-[cd]x"), format!("{prefix}*-*x"));
        let arn = "arn:aws:lambda:eu-west-1:123456789012:function:f";
        assert_eq!(made(arn), arn);
    }
}
