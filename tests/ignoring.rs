//! Files that are left out by `.oncedignore` and by `ignore` in the configuration: which they are, what a change of that
//! means, and what it means where it is not known.

mod as_git;
mod commands;
mod daemon;
mod others;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use onced::model::entry::EntryName;
use onced::source::in_flight::InFlight;
use onced::source::parse::Defaults;
use onced::source::problem::FileState;
use onced::source::scan::{Scan, Scanner};

use crate::process::entry;

const AT: &str = "2026-12-01T09:00:00Z";

fn scan(directory: &Path) -> Scan {
    Scanner::new(directory.to_owned(), Defaults::default()).scan()
}

fn names(scan: &Scan) -> Vec<&str> {
    scan.entries.keys().map(EntryName::as_str).collect()
}

/// Writes files below a directory; of one that ends as a schedule file, the text is the name of its entry.
fn put(directory: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let is_name = !text.is_empty() && !text.contains(['\n', ' ']);
        let is_yaml = Path::new(path).extension().is_some_and(|end| end == "yaml");
        let text = if is_name && is_yaml {
            format!("schedules:\n{}", entry(text, AT))
        } else {
            (*text).to_owned()
        };
        let path = directory.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }
}

#[test]
fn what_is_left_out_is_not_looked_at() {
    let root = tempfile::tempdir().expect("a directory");
    let files = [
        ("a.yaml", "a"),
        ("values.yaml", "replicas: 2\n"),
        ("New.YAML", "x"),
        ("old.yaml.bak", "x"),
        ("deploy/app.yaml", "kind: Deployment\n"),
        // A merge in there says nothing of the schedule files.
        ("deploy/.git/HEAD", "ref: refs/heads/main\n"),
        ("deploy/.git/MERGE_HEAD", "x\n"),
        ("team/b.yaml", "b"),
        ("team/c.yaml", "c"),
        ("team/draft/d.yaml", "d"),
        ("notes.txt", "x"),
    ];
    put(root.path(), &files);
    symlink("/etc", root.path().join("deploy/etc")).expect("a link");
    let before = scan(root.path());
    assert!(before.doubt().is_some() && before.has_problems());
    put(
        root.path(),
        &[
            (
                ".oncedignore",
                "# not ours\n/values.yaml\nNew.*\n/deploy/\n",
            ),
            ("team/.oncedignore", "/draft\nc.yaml\n"),
        ],
    );
    let after = scan(root.path());
    assert_eq!(names(&after), ["a", "b"]);
    assert_eq!(after.doubt(), None);
    assert!(!after.has_problems() && after.pins.is_empty());
    let ignored = after.files.iter();
    let ignored = ignored.filter(|file| file.state == FileState::Ignored);
    let ignored = ignored.map(|file| {
        let by = file.ignored_by.as_ref().map(ToString::to_string);
        (file.path.as_str(), by.unwrap_or_default())
    });
    let by = |path: &'static str, by: &str| (path, by.to_owned());
    let expected = [
        by("New.YAML", ".oncedignore:3"),
        by("deploy/", ".oncedignore:4"),
        by("old.yaml.bak", ""),
        by("team/c.yaml", "team/.oncedignore:2"),
        by("team/draft/", "team/.oncedignore:1"),
        by("values.yaml", ".oncedignore:2"),
    ];
    assert_eq!(ignored.collect::<Vec<_>>(), expected);
}

/// A ConfigMap's files are links, and so is its ignore file.
#[test]
fn an_ignore_file_may_be_a_link_that_stays_inside() {
    let root = tempfile::tempdir().expect("a directory");
    put(
        root.path(),
        &[
            ("a.yaml", "a"),
            ("b.yaml", "b"),
            ("..v1/.oncedignore", "a.yaml\n"),
        ],
    );
    symlink("..v1", root.path().join("..data")).expect("a link");
    symlink("..data/.oncedignore", root.path().join(".oncedignore")).expect("a link");
    let scan = scan(root.path());
    assert_eq!((names(&scan), scan.doubt()), (vec!["b"], None));
}

