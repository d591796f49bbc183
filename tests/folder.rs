//! What befalls a folder (FAILURES, section 1) and what people do to it (section 4): real files, scanned and planned. Which
//! row is tested where stands in `tests/index.md`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use onced::reconcile::Desired;

use onced::model::name::Owner;
use onced::model::plan::{Decision, Sight, Step, Wanted};
use onced::model::record::{Phase, Record};
use onced::reconcile::Desk;
use onced::source::parse::Defaults;
use onced::source::scan::Scanner;
use tempfile::TempDir;

use crate::stories::{MACHINE, begin, policy};

fn defaults() -> Defaults {
    Defaults {
        state_machine: Some(MACHINE.into()),
        ..Defaults::default()
    }
}

/// A folder all of whose entries run.
struct Folder {
    directory: TempDir,
    scanner: Scanner,
    desk: Desk,
    now: DateTime<Utc>,
}

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        for (name, text) in files {
            fs::write(directory.path().join(name), text).expect("written");
        }
        let scanner = Scanner::new(directory.path().to_owned(), defaults());
        let mut folder = Self {
            directory,
            scanner,
            desk: Desk::default(),
            now: begin(),
        };
        folder.all_runs();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("written");
    }

    /// What is asked for now is what runs.
    fn all_runs(&mut self) {
        let owner = Owner::parse("test").expect("an owner");
        let scan = self.scanner.scan();
        assert!(!scan.has_problems(), "{:?}", scan.files);
        let running = scan.entries.values().map(|entry| {
            Record::starting(&owner, entry, None, self.now).in_phase(Phase::Running, self.now)
        });
        self.desk = Desk::new(running.collect());
    }

    /// What is done so many seconds from now: by the contract's words.
    fn acts(&mut self, later: f64) -> Vec<String> {
        #[expect(clippy::cast_possible_truncation, reason = "a few minutes")]
        let later = TimeDelta::milliseconds((later * 1000.0) as i64);
        let scan = self.scanner.scan();
        let wanted = Desired::of(&scan);
        let sight = |_: &Wanted<'_>| Sight::CLEAR;
        let now = self.now + later;
        let plan = self
            .desk
            .plan(&wanted, sight, &policy(), &wanted.brakes, now);
        let notes = plan.notes.into_iter();
        for (name, note) in notes {
            let record = Record {
                file: note.file,
                gone: note.gone,
                guarded: note.guarded,
                ..self.desk.records[&name].clone()
            };
            self.desk.records.insert(name, record);
        }
        let acts = plan.decisions.iter().filter_map(|(name, decision)| {
            let Decision::Act(step, _) = decision else {
                return None;
            };
            let is = !matches!(step, Step::Look);
            is.then(|| format!("{} {name}", step.as_str()))
        });
        acts.collect()
    }

    fn nothing(&mut self, later: f64) {
        assert_eq!(self.acts(later), Vec::<String>::new(), "after {later} s");
    }
}

fn block(name: &str, at: &str, payload: &str) -> String {
    format!(
        "  {name}:\n    at: {at}\n    lambda: send-email\n    payload: {payload}\n    grace: 10m\n"
    )
}

fn many(number: usize) -> String {
    let entries: Vec<String> = (0..number)
        .map(|n| block(&format!("e{n}"), "2026-12-01T09:00:00", "{a: [1, 2], b: c}"))
        .collect();
    format!("version: 1\nschedules:\n{}", entries.concat())
}

/// F1: every prefix of a file, and what it may still become: nothing is stopped, or changed, within `stop_after`.
#[test]
fn no_prefix_of_a_file_stops_anything() {
    let text = many(9);
    assert!(text.len() > 900, "{}", text.len());
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    for end in 0..text.len() {
        folder.write("a.yaml", &text[..end]);
        folder.nothing(0.0);
        folder.nothing(29.9);
        folder.write("a.yaml", &text);
        folder.nothing(29.95);
        folder.now += TimeDelta::minutes(2);
    }
}

/// F1: the same, while the configuration is read again.
#[test]
fn a_configuration_that_is_read_again_forgets_no_half_written_file() {
    let text = many(4);
    let ends = text.match_indices('\n').map(|(at, _)| at + 1);
    let ends: Vec<usize> = ends.collect();
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    for two in ends.windows(2) {
        folder.write("a.yaml", &text[..two[0]]);
        folder.nothing(0.0);
        folder.scanner.reparse(defaults());
        folder.write("a.yaml", &text[..two[1]]);
        folder.nothing(0.5);
        folder.scanner.reparse(defaults());
        folder.nothing(29.0);
        folder.write("a.yaml", &text);
        folder.nothing(29.5);
        folder.now += TimeDelta::minutes(2);
    }
}

