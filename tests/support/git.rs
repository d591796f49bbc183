//! Git and its like, as real programs with nobody's configuration.

use std::path::Path;
use std::process::{Command, Stdio};

use tokio::task::block_in_place;

/// A tool in this directory, with nobody's configuration.
pub(crate) fn tool(directory: &Path, program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(directory)
        .args(arguments)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_EDITOR", "true")
        .env("HGRCPATH", "")
        .env("HGUSER", "t")
        .env("HOME", "/nonexistent")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    for who in ["AUTHOR", "COMMITTER"] {
        command
            .env(format!("GIT_{who}_NAME"), "t")
            .env(format!("GIT_{who}_EMAIL"), "t@example.com");
    }
    command
}

pub(crate) fn runs(directory: &Path, program: &str, arguments: &[&str]) -> bool {
    let status = block_in_place(|| tool(directory, program, arguments).status());
    status.expect("it runs").success()
}

pub(crate) fn git(directory: &Path, arguments: &[&str]) {
    assert!(
        runs(directory, "git", arguments),
        "git {arguments:?} in {}",
        directory.display()
    );
}

pub(crate) fn head(directory: &Path, of: &str) -> String {
    let output = tool(directory, "git", &["rev-parse", of])
        .stdout(Stdio::piped())
        .output()
        .expect("git runs");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

pub(crate) fn commit(directory: &Path, message: &str) {
    git(directory, &["add", "-A"]);
    git(directory, &["commit", "-m", message]);
}
