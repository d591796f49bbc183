//! Schedule files in a repository: the hooks for pre-commit, the workflow for GitHub and the jobs for GitLab, each step run
//! as it stands, with the program itself and git; only what would call a service is played.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::process::has;

/// A repository with a branch that is merged into, and one with a change, checked out.
struct Repository {
    home: TempDir,
}

impl Repository {
    /// With this as the change of the one schedule file.
    fn with(change: &str) -> Self {
        let home = tempfile::tempdir().expect("a directory");
        for directory in ["origin/schedules", "bin"] {
            fs::create_dir_all(home.path().join(directory)).expect("a directory");
        }
        let repository = Self { home };
        let (origin, clone) = (repository.path("origin"), repository.path("clone"));
        fs::write(
            origin.join("schedules/a.yaml"),
            "schedules:\n  a:\n    at: 2099-06-01T09:00:00Z\n    lambda: f\n",
        )
        .expect("written");
        repository.git(&origin, &["init", "--quiet", "--initial-branch=main"]);
        repository.git(&origin, &["add", "."]);
        repository.git(&origin, &["commit", "--quiet", "--message=a"]);
        repository.git(
            repository.home.path(),
            &["clone", "--quiet", "origin", "clone"],
        );
        repository.git(&clone, &["checkout", "--quiet", "-b", "change"]);
        fs::write(clone.join("schedules/a.yaml"), change).expect("written");
        repository.git(&clone, &["commit", "--quiet", "--all", "--message=b"]);
        // What would call a service writes down what it was asked for.
        let played = "#!/bin/sh\necho \"$(basename \"$0\") $*\" >>\"$HOME/asked\"\n";
        let answer = "case \"$*\" in *--paginate*|*per_page*) cat \"$HOME/answer\" ;; *@*) cat *.md >\"$HOME/sent\" ;; esac\n";
        for program in ["gh", "curl", "cargo"] {
            let path = repository.path("bin").join(program);
            fs::write(&path, format!("{played}{answer}")).expect("written");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("allowed");
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_onced"), repository.path("bin/onced"))
            .expect("a link");
        repository
    }

    fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    fn command(&self, program: &str, directory: &Path) -> Command {
        let mut command = Command::new(program);
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command
            .current_dir(directory)
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.home.path());
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "a")
                .env(format!("GIT_{who}_EMAIL"), "a@example.org");
        }
        command
    }

    fn git(&self, directory: &Path, arguments: &[&str]) {
        let output = self
            .command("git", directory)
            .args(arguments)
            .output()
            .expect("git runs");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// As a runner does.
    fn run(&self, script: &str, variables: &BTreeMap<String, String>) -> Output {
        let mut command = self.command("bash", &self.path("clone"));
        command
            .args([
                "--noprofile",
                "--norc",
                "-e",
                "-o",
                "pipefail",
                "-c",
                script,
            ])
            .envs(variables);
        command.output().expect("bash runs")
    }

    /// What was written by what is played, and what the services say.
    fn told(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_default()
    }
}

const ONE_MORE: &str = "schedules:\n  a: {at: 2099-06-01T09:00:00Z, lambda: f}\n  b: {at: 2099-06-02T09:00:00Z, lambda: f}\n";
const ONE_PAST: &str = "schedules:\n  a: {at: 2099-06-01T09:00:00Z, lambda: f}\n  b: {at: 2020-06-02T09:00:00Z, lambda: f}\n";
const WRONG: &str = "schedules:\n  a: {at: 2099-06-01T09:00:00Z, lamda: f}\n";

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&fs::read_to_string(path).expect("it is there")).expect("YAML")
}