/// F1, F3: written anew from the beginning, byte by byte, with a scan at each: what is changed is replaced once it is whole,
/// and nothing else is touched.
#[test]
fn a_file_that_is_written_anew_in_place_is_believed_once_it_is_whole() {
    let text = many(6);
    let other = text.replacen("2026-12-01T09:00:00", "2026-12-02T10:00:00", 1);
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    for end in 0..other.len() {
        folder.write("a.yaml", &other[..end]);
        let seconds = f64::from(u32::try_from(end).expect("short")) * 0.01;
        let acts = folder.acts(seconds);
        let entries = folder.scanner.scan().entries;
        let whole = entries.values().any(|entry| {
            entry.name.as_str() == "e0"
                && entry.input().contains(r#""payload":{"a":[1,2],"b":"c"}"#)
        });
        assert!(
            acts.is_empty() || whole && acts == ["Replace e0"],
            "{acts:?}"
        );
    }
    folder.write("a.yaml", &other);
    // While it was written, all the others were gone: but they are back.
    assert_eq!(folder.acts(15.0), ["Replace e0"]);
}

/// F1: a file that stays cut means what it says after `stop_after`; one that was shortened otherwise, after two seconds.
#[test]
fn what_stays_is_meant() {
    let text = many(3);
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    let end = text.rfind("    grace").expect("a line");
    let cut = &text[..text[..end].rfind("    payload").expect("a line")];
    folder.write("a.yaml", cut);
    folder.nothing(0.0);
    folder.nothing(29.9);
    assert_eq!(folder.acts(30.0), ["Replace e2"]);
    // Shorter, but no beginning of what it was.
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    folder.write("a.yaml", &text.replacen("send-email", "other", 1));
    folder.nothing(0.0);
    folder.nothing(1.9);
    assert_eq!(folder.acts(2.0), ["Replace e0"]);
    // As long as before, and whole: at once.
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    folder.write("a.yaml", &text.replacen("send-email", "save-email", 1));
    assert_eq!(folder.acts(0.0), ["Replace e0"]);
    // And where its time is nearer than the wait, at once too.
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    folder.now = "2026-12-01T08:59:45Z".parse().expect("a time");
    folder.write("a.yaml", cut);
    assert_eq!(folder.acts(0.0), ["Replace e2"]);
}

/// F2, F17, F20, H15, H18: emptied, commented out, no text, conflicts, a typing error: its entries are pinned, the others
/// go on.
#[test]
fn a_file_that_can_not_be_understood_pins_its_entries() {
    let a = "schedules:\n  a1: {at: 2026-12-01T09:00, lambda: f}\n  a2: {at: 2026-12-01T09:00, lambda: f}\n";
    let b = "schedules:\n  b1: {at: 2026-12-01T09:00, lambda: f}\n";
    let ours = a.replace("  a2", "<<<<<<< HEAD\n  a2");
    let broken: &[&[u8]] = &[
        b"",
        b"# nothing here\n",
        b"schedules:\n",
        b"\xff\xfe\x00",
        b"schedules:\n\ta1: {}\n",
        b"schedules: {\0}\n",
        ours.as_bytes(),
        b"schedules:\n  a1: {at: 2026-12-01T25:00, lambda: f}\n",
        b"schedules:\n  a1: {at: 2026-12-01T09:00 CET, lambda: f}\n",
    ];
    for bytes in broken {
        let mut folder = Folder::new(&[("a.yaml", a), ("b.yaml", b)]);
        fs::write(folder.path("a.yaml"), bytes).expect("written");
        let more = "schedules:\n  b2: {at: 2026-12-03T09:00, lambda: f}\n";
        folder.write("b2.yaml", more);
        assert_eq!(folder.acts(0.0), ["Start b2"], "{bytes:?}");
        assert_eq!(folder.acts(3600.0), ["Start b2"], "{bytes:?}");
        // What says that nothing is here is believed; but these are all that run of that file, and more than a third.
        folder.write("a.yaml", "schedules: {}\n");
        folder.acts(3600.0);
        let acts = folder.acts(3631.0);
        assert_eq!(acts, ["Stop a1", "Stop a2", "Start b2"]);
    }
}

/// F6, H4, H12: a file is renamed, all of them are, an entry is moved to another file: nothing.
#[test]
fn it_is_the_name_of_the_entry_that_counts() {
    let text = many(4);
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    fs::create_dir(folder.path("sub")).expect("made");
    fs::rename(folder.path("a.yaml"), folder.path("sub/b.yml")).expect("renamed");
    folder.nothing(0.0);
    folder.nothing(60.0);
    let (one, rest) = text.split_at(text.find("  e1:").expect("an entry"));
    folder.write("sub/b.yml", one);
    folder.write("c.yaml", &format!("schedules:\n{rest}"));
    folder.nothing(61.0);
    folder.nothing(120.0);
}

/// F7: seen in no file for a while, as when a file is moved by a copy and a removal: within `stop_after` that is nothing.
#[test]
fn gone_for_a_moment_is_not_gone() {
    let text = many(2);
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    fs::rename(folder.path("a.yaml"), folder.path("a.txt")).expect("renamed");
    folder.nothing(0.0);
    folder.nothing(29.0);
    fs::rename(folder.path("a.txt"), folder.path("b.yaml")).expect("renamed");
    folder.nothing(29.5);
    folder.nothing(90.0);
    // The wait begins anew each time.
    fs::remove_file(folder.path("b.yaml")).expect("removed");
    folder.nothing(91.0);
    folder.nothing(120.0);
    assert_eq!(folder.acts(121.0).len(), 2);
}

/// F9, F10: the directory is not there, is no directory, or is empty on another device: nothing is proven.
#[test]
fn a_directory_that_is_not_there_proves_nothing() {
    let mut folder = Folder::new(&[("a.yaml", &many(2))]);
    let (here, away) = (
        folder.directory.path(),
        folder.directory.path().with_extension("away"),
    );
    fs::rename(here, &away).expect("renamed");
    folder.nothing(0.0);
    folder.nothing(3600.0);
    let here = folder.directory.path().to_owned();
    fs::write(&here, "no directory").expect("written");
    folder.nothing(7200.0);
    fs::remove_file(&here).expect("removed");
    fs::rename(&away, &here).expect("renamed");
    folder.nothing(7201.0);
    folder.nothing(7300.0);
}

/// F12, F39: links that lead out, around, or back up, and directories without end.
#[test]
fn a_link_that_can_not_be_followed_proves_nothing() {
    for target in ["/etc", "..", "nowhere", "round.yaml"] {
        let mut folder = Folder::new(&[("a.yaml", &many(2))]);
        fs::remove_file(folder.path("a.yaml")).expect("removed");
        std::os::unix::fs::symlink(target, folder.path("round.yaml")).expect("linked");
        folder.nothing(0.0);
        folder.nothing(3600.0);
    }
    // A deep directory is doubt where it holds a schedule file, unless that is what a package manager put there.
    for (top, file, is_doubt) in [
        ("d", "a.yaml", true),
        ("d", "readme.txt", false),
        ("d", "a.yaml.bak", false),
        ("node_modules", "a.yaml", false),
    ] {
        let mut folder = Folder::new(&[("a.yaml", &many(2))]);
        fs::remove_file(folder.path("a.yaml")).expect("removed");
        let deep: PathBuf = std::iter::repeat_n(top, 40).collect();
        let deep = folder.path("").join(deep);
        fs::create_dir_all(&deep).expect("made");
        fs::write(deep.join(file), many(2)).expect("written");
        folder.nothing(0.0);
        if is_doubt {
            folder.nothing(3600.0);
        } else {
            assert_eq!(folder.acts(3600.0).len(), 2, "{top} {file}");
        }
    }
}

/// Issue 19, 10: what was known below a directory that is too deep now is kept, also where a package manager fills it.
#[test]
fn what_was_known_of_a_deep_directory_is_kept() {
    let directory: PathBuf = std::iter::repeat_n("node_modules", 33).collect();
    let file = directory.join("a.yaml").display().to_string();
    let mut folder = Folder::new(&[("a.yaml", &many(2))]);
    let names: Vec<_> = folder.desk.records.keys().cloned().collect();
    for name in names {
        let record = Record {
            file: file.as_str().into(),
            ..folder.desk.records[&name].clone()
        };
        folder.desk.records.insert(name, record);
    }
    fs::create_dir_all(folder.path("").join(&directory)).expect("made");
    fs::rename(folder.path("a.yaml"), folder.path(&file)).expect("renamed");
    folder.nothing(0.0);
    folder.nothing(3600.0);
    fs::remove_dir_all(folder.path("node_modules")).expect("removed");
    folder.nothing(3601.0);
    assert_eq!(folder.acts(7202.0).len(), 2);
}

/// F24, F25, H14: a name that is used twice starts and stops nothing, wherever it stands and whatever it asks for.
#[test]
fn a_name_that_is_used_twice_is_frozen() {
    for second in ["2026-12-01T09:00", "2026-12-02T09:00"] {
        let one = "schedules:\n  a: {at: 2026-12-01T09:00, lambda: f}\n  a2: {at: 2026-12-01T09:00, lambda: f}\n";
        let mut folder = Folder::new(&[("a.yaml", one)]);
        folder.write(
            "b.yaml",
            &format!(
                "schedules:\n  a: {{at: {second}, lambda: f}}\n  b: {{at: {second}, lambda: f}}\n"
            ),
        );
        folder.nothing(0.0);
        // The file is a unit: what it lacks now may be a part of the same mistake.
        folder.write(
            "a.yaml",
            "schedules:\n  a: {at: 2026-12-01T09:00, lambda: f}\n",
        );
        folder.nothing(1.0);
        folder.nothing(3600.0);
    }
}

/// F38: an edit that keeps size and time of change, at any age of the file.
#[test]
fn an_edit_that_keeps_size_and_time_is_seen() {
    let text = many(2);
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    let file = |folder: &Folder| {
        let options = fs::File::options().write(true).open(folder.path("a.yaml"));
        options.expect("opened")
    };
    let time = fs::metadata(folder.path("a.yaml"))
        .expect("there")
        .modified();
    let time = time.expect("a time");
    for (number, wait) in [0, 10, 3500].into_iter().enumerate() {
        std::thread::sleep(Duration::from_millis(wait));
        // Old enough for its times to be believed.
        folder.nothing(0.0);
        let mut other = text.replacen("send-email", &format!("send-emai{number}"), 1);
        other = other.replacen("[1, 2]", "[2, 1]", 1);
        folder.write("a.yaml", &other);
        file(&folder).set_modified(time).expect("set");
        assert_eq!(folder.acts(0.0), ["Replace e0"], "after {wait} ms");
        folder.write("a.yaml", &text);
        file(&folder).set_modified(time).expect("set");
        folder.nothing(0.0);
    }
}

/// H7: put back before it was stopped: nothing was ever called.
#[test]
fn put_back_in_time_is_nothing() {
    let text = many(3);
    let short = &text[..text.find("  e2:").expect("an entry")];
    let mut folder = Folder::new(&[("a.yaml", &text)]);
    for round in 0..3 {
        folder.write("a.yaml", short);
        folder.nothing(f64::from(round) * 60.0);
        folder.nothing(f64::from(round) * 60.0 + 29.0);
        folder.write("a.yaml", &text);
        folder.nothing(f64::from(round) * 60.0 + 30.0);
    }
}

/// Section 4's `stop_after`: one whose time comes within the wait is stopped at once; after its time nothing is stopped.
#[test]
fn a_removal_just_before_its_time_is_not_waited_for() {
    let text = many(1) + "  last: {at: 2026-12-01T10:00:00, lambda: f}\n";
    for (now, expected) in [
        ("2026-12-01T08:59:29Z", vec![]),
        ("2026-12-01T08:59:31Z", vec!["Stop e0"]),
        ("2026-12-01T08:59:59Z", vec!["Stop e0"]),
        ("2026-12-01T09:00:00Z", vec![]),
    ] {
        let mut folder = Folder::new(&[("a.yaml", &text)]);
        folder.now = now.parse().expect("a time");
        folder.write(
            "a.yaml",
            "schedules:\n  last: {at: 2026-12-01T10:00:00, lambda: f}\n",
        );
        assert_eq!(folder.acts(0.0), expected, "{now}");
    }
}

/// `enabled: false`, of an entry and of a whole file.
#[test]
fn switched_off_is_stopped_and_not_gone() {
    let text = "defaults: {enabled: true}\nschedules:\n  a: {at: 2026-12-01T09:00, lambda: f}\n  b: {at: 2026-12-01T09:00, lambda: f}\n  c: {at: 2026-12-01T09:00, lambda: f, enabled: true}\n";
    let mut folder = Folder::new(&[("a.yaml", text)]);
    folder.write(
        "a.yaml",
        &text.replace("{enabled: true}", "{enabled: false}"),
    );
    assert_eq!(folder.acts(0.0), ["Stop a", "Stop b"]);
    let one = text.replacen("lambda: f}", "lambda: f, enabled: false}", 1);
    folder.write("a.yaml", &one);
    assert_eq!(folder.acts(0.0), ["Stop a"]);
}

/// What everybody may write is refused, with the remedy; what a group may is fine.
#[test]
fn what_everybody_may_write_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path, mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(path, permissions).expect("set");
    };
    let one = "schedules:\n  b: {at: 2026-12-01T09:00, lambda: f}\n";
    let mut folder = Folder::new(&[("a.yaml", &many(2))]);
    fs::create_dir(folder.path("sub")).expect("made");
    folder.write("sub/b.yaml", one);
    mode(&folder.path("a.yaml"), 0o664);
    mode(&folder.path("sub"), 0o775);
    assert_eq!(folder.acts(0.0), ["Start b"]);
    mode(&folder.path("sub"), 0o777);
    folder.nothing(0.0);
    let scan = folder.scanner.scan();
    let error = &scan.files[1].errors[0];
    assert!(error.message.contains("everybody may write"), "{error:?}");
    let hint = error.hint.clone().unwrap_or_default();
    assert!(
        hint.starts_with("chmod o-w ") && hint.ends_with("/sub"),
        "{hint}"
    );
    mode(&folder.path("sub"), 0o755);
    mode(&folder.path("a.yaml"), 0o666);
    folder.write("a.yaml", "schedules: {}\n");
    assert_eq!(folder.acts(0.0), ["Start b"]);
    assert_eq!(folder.acts(3600.0), ["Start b"]);
    mode(&folder.path("a.yaml"), 0o644);
    mode(folder.directory.path(), 0o777);
    fs::remove_file(folder.path("a.yaml")).expect("removed");
    folder.nothing(3601.0);
    folder.nothing(7200.0);
    mode(folder.directory.path(), 0o755);
    folder.acts(7201.0);
    assert_eq!(folder.acts(7300.0).len(), 3);
}

