//! Operations that stop half-way, each as its own tool leaves it.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use onced::source::parse::Defaults;
use onced::source::scan::Scanner;
use tokio::time::sleep;

use super::{commit, daemon, put, repository, runs, tool};
use crate::process::{World, day, has};

/// Issue 19, 5: what stops half-way is doubt until it is over, and what git and Mercurial keep for longer is none.
#[test]
fn operations_that_stop_half_way_are_doubt() {
    // Each is begun in a new repository whose branch `topic` changes `conflict.yaml` twice, removes `removed.yaml` and changes
    // the text `other`, of which `main` has changed the first and the last.
    let git_rows = [
        (
            "git merge topic",
            "a merge is in progress",
            "git merge --abort",
        ),
        (
            "git merge --squash topic",
            "a squashed merge",
            "git reset --merge",
        ),
        (
            "git merge --squash topic",
            "a squashed merge",
            "cp base conflict.yaml; git add .; git commit -m x",
        ),
        (
            "git rm -q removed.yaml; cp base conflict.yaml; git stash; echo z >>conflict.yaml; git commit -am z; git stash pop",
            "a conflict is not resolved",
            "cp base conflict.yaml; git add conflict.yaml",
        ),
        (
            "git rm -q removed.yaml; rm other; git stash; echo w >other; git commit -am z; git stash pop",
            "a conflict is not resolved",
            "git rm -q other",
        ),
        (
            "git checkout -q topic; cp base conflict.yaml; git checkout -m main",
            "conflict markers stand in `conflict.yaml`, line 3",
            "git checkout -f main",
        ),
        (
            "git cherry-pick main..topic",
            "a cherry-pick is in progress",
            "git cherry-pick --abort",
        ),
        (
            "git cherry-pick main..topic; cp base conflict.yaml; git add .; git commit -m by-hand",
            "a cherry-pick is in progress",
            "git cherry-pick --quit",
        ),
        (
            "git revert --no-edit HEAD HEAD~1; cp base conflict.yaml; git add .; git commit -m by-hand",
            "",
            "true",
        ),
        (
            "git revert --no-edit HEAD~1 HEAD; cp base conflict.yaml; git add .; git commit -m by-hand",
            "a revert is in progress",
            "git revert --quit",
        ),
        (
            "git checkout -q main~1; git rebase topic",
            "a rebase is in progress",
            "git checkout --theirs .; git add .; git rebase --continue; test -e .git/REBASE_HEAD || touch .other",
        ),
        (
            "git rebase --apply topic",
            "a rebase is in progress",
            "git rebase --abort",
        ),
        (
            "git format-patch -1 topic -o ..; git am ../0001*",
            "`git am` is in progress",
            "git am --abort",
        ),
        (
            "git bisect start; git bisect bad HEAD; git bisect good HEAD~1",
            "a bisection is in progress",
            "git bisect reset",
        ),
        (
            "git cherry-pick topic; git cherry-pick --abort; git cherry-pick clean; test -e .git/AUTO_MERGE || touch .other",
            "",
            "true",
        ),
    ];
    let hg_rows = [
        (
            "hg merge -r topic",
            "a merge is in progress",
            "cp base conflict.yaml; hg resolve -m; hg commit -m x",
        ),
        (
            "hg merge -r clean",
            "a merge is in progress",
            "hg merge --abort",
        ),
        (
            "hg update -q base; echo z >>conflict.yaml; hg update topic",
            "a conflict is not resolved",
            "hg update --clean .",
        ),
        (
            "hg graft -r topic",
            "a graft is in progress",
            "hg graft --abort",
        ),
        (
            "hg --config extensions.rebase= rebase -r topic -d main",
            "a rebase is in progress",
            "hg --config extensions.rebase= rebase --abort",
        ),
        (
            "hg bisect --bad",
            "a bisection is in progress",
            "hg bisect --reset",
        ),
        (
            "echo y >>conflict.yaml; hg --config extensions.shelve= shelve; echo z >>conflict.yaml; hg commit -m z; hg --config extensions.shelve= unshelve",
            "an unshelve is in progress",
            "hg --config extensions.shelve= unshelve --abort",
        ),
        (
            "ln -s nobody:1 .hg/wlock",
            "an hg command is at work",
            "rm .hg/wlock",
        ),
    ];
    let git_rows = git_rows.map(|row| ("git", row));
    let hg_rows = hg_rows.map(|row| ("hg", row));
    for (program, (begin, expected, end)) in git_rows.into_iter().chain(hg_rows) {
        if !has(program) {
            continue;
        }
        let home = tempfile::tempdir().expect("a directory");
        let directory = home.path().join("schedules");
        fs::create_dir(&directory).expect("a directory");
        shell(&directory, if program == "git" { IN_GIT } else { IN_HG });
        let mut scanner = Scanner::new(directory.clone(), Defaults::default());
        assert_eq!(scanner.scan().doubt(), None, "before {begin}");
        shell(&directory, begin);
        let scan = scanner.scan();
        let doubt = scan.doubt().unwrap_or_default();
        let is = if expected.is_empty() {
            doubt.is_empty()
        } else {
            doubt.contains(expected)
        };
        assert!(is, "{begin}: {doubt}");
        // Its remedy names the command that ends it.
        let ends = ["--abort", "--quit", "reset"];
        if let Some(busy) = scan.work_trees.busy().next()
            && ends.iter().any(|word| end.contains(word))
        {
            let plain = end.replace("--config extensions.rebase= ", "");
            let plain = plain.replace("--config extensions.shelve= ", "");
            let remedy = busy.remedy();
            assert!(remedy.contains(&plain), "{begin}: {remedy}");
        }
        shell(&directory, end);
        assert_eq!(scanner.scan().doubt(), None, "{begin}, then {end}");
        let other = directory.join(".other").exists();
        assert!(!other, "{begin}, then {end} leaves something else");
    }
}

