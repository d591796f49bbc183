//! `onced add`, `edit`, `remove` and `fmt`: the program on a directory of its own, without an owner.

use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;
use std::process::{Output, Stdio};

use chrono::{TimeDelta, Utc};
use tempfile::TempDir;

use crate::process::{World, day, onced};
use crate::terminal::terminal;

/// A directory of schedule files.
struct Folder(TempDir);

/// What a command printed, and its exit code.
struct Told {
    code: Option<i32>,
    out: String,
    error: String,
}

impl From<Output> for Told {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).expect("a text"),
            error: String::from_utf8(output.stderr).expect("a text"),
        }
    }
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a directory"));
        fs::create_dir(folder.path("")).expect("a directory");
        for (name, text) in files {
            fs::write(folder.path(name), text).expect("written");
        }
        folder
    }

    fn path(&self, file: &str) -> PathBuf {
        self.0.path().join("schedules").join(file)
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).expect("a text")
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = onced(self.0.path());
        command
            .args(arguments)
            .arg("--directory")
            .arg(self.path(""));
        command
    }

    fn told(&self, arguments: &[&str]) -> Told {
        self.command(arguments).output().expect("onced runs").into()
    }

    /// The names of all files, hidden ones too.
    fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.path("")).expect("a directory");
        let name = |file: std::io::Result<fs::DirEntry>| file.expect("a file").file_name();
        let mut files: Vec<String> = files
            .map(|file| name(file).to_string_lossy().into_owned())
            .collect();
        files.sort();
        files
    }
}

/// Tomorrow, as it is called in a zone.
fn tomorrow(zone: &str) -> String {
    let zone = onced::model::zones::Zones::bundled().get(zone);
    let tomorrow = Utc::now().with_timezone(&zone.expect("a zone")) + TimeDelta::days(1);
    tomorrow.format("%Y-%m-%d").to_string()
}

const TWO: &str = "\
# the launch
defaults:
  timezone: Europe/Berlin
schedules:
  # to everyone
  launch-email:
    at: 2097-06-01 09:00    # sharp
    lambda: send-email
    payload: {secret: 1}

  close:  # the auction
    at: 2097-07-15T18:00:00Z
    lambda: 'close-auction'
";

