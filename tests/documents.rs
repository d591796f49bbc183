//! Every command of the README and of docs/ is run: page by page, in order, in a folder of its own, against the embedded
//! Step Functions. What a page shows as printed is compared, numbers apart.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, Utc};
use onced::sandbox::{Options, Sandbox};
use onced::settings::SANDBOX_MACHINE;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::block_in_place;

use crate::process::has;

/// Commands that another check runs: how they begin, the file that runs them, and what of it stands there.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("cargo test", ".ci/run", "cargo test --locked"),
    ("cargo bench", "docs/performance.md", "cargo bench"),
    ("ONCED_SEED", ".ci/run", "cargo test --locked"),
    ("ONCED_CHURN", ".ci/run", "cargo test --locked"),
    (
        "aws cloudformation",
        "tests/real_clients.sh",
        "cloudformation",
    ),
    ("cargo install cargo-deb", ".ci/run", "cargo-deb"),
    ("cargo deb", "tests/boot.sh", "cargo deb"),
    ("cargo build --release", "tests/boot.sh", "cargo deb"),
    (
        "sudo apt install",
        "tests/boot.sh",
        "--install /root/onced-1.deb",
    ),
    ("sudoedit", "tests/boot.sh", "/etc/onced/onced.yaml"),
    ("sudo systemctl", "tests/boot.sh", "systemctl"),
    ("journalctl", "tests/boot.sh", "journalctl"),
];

/// What is printed there is of a state that a page can't reach by itself: the tests of that command compare it.
const NOT_COMPARED: &[(&str, &str)] = &[
    ("docs/aws.md", "onced bootstrap"),
    ("docs/calendar.md", "onced calendar"),
    ("docs/operating.md", "onced"),
];

/// What a page presupposes: a file, and what was in it when it was committed.
const BEFORE: &[(&str, &str, &str, &str)] = &[
    ("docs/reviewing.md", "schedules/launch.yaml", COMMITTED, NOW),
    ("docs/git.md", "schedules/launch.yaml", COMMITTED, NOW),
];

const COMMITTED: &str = "\
defaults: {timezone: Europe/Berlin, lambda: send-email}
schedules:
  launch-email: {at: 2027-06-01T09:00:00}
  reminder: {at: 2027-06-09 09:00}
";

const NOW: &str = "\
defaults: {timezone: Europe/Berlin, lambda: send-email}
schedules:
  launch-email: {at: 2027-06-01T09:30:00}
  thank-you: {at: 2027-06-01 09:33}
";

/// A command of a page, and what the page shows of its output; or a file that the reader is to write: a block of YAML that
/// begins with its path as a comment.
#[derive(Debug)]
struct Shown {
    page: String,
    line: usize,
    command: String,
    output: Vec<String>,
    is_file: bool,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("docs"))
        .expect("docs")
        .map(|item| item.expect("an item").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    pages.push(root().join("README.md"));
    pages.push(root().join("examples/README.md"));
    pages.sort();
    pages
}

/// The commands of the blocks that are marked `console`, and the files, in the page's order.
fn shown(path: &Path) -> Vec<Shown> {
    let page = path.strip_prefix(root()).expect("inside");
    let text = fs::read_to_string(path).expect("a page");
    let (mut found, mut block, mut goes_on) = (Vec::<Shown>::new(), None, false);
    let mut indent = "";
    for (number, line) in text.lines().enumerate() {
        let begin = |command: &str, is_file| Shown {
            page: page.display().to_string(),
            line: number + 1,
            command: command.to_owned(),
            output: Vec::new(),
            is_file,
        };
        let line = line.strip_prefix(indent).unwrap_or(line);
        if let Some(language) = line.trim_start().strip_prefix("```") {
            indent = &line[..line.len() - line.trim_start().len()];
            block = block.is_none().then(|| language.trim().to_owned());
            if block.is_none() {
                indent = "";
            }
            goes_on = false;
            continue;
        }
        match (
            block.as_deref(),
            line.strip_prefix("$ "),
            line.strip_prefix("# "),
        ) {
            (Some("console"), ..) if goes_on => {
                let last = found.last_mut().expect("a command");
                last.command = format!(
                    "{} {}",
                    last.command.trim_end_matches('\\').trim(),
                    line.trim()
                );
                goes_on = line.ends_with('\\');
            }
            // A line each, without output.
            (Some("sh"), ..) if page != Path::new("docs/reference.md") => {
                found.push(begin(line.split(" #").next().unwrap_or(line).trim(), false));
            }
            (Some("console"), Some(command), _) => {
                goes_on = line.ends_with('\\');
                found.push(begin(command, false));
            }
            (Some("yaml"), _, Some(file)) if file.contains(".yaml") && !file.contains(' ') => {
                found.push(begin(file, true));
                block = Some("file".to_owned());
            }
            (Some("console" | "file"), ..) => {
                found
                    .last_mut()
                    .expect("it began")
                    .output
                    .push(line.to_owned());
            }
            _ => {}
        }
    }
    found
}

