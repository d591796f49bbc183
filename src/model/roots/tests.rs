//! The table of `roots`, row by row, and what is remembered after each.

use super::*;

const A: &str = "/etc/a";
const B: &str = "/etc/b";

fn id(device: u64, inode: u64) -> Identity {
    Identity {
        device,
        inode,
        born: Some(inode * 1000),
    }
}

fn directory(identity: Identity, holds_files: bool) -> Directory {
    Directory {
        identity,
        is_deleted: false,
        holds_files,
    }
}

fn seen(root: Identity, holds_files: bool) -> Directories {
    Directories {
        root: directory(root, holds_files),
        below: BTreeMap::new(),
    }
}

fn with(mut seen: Directories, below: &[(&str, Identity, bool)]) -> Directories {
    let below = below.iter();
    seen.below = below
        .map(|(path, identity, holds)| ((*path).to_owned(), directory(*identity, *holds)))
        .collect();
    seen
}

fn remembered(path: &str, root: Identity) -> Remembered {
    Remembered {
        folder: Some(Folder {
            path: path.into(),
            root,
        }),
        ..Remembered::default()
    }
}

fn running(asked_for: usize, left: usize) -> impl Fn() -> Running {
    move || Running {
        asked_for,
        left,
        at_first: false,
    }
}

#[test]
fn each_row_of_the_table() {
    use Doubt::{Another, AnotherDevice, Deleted, Unknown};
    let nothing = Remembered::default();
    let known = remembered(A, id(1, 10));
    let doubt = Verdict::Doubt;
    let strange = |before: Option<&str>| {
        Verdict::Strange(Strange {
            before: before.map(str::to_owned),
            left: 3,
        })
    };
    let reborn = Identity {
        born: Some(7),
        ..id(1, 10)
    };
    let unborn = Identity {
        born: None,
        ..id(1, 10)
    };
    // Of three executions that run, none is asked for.
    let rows = [
        (
            "the same, emptied",
            &known,
            A,
            id(1, 10),
            false,
            Verdict::Fine,
        ),
        ("no time of birth", &known, A, unborn, false, Verdict::Fine),
        (
            "its number given again",
            &known,
            A,
            reborn,
            false,
            doubt(Another),
        ),
        (
            "another, empty",
            &known,
            A,
            id(1, 11),
            false,
            doubt(Another),
        ),
        ("no disk", &known, A, id(2, 11), false, doubt(AnotherDevice)),
        (
            "another number of the device",
            &known,
            A,
            id(2, 10),
            false,
            doubt(AnotherDevice),
        ),
        (
            "nothing known, empty",
            &nothing,
            A,
            id(1, 10),
            false,
            doubt(Unknown),
        ),
        (
            "another path, empty",
            &known,
            B,
            id(1, 12),
            false,
            strange(Some(A)),
        ),
        ("other entries", &known, A, id(1, 10), true, Verdict::Fine),
        ("a release", &known, A, id(1, 11), true, Verdict::Fine),
        (
            "a mount point with files",
            &known,
            A,
            id(2, 11),
            true,
            strange(Some(A)),
        ),
        ("another path", &known, B, id(1, 12), true, strange(Some(A))),
        (
            "the same root at another path",
            &known,
            B,
            id(1, 10),
            true,
            strange(Some(A)),
        ),
        ("nothing known", &nothing, A, id(1, 10), true, strange(None)),
    ];
    for (what, known, path, root, holds, verdict) in rows {
        let seen = seen(root, holds);
        assert_eq!(known.judge(path, &seen, running(0, 3)), verdict, "{what}");
        // Nothing is at stake.
        assert_eq!(
            known.judge(path, &seen, running(0, 0)),
            Verdict::Fine,
            "{what}"
        );
        // One entry of it is still asked for.
        if holds {
            assert_eq!(
                known.judge(path, &seen, running(1, 3)),
                Verdict::Fine,
                "{what}"
            );
        }
        let mut deleted = seen;
        deleted.root.is_deleted = true;
        assert_eq!(
            known.judge(path, &deleted, running(1, 3)),
            doubt(Deleted),
            "{what}"
        );
    }
}