#[test]
fn a_time_is_taken_as_people_say_it() {
    let folder = Folder::new(&[]);
    let add = [
        "add",
        "hello",
        "--lambda",
        "greet",
        "--at",
        "tomorrow 09:00",
    ];
    let told = folder.told(
        &[
            &add[..],
            &[
                "--timezone",
                "Europe/Berlin",
                "--payload",
                "{\"secret\": 1}",
            ],
        ]
        .concat(),
    );
    assert_eq!(told.code, Some(0), "{}", told.error);
    let day = tomorrow("Europe/Berlin");
    assert_eq!(
        folder.read("hello.yaml"),
        format!(
            "schedules:\n  hello:\n    at: {day}T09:00:00\n    timezone: Europe/Berlin\n    lambda: greet\n    payload:\n      secret: 1\n"
        )
    );
    let place = format!(
        "{}:2: `hello` runs lambda greet at {day} 09:00:00 +0",
        folder.path("hello.yaml").display()
    );
    assert!(told.out.starts_with(&place), "{}", told.out);
    assert!(
        told.out.contains(":00:00Z (in ") && !told.out.contains("secret"),
        "{}",
        told.out
    );
    assert_eq!(folder.told(&["check"]).code, Some(0));

    // The configured zone counts, without an owner too.
    let configuration = folder.0.path().join("onced.yaml");
    fs::write(&configuration, "timezone: America/New_York\n").expect("written");
    let configuration = configuration.display().to_string();
    let told = folder.told(&[
        "add",
        "york",
        "--lambda",
        "f",
        "--at",
        "tomorrow at 9:00",
        "--config",
        &configuration,
    ]);
    assert_eq!(told.code, Some(0), "{}", told.error);
    let day = tomorrow("America/New_York");
    let text = folder.read("york.yaml");
    assert!(
        text.contains(&format!(
            "at: {day}T09:00:00\n    timezone: America/New_York\n"
        )),
        "{text}"
    );

    let told = folder.told(&[
        "add",
        "soon",
        "--lambda",
        "f",
        "--in",
        "1h",
        "--description",
        "it's \"so\": yes",
        "--grace",
        "2h",
    ]);
    assert_eq!(told.code, Some(0), "{}", told.error);
    let text = folder.read("soon.yaml");
    assert!(
        text.contains("    grace: 2h\n") && text.contains("description: 'it''s \"so\": yes'\n"),
        "{text}"
    );
    assert!(text.contains("Z\n"), "{text}");

    for (more, code, fragments) in [
        (
            &["--at", "2020-01-01T00:00:00Z"][..],
            64,
            &["is past by more than the grace of 5m", "hint: give a time"][..],
        ),
        (
            &["--at", "tomorrow"],
            64,
            &["no time of day", "tomorrow 09:00"],
        ),
        (&["--at", "soon"], 64, &["`soon` is not a time", "hint:"]),
        (
            &["--at", "2097-03-31 02:30", "--timezone", "Europe/Berlin"],
            64,
            &["does not occur", "2097-03-31T03:30:00+02:00"],
        ),
        (
            &["--at", "2097-10-27 02:30", "--timezone", "Europe/Berlin"],
            64,
            &["occurs twice", "2097-10-27T02:30:00+01:00"],
        ),
        (
            &["--in", "1h", "--payload", "{secret"],
            64,
            &["`--payload` is not JSON"],
        ),
        (&["--in", "1h", "--timezone", "CET"], 64, &["abbreviation"]),
        (
            &["--in", "1h", "--file", "../a.yaml"],
            64,
            &["not within the directory"],
        ),
        (
            &["--in", "1h", "--file", ".a.yaml"],
            64,
            &["a name that no scan reads"],
        ),
        (
            &["--in", "1h", "--file", "a.txt"],
            64,
            &["a name that no scan reads"],
        ),
        (
            &["--in", "1h", "--file", "no/a.yaml"],
            64,
            &["in no directory that is there"],
        ),
    ] {
        let told = folder.told(&[&["add", "x", "--lambda", "f"], more].concat());
        assert_eq!(told.code, Some(code), "{more:?}: {}", told.error);
        for fragment in fragments {
            assert!(told.error.contains(fragment), "{more:?}: {}", told.error);
        }
        assert!(!told.error.contains("secret"), "{}", told.error);
    }
    assert_eq!(folder.files(), ["hello.yaml", "soon.yaml", "york.yaml"]);
    let told = folder.told(&["add", "soon", "--lambda", "f", "--in", "1h"]);
    assert!(
        told.code == Some(1)
            && told
                .error
                .contains("there is an entry `soon` already, at `soon.yaml:2`"),
        "{}",
        told.error
    );
}

#[test]
fn an_entry_is_added_to_a_file_that_is_there() {
    let folder = Folder::new(&[
        ("launch.yaml", TWO),
        ("none.yaml", "schedules: {}  # yet\n"),
        ("bad.yaml", "schedules: {\n  hidden: 1\n"),
    ]);
    let file = |name: &'static str, file: &'static str| {
        [
            "add",
            name,
            "--lambda",
            "f",
            "--at",
            "2097-12-01 09:00",
            "--file",
            file,
        ]
    };
    let told = folder.told(&file("more", "launch.yaml"));
    assert_eq!(told.code, Some(0), "{}", told.error);
    // The file's zone, which need not be said again.
    assert_eq!(
        folder.read("launch.yaml"),
        format!("{TWO}  more:\n    at: 2097-12-01T09:00:00\n    lambda: f\n")
    );
    assert!(told.out.contains("launch.yaml:14: `more` runs lambda f at 2097-12-01 09:00:00 +01:00 = 2097-12-01T08:00:00Z (in "), "{}", told.out);
    assert_eq!(folder.told(&file("first", "none.yaml")).code, Some(0));
    assert_eq!(
        folder.read("none.yaml"),
        "schedules:  # yet\n  first:\n    at: 2097-12-01T09:00:00Z\n    lambda: f\n"
    );
    assert_eq!(folder.told(&file("new", "new.yml")).code, Some(0));
    let told = folder.told(&file("other", "bad.yaml"));
    assert!(
        told.code == Some(4) && told.error.contains("bad.yaml` is invalid"),
        "{}",
        told.error
    );
    // It may be there, in a file that can't be read now.
    let told = folder.told(&file("hidden", "new.yml"));
    assert!(
        told.code == Some(4)
            && told
                .error
                .contains("`bad.yaml` is invalid, and mentions it"),
        "{}",
        told.error
    );
    assert_eq!(
        folder.files(),
        ["bad.yaml", "launch.yaml", "new.yml", "none.yaml"]
    );
}

