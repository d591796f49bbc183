//! What `onced plan` says of the time that its steps take, and of AWS's limits that are near.

use std::fmt::Write as _;

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::process::World;

fn plan(world: &World, set: &[&str]) -> (Value, String) {
    let run = |format: &str| {
        let mut plan = world.command(&["plan", "--format", format]);
        for set in set {
            plan.args(["--set", set]);
        }
        let output = plan.output().expect("it runs");
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).expect("text")
    };
    let json: Value = serde_json::from_str(&run("json")).expect("JSON");
    (json["forecast"].clone(), run("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_how_long_it_takes_and_what_is_late_by_that() {
    let world = World::new().await;
    let soon = (Utc::now() + TimeDelta::seconds(40)).format("%Y-%m-%dT%H:%M:%SZ");
    let mut text = "schedules:\n".to_owned();
    for n in 0..110 {
        // The later in the alphabet, the sooner: it is the time that counts.
        let at = if n < 10 {
            "2027-06-01T00:00:00Z".to_owned()
        } else {
            soon.to_string()
        };
        let _ = writeln!(text, "  e{n:03}: {{at: {at}, lambda: f, payload: {n}}}");
    }
    world.write("a.yaml", &text);
    let (forecast, text) = plan(&world, &["limits.StartExecution={rate: 1, burst: 10}"]);
    assert_eq!(forecast["seconds"], 100.0);
    // Of the hundred that are soon, ten are started at once and about forty in time.
    let late = forecast["late"].as_array().expect("a list");
    assert!((45..=55).contains(&late.len()), "{}", late.len());
    assert!(late.contains(&"e109".into()) && !late.contains(&"e000".into()));
    assert!(
        text.contains("takes at least 100 s at the rates that AWS allows\n"),
        "{text}"
    );
    assert!(
        text.contains("would be started after their time by that"),
        "{text}"
    );
    // With AWS's own quotas there is nothing to say.
    let (forecast, text) = plan(&world, &[]);
    assert_eq!(forecast["seconds"], 0.0);
    assert!(forecast["late"].as_array().is_some_and(Vec::is_empty));
    assert!(
        text.ends_with("110 to start, 0 to stop, 0 to replace\n"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_where_a_second_has_too_many_entries() {
    let world = World::new().await;
    let mut text = "schedules:\n".to_owned();
    for (region, number) in [("eu-central-1", 401), ("us-east-1", 401)] {
        let machine = format!("arn:aws:states:{region}:123456789012:stateMachine:A");
        for n in 0..number {
            let _ = writeln!(
                text,
                "  {region}-{n}: {{at: 2027-06-01T00:00:00Z, state_machine: {machine}, input: {{n: {n}}}}}"
            );
        }
    }
    world.write("a.yaml", &text);
    let (forecast, text) = plan(&world, &[]);
    let crowded = forecast["crowded"].as_array().expect("a list");
    assert_eq!(crowded.len(), 1, "{forecast}");
    assert_eq!(crowded[0]["region"], "eu-central-1");
    assert_eq!(crowded[0]["entries"], 401);
    assert_eq!(crowded[0]["at"], "2027-06-01T00:00:00Z");
    assert!(text.contains("401 entries fire in that second"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_that_say_nothing_are_told() {
    let world = World::new().await;
    for (set, told) in [
        (
            "limits.StartExecution={rate: 0, burst: 1}",
            "`rate` is no number from 0.01 on",
        ),
        (
            "limits.StartExecution={rate: 1}",
            "`burst` is no number from 1 on",
        ),
        (
            "limits.StartExecution={rate: 1, burst: 1, more: 1}",
            "unknown key `more`",
        ),
        ("limits.StopExecution=5", "this is no mapping"),
        (
            "limits.ListExecutions={rate: 1, burst: 1}",
            "unknown key `limits.ListExecutions`",
        ),
    ] {
        let output = world.output(&["plan", "--set", set]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(64), "{said}");
        assert!(said.contains(told), "{told}: {said}");
    }
}