/// Where it is not known what is left out, nothing beside that file is read, and nothing is gone.
#[test]
fn an_ignore_file_that_is_not_read_is_doubt() {
    type Make = fn(&Path);
    let rows: &[(&str, Make)] = &[
        ("this is no regular file", |path| {
            fs::create_dir(path).expect("made");
        }),
        ("this is no regular file", |path| {
            let made = Command::new("mkfifo").arg(path).status();
            assert!(made.expect("mkfifo runs").success());
        }),
        ("everybody may write", |path| {
            fs::write(path, "c.yaml\n").expect("written");
            fs::set_permissions(path, Permissions::from_mode(0o666)).expect("set");
        }),
        ("at most", |path| {
            let file = File::create(path).expect("made");
            file.set_len(1 << 40).expect("set");
        }),
        ("at most 262144", |path| {
            fs::write(path, "c.yaml\n".repeat(40_000)).expect("written");
        }),
        ("not a text file", |path| {
            fs::write(path, b"\0GITCRYPT\0\x01\x02").expect("written");
        }),
        ("a merge is not finished", |path| {
            let text = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n";
            fs::write(path, text).expect("written");
        }),
        ("leads out of the directory", |path| {
            symlink("/etc/hostname", path).expect("a link");
        }),
        ("can't be read", |path| {
            symlink("nowhere", path).expect("a link");
        }),
    ];
    for (why, make) in rows {
        let root = tempfile::tempdir().expect("a directory");
        put(
            root.path(),
            &[("a.yaml", "a"), ("team/b.yaml", "b"), ("team/c.yaml", "c")],
        );
        put(root.path(), &[("team/deep/d.yaml", "d")]);
        make(&root.path().join("team/.oncedignore"));
        let scan = scan(root.path());
        assert_eq!(names(&scan), ["a"], "{why}");
        let doubt = scan.doubt().expect(why);
        assert!(doubt.starts_with("`team/.oncedignore`: "), "{doubt}");
        let mut files = scan.files.iter();
        let file = files.find(|file| file.path == "team/.oncedignore");
        let file = file.expect("it is reported");
        assert_eq!(file.state, FileState::Invalid);
        let said = &file.errors[0];
        assert!(said.message.contains(why), "{why}: {}", said.message);
        let gone = EntryName::parse("gone").expect("a name");
        assert!(scan.mentions(&gone, "team/b.yaml").is_some());
    }
}

/// A line that can never match is said, and leaves the others as they are.
#[test]
fn a_line_that_matches_nothing_is_noted() {
    let root = tempfile::tempdir().expect("a directory");
    put(
        root.path(),
        &[
            ("a.yaml", "a"),
            ("b.yaml", "b"),
            (".oncedignore", "\n./a.yaml\nb.yaml\n"),
        ],
    );
    let scan = scan(root.path());
    assert_eq!(names(&scan), ["a"]);
    let file = scan.files.iter().find(|file| file.path == ".oncedignore");
    let file = file.expect("it is noted");
    assert_eq!((file.state, file.errors[0].line), (FileState::Ignored, 2));
    assert_eq!(file.errors[0].hint.as_deref(), Some("write `/a.yaml`"));
    assert!(!scan.has_problems() && scan.doubt().is_none());
}

/// While an ignore file is being written it counts as it was; where that is not known, nothing beside it is read yet.
#[test]
fn an_ignore_file_in_flight_counts_as_before() {
    let root = tempfile::tempdir().expect("a directory");
    put(
        root.path(),
        &[
            ("a.yaml", "a"),
            ("b.yaml", "b"),
            (".oncedignore", "a.yaml\n"),
        ],
    );
    let scanner = Scanner::new(root.path().to_owned(), Defaults::default());
    // No events come: what is young may be half of what it becomes.
    let mut scanner = scanner.among_writers(InFlight::default());
    let first = scanner.scan();
    assert!(first.in_flight.contains(".oncedignore") && first.doubt().is_some());
    assert_eq!(names(&first), Vec::<&str>::new());
    let rest = || std::thread::sleep(Duration::from_millis(2_200));
    rest();
    let second = scanner.scan();
    assert_eq!((names(&second), second.doubt()), (vec!["b"], None));
    put(root.path(), &[(".oncedignore", "b.yaml\n")]);
    put(
        root.path(),
        &[("new/c.yaml", "c"), ("new/.oncedignore", "*\n")],
    );
    let third = scanner.scan();
    assert_eq!(names(&third), ["b"]);
    let in_flight: Vec<&str> = third.in_flight.iter().map(String::as_str).collect();
    assert_eq!(in_flight, [".oncedignore", "new/.oncedignore"]);
    assert!(third.doubt().is_some());
    rest();
    let fourth = scanner.scan();
    assert_eq!((names(&fourth), fourth.doubt()), (vec!["a"], None));
}