#[test]
fn an_entry_is_changed_where_it_stands() {
    let folder = Folder::new(&[("real.yml", TWO)]);
    fs::set_permissions(folder.path("real.yml"), Permissions::from_mode(0o640)).expect("set");
    fs::rename(folder.path("real.yml"), folder.path(".real")).expect("renamed");
    symlink(".real", folder.path("launch.yaml")).expect("a link");
    let place = folder.path("launch.yaml").display().to_string();
    let told = folder.told(&[
        "edit",
        "launch-email",
        "--at",
        "2097-06-02 10:00",
        "--payload",
        "{\"secret\": 2}",
    ]);
    assert_eq!(told.code, Some(0), "{}", told.error);
    let expected = TWO
        .replace("2097-06-01 09:00 ", "2097-06-02T10:00:00 ")
        .replace(" {secret: 1}", "\n      secret: 2");
    assert_eq!(folder.read("launch.yaml"), expected);
    let line = format!(
        "{place}:6: `launch-email` at 2097-06-01T07:00:00Z -> 2097-06-02 10:00:00 +02:00 = 2097-06-02T08:00:00Z (in "
    );
    assert!(
        told.out.starts_with(&line) && told.out.ends_with("), payload changed\n"),
        "{}",
        told.out
    );
    assert!(fs::symlink_metadata(&place).expect("there").is_symlink());
    assert_eq!(
        fs::metadata(&place).expect("there").permissions().mode() & 0o777,
        0o640
    );

    let told = folder.told(&[
        "edit",
        "close",
        "--disable",
        "--lambda",
        "close-it",
        "--grace",
        "1h",
        "--description",
        "late",
    ]);
    assert_eq!(told.code, Some(0), "{}", told.error);
    let expected = expected.replace(
        "    at: 2097-07-15T18:00:00Z\n    lambda: 'close-auction'\n",
        "    description: late\n    at: 2097-07-15T18:00:00Z\n    lambda: 'close-it'\n    grace: 1h\n    enabled: false\n",
    );
    assert_eq!(folder.read("launch.yaml"), expected);
    assert!(told.out.contains("`close` runs lambda close-auction -> lambda close-it, grace 5m -> 1h, enabled true -> false, description changed\n"), "{}", told.out);
    let again = folder.told(&["edit", "close", "--disable"]);
    assert!(
        again.code == Some(0) && again.out.ends_with("`close` is so already\n"),
        "{}",
        again.out
    );
    // A time keeps its way of being written.
    assert_eq!(
        folder
            .told(&["edit", "close", "--at", "2097-07-16 20:00", "--enable"])
            .code,
        Some(0)
    );
    let text = folder.read("launch.yaml");
    assert!(
        text.contains("at: 2097-07-16T18:00:00Z\n") && text.contains("enabled: true\n"),
        "{text}"
    );
    let told = folder.told(&["edit", "launch-email", "--timezone", "America/New_York"]);
    assert!(
        told.out.contains(
            "at 2097-06-02T08:00:00Z -> 2097-06-02 10:00:00 -04:00 = 2097-06-02T14:00:00Z"
        ),
        "{}",
        told.out
    );
    assert!(
        folder
            .read("launch.yaml")
            .contains("# sharp\n    timezone: America/New_York\n")
    );

    let before = folder.read("launch.yaml");
    for (arguments, code, fragment) in [
        (
            &["edit", "lanch-email", "--disable"][..],
            1,
            "there is no entry `lanch-email`\nhint: did you mean `launch-email`?",
        ),
        (&["edit", "launch-email"], 64, "there is no terminal"),
        (
            &["edit", "launch-email", "--at", "2020-01-01 09:00"],
            64,
            "past by more than the grace",
        ),
        (
            &["edit", "launch-email", "--at", "2097-03-10 02:30"],
            64,
            "does not occur on 2097-03-10 in America/New_York",
        ),
        (
            &["edit", "launch-email", "--lambda", "a b"],
            64,
            "not a function's name",
        ),
        (
            &["edit", "launch-email", "--payload", "secret"],
            64,
            "`--payload` is not JSON",
        ),
        (
            &["edit", "close", "--timezone", "Europe/Berlin"],
            64,
            "says its own offset",
        ),
        (
            &["edit", "close", "--at", "09:00", "--in", "1h"],
            64,
            "cannot be used with",
        ),
        (
            &["remove", "nothing-like-it"],
            1,
            "there is no entry `nothing-like-it`\n",
        ),
        (&["remove", "no name"], 1, "there is no entry `no name`\n"),
        (&["fmt", "--format", "json"], 64, "it prints text"),
    ] {
        let told = folder.told(arguments);
        assert_eq!(told.code, Some(code), "{arguments:?}: {}", told.error);
        assert!(
            told.error.contains(fragment) && !told.error.contains("secret"),
            "{arguments:?}: {}",
            told.error
        );
    }
    assert_eq!(folder.read("launch.yaml"), before);
    assert_eq!(
        folder.files(),
        [".real", "launch.yaml"],
        "nothing is left behind"
    );
}

