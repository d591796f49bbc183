//! The names of entries, completed by the shells themselves: from the files, and from a daemon that runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{World, day, file, has, onced};

/// A shell with the program on its path, and nothing else of this environment.
fn shell(name: &str, home: &Path) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_onced"));
    let path = format!(
        "{}:/usr/bin:/bin",
        program.parent().expect("a directory").display()
    );
    let mut command = Command::new(name);
    command
        .env_clear()
        .env("PATH", path)
        .env("HOME", home)
        .env("TERM", "dumb");
    command
}

fn lines(command: &mut Command) -> Vec<String> {
    let output = command.output().expect("the shell runs");
    let mut lines: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect();
    lines.sort();
    lines
}

/// As bash itself divides what is typed; the last word is completed.
fn bash(home: &Path, typed: &str) -> Vec<String> {
    let script = r#"source docs/completions/onced.bash
        read -ra COMP_WORDS <<<"${1//=/ = }"
        [[ $1 == *" " ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
        complete -p onced | grep -q -- '-F _onced_or_names' || exit 1
        _onced_or_names onced "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    lines(shell("bash", home).args(["-c", script, "bash", typed]))
}

fn fish(home: &Path, typed: &str) -> Vec<String> {
    let script =
        "source docs/completions/onced.fish; complete -C $argv[1] | string replace -r '\\t.*' ''";
    lines(shell("fish", home).args(["--no-config", "-c", script, typed]))
}

/// What stands on the line of an interactive shell after the key of completion.
fn zsh(home: &Path, typed: &str) -> String {
    let functions = home.join("functions");
    fs::create_dir_all(&functions).expect("a directory");
    fs::copy("docs/completions/onced.zsh", functions.join("_onced")).expect("copied");
    let script = r#"zmodload zsh/zpty
        zpty child zsh -f -i
        type_in() { zpty -w -n child "$1" }
        type_in $'fpath=($HOME/functions $fpath); autoload -Uz compinit; compinit -u -D\n'
        type_in $'seen() { print -r -- "$BUFFER" > $HOME/seen.new; mv $HOME/seen.new $HOME/seen }; zle -N seen; bindkey "^T" seen\n'
        type_in $': > $HOME/ready\n'
        await() { repeat 300; do zpty -rt child dump; [[ -e $1 ]] && return; sleep 0.1; done; exit 1 }
        await $HOME/ready
        type_in "$1"$'\t\x14'
        await $HOME/seen
        cat $HOME/seen
        zpty -d child"#;
    let _ = fs::remove_file(home.join("seen"));
    lines(shell("zsh", home).args(["-f", "-c", script, "zsh", typed])).concat()
}

/// Some entries; the configuration says where.
fn folder() -> tempfile::TempDir {
    let home = tempfile::tempdir().expect("a directory");
    fs::create_dir(home.path().join("schedules")).expect("a directory");
    fs::create_dir(home.path().join("others")).expect("a directory");
    let write = |path: &str, text: &str| fs::write(home.path().join(path), text).expect("written");
    let tomorrow = day(1);
    write(
        "schedules/a.yaml",
        &file(&[
            ("launch-email", &tomorrow),
            ("launch-page", &tomorrow),
            ("close", &tomorrow),
            ("mail.out", &tomorrow),
            ("mailbox-out", &tomorrow),
            // Not offered: it would be taken for an option.
            ("-later", &tomorrow),
        ]),
    );
    write("schedules/bad.yaml", "schedules: [");
    write("others/b.yaml", &file(&[("another", &tomorrow)]));
    let directory = home.path().join("schedules");
    write(
        "onced.yaml",
        &format!("directory: {}\n", directory.display()),
    );
    home
}

const ALL: [&str; 7] = [
    "launch-email",
    "launch-page",
    "close",
    "another",
    "mail.out",
    "mailbox-out",
    "-later",
];

/// Lines as they are typed, and what may come next; `~` is the home directory.
const FROM_FILES: &[(&str, &[&str])] = &[
    (
        "onced show --config ~/onced.yaml la",
        &["launch-email", "launch-page"],
    ),
    (
        "onced --config ~/onced.yaml show la",
        &["launch-email", "launch-page"],
    ),
    ("onced --config=~/onced.yaml history cl", &["close"]),
    ("onced show --config ~/onced.yaml mail.", &["mail.out"]),
    (
        "onced show --config ~/onced.yaml ma",
        &["mail.out", "mailbox-out"],
    ),
    ("onced show --config ~/onced.yaml -", &[]),
    (
        "onced show --color never --directory ~/others ",
        &["another"],
    ),
    (
        "onced show --config ~/onced.yaml --directory ~/others an",
        &["another"],
    ),
    ("onced show --sandbox --set directory=~/others a", &[]),
    ("onced show --config ~/nothing.yaml la", &[]),
    ("onced show --directory ~/others another an", &[]),
    ("onced add --directory ~/others an", &[]),
];

#[test]
fn names_from_the_files() {
    let home = folder();
    let home = home.path();
    for (typed, expected) in FROM_FILES {
        let names = |completed: Vec<String>| {
            let is_name = |word: &String| ALL.contains(&word.as_str());
            completed.into_iter().filter(is_name).collect::<Vec<_>>()
        };
        if has("bash") {
            assert_eq!(names(bash(home, typed)), *expected, "bash: {typed}");
        }
        if has("fish") {
            assert_eq!(names(fish(home, typed)), *expected, "fish: {typed}");
        }
    }
    // What is no name is completed as before.
    if has("bash") {
        assert_eq!(bash(home, "onced his"), ["history"]);
        assert_eq!(
            bash(home, "onced show --config ~/onced.yaml --sand"),
            ["--sandbox"]
        );
        assert_eq!(bash(home, "onced show --color al"), ["always"]);
    }
    if has("zsh") {
        for (typed, expected) in [
            (
                "onced show --config ~/onced.yaml cl",
                "onced show --config ~/onced.yaml close ",
            ),
            (
                "onced --config=$HOME/onced.yaml history la",
                "onced --config=$HOME/onced.yaml history launch-",
            ),
            (
                "onced show --directory ~/others a",
                "onced show --directory ~/others another ",
            ),
            ("onced his", "onced history "),
        ] {
            // No shell expands `~` behind a `=`.
            let there = |text: &str| text.replace("$HOME", &home.display().to_string());
            assert_eq!(zsh(home, &there(typed)), there(expected), "zsh: {typed}");
        }
    }
}

/// A daemon knows more than the files say just now.
#[tokio::test(flavor = "multi_thread")]
async fn names_from_the_daemon() {
    let world = World::new().await;
    world.write(
        "a.yaml",
        &file(&[("launch-email", &day(2)), ("close", &day(2))]),
    );
    let _daemon = world.daemon();
    world.settles_at(2, 0).await;
    world.write("a.yaml", "schedules: [");
    let root = world.root.path();
    let (state, schedules) = (root.join("state"), root.join("schedules"));
    let options = format!(
        "--owner test --state-directory {} --directory {}",
        state.display(),
        schedules.display()
    );
    let typed = format!("onced show {options} la");
    let completed = tokio::task::block_in_place(|| {
        let bash = has("bash").then(|| bash(root, &typed));
        let fish = has("fish").then(|| fish(root, &typed));
        let zsh = has("zsh").then(|| zsh(root, &typed));
        (bash, fish, zsh)
    });
    for names in [completed.0, completed.1].into_iter().flatten() {
        assert_eq!(names, ["launch-email"]);
    }
    if let Some(line) = completed.2 {
        assert_eq!(line, format!("onced show {options} launch-email "));
    }
}

/// Whatever is wrong, a shell is told nothing, and nothing fails.
#[test]
fn a_shell_is_never_told_of_errors() {
    let home = folder();
    fs::write(home.path().join("bad.yaml"), "colour: red").expect("written");
    for options in [
        vec![],
        vec!["--config", "bad.yaml"],
        vec!["--config", "none.yaml"],
        vec!["--directory", "none"],
        vec!["--directory", "schedules/a.yaml"],
        vec!["--directory", "schedules", "--owner", "NOT ONE"],
        vec!["--sandbox", "--verbose"],
    ] {
        let output = onced(home.path())
            .current_dir(home.path())
            .args(["completions", "names"])
            .args(&options)
            .output()
            .expect("onced runs");
        assert!(output.status.success(), "{options:?}: {output:?}");
        assert!(
            output.stdout.is_empty() && output.stderr.is_empty(),
            "{options:?}: {output:?}"
        );
    }
}