/// Days of 2027 lie behind us one day; here they are always to come, by as much.
fn to_come(text: &str) -> String {
    let written = NaiveDate::from_ymd_opt(2027, 6, 1).expect("a day");
    let ahead = (Utc::now().date_naive() + Days::new(40)) - written;
    let mut shifted = String::new();
    let mut rest = text;
    while let Some(place) = rest.find("2027-") {
        let (before, from) = rest.split_at(place);
        shifted += before;
        let day: Option<NaiveDate> = from.get(..10).and_then(|day| day.parse().ok());
        let taken = if day.is_some() { 10 } else { 5 };
        shifted += &day.map_or_else(|| from[..taken].to_owned(), |day| (day + ahead).to_string());
        rest = &from[taken..];
    }
    shifted + rest
}

/// What is of a day and of a machine is as good as any other: numbers, how far off a time is, and the day of the week.
/// Blanks are of columns, which those stretch.
fn plain(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let digits = |c: char| if c.is_ascii_digit() { '0' } else { c };
        let mut plain: String = word.chars().map(digits).collect();
        while plain.contains("00") {
            plain = plain.replace("00", "0");
        }
        let is_day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&word);
        let is_more = ["d", "h", "min", "s", "ms"].contains(&word.trim_matches(['(', ')', ',']));
        match words.last_mut() {
            // `3 d 10 h`, and `3 d`.
            Some(last) if is_more && last.ends_with('0') => {
                let behind = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
                *last = format!("{}{behind}", last.trim_end_matches('0').to_owned() + "SPAN");
            }
            Some(last) if last.ends_with("SPAN") && plain.starts_with('0') => {
                *last = last.trim_end_matches("SPAN").to_owned() + "0";
            }
            _ if is_day => words.push("DAY".to_owned()),
            _ => words.push(plain),
        }
    }
    let plain = words.join(" ");
    plain
        .replace("SPAN ago", "in SPAN")
        .replace("(now)", "(in SPAN)")
}

/// Where a page's commands are run: the files that a reader has who follows it.
struct Stage {
    url: String,
    place: TempDir,
    daemons: Vec<Child>,
    /// What the page exported.
    exported: Vec<(String, String)>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for item in fs::read_dir(from).expect("a directory") {
        let path = item.expect("an item").path();
        let place = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &place);
        } else {
            fs::copy(&path, place).expect("copied");
        }
    }
}