#[test]
fn an_entry_is_taken_out() {
    let folder = Folder::new(&[("launch.yaml", TWO)]);
    let told = folder.told(&["remove", "launch-email"]);
    assert_eq!(told.code, Some(0), "{}", told.error);
    let line = format!(
        "{}:6: `launch-email` is removed; it was to run at 2097-06-01 09:00:00 +02:00 = 2097-06-01T07:00:00Z (in ",
        folder.path("launch.yaml").display()
    );
    assert!(told.out.starts_with(&line), "{}", told.out);
    let (head, rest) = (
        &TWO[..TWO.find("  # to").expect("it")],
        &TWO[TWO.find("\n  close").expect("it")..],
    );
    assert_eq!(folder.read("launch.yaml"), format!("{head}{rest}"));
    assert_eq!(folder.told(&["remove", "close"]).code, Some(0));
    assert_eq!(
        folder.read("launch.yaml"),
        format!("{}\n", head.replace("schedules:", "schedules: {}"))
    );
    assert_eq!(
        folder.told(&["check"]).code,
        Some(0),
        "a file without an entry is good"
    );

    let twice = "schedules:\n  close: {at: 2097-07-15T18:00:00Z, lambda: f}\n";
    let folder = Folder::new(&[("a.yaml", TWO), ("b.yaml", twice)]);
    let told = folder.told(&["remove", "close"]);
    assert!(
        told.code == Some(4)
            && told.error.contains("`b.yaml:2`")
            && told.error.contains("`a.yaml:11`"),
        "{}",
        told.error
    );
    let shared = "schedules:\n  a: &a {at: 2097-07-15T18:00:00Z, lambda: f}\n  b: *a\n";
    let folder = Folder::new(&[("a.yaml", shared)]);
    let told = folder.told(&["remove", "a"]);
    assert!(told.code == Some(1) && told.error.contains("a.yaml:2` can't be changed safely: what line 2 gives the name `&a` is used on line 3\nhint: write the value out where `*a` stands"), "{}", told.error);
    assert_eq!(folder.read("a.yaml"), shared);
}

