//! `onced report`: what was to fire, and what came of it.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::Value;
use tokio::time::sleep;

use crate::process::{World, day, file};

fn at(seconds: i64) -> String {
    let at = Utc::now() + TimeDelta::seconds(seconds);
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// What fired is there with its lateness, also when its entry is gone; what did not is missing, and the exit code says so.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_to_fire_is_compared_with_what_did() {
    let world = World::new().await;
    let (due, soon) = (at(3), at(4));
    world.write("a.yaml", &file(&[("due", &due), ("next", &day(2))]));
    world.write("gone.yaml", &file(&[("gone", &soon)]));
    let _daemon = world.daemon();
    world.settles_at(3, 0).await;
    let report = |since: &str| {
        let output = world.output(&["report", "--since", since, "--format", "json"]);
        let text = String::from_utf8(output.stdout).expect("a text");
        let json: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"));
        (output.status.code(), json)
    };
    let begun = std::time::Instant::now();
    while report("1h").1["fired"] != 2 {
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{:#}",
            report("1h").1
        );
        sleep(Duration::from_millis(100)).await;
    }
    std::fs::remove_file(world.path("gone.yaml")).expect("removed");
    sleep(Duration::from_secs(3)).await;
    let (code, json) = report("1h");
    assert_eq!(code, Some(0), "{json:#}");
    let firing = |json: &Value, name: &str| {
        let firings = json["firings"].as_array().expect("firings").clone();
        firings.into_iter().find(|firing| firing["name"] == name)
    };
    for (name, time) in [("due", &due), ("gone", &soon)] {
        let firing = firing(&json, name).expect("it fired");
        assert_eq!(
            (&firing["outcome"], &firing["fired"]),
            (&"succeeded".into(), &true.into())
        );
        assert_eq!(firing["at"], time.as_str());
        assert!(
            firing["late_ms"].as_i64().is_some_and(|ms| ms < 5_000),
            "{firing:#}"
        );
    }
    assert_eq!(firing(&json, "next"), None, "it is not expected yet");

    // Too late when it was first seen.
    world.write("late.yaml", &file(&[("late", &at(-1_800))]));
    sleep(Duration::from_secs(2)).await;
    let (code, json) = report("1h");
    assert_eq!((code, &json["missing"]), (Some(1), &1.into()), "{json:#}");
    let late = firing(&json, "late").expect("it was expected");
    assert_eq!(
        (&late["outcome"], &late["missing"]),
        (&"missed".into(), &true.into())
    );
    let (code, json) = report("20m");
    assert_eq!((code, &json["missing"]), (Some(0), &0.into()), "{json:#}");

    let output = world.output(&["report"]);
    let text = String::from_utf8(output.stdout).expect("a text");
    assert!(
        text.contains("3 expected since ")
            && text.contains(": 2 fired, 0 of them failed, 1 missing"),
        "{text}"
    );
    let line = text
        .lines()
        .find(|line| line.contains("late"))
        .expect("a line");
    assert!(line.starts_with('!'), "{text}");
    for wrong in ["tomorrow", "2100-01-01T00:00:00Z"] {
        let output = world.output(&["report", "--since", wrong]);
        assert_eq!(output.status.code(), Some(64), "{output:?}");
    }
}
