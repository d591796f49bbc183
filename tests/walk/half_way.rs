//! Operations of git's that stop half-way, in the watched work tree and in one below it, and are finished or given up: in the
//! end the folder says what it said before, so nothing was to be called.

use std::fs;
use std::time::Duration;

use tokio::time::sleep;

use super::{LONG, Walk};
use crate::process::day;

/// The repository below the folder, and where it was cloned from.
const NESTED: &str = "nested";
const FILE: &str = "nested/n.yaml";

/// An interactive rebase that stops at its first commit.
const STOPS: &str = "export GIT_EDITOR=true GIT_SEQUENCE_EDITOR='sed -i -e 1s/^pick/edit/';";

impl Walk {
    async fn rest_half_way(&mut self) {
        let rest = if self.rng.u32(0..4) == 0 {
            Duration::from_millis(100)
        } else {
            LONG
        };
        sleep(rest).await;
    }

    /// A rebase stands at an older commit of the repository in `directory`, then is finished or given up.
    async fn rebase(&mut self, directory: &str) {
        let back = self.rng.u32(1..4);
        let end = if self.rng.bool() {
            "--continue"
        } else {
            "--abort"
        };
        self.say(format!(
            "git: in {directory}, a rebase stops {back} commits back, then {end}"
        ));
        let go = format!("{STOPS} cd {directory}; git rebase -q --keep-empty -i HEAD~{back}");
        if self.try_shell(&go) {
            self.rest_half_way().await;
            self.shell(&format!(
                "{STOPS} cd {directory}; git rebase {end} || git rebase --abort"
            ));
        }
        self.shell(&format!(
            "cd {directory}; git status --short | (! grep -v '^??')"
        ));
    }

    /// A rebase in the watched work tree.
    pub(super) async fn rebase_half_way(&mut self) {
        self.rests().await;
        self.commit();
        self.rebase(".").await;
    }

    /// Somebody else has changed the first entry of a file and removed another file; here the same entry is changed
    /// otherwise. What is committed here is what counts.
    async fn two_sides(&mut self) -> bool {
        self.commit();
        let Some((file, name)) = self.any_entry() else {
            return false;
        };
        let (theirs, ours) = (day(self.rng.i64(40..80)), day(self.rng.i64(80..120)));
        let change = |at: &str| format!("sed -i '/^  {name}: /s/at: [^,]*/at: {at}/' {file}");
        let other = self
            .any_file()
            .map(|(other, _)| other)
            .filter(|other| *other != file);
        let remove = other.map_or_else(String::new, |other| format!("git rm -q {other};"));
        let is_changed = self.try_shell(&format!(
            "rm -rf ../clone; git clone -q . ../clone; cd ../clone; git config user.name o; git config user.email o@example.com; \
             {}; if git diff --quiet; then exit 1; fi; {remove} git commit -qam theirs; echo '# more' >> {file}; git commit -qam more",
            change(&theirs)
        ));
        // It may stand there in another form, which is not found.
        if !is_changed {
            return false;
        }
        self.shell(&change(&ours));
        self.rests().await;
        self.commit();
        self.shell("git fetch -q ../clone HEAD");
        true
    }

    /// `git merge --squash` with a conflict leaves no MERGE_HEAD.
    pub(super) async fn squash_half_way(&mut self) {
        if !self.two_sides().await {
            return;
        }
        self.say("git: merge --squash stops with a conflict, and is given up");
        self.try_shell("git merge --squash FETCH_HEAD");
        self.rest_half_way().await;
        self.shell("git reset -q --hard HEAD");
    }

    /// The first of two commits is settled by hand, and the second one is still to come: no CHERRY_PICK_HEAD is there.
    pub(super) async fn pick_half_way(&mut self) {
        if !self.two_sides().await {
            return;
        }
        self.say(
            "git: the first commit of a cherry-pick is settled by hand, and then all is given up",
        );
        self.shell("git rev-parse HEAD > ../before");
        self.try_shell("git cherry-pick FETCH_HEAD~1 FETCH_HEAD");
        self.rest_half_way().await;
        self.try_shell("git checkout -q --theirs . ; git add -A; git commit -qm 'by hand'");
        self.rest_half_way().await;
        self.try_shell("git cherry-pick --abort || git cherry-pick --quit");
        self.shell("git reset -q --hard $(cat ../before)");
    }

    /// `git stash pop` with a conflict leaves no mark at all.
    pub(super) async fn pop_half_way(&mut self) {
        self.rests().await;
        self.commit();
        let Some((file, name)) = self.any_entry() else {
            return;
        };
        let other = self
            .any_file()
            .map(|(other, _)| other)
            .filter(|other| *other != file);
        let (theirs, ours) = (day(self.rng.i64(40..80)), day(self.rng.i64(80..120)));
        let change = |at: &str| format!("sed -i '/^  {name}: /s/at: [^,]*/at: {at}/' {file}");
        let remove = other.map_or_else(String::new, |other| format!("rm {other};"));
        // It may stand there in another form, which is not found. Nobody may look between these.
        let script = format!(
            "{}; if git diff --quiet; then exit 1; fi; {remove} git stash -q",
            change(&theirs)
        );
        if !self.try_shell(&script) {
            return;
        }
        self.shell(&change(&ours));
        self.rests().await;
        self.commit();
        self.say("git: stash pop stops with a conflict, and is given up");
        self.try_shell("git stash pop -q");
        self.rest_half_way().await;
        self.shell("git reset -q --hard HEAD; git stash clear");
    }

    /// Makes the clone below the folder.
    pub(super) fn nest(&self) {
        let text = "schedules: {}";
        self.shell(&format!(
            "mkdir ../upstream; cd ../upstream; git init -q -b main; git config user.name t; git config user.email t@example.com; \
             echo '{text}' > n.yaml; git add -A; git commit -qm first; git commit -q --allow-empty -m second; \
             cd ../schedules; echo {NESTED} >> .git/info/exclude; git clone -q ../upstream {NESTED}; \
             cd {NESTED}; git config user.name t; git config user.email t@example.com; git config commit.gpgsign false"
        ));
    }

    /// An entry of the clone below changes, or is new, and is committed there.
    pub(super) fn nested_commit(&mut self) {
        let mut lines = self.lines(FILE);
        let (name, content) = (format!("n-e{}", self.rng.u32(0..6)), self.content());
        self.say(format!("git: in {NESTED}, {name} to {content}, committed"));
        lines.insert(name, content);
        fs::write(self.path(FILE), Self::text(&lines)).expect("written");
        self.shell(&format!("cd {NESTED}; git commit -qam more"));
    }

    /// A rebase in the clone below.
    pub(super) async fn nested_rebase_half_way(&mut self) {
        self.rests().await;
        self.rebase(NESTED).await;
    }
}