/// What is started from a strange folder makes it no more familiar; a person's approval does, and the old one comes back.
#[test]
fn strange_until_it_is_approved() {
    let known = remembered(A, id(1, 10));
    let other = seen(id(1, 12), true);
    let verdict = known.judge(B, &other, running(0, 3));
    let noted = known.after(B, &other, &verdict, &[]).expect("noted");
    assert_eq!(noted.folder, known.folder);
    // Two of its own run now.
    let verdict = noted.judge(B, &other, running(2, 3));
    assert!(matches!(verdict, Verdict::Strange(Strange { left: 3, .. })));
    assert_eq!(noted.after(B, &other, &verdict, &[]), None, "no other");
    // Where its files could not be read at first, what ran then is looked for once more.
    let at_first = |asked_for| Running {
        asked_for,
        left: 3,
        at_first: true,
    };
    assert_eq!(noted.judge(B, &other, || at_first(1)), Verdict::Fine);
    let verdict = noted.judge(B, &other, || at_first(0));
    assert!(matches!(verdict, Verdict::Strange(_)));
    // A third one, that shares what the second one started.
    let third = seen(id(3, 30), true);
    let verdict = noted.judge("/etc/c", &third, running(2, 3));
    assert!(matches!(verdict, Verdict::Strange(_)));
    // All that it would stop is approved.
    let verdict = noted.judge(B, &other, running(2, 0));
    assert_eq!(verdict, Verdict::Fine);
    let after = noted.after(B, &other, &verdict, &[]).expect("another");
    assert_eq!(after, remembered(B, id(1, 12)));
    // The one that is remembered is back: with a device of another number, too.
    for root in [id(1, 10), id(4, 10)] {
        let back = seen(root, true);
        let verdict = noted.judge(A, &back, running(3, 2));
        assert_eq!(verdict, Verdict::Fine);
        let after = noted.after(A, &back, &verdict, &[]).expect("another");
        assert_eq!(after, remembered(A, root));
    }
}

#[test]
fn what_is_remembered() {
    let nothing = Remembered::default();
    let empty = seen(id(1, 10), false);
    assert_eq!(nothing.after(A, &empty, &Verdict::Fine, &[]), None);
    let below = [
        ("s", id(1, 11), true),
        ("s/t", id(1, 12), true),
        ("u", id(1, 13), false),
    ];
    let full = with(seen(id(1, 10), true), &below);
    let known = nothing.after(A, &full, &Verdict::Fine, &[]).expect("known");
    let held: Vec<&String> = known.directories.keys().collect();
    assert_eq!(held, ["s", "s/t"]);
    assert_eq!(known.after(A, &full, &Verdict::Fine, &[]), None, "the same");
    let doubt = Verdict::Doubt(Doubt::Another);
    assert_eq!(known.after(A, &seen(id(1, 20), false), &doubt, &[]), None);
    // Emptied: it is the same directory, without any in it that held files.
    let emptied = known.after(A, &empty, &Verdict::Fine, &[]).expect("other");
    assert_eq!(emptied, remembered(A, id(1, 10)));
    // What is lost stays remembered.
    let gone = with(
        seen(id(1, 10), true),
        &[("s", id(2, 1), false), ("v", id(1, 14), true)],
    );
    let after = known
        .after(A, &gone, &Verdict::Fine, &["s".into()])
        .expect("other");
    let held: Vec<&String> = after.directories.keys().collect();
    assert_eq!(held, ["s", "v"]);
    assert_eq!(after.directories["s"], id(1, 11));
}

#[test]
fn directories_below_that_are_lost() {
    let mut known = remembered(A, id(1, 10));
    known.directories = [("s".into(), id(1, 11)), ("s/t".into(), id(1, 12))].into();
    let lost = |known: &Remembered, path: &str, seen: &Directories| {
        known
            .lost(path, seen)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let root = seen(id(1, 10), true);
    let at = |below: &[(&str, Identity, bool)]| with(root.clone(), below);
    let rows: [(&str, Directories, &[&str]); 7] = [
        (
            "as they were",
            at(&[("s", id(1, 11), true), ("s/t", id(1, 12), true)]),
            &[],
        ),
        ("emptied", at(&[("s", id(1, 11), false)]), &[]),
        ("removed", at(&[]), &[]),
        ("another one, empty", at(&[("s", id(1, 21), false)]), &["s"]),
        ("unmounted", at(&[("s", id(2, 5), false)]), &["s"]),
        ("another one with files", at(&[("s", id(2, 5), true)]), &[]),
        (
            "below",
            at(&[("s", id(1, 11), true), ("s/t", id(3, 12), false)]),
            &["s/t"],
        ),
    ];
    for (what, seen, expected) in rows {
        assert_eq!(lost(&known, A, &seen), expected, "{what}");
        // Another folder, another release: all are other ones there.
        assert!(lost(&known, B, &seen).is_empty(), "{what}");
        let release = Directories {
            root: directory(id(1, 30), true),
            ..seen
        };
        assert!(lost(&known, A, &release).is_empty(), "{what}");
    }
    let mut deleted = at(&[("s", id(1, 11), false)]);
    deleted.below.get_mut("s").expect("it is there").is_deleted = true;
    assert_eq!(lost(&known, A, &deleted), ["s"]);
    // The whole disk bears another number now; what was mounted below is away.
    known.directories.insert("m".into(), id(5, 2));
    let renumbered = with(
        seen(id(7, 10), true),
        &[("s", id(7, 11), false), ("m", id(7, 40), false)],
    );
    assert_eq!(lost(&known, A, &renumbered), ["m"]);
}

#[test]
fn below_is_below() {
    assert!(is_below("s/a.yaml", "s") && is_below("s/t/a.yaml", "s"));
    assert!(!is_below("sa.yaml", "s") && !is_below("a.yaml", "s") && !is_below("s", "s"));
}