const IN_GIT: &str = "
    git init -q -b main
    printf 'schedules:\\n  a: {at: 2099-01-01T00:00:00Z, lambda: f}\\n# 1\\n' >conflict.yaml
    echo 'schedules: {}' >removed.yaml; cp conflict.yaml base; echo x >other
    git add .; git commit -qm base
    git checkout -qb clean; echo 'schedules: {}' >clean.yaml; git add .; git commit -qm clean; git checkout -q main
    git checkout -qb topic
    sed -i 's/1$/2/' conflict.yaml; git rm -q removed.yaml; git commit -qam topic
    echo y >other; git commit -qam other; sed -i 's/2$/3/' conflict.yaml; git commit -qam topic2
    git checkout -q main
    sed -i 's/1$/4/' conflict.yaml; echo z >other; git commit -qam main
    sed -i 's/4$/5/' conflict.yaml; git commit -qam main2";

const IN_HG: &str = "
    hg init
    printf 'schedules:\\n  a: {at: 2099-01-01T00:00:00Z, lambda: f}\\n# 1\\n' >conflict.yaml
    echo 'schedules: {}' >removed.yaml; cp conflict.yaml base
    hg commit -qAm base; hg tag -l base
    echo 'schedules: {}' >clean.yaml; hg commit -qAm clean; hg tag -l clean; hg update -q base
    sed -i 's/1$/2/' conflict.yaml; hg rm removed.yaml; hg commit -qm topic; hg tag -l topic; hg update -q base
    sed -i 's/1$/4/' conflict.yaml; hg commit -qm main; hg tag -l main";

/// A script in this directory, each line of which may fail: a conflict is a failure.
fn shell(directory: &Path, script: &str) {
    let output = tool(directory, "sh", &["-c", script])
        .env("HGMERGE", ":merge")
        .output();
    output.expect("sh runs");
}

/// Issue 19, 5: Jujutsu's lock, as it leaves it while a command runs or was cut off.
#[test]
fn jujutsu_is_seen_at_work() {
    let directory = tempfile::tempdir().expect("a directory");
    let team = directory.path().join("team");
    let lock = team.join(".jj/working_copy/working_copy.lock");
    fs::create_dir_all(lock.parent().expect("a parent")).expect("a directory");
    put(&team, "a", &day(10));
    let defaults = Defaults {
        state_machine: Some(crate::stories::MACHINE.into()),
        ..Defaults::default()
    };
    let mut scanner = Scanner::new(directory.path().to_owned(), defaults);
    assert_eq!(scanner.scan().doubt(), None);
    File::create(&lock).expect("a lock");
    let doubt = scanner.scan().doubt().unwrap_or_default();
    assert!(doubt.contains("a jj command is at work"), "{doubt}");
    fs::remove_file(&lock).expect("removed");
    assert_eq!(scanner.scan().doubt(), None);
    // It has no state of a merge, but writes markers of its own.
    let text = "<<<<<<< conflict 1 of 1\n%%%%%%% diff from: base\n-a\n+++++++ side\n>>>>>>> conflict 1 of 1 ends\n";
    fs::write(team.join("b.yaml"), format!("schedules:\n{text}")).expect("written");
    let doubt = scanner.scan().doubt().unwrap_or_default();
    assert!(doubt.contains("`team/b.yaml`, line 2"), "{doubt}");
    // In a text that is sent as it is they mean nothing.
    let quoted = "schedules:\n  b:\n    at: 2099-01-01T00:00:00Z\n    lambda: f\n    payload: |\n      <<<<<<< HEAD\n      >>>>>>> topic\n";
    fs::write(team.join("b.yaml"), quoted).expect("written");
    let scan = scanner.scan();
    assert_eq!((scan.doubt(), scan.entries.len()), (None, 2));
}

/// Issue 19, 5: the program itself, on `git merge --squash`: what the other side removed is not stopped while the conflict
/// stands, and is once it is committed.
#[tokio::test(flavor = "multi_thread")]
async fn a_squashed_merge_stops_nothing_before_it_is_committed() {
    if !has("git") {
        return;
    }
    let world = World::new().await;
    let root = world.path("");
    repository(&root, "e");
    let _daemon = daemon(&world, &[]);
    world.settles_at(3, 0).await;
    assert!(
        !runs(&root, "git", &["merge", "--squash", "topic"]),
        "a conflict"
    );
    assert!(!root.join("e-removed.yaml").exists());
    sleep(Duration::from_secs(3)).await;
    world.settles_at(3, 0).await;
    put(&root, "e-conflict", &day(13));
    sleep(Duration::from_secs(3)).await;
    world.settles_at(3, 0).await;
    commit(&root, "squashed");
    world.settles_at(4, 2).await;
}