impl Stage {
    /// With a state machine, unless the page makes it.
    async fn new(has_machine: bool) -> Self {
        let sandbox = Sandbox::new(Options::default()).expect("a sandbox");
        if has_machine {
            sandbox.create_default_machine();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(sandbox.serve(listener));
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path();
        copy(&root().join("examples"), &path.join("examples"));
        fs::create_dir_all(path.join("bin")).expect("a directory");
        fs::create_dir_all(path.join("etc/onced/schedules.d")).expect("a directory");
        symlink(env!("CARGO_BIN_EXE_onced"), path.join("bin/onced")).expect("a link");
        let configuration = format!(
            "directory: {0}/etc/onced/schedules.d\nstate_directory: {0}/state\nowner: prod\nstate_machine: {SANDBOX_MACHINE}\n",
            path.display(),
        );
        fs::write(path.join("etc/onced/onced.yaml"), configuration).expect("written");
        let day = crate::process::day(20);
        let entries = crate::process::file(&[("launch-email", &day)]);
        fs::write(path.join("etc/onced/schedules.d/launch.yaml"), entries).expect("written");
        Self {
            url,
            place,
            daemons: Vec::new(),
            exported: Vec::new(),
        }
    }

    /// As a reader would type it, in the reader's folder.
    fn shell(&self, command: &str) -> Command {
        let place = self.place.path();
        let onced = format!("{}/bin/onced", place.display());
        let typed = to_come(command)
            .replace("cargo run --release -- ", "onced ")
            .replace("target/release/onced", "onced")
            .replace("/etc/onced/", &format!("{}/etc/onced/", place.display()));
        let typed = typed.strip_prefix("onced ").map_or_else(
            || typed.clone(),
            |arguments| format!("exec {onced} {arguments}"),
        );
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell
            .current_dir(place)
            .args(["-c", &typed])
            .env_clear()
            .env("HOME", place)
            .env("PATH", format!("{}/bin:{path}", place.display()))
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", &self.url)
            // The pages show what one who has no newer rules sees.
            .env("ONCED_ZONEINFO", "bundled")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "t")
            .env("GIT_AUTHOR_EMAIL", "t@example.com")
            .env("GIT_COMMITTER_NAME", "t")
            .env("GIT_COMMITTER_EMAIL", "t@example.com")
            .envs(self.exported.iter().cloned())
            .stdin(Stdio::null());
        shell
    }

    /// What a page presupposes.
    fn prepare(&self, page: &Path) {
        let page = page
            .strip_prefix(root())
            .expect("inside")
            .display()
            .to_string();
        for (_, file, committed, now) in BEFORE.iter().filter(|(of, ..)| *of == page) {
            let path = self.place.path().join(file);
            let folder = path.parent().expect("a folder").display().to_string();
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(&path, to_come(committed)).expect("written");
            let git = format!(
                "cd {folder} && git init -qb main && git add -A && git commit -qm before && git update-ref refs/remotes/origin/main HEAD"
            );
            let done = block_in_place(|| self.shell(&git).status()).expect("git runs");
            assert!(done.success());
            fs::write(&path, to_come(now)).expect("written");
        }
    }

    fn run(&mut self, shown: &Shown) -> Result<(), String> {
        if shown.is_file {
            let file = self.place.path().join(&shown.command);
            let text = shown.output.join("\n") + "\n";
            fs::create_dir_all(file.parent().expect("a folder"))
                .map_err(|error| error.to_string())?;
            return fs::write(file, to_come(&text)).map_err(|error| error.to_string());
        }
        if let Some(exported) = shown.command.strip_prefix("export ") {
            let pair = exported.split_once('=').ok_or("nothing is exported")?;
            self.exported.push((pair.0.to_owned(), pair.1.to_owned()));
            return Ok(());
        }
        let words: Vec<&str> = shown.command.split_whitespace().collect();
        if words.contains(&"run") && !words.contains(&"cargo")
            || shown.command.starts_with("cargo run")
        {
            return self.daemon(shown);
        }
        let output =
            block_in_place(|| self.shell(&shown.command).output()).map_err(|e| e.to_string())?;
        let printed =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        // 2, 3 and 4 are answers, not failures; what a page shows as an error is one.
        let is_answer = matches!(output.status.code(), Some(0 | 2 | 3 | 4));
        let is_shown = shown.output.iter().any(|line| line.starts_with("error:"));
        if !is_answer && !is_shown {
            return Err(format!("{:?}\n{printed}", output.status));
        }
        let compared = !NOT_COMPARED
            .iter()
            .any(|(page, begins)| shown.page == *page && shown.command.starts_with(begins));
        if shown.output.is_empty() || !compared {
            return Ok(());
        }
        let place = format!("{}/", self.place.path().display());
        let printed = printed.replace(&place, "/");
        let expected: Vec<String> = shown.output.iter().map(|line| plain(line)).collect();
        let printed: Vec<String> = printed.lines().map(plain).collect();
        if expected == printed {
            return Ok(());
        }
        Err(format!(
            "printed:\n{}\nshown:\n{}",
            printed.join("\n"),
            expected.join("\n")
        ))
    }