/// What each step of the workflow comes to: its name, its exit code, what it printed. What is between `${{` and `}}` is
/// looked up; a step whose condition asks for an output that is not there is passed over.
fn workflow(repository: &Repository) -> BTreeMap<String, (Option<i32>, String)> {
    let workflow = yaml("examples/github-actions/onced.yml");
    let mut known: BTreeMap<String, String> = [
        ("github.base_ref", "main"),
        ("github.token", "token"),
        ("github.event.pull_request.number", "7"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let (output, summary) = (repository.path("output"), repository.path("summary"));
    let mut results = BTreeMap::new();
    for step in workflow["jobs"]["schedules"]["steps"]
        .as_array()
        .expect("steps")
    {
        let Some(script) = step["run"].as_str() else {
            continue;
        };
        let mut variables: BTreeMap<String, String> = [
            ("GITHUB_OUTPUT", output.display().to_string()),
            ("GITHUB_STEP_SUMMARY", summary.display().to_string()),
            ("GITHUB_REPOSITORY", "owner/schedules".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for from in [&workflow["env"], &step["env"]] {
            for (name, value) in from.as_object().into_iter().flatten() {
                let mut value = value.as_str().expect("a text").to_owned();
                let inner = value.strip_prefix("${{");
                if let Some(inner) = inner.and_then(|rest| rest.strip_suffix("}}")) {
                    let expression = inner.trim().to_owned();
                    let expression = expression.as_str();
                    let found = known.get(expression);
                    value.clone_from(found.unwrap_or_else(|| panic!("{expression} is not known")));
                }
                variables.insert(name.clone(), value);
            }
        }
        let name = step["name"].as_str().expect("a name").to_owned();
        let done = repository.run(script, &variables);
        let printed = String::from_utf8_lossy(&done.stdout).into_owned()
            + &String::from_utf8_lossy(&done.stderr);
        results.insert(name, (done.status.code(), printed));
        let id = step["id"].as_str().unwrap_or_default();
        for line in repository.told("output").lines() {
            let (key, value) = line.split_once('=').expect("a pair");
            known.insert(format!("steps.{id}.outputs.{key}"), value.to_owned());
        }
        let _ = fs::remove_file(&output);
    }
    results
}

#[test]
fn the_workflow_checks_and_comments() {
    let repository = Repository::with(ONE_MORE);
    fs::write(repository.path("answer"), "").expect("written");
    let results = workflow(&repository);
    assert_eq!(results.len(), 5, "{results:?}");
    assert!(
        results.values().all(|(code, _)| *code == Some(0)),
        "{results:?}"
    );
    let sent = repository.told("sent");
    assert!(
        sent.starts_with("<!-- onced plan -->\n") && sent.contains("adds 1 firing"),
        "{sent}"
    );
    assert!(repository.told("summary").contains("adds 1 firing"));
    let asked = repository.told("asked");
    assert!(
        asked.contains("--method POST repos/owner/schedules/issues/7/comments"),
        "{asked}"
    );
    assert!(!asked.contains("cargo"), "onced is there already: {asked}");

    // The comment that is there already is changed.
    fs::write(repository.path("answer"), "41\n42\n").expect("written");
    workflow(&repository);
    let asked = repository.told("asked");
    assert!(
        asked.contains("--method PATCH repos/owner/schedules/issues/comments/41"),
        "{asked}"
    );
    assert_eq!(asked.matches("POST").count(), 1, "{asked}");

    for (change, check, verdict, said) in [
        (ONE_PAST, 0, 1, "one is past"),
        (WRONG, 4, 4, "unknown key"),
    ] {
        let repository = Repository::with(change);
        fs::write(repository.path("answer"), "").expect("written");
        let results = workflow(&repository);
        assert_eq!(results["Check"].0, Some(check), "{results:?}");
        assert_eq!(results["Plan"].0, Some(0), "{results:?}");
        assert_eq!(results["Verdict"].0, Some(verdict), "{results:?}");
        assert!(
            repository.told("sent").contains(said),
            "{}",
            repository.told("sent")
        );
        let annotated = results["Check"]
            .1
            .contains("::error file=schedules/a.yaml,line=2");
        assert_eq!(annotated, change == WRONG, "{results:?}");
    }
}

/// What a job comes to, with what comes before each.
fn job(repository: &Repository, name: &str, token: bool) -> Output {
    let jobs = yaml("examples/gitlab-ci/.gitlab-ci.yml");
    let lines = [&jobs[".onced"]["before_script"], &jobs[name]["script"]];
    let lines = lines
        .into_iter()
        .flat_map(|lines| lines.as_array().expect("a script"));
    let lines: Vec<&str> = lines.map(|line| line.as_str().expect("a text")).collect();
    let mut variables: BTreeMap<String, String> = [
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("CI_API_V4_URL", "https://gitlab.example.org/api/v4"),
        ("CI_MERGE_REQUEST_PROJECT_ID", "5"),
        ("CI_MERGE_REQUEST_IID", "7"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, value) in jobs["variables"].as_object().expect("variables") {
        variables.insert(name.clone(), value.as_str().expect("a text").to_owned());
    }
    if token {
        variables.insert("ONCED_NOTE_TOKEN".into(), "token".into());
    }
    repository.run(&lines.join("\n"), &variables)
}

#[test]
fn the_jobs_check_and_note() {
    if !has("jq") {
        return;
    }
    let repository = Repository::with(ONE_MORE);
    let note =
        r#"{"id": 40, "body": "of a person"}, {"id": 41, "body": "<!-- onced plan -->\nold"}"#;
    for (answer, method, url) in [
        ("[]".to_owned(), "POST", "/merge_requests/7/notes"),
        (format!("[{note}]"), "PUT", "/merge_requests/7/notes/41"),
    ] {
        fs::write(repository.path("answer"), answer).expect("written");
        assert!(job(&repository, "check", true).status.success());
        let output = job(&repository, "plan", true);
        assert!(output.status.success(), "{output:?}");
        assert!(
            String::from_utf8_lossy(&output.stdout).contains("adds 1 firing"),
            "{output:?}"
        );
        assert!(repository.told("sent").starts_with("<!-- onced plan -->\n"));
        let asked = repository.told("asked");
        let last = asked.lines().last().expect("something was asked");
        assert!(last.contains(method) && last.ends_with(url), "{asked}");
    }
    for (change, check, plan) in [(ONE_PAST, 0, 1), (WRONG, 4, 4)] {
        let repository = Repository::with(change);
        assert_eq!(job(&repository, "check", false).status.code(), Some(check));
        assert_eq!(job(&repository, "plan", false).status.code(), Some(plan));
        let plan = fs::read_to_string(repository.path("clone/plan.md")).expect("a plan");
        assert!(plan.starts_with("<!-- onced plan -->"), "{plan}");
        assert!(
            !repository.told("asked").contains("curl"),
            "no token, no note"
        );
    }
}

/// What pre-commit would run.
fn hook(repository: &Repository, id: &str) -> Output {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().expect("hooks");
    let hook = hooks.iter().find(|hook| hook["id"] == id).expect("a hook");
    let words = hook["args"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|word| word.as_str().expect("a text"));
    let mut line: Vec<&str> = hook["entry"]
        .as_str()
        .expect("a command")
        .split(' ')
        .chain(words)
        .collect();
    if hook["pass_filenames"] != Value::Bool(false) {
        line.push("schedules/a.yaml");
    }
    let mut command = repository.command(line[0], &repository.path("clone"));
    command.args(&line[1..]).output().expect("it runs")
}

#[test]
fn the_hook_checks() {
    assert!(
        hook(&Repository::with(ONE_MORE), "onced-check")
            .status
            .success()
    );
    let output = hook(&Repository::with(WRONG), "onced-check");
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}

#[test]
fn the_hook_formats() {
    let laid_out = "schedules:\n  a:\n    at: 2099-06-01T09:00:00Z\n    lambda: f\n";
    let output = hook(
        &Repository::with(&format!("{laid_out}# changed\n")),
        "onced-fmt",
    );
    assert!(output.status.success(), "{output:?}");
    let output = hook(
        &Repository::with(&laid_out.replace("lambda: f", "lambda: f   ")),
        "onced-fmt",
    );
    assert!(!output.status.success(), "{output:?}");
}
