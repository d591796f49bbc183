//! An ignore file means what git's own would: the same tree, the same lines, and a real git beside the scan.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use onced::source::problem::FileState;

use super::scan;
use crate::process::has;
use crate::support::git::{git, tool};

/// What each case has in its directory.
const TREE: &[&str] = &[
    "a.yaml",
    "b.yaml",
    "ab.yaml",
    "#a.yaml",
    "!a.yaml",
    "a b.yaml",
    "[a].yaml",
    "{a,b}.yaml",
    "a\\b.yaml",
    "x/a.yaml",
    "x/b.yaml",
    "x/y/a.yaml",
    "x/y/z/a.yaml",
    "y/x/a.yaml",
    "y/a.yml",
    "b/keep.yaml",
    "B.yaml",
    "ä.yaml",
];

/// The files that count in `directory` by git, where each ignore file is called `.gitignore`.
fn by_git(directory: &Path) -> BTreeSet<String> {
    let ask = [
        "ls-files",
        "--others",
        "-z",
        "--exclude-per-directory=.gitignore",
    ];
    let output = tool(directory, "git", &ask).stdout(Stdio::piped()).output();
    let output = String::from_utf8(output.expect("git runs").stdout).expect("UTF-8");
    let files = output.split_terminator('\0');
    let files = files.filter(|file| !file.rsplit('/').next().is_some_and(|n| n.starts_with('.')));
    files.map(str::to_owned).collect()
}

/// Each case is a directory with these ignore files; all of them are held against git.
fn all_are_as_git_says(cases: &[Vec<(&str, String)>]) {
    if !has("git") {
        return;
    }
    let root = tempfile::tempdir().expect("a directory");
    git(root.path(), &["init"]);
    for (number, ignore_files) in cases.iter().enumerate() {
        let case = root.path().join(format!("case{number}"));
        for file in TREE {
            let path = case.join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("made");
            fs::write(path, "schedules: {}\n").expect("written");
        }
        for (directory, text) in ignore_files {
            for name in [".gitignore", ".oncedignore"] {
                fs::write(case.join(directory).join(name), text).expect("written");
            }
        }
    }
    let scan = scan(root.path());
    assert_eq!(scan.unclear, None);
    let ours = scan.files.iter().filter(|file| file.state == FileState::Ok);
    let ours: BTreeSet<String> = ours.map(|file| file.path.clone()).collect();
    let theirs = by_git(root.path());
    let mut wrong = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let of = |files: &BTreeSet<String>| -> Vec<String> {
            let prefix = format!("case{number}/");
            let files = files.iter().filter_map(|file| file.strip_prefix(&prefix));
            files.map(str::to_owned).collect()
        };
        if of(&ours) != of(&theirs) {
            wrong.push(format!(
                "{case:?}\n ours {:?}\n git  {:?}",
                of(&ours),
                of(&theirs)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ours.len() > cases.len(), "{}", ours.len());
    assert!(ours.len() < cases.len() * TREE.len());
}

#[test]
fn each_kind_of_pattern_is_as_git_says() {
    let of_root = [
        "a.yaml",
        "/a.yaml",
        "x/a.yaml",
        "*.yaml",
        "/*.yaml",
        "*.yaml\n!a.yaml",
        "!a.yaml\n*.yaml",
        "*\n!a.yaml",
        "/*\n!/x/",
        "/*\n!/x/\n/x/*\n!/x/y/",
        // What lies in a directory that is left out can't be brought back.
        "x/\n!x/a.yaml",
        "x\n!x/y/a.yaml",
        "x/*\n!x/a.yaml",
        "x/**\n!x/y/a.yaml",
        "x/**\n!x/y/\n!x/y/a.yaml",
        "a.yaml/",
        "x/",
        "/x/",
        "y/",
        "/y",
        "**/a.yaml",
        "x/**/a.yaml",
        "x/**",
        "**/y/**",
        "**",
        "x**a.yaml",
        "x/*/a.yaml",
        "*/a.yaml",
        "?.yaml",
        "[ab].yaml",
        "[!a].yaml",
        "[^a].yaml",
        "[a-b]*",
        "[[:upper:]]*.yaml",
        r"\[a\].yaml",
        r"\#a.yaml",
        "#a.yaml",
        r"\!a.yaml",
        "{a,b}.yaml",
        r"a\\b.yaml",
        "a b.yaml",
        "a.yaml   ",
        r"a.yaml\ ",
        "  a.yaml",
        "a.yaml\t",
        "A.yaml",
        "b.YAML",
        "ä.yaml",
        "?.yml",
        "./a.yaml",
        "x/../a.yaml",
        "//a.yaml",
        "[a.yaml",
        r"a.yaml\",
        "!",
        "/",
        "a.yaml\r\nb.yaml\r\n",
        "\u{feff}a.yaml\nb.yaml\n",
        "\n\n# only a comment\n",
        "a.yaml\n\n!a.yaml\na.yaml",
    ];
    let mut cases: Vec<_> = of_root.map(|text| vec![("", text.to_owned())]).into();
    let text = str::to_owned;
    cases.extend([
        vec![("", text("*.yaml")), ("x", text("!a.yaml"))],
        vec![("", text("!a.yaml")), ("x", text("a.yaml"))],
        vec![("x", text("/a.yaml"))],
        vec![("x", text("y/a.yaml\n/z/"))],
        vec![("x/y", text("*")), ("x", text("!y/z/a.yaml"))],
        vec![("", text("x/")), ("x", text("!*"))],
        vec![("", text("/x/y/a.yaml")), ("x/y", text("!/a.yaml"))],
        vec![("b", text("*\n!keep.yaml"))],
    ]);
    all_are_as_git_says(&cases);
}

/// Whatever is written.
#[test]
fn any_lines_are_as_git_says() {
    const PARTS: &[&str] = &[
        "a", "b", "x", "y", "z", ".yaml", ".yml", "*", "**", "/", "?", "[", "]", "[ab]", "[!x]",
        "\\", "!", "#", " ", "**/", "/**", "{a,b}", "-", "keep",
    ];
    let mut seed = 21_u64;
    let mut below = |most: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(seed >> 33).expect("31 bits") % most
    };
    let mut text = || {
        let mut text = String::new();
        for _ in 0..=below(3) {
            for _ in 0..=below(5) {
                text += PARTS[below(PARTS.len())];
            }
            text.push('\n');
        }
        text
    };
    // Git itself reads `x**/a` as `x/**/a` or `xa`, against its own documentation.
    let is_odd = |text: &str| {
        let mut rest = text.match_indices("**/");
        rest.any(|(at, _)| !text[..at].ends_with(['/', '\n']) && at > 0)
    };
    let mut text = || loop {
        let text = text();
        if !is_odd(&text) {
            break text;
        }
    };
    let cases: Vec<_> = (0..400)
        .map(|_| vec![("", text()), ("x", text())])
        .collect();
    all_are_as_git_says(&cases);
}
