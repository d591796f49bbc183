//! The house: a file imports only from floors below its own, and the sandbox imports nothing of the crate.

use std::fs;
use std::path::Path;

/// Each room, its floor, and the rooms on the same floor that it may know nevertheless.
const ROOMS: &[(&str, u8, &[&str])] = &[
    ("model", 1, &[]),
    ("source", 2, &[]),
    ("settings", 2, &["source"]),
    ("ledger", 2, &[]),
    ("step_functions", 2, &[]),
    ("reconcile", 3, &[]),
    ("bootstrap", 3, &[]),
    ("view", 3, &["reconcile"]),
    ("daemon", 4, &[]),
    ("cli", 5, &[]),
];

fn files(directory: &Path, into: &mut Vec<String>) {
    for item in fs::read_dir(directory).expect("a directory") {
        let path = item.expect("an item").path();
        if path.is_dir() {
            files(&path, into);
        } else {
            into.push(path.display().to_string());
        }
    }
}

#[test]
fn nothing_imports_upward() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    files(&source, &mut paths);
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for path in &paths {
        let inside = Path::new(path)
            .strip_prefix(&source)
            .unwrap()
            .display()
            .to_string();
        let room = inside.split(['/', '.']).next().unwrap().to_owned();
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let text = fs::read_to_string(path).unwrap();
        for used in text.split("crate::").skip(1) {
            seen += 1;
            let other: String = used
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            let known = ROOMS.iter().find(|(name, ..)| *name == room);
            let allowed = match (known, ROOMS.iter().find(|(name, ..)| *name == other)) {
                _ if other == room => true,
                (Some((_, floor, beside)), Some((_, below, _))) => {
                    below < floor || beside.contains(&other.as_str())
                }
                (Some((_, 5, _)), None) => other == "sandbox",
                _ => false,
            };
            if !allowed {
                wrong.push(format!("{inside} uses crate::{other}"));
            }
        }
    }
    assert!(seen > 50, "the imports were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
