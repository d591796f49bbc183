//! The scan on a real directory: what is read, what is never read, and what a scan does not prove.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;
use std::process::Command;

use onced::model::entry::EntryName;
use onced::source::parse::Defaults;
use onced::source::problem::FileState;
use onced::source::scan::{Scan, Scanner};

fn entry(name: &str) -> String {
    format!("schedules:\n  {name}: {{at: 2026-12-01T09:00, lambda: f}}\n")
}

fn scan(directory: &Path) -> Scan {
    Scanner::new(directory.to_owned(), Defaults::default()).scan()
}

fn names(scan: &Scan) -> Vec<&str> {
    scan.entries.keys().map(EntryName::as_str).collect()
}

fn name(text: &str) -> EntryName {
    EntryName::parse(text).expect("a good name")
}

#[test]
fn leftovers_and_hidden_files_are_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    fs::create_dir_all(at("sub/.hidden")).unwrap();
    for good in ["a.yaml", "sub/b.yml"] {
        fs::write(at(good), entry(if good == "a.yaml" { "a" } else { "b" })).unwrap();
    }
    let others = [
        "a.yaml~",
        "a.yaml.bak",
        ".a.yaml.swp",
        ".c.yaml",
        "sub/.hidden/d.yaml",
        "a.yaml.dpkg-old",
        "4913",
        "notes.txt",
    ];
    for other in others {
        fs::write(at(other), entry("other")).unwrap();
    }
    let scan = scan(directory.path());
    assert_eq!(names(&scan), ["a", "b"]);
    assert_eq!(scan.unclear, None);
    let ignored: Vec<_> = scan
        .files
        .iter()
        .filter(|f| f.state == FileState::Ignored)
        .map(|f| f.path.as_str())
        .collect();
    assert_eq!(ignored, ["a.yaml.bak", "a.yaml.dpkg-old", "a.yaml~"]);
}

#[test]
fn what_is_no_plain_file_is_never_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = |path: &str| directory.path().join(path);
    assert!(
        Command::new("mkfifo")
            .arg(at("fifo.yaml"))
            .status()
            .unwrap()
            .success()
    );
    symlink("/dev/zero", at("zero.yaml")).unwrap();
    symlink("/etc/passwd", at("out.yaml")).unwrap();
    symlink("loop.yaml", at("loop.yaml")).unwrap();
    fs::File::create(at("sparse.yaml"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    fs::write(at("good.yaml"), entry("good")).unwrap();
    let scan = scan(directory.path());
    assert_eq!(names(&scan), ["good"]);
    let invalid = scan
        .files
        .iter()
        .filter(|file| file.state == FileState::Invalid)
        .count();
    assert_eq!(invalid, 5);
    assert!(
        scan.mentions(&name("gone"), "gone.yaml")
            .unwrap()
            .contains("can't be read")
    );
}

#[test]
fn links_that_stay_inside_are_followed() {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("real");
    for (version, entry_name) in [("..v1", "one"), ("..v2", "two")] {
        fs::create_dir_all(root.join(version)).unwrap();
        fs::write(root.join(version).join("a.yaml"), entry(entry_name)).unwrap();
    }
    symlink("..v1", root.join("..data")).unwrap();
    symlink("..data/a.yaml", root.join("a.yaml")).unwrap();
    let link = directory.path().join("link");
    symlink("real", &link).unwrap();
    let mut scanner = Scanner::new(link, Defaults::default());
    assert_eq!(names(&scanner.scan()), ["one"]);
    symlink("..v2", root.join("..new")).unwrap();
    fs::rename(root.join("..new"), root.join("..data")).unwrap();
    assert_eq!(names(&scanner.scan()), ["two"]);
}

#[test]
fn a_name_used_twice_freezes_both_files() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("a.yaml"), entry("same")).unwrap();
    fs::write(directory.path().join("b.yaml"), entry("same")).unwrap();
    fs::write(directory.path().join("c.yaml"), entry("other")).unwrap();
    let scan = scan(directory.path());
    assert_eq!(names(&scan), ["other"]);
    assert!(scan.files[0].errors[0].message.contains("`b.yaml:2`"));
    assert!(scan.files[1].errors[0].message.contains("`a.yaml:2`"));
    assert!(scan.mentions(&name("same"), "elsewhere.yaml").is_some());
    assert!(scan.mentions(&name("sam"), "elsewhere.yaml").is_none());
}

#[test]
fn a_missing_directory_proves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let scan = scan(&directory.path().join("gone"));
    assert!(
        scan.mentions(&name("e"), "a.yaml")
            .unwrap()
            .contains("can't be read")
    );
}

#[test]
fn content_decides_not_the_time_of_change() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.yaml");
    fs::write(&path, entry("one")).unwrap();
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    let mut scanner = Scanner::new(directory.path().to_owned(), Defaults::default());
    assert_eq!(names(&scanner.scan()), ["one"]);
    fs::write(&path, entry("two")).unwrap();
    fs::File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(time)
        .unwrap();
    assert_eq!(names(&scanner.scan()), ["two"]);
}

/// A folder that is swapped for an empty one while it is listed: what was listed is never taken for what the other one
/// holds, or the empty one would be remembered as the one that had the files.
#[test]
fn what_is_listed_belongs_to_the_directory_that_is_remembered() {
    let home = tempfile::tempdir().expect("a directory");
    let [here, full, empty] = ["schedules", "full", "empty"].map(|name| home.path().join(name));
    for made in [&full, &empty] {
        fs::create_dir(made).expect("made");
    }
    fs::write(full.join("a.yaml"), "schedules: {}\n").expect("written");
    for number in 0..2000 {
        fs::write(full.join(format!("{number}.txt")), "").expect("written");
    }
    let of_full = fs::metadata(&full).expect("it is there").ino();
    let mut doubts = 0;
    for round in 0..300_u64 {
        fs::rename(&full, &here).expect("in its place");
        let (from, to, other) = (here.clone(), full.clone(), empty.clone());
        let swap = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_micros(round * 10));
            fs::rename(&from, to).expect("away");
            fs::rename(other, from).expect("in its place");
        });
        let scan = scan(&here);
        swap.join().expect("swapped");
        if let (None, Some(seen)) = (&scan.unclear, &scan.directories) {
            let is_full = seen.root.identity.inode == of_full;
            assert_eq!(seen.root.holds_files, is_full, "round {round}");
        } else {
            doubts += 1;
        }
        fs::rename(&here, &empty).expect("away");
    }
    assert!(
        doubts < 300,
        "some scans end before or begin after the swap"
    );
}