#[test]
fn files_get_their_form() {
    let wild = "schedules:\r\n    a:\r\n        at:  2097-06-01 09:00  \r\n        lambda: f # f\r\n\r\n\r\n";
    let good = "schedules:\n  b:\n    at: 2097-06-01T09:00:00\n    lambda: f\n";
    let folder = Folder::new(&[("a.yaml", wild), ("b.yaml", good)]);
    let told = folder.told(&["fmt", "--check"]);
    assert_eq!(told.code, Some(1), "{}", told.out);
    let path = folder.path("a.yaml").display().to_string();
    assert_eq!(
        told.out,
        format!("would format {path}\n1 to be formatted, 1 good already, 0 invalid\n")
    );
    assert_eq!(folder.read("a.yaml"), wild);
    let told = folder.told(&["fmt"]);
    assert_eq!(
        (told.code, told.out),
        (
            Some(0),
            format!("formatted {path}\n1 formatted, 1 good already, 0 invalid\n")
        )
    );
    assert_eq!(
        folder.read("a.yaml"),
        "schedules:\n  a:\n    at: 2097-06-01T09:00:00\n    lambda: f # f\n"
    );
    assert_eq!(folder.told(&["fmt", "--check"]).code, Some(0));
    fs::write(folder.path("a.yaml"), wild).expect("written");
    fs::write(
        folder.path("c.yaml"),
        "schedules: {a: {at: soon, lambda: f, payload: secret}}\n",
    )
    .expect("written");
    let told = folder.told(&["fmt"]);
    assert_eq!(told.code, Some(4), "the others are done: {}", told.out);
    assert!(
        told.out.contains("`soon` is not a time")
            && told
                .out
                .ends_with("1 formatted, 1 good already, 1 invalid\n"),
        "{}",
        told.out
    );
    let alone = folder.path("c.yaml").display().to_string();
    let told = folder.told(&["fmt", "--check", &alone, &path]);
    assert_eq!(told.code, Some(4));
    assert!(
        told.out
            .ends_with("0 to be formatted, 1 good already, 1 invalid\n")
            && !told.out.contains("secret"),
        "{}",
        told.out
    );
}

/// `onced edit NAME` on a terminal, with this as the editor.
fn by_hand(folder: &Folder, editor: &str) -> Told {
    let (mut ours, theirs) = terminal();
    let mut command = folder.command(&["edit", "close"]);
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .env("EDITOR", editor)
        .stdin(theirs.try_clone().expect("a copy"));
    let running = command
        .stdout(theirs)
        .stderr(Stdio::piped())
        .spawn()
        .expect("onced starts");
    drop(command);
    let mut shown = Vec::new();
    // Ends with an error once the other end is closed.
    let _ = ours.read_to_end(&mut shown);
    let mut told = Told::from(running.wait_with_output().expect("it ends"));
    told.out = String::from_utf8_lossy(&shown).replace("\r\n", "\n");
    told
}

