//! Other partitions than `aws`: what bootstrap makes and prints there, and what is refused. As a process, against a fake of AWS.

use std::process::Output;

use serde_json::{Value, json};
use tokio::task::block_in_place;

use crate::process::{World, day, file};
use crate::support::fake::Fake;

/// A region of each, and the partition.
const PLACES: [(&str, &str); 4] = [
    ("us-gov-west-1", "aws-us-gov"),
    ("cn-north-1", "aws-cn"),
    ("eusc-de-east-1", "aws-eusc"),
    ("us-iso-east-1", "aws-iso"),
];

fn machine(partition: &str, region: &str) -> String {
    format!("arn:{partition}:states:{region}:123456789012:stateMachine:OneTimeLambdaScheduler")
}

/// What `bootstrap --print` prints, with nothing configured.
fn printed(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    let mut command = crate::process::onced(home.path());
    let output = command
        .args(["bootstrap", "--print"])
        .args(arguments)
        .output();
    output.expect("onced runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The bundled definition for a partition.
fn bundled(region: &str) -> String {
    text(&printed(&["asl", "--region", region]).stdout)
}

/// The answers of a place whose machine has this definition.
fn answers(machine: &str, definition: &str) -> Vec<(&'static str, u16, Value)> {
    let execution = machine.replace(":stateMachine:", ":execution:");
    let described = json!({
        "stateMachineArn": machine, "name": "OneTimeLambdaScheduler", "status": "ACTIVE", "type": "STANDARD",
        "definition": definition, "roleArn": "arn:aws:iam::123456789012:role/x", "creationDate": 1.0,
    });
    let caller = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult><Arn>arn:aws:iam::123456789012:user/u</Arn><UserId>A</UserId><Account>123456789012</Account></GetCallerIdentityResult></GetCallerIdentityResponse>";
    let absent = json!({"__type": "ExecutionDoesNotExist", "message": "no"});
    vec![
        ("DescribeStateMachine", 200, described),
        ("ListExecutions", 200, json!({"executions": []})),
        ("DescribeExecution", 400, absent.clone()),
        ("GetExecutionHistory", 400, absent.clone()),
        ("StopExecution", 400, absent),
        (
            "StartExecution",
            200,
            json!({"executionArn": execution, "startDate": 1.0}),
        ),
        (
            "CreateStateMachine",
            200,
            json!({"stateMachineArn": machine, "creationDate": 1.0}),
        ),
        ("STS", 200, json!(caller)),
    ]
}

/// Runs a command with this machine at the fake.
fn run(world: &mut World, fake: &Fake, machine: &str, arguments: &[&str]) -> Output {
    world.url.clone_from(&fake.url);
    let mut command = world.command_on(machine, arguments);
    block_in_place(|| command.output().expect("onced runs"))
}

#[test]
fn what_is_printed_is_of_the_partition_of_its_region() {
    for (region, partition) in PLACES.into_iter().chain([("eu-central-1", "aws")]) {
        let queue = format!("https://sqs.{region}.amazonaws.example/123456789012/dead");
        let output = printed(&["asl", "--region", region, "--dead-letter-queue", &queue]);
        let definition: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let resource = |state: &str| definition["States"][state]["Resource"].clone();
        let integration = |name: &str| format!("arn:{partition}:states:::{name}");
        assert_eq!(resource("InvokeLambda"), integration("lambda:invoke"));
        assert_eq!(
            resource("ToDeadLetterQueue"),
            integration("sqs:sendMessage")
        );
        let policies = text(&printed(&["iam", "--region", region, "--owner", "prod"]).stdout);
        let arns = policies.matches("\"arn:").count();
        let own = policies.matches(&format!("\"arn:{partition}:")).count();
        assert!(arns > 0 && arns == own, "{policies}");
        // Its ARN says it too, and its role.
        let role = format!("arn:{partition}:iam::123456789012:role/x");
        for known in [
            ["--state-machine", &machine(partition, region)],
            ["--role-arn", &role],
        ] {
            let output = printed(&[&["asl"], &known[..]].concat());
            assert_eq!(text(&output.stdout), bundled(region), "{known:?}");
        }
    }
    for form in ["cloudformation", "terraform"] {
        let template = text(&printed(&[form]).stdout);
        assert!(!template.contains("arn:aws:states:"), "{template}");
    }
}

#[test]
fn what_is_of_two_partitions_is_told() {
    let role = "arn:aws:iam::123456789012:role/x";
    let function = "arn:aws:lambda:eusc-de-east-1:123456789012:function:f";
    let cases: [(&[&str], &str); 3] = [
        (&["--role-arn", role], "hint: give a role of `aws-eusc`"),
        (
            &["--legacy-lambda-arn", function],
            "hint: name a function of `aws-eusc`",
        ),
        (
            &[
                "--state-machine",
                &machine("aws-cn", "cn-north-1"),
                "--role-arn",
                role,
            ],
            "hint: give a role of `aws-cn`",
        ),
    ];
    for (arguments, hint) in cases {
        let region = ["--region", "eusc-de-east-1"];
        let region = if arguments.contains(&"--state-machine") {
            &[][..]
        } else {
            &region[..]
        };
        let output = printed(&[&["asl"], arguments, region].concat());
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(hint), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_made_with_the_integrations_of_its_partition() {
    let mut world = World::new().await;
    for (region, partition) in PLACES {
        let arn = machine(partition, region);
        let mut answers = answers(&arn, "");
        let none = json!({"__type": "StateMachineDoesNotExist", "message": "none"});
        answers[0] = ("DescribeStateMachine", 400, none);
        let fake = Fake::new(&answers).await;
        let role = format!("arn:{partition}:iam::123456789012:role/x");
        let output = run(&mut world, &fake, &arn, &["bootstrap", "--role-arn", &role]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        let made = &fake.asked("CreateStateMachine")[0];
        let definition = made["definition"].as_str().expect("a definition");
        assert_eq!(format!("{definition}\n"), bundled(region));
        assert!(definition.contains(&format!("arn:{partition}:states:::lambda:invoke")));
    }
}

/// Each execution of it would fail at its time: nothing is started, and `doctor` and the start say the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_definition_of_another_partition_is_unsuitable() {
    let mut world = World::new().await;
    world.write("a.yaml", &file(&[("e", &day(10))]));
    for (region, partition) in PLACES {
        let arn = machine(partition, region);
        let fake = Fake::new(&answers(&arn, &bundled("us-east-1"))).await;
        let told = format!(
            "`{arn}` uses `arn:aws:states:::lambda:invoke`, which is of another partition: each execution would fail at its time"
        );
        let remedy = format!("write `arn:{partition}:states:::lambda:invoke` in its definition");
        let output = run(&mut world, &fake, &arn, &["doctor"]);
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.contains(&format!("FAILURE state machine: {told}")),
            "{said}"
        );
        assert!(said.contains(&remedy), "{said}");
        let output = run(&mut world, &fake, &arn, &["sync"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(&told) && said.contains(&remedy), "{said}");
        assert_eq!(fake.asked("StartExecution"), Vec::<Value>::new());
        // Another ledger for each.
        std::fs::remove_dir_all(world.root.path().join("state")).expect("removed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_definition_of_its_own_partition_is_suitable() {
    let mut world = World::new().await;
    for (region, partition) in PLACES {
        let arn = machine(partition, region);
        let fake = Fake::new(&answers(&arn, &bundled(region))).await;
        let output = run(&mut world, &fake, &arn, &["doctor"]);
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}");
        assert!(
            said.contains(&format!("`{arn}` waits, and invokes what entries name")),
            "{said}"
        );
    }
}

/// The embedded Step Functions has every machine that is asked for, in its own partition.
#[test]
fn entries_of_any_partition_run_in_the_embedded_sandbox() {
    for (region, partition) in PLACES {
        let root = tempfile::tempdir().expect("a directory");
        let schedules = root.path().join("schedules");
        std::fs::create_dir(&schedules).expect("a directory");
        std::fs::write(schedules.join("a.yaml"), file(&[("e", &day(10))])).expect("written");
        let mut command = crate::process::onced(root.path());
        command.args(["sync", "--sandbox", "--owner", "test"]);
        command.args(["--state-machine", &machine(partition, region)]);
        command.arg("--directory").arg(&schedules);
        command
            .arg("--state-directory")
            .arg(root.path().join("state"));
        let output = command.output().expect("onced runs");
        assert!(output.status.success(), "{}", text(&output.stderr));
    }
}