/// H20: removed while nobody watched, for however long: it is seen to be gone for `stop_after` first.
#[test]
fn a_removal_that_nobody_saw_waits_all_the_same() {
    let mut folder = Folder::new(&[("a.yaml", &many(2))]);
    let records = std::mem::take(&mut folder.desk.records);
    folder.desk = Desk::new(records);
    folder.write("a.yaml", "schedules: {}\n");
    folder.nothing(3600.0 * 24.0 * 5.0);
    folder.nothing(3600.0 * 24.0 * 5.0 + 29.0);
    assert_eq!(folder.acts(3600.0 * 24.0 * 5.0 + 30.0).len(), 2);
}

/// H17: another directory than before asks for nothing of what runs: held as one mass.
#[test]
fn another_directory_is_a_mass_of_removals() {
    let mut folder = Folder::new(&[("a.yaml", &many(5))]);
    let other = Folder::new(&[(
        "z.yaml",
        "schedules:\n  z: {at: 2026-12-05T09:00, lambda: f}\n",
    )]);
    folder.scanner = other.scanner;
    assert_eq!(folder.acts(0.0), ["Start z"]);
    assert_eq!(folder.acts(3600.0), ["Start z"]);
}

/// Each row of FAILURES 1 and 4 is in the index, and each test that the index names is there.
#[test]
fn the_index_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| fs::read_to_string(root.join(path)).unwrap_or_default();
    let index = read("tests/index.md");
    let rows: Vec<&str> = index
        .lines()
        .filter(|line| line.starts_with("| "))
        .collect();
    for (letter, number) in [('F', 40), ('H', 20)] {
        for row in 1..=number {
            let begins = format!("| {letter}{row} |");
            let found = rows.iter().filter(|line| line.starts_with(&begins)).count();
            assert_eq!(found, 1, "{begins}");
        }
    }
    let mut named = 0;
    for test in index.split('`').skip(1).step_by(2) {
        let Some((file, name)) = test.split_once(".rs::") else {
            continue;
        };
        named += 1;
        let text = read(&format!("{file}.rs"));
        assert!(text.contains(&format!("fn {name}(")), "{test}");
    }
    assert!(named > 60, "{named}");
}

/// F18: a file whose name is no text takes part under a name that can be shown.
#[test]
fn a_name_that_is_no_text_is_shown_escaped() {
    use std::os::unix::ffi::OsStrExt;
    let mut folder = Folder::new(&[("a.yaml", &many(1))]);
    let name = std::ffi::OsStr::from_bytes(b"\xff\xfe.yaml");
    let path = folder.directory.path().join(name);
    fs::write(path, "schedules:\n  b: {at: 2026-12-01T09:00, lambda: f}\n").expect("written");
    assert_eq!(folder.acts(0.0), ["Start b"]);
    assert_eq!(folder.scanner.scan().files[0].path, "\\xff\\xfe.yaml");
}
