//! The examples: each folder is checked, and planned against the plan that stands beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::process::onced;

/// When the plans were made.
const AS_OF: &str = "2026-12-01T00:00:00Z";

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// The folders with schedule files.
fn folders() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir(examples())
        .expect("examples")
        .map(|item| item.expect("an item").path())
        .filter(|path| {
            path.is_dir() && !path.ends_with("github-actions") && !path.ends_with("gitlab-ci")
        })
        .collect();
    folders.sort();
    folders
}

/// In a copy: what git does in this repository is nothing to them.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("a directory");
    let copy = home.path().join("copy");
    let mut copying = Command::new("cp");
    copying.arg("-r").arg(folder).arg(&copy);
    assert!(copying.status().expect("cp runs").success());
    let mut command: Command = onced(home.path());
    command.current_dir(copy).args(arguments);
    command.output().expect("onced runs")
}

#[test]
fn each_is_good() {
    let folders = folders();
    assert!(folders.len() >= 6, "{folders:?}");
    for folder in folders {
        let output = run(&folder, &["check", "."]);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{}: {output:?}",
            folder.display()
        );
    }
}

/// To make one anew: in its folder, `onced plan . --sandbox --as-of 2026-12-01T00:00:00Z > plan.txt`.
#[test]
fn each_has_its_plan() {
    for folder in folders()
        .iter()
        .filter(|folder| !folder.ends_with("schedules"))
    {
        let output = run(folder, &["plan", ".", "--sandbox", "--as-of", AS_OF]);
        let plan = String::from_utf8(output.stdout).expect("a text");
        let expected = fs::read_to_string(folder.join("plan.txt")).unwrap_or_default();
        assert_eq!(plan, expected, "{}", folder.display());
    }
}

/// Each folder is named in the list of examples, and nothing else is.
#[test]
fn the_list_is_whole() {
    let list = fs::read_to_string(examples().join("README.md")).expect("a list");
    for folder in fs::read_dir(examples()).expect("examples") {
        let path = folder.expect("an item").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            assert!(list.contains(&format!("]({name})")), "{name}");
        }
    }
    for named in list.split("](").skip(1) {
        let name = named.split(')').next().unwrap_or_default();
        assert!(examples().join(name).exists(), "{name}");
    }
}