#[test]
fn an_editor_works_on_a_copy() {
    let folder = Folder::new(&[
        ("launch.yaml", TWO),
        (
            "other.yaml",
            "schedules:\n  taken: {at: 2097-07-15T18:00:00Z, lambda: f}\n",
        ),
    ]);
    let place = folder.path("launch.yaml").display().to_string();
    // An editor that takes a line is given it; others may take it for a file.
    let editor = folder.0.path().join("nano");
    let script = "#!/bin/sh\ntest \"$1\" = +11 && sed -i s/07-15/07-16/ \"$2\"\n";
    fs::write(&editor, script).expect("written");
    fs::set_permissions(&editor, Permissions::from_mode(0o755)).expect("a program");
    let told = by_hand(&folder, &editor.display().to_string());
    assert_eq!(told.code, Some(0), "{}", told.error);
    assert!(
        told.out.starts_with(&format!(
            "{place}:11: `close` at 2097-07-15T18:00:00Z -> 2097-07-16 20:00:00 +02:00"
        )),
        "{}",
        told.out
    );
    let good = TWO.replace("07-15", "07-16");
    assert_eq!(folder.read("launch.yaml"), good);
    let told = by_hand(&folder, "true");
    assert!(
        told.code == Some(0) && told.out.contains("nothing was changed"),
        "{}",
        told.out
    );
    let told = by_hand(&folder, "false");
    assert!(
        told.code == Some(1) && told.error.contains("the editor `false` failed"),
        "{}",
        told.error
    );
    for (editor, code, fragment) in [
        (
            "sed -i 's/at: 2097-06-01 09:00/at: soon/' $1; true",
            Some(4),
            "`soon` is not a time",
        ),
        (
            "sed -i s/launch-email:/taken:/ $1; true",
            Some(4),
            "`taken` is also the name of an entry at `other.yaml:2`",
        ),
        (
            "sed -i s/sharp/blunt/ $1; false",
            Some(1),
            "failed: exit status: 1",
        ),
    ] {
        let told = by_hand(&folder, editor);
        assert_eq!(told.code, code, "{}", told.error);
        assert!(
            told.error.contains(fragment)
                && told
                    .error
                    .contains("the file was left as it was\nhint: your copy is `"),
            "{}",
            told.error
        );
        assert!(!told.error.contains("secret"), "{}", told.error);
        let copy = told.error.rsplit('`').nth(1).expect("a path");
        assert_ne!(fs::read_to_string(copy).expect("the copy"), good);
        let rights = fs::metadata(copy).expect("the copy").permissions().mode();
        assert_eq!(rights & 0o077, 0, "nobody else may read it");
        fs::remove_dir_all(PathBuf::from(copy).parent().expect("its directory")).expect("removed");
        assert_eq!(folder.read("launch.yaml"), good);
    }
}

/// A daemon takes up what a command wrote, and nothing else is touched.
#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_follows() {
    let world = World::new().await;
    let text = |at: &str| {
        format!("schedules:\n  a: {{at: {at}, lambda: f}}\n  b: {{at: {at}, lambda: f}}\n")
    };
    world.write("a.yaml", &text(&day(10)));
    let _daemon = world.daemon();
    world.settles_at(2, 0).await;
    let done = |arguments: &[&str]| {
        let told = Told::from(world.output(arguments));
        assert_eq!(told.code, Some(0), "{}", told.error);
    };
    done(&["edit", "a", "--at", &day(20)]);
    world.settles_at(3, 1).await;
    done(&["fmt"]);
    done(&["edit", "b", "--description", "the same"]);
    world.settles_at(3, 1).await;
    done(&[
        "add", "c", "--in", "9d", "--lambda", "f", "--file", "a.yaml",
    ]);
    world.settles_at(4, 1).await;
    done(&["remove", "b"]);
    world.settles_at(4, 2).await;
}

/// A name is not taken while what may have it can't be read.
#[test]
fn a_name_that_may_be_taken_is_refused() {
    let folder = Folder::new(&[("a.yaml", "schedules:\n  a: {at: soon, lambda: f}\n")]);
    let add = ["add", "a", "--at", &day(3), "--lambda", "f"];
    assert_eq!(folder.told(&add).code, Some(4));
    fs::create_dir_all(folder.path(".git")).unwrap();
    for (file, text) in [("HEAD", "ref: refs/heads/main\n"), ("index.lock", "")] {
        fs::write(folder.path(&format!(".git/{file}")), text).unwrap();
    }
    for directory in ["objects", "refs"] {
        fs::create_dir(folder.path(&format!(".git/{directory}"))).unwrap();
    }
    assert_eq!(folder.told(&add).code, Some(4), "git at work hides nothing");
    // A link to nothing is a part of the folder that is not seen.
    let folder = Folder::new(&[("b.yaml", "schedules: {}\n")]);
    symlink("nowhere", folder.path("sub.yaml")).unwrap();
    let told = folder.told(&add);
    assert_ne!(told.code, Some(0), "{}", told.out);
    assert!(!folder.path("a.yaml").exists());
}