    /// A daemon runs until the page ends.
    fn daemon(&mut self, shown: &Shown) -> Result<(), String> {
        // The one before is ended, as Ctrl-C does.
        for mut before in self.daemons.drain(..) {
            let _ = before.kill();
            let _ = before.wait();
        }
        let log = self.place.path().join("log");
        let open = || fs::File::create(&log).expect("a log");
        let child = self
            .shell(&shown.command)
            .stdout(open())
            .stderr(open())
            .spawn();
        self.daemons.push(child.map_err(|error| error.to_string())?);
        let begun = Instant::now();
        loop {
            let text = fs::read_to_string(&log).unwrap_or_default();
            if text.contains("watching") {
                return Ok(());
            }
            let daemon = self.daemons.last_mut().expect("a daemon");
            let ended = daemon.try_wait().is_ok_and(|ended| ended.is_some());
            if ended || begun.elapsed() > Duration::from_secs(30) {
                return Err(format!("it does not run:\n{text}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_is_run() {
    if !has("git") {
        return;
    }
    let (mut wrong, mut run) = (Vec::new(), 0);
    for page in pages() {
        let commands = shown(&page);
        let bootstraps = commands
            .iter()
            .any(|shown| shown.command.starts_with("onced bootstrap"));
        let mut stage = Stage::new(!bootstraps).await;
        stage.prepare(&page);
        if !page.ends_with("README.md") {
            let config = stage.place.path().join("etc/onced/onced.yaml");
            let config = config.display().to_string();
            stage.exported.push(("ONCED_CONFIG".to_owned(), config));
        }
        for shown in commands {
            let elsewhere = ELSEWHERE
                .iter()
                .find(|(begins, ..)| shown.command.starts_with(begins));
            if let Some((_, file, what)) = elsewhere {
                let text = fs::read_to_string(root().join(file)).expect("a file");
                assert!(text.contains(what), "{file} has no `{what}`");
                continue;
            }
            run += 1;
            if let Err(why) = stage.run(&shown) {
                wrong.push(format!(
                    "{}:{}: {}\n{why}",
                    shown.page, shown.line, shown.command
                ));
            }
        }
    }
    let _ = writeln!(std::io::stderr(), "{run} commands were run");
    assert!(run >= 10, "{run}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What stands in the text as a command can be typed so: each word that begins with a dash is an option of it.
#[test]
fn what_is_named_in_the_text_is_there() {
    let home = tempfile::tempdir().expect("a directory");
    let (mut wrong, mut seen) = (Vec::new(), 0);
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        // Outside of blocks, code stands between single backticks.
        let outside: String = text.split("```").step_by(2).collect();
        for code in outside.split('`').skip(1).step_by(2) {
            let Some(arguments) = code.strip_prefix("onced ") else {
                continue;
            };
            // A place to fill in, and where output goes.
            let arguments: Vec<&str> = arguments
                .split_whitespace()
                .take_while(|word| *word != ">")
                .map(|word| match word {
                    "SHELL" => "bash",
                    "[schedule\\|config]" => "config",
                    word => word,
                })
                .map(|word| word.trim_matches(['[', ']', ',', '\'']))
                .filter(|word| !word.is_empty() && *word != "…")
                .collect();
            let output = crate::process::onced(home.path())
                .args(&arguments)
                .arg("--help")
                .output()
                .expect("onced runs");
            seen += 1;
            if !output.status.success() {
                let error = String::from_utf8_lossy(&output.stderr).into_owned();
                wrong.push(format!("{}: `{code}`: {error}", page.display()));
            }
        }
    }
    assert!(seen > 50, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