/// What is written has the rights that the umask leaves, keeps its attributes, and is no larger than what is read.
#[test]
fn a_file_stays_as_private_as_it_was() {
    let folder = Folder::new(&[]);
    let add = folder.command(&["add", "a", "--at", &day(3), "--lambda", "f"]);
    let words = add
        .get_args()
        .map(|word| word.to_string_lossy().into_owned());
    let words: Vec<String> = words.map(|word| format!("'{word}'")).collect();
    let program = add.get_program().to_string_lossy().into_owned();
    let mut shell = std::process::Command::new("sh");
    shell.args([
        "-c",
        &format!("umask 077; exec {program} {}", words.join(" ")),
    ]);
    assert!(shell.output().unwrap().status.success());
    let mode = |file: &str| folder.path(file).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("a.yaml"), 0o600);
    let path = folder.path("a.yaml");
    let kept = rustix::fs::setxattr(&path, "user.note", b"mine", rustix::fs::XattrFlags::empty());
    assert_eq!(folder.told(&["edit", "a", "--grace", "1h"]).code, Some(0));
    if kept.is_ok() {
        let mut value = [0; 16];
        let length = rustix::fs::getxattr(&path, "user.note", &mut value[..]).expect("it is kept");
        assert_eq!(&value[..length], b"mine");
    }
    let large = format!(
        "{}# {}\n",
        folder.read("a.yaml"),
        "x".repeat(8 * 1024 * 1024 - 100)
    );
    fs::write(&path, &large).unwrap();
    let told = folder.told(&["edit", "a", "--description", &"y".repeat(200)]);
    assert_eq!(told.code, Some(1), "{}", told.out);
    assert!(
        told.error.contains("at most 8388608 are read"),
        "{}",
        told.error
    );
    assert_eq!(folder.read("a.yaml"), large);
}

/// What would be missed is not switched on in silence, and no minute is guessed.
#[test]
fn times_are_not_guessed() {
    let text = "schedules:\n  a: {at: 2026-01-01T00:00:00Z, lambda: f, enabled: false}\n";
    let folder = Folder::new(&[("a.yaml", text)]);
    let told = folder.told(&["edit", "a", "--enable"]);
    assert_eq!(told.code, Some(64), "{}", told.out);
    assert_eq!(folder.read("a.yaml"), text);
    for time in [
        "09:3",
        "tomorrow 9:5",
        "9:30:1",
        "2097-06-01",
        "4020786000",
        "at(2097-06-01T09:00:00)",
        "rate(1 hour)",
        "2097\u{2013}06\u{2013}01 09:00",
        "2097-06-01T09:00:00.5Z",
    ] {
        let told = folder.told(&["add", "b", "--at", time, "--lambda", "f"]);
        assert_eq!(told.code, Some(64), "{time}: {}", told.out);
    }
}

/// However a time is typed, and however the one before it was written, the canonical form is what gets into the file.
#[test]
fn a_time_is_written_in_its_form() {
    let file =
        |at: &str| format!("schedules:\n  a: {{at: '{at}', lambda: f, timezone: Europe/Berlin}}\n");
    for (was, typed, is) in [
        (
            "2097-06-01 09:00:00.000000000 Z",
            "2097-07-01 09:00:00,000 +0200",
            "2097-07-01T07:00:00Z",
        ),
        (
            "2097-06-01t09:00z",
            "2097-07-01T09:00:00.000z",
            "2097-07-01T09:00:00Z",
        ),
        (
            "2097-06-01 09:00 +0200",
            "2097-12-01T08:00:00.000Z",
            "2097-12-01T09:00:00+01:00",
        ),
        (
            "2097-06-01 09:00:00",
            "2097-07-01 09:00:00 +02",
            "2097-07-01T09:00:00",
        ),
    ] {
        let folder = Folder::new(&[("a.yaml", &file(was))]);
        let told = folder.told(&["edit", "a", "--at", typed]);
        assert_eq!(told.code, Some(0), "{typed}: {}", told.out);
        assert_eq!(folder.read("a.yaml"), file(is), "{was}, {typed}");
    }
}
