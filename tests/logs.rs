//! Logs: into the journal with fields, in short on a terminal, as JSON; and where nobody takes them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use onced::model::kind;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file, has};

type Line = BTreeMap<String, String>;

/// A journal that keeps what it is sent.
pub(crate) struct Journal {
    pub(crate) path: PathBuf,
    lines: Arc<Mutex<Vec<Line>>>,
    ends: Arc<AtomicBool>,
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
    }
}

impl Journal {
    pub(crate) fn new(world: &World) -> Self {
        let path = world.root.path().join("journal");
        let socket = UnixDatagram::bind(&path).expect("a socket");
        let patience = Some(Duration::from_millis(50));
        socket.set_read_timeout(patience).expect("set");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let ends = Arc::new(AtomicBool::new(false));
        let (kept, ended) = (Arc::clone(&lines), Arc::clone(&ends));
        std::thread::spawn(move || {
            let mut datagram = vec![0; 256 * 1024];
            while !ended.load(Ordering::Relaxed) {
                if let Ok(length) = socket.recv(&mut datagram) {
                    let line = fields(&datagram[..length]);
                    kept.lock().expect("free").push(line);
                }
            }
        });
        Self { path, lines, ends }
    }

    pub(crate) fn lines(&self) -> Vec<Line> {
        self.lines.lock().expect("free").clone()
    }

    /// Waits for a line of this kind about this entry, and answers it.
    async fn waits_for(&self, kind: &str, entry: Option<&str>) -> Line {
        let begun = Instant::now();
        loop {
            let lines = self.lines();
            let is = |line: &&Line| {
                line["TARGET"] == kind && line.get("ONCED_ENTRY").map(String::as_str) == entry
            };
            if let Some(line) = lines.iter().find(is) {
                return line.clone();
            }
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "no {kind} of {entry:?}: {lines:#?}"
            );
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// What a datagram says, by <https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>.
fn fields(mut datagram: &[u8]) -> Line {
    let mut fields = BTreeMap::new();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a text");
    while let Some(end) = datagram.iter().position(|byte| *byte == b'\n') {
        let line = &datagram[..end];
        datagram = &datagram[end + 1..];
        if let Some(equals) = line.iter().position(|byte| *byte == b'=') {
            fields.insert(text(&line[..equals]), text(&line[equals + 1..]));
        } else {
            let (length, rest) = datagram.split_at(8);
            let length = u64::from_le_bytes(length.try_into().expect("eight bytes"));
            let length = usize::try_from(length).expect("small");
            fields.insert(text(line), text(&rest[..length]));
            datagram = &rest[length + 1..];
        }
    }
    assert!(datagram.is_empty());
    fields
}

fn id(kind: &str) -> &'static str {
    let known = kind::MESSAGE_IDS.iter().find(|(known, _)| *known == kind);
    known.expect("an id").1
}

/// One line an action, with its fields; systemd says by JOURNAL_STREAM that stderr is the journal. A journal that is gone
/// ends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn the_journal_gets_fields() {
    let world = World::new().await;
    let journal = Journal::new(&world);
    let path = world.root.path().join("log");
    let log = fs::File::create(&path).expect("a log");
    let stream = log.metadata().expect("a file");
    let stream = format!("{}:{}", stream.dev(), stream.ino());
    let mut command = world.command(&["run"]);
    command.env("ONCED_JOURNAL_SOCKET", &journal.path);
    command.env("JOURNAL_STREAM", &stream);
    command.stdout(Stdio::null()).stderr(log);
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(11))]));
    world.write("bad.yaml", "schedules:\n  x: {at: never}\n");
    let _daemon = Running(command.spawn().expect("onced starts"));
    world.settles_at(2, 0).await;
    let arn = |entry: &str| {
        let all = world.sandbox.executions();
        let starts = format!("test-{entry}-");
        let one = all.into_iter().find(|one| one.name.starts_with(&starts));
        one.expect("it runs").arn
    };
    let line = journal.waits_for(kind::SCHEDULED, Some("a")).await;
    let shown = |key: &str| line.get(key).map_or("", String::as_str);
    assert_eq!(shown("MESSAGE_ID"), id(kind::SCHEDULED));
    assert_eq!(shown("ONCED_STEP"), "Start");
    assert_eq!(shown("ONCED_EXECUTION_ARN"), arn("a"));
    assert_eq!(shown("ONCED_WHY"), "new");
    assert_eq!(shown("PRIORITY"), "6");
    assert_eq!(shown("SYSLOG_IDENTIFIER"), "onced");
    assert_eq!(
        shown("MESSAGE"),
        format!("scheduled entry=a why=new at={}", day(10))
    );
    let line = journal.waits_for(kind::INVALID_FILE, None).await;
    assert_eq!(
        (line["ONCED_FILE"].as_str(), line["PRIORITY"].as_str()),
        ("bad.yaml", "4")
    );
    assert!(line["MESSAGE"].contains("\nhint: "), "{line:?}");
    world.write("a.yaml", &file(&[("b", &day(11))]));
    world.settles_at(2, 1).await;
    let line = journal.waits_for(kind::STOPPED, Some("a")).await;
    assert_eq!(
        (
            line["MESSAGE_ID"].as_str(),
            line["ONCED_STEP"].as_str(),
            line["ONCED_EXECUTION_ARN"].as_str()
        ),
        (id(kind::STOPPED), "Stop", arn("a").as_str())
    );
    let about = |entry: &str| {
        let lines = journal.lines();
        let lines = lines.iter();
        lines
            .filter(|line| line.get("ONCED_ENTRY").is_some_and(|of| of == entry))
            .count()
    };
    assert_eq!((about("a"), about("b")), (2, 1), "one line an action");
    assert_eq!(fs::read_to_string(&path).expect("a log"), "", "not twice");

    fs::remove_file(&journal.path).expect("removed");
    drop(journal);
    world.write("c.yaml", &file(&[("c", &day(12))]));
    world.settles_at(3, 1).await;
    let log = fs::read_to_string(&path).expect("a log");
    assert!(log.contains("scheduled entry=c why=new at="), "{log}");
    let again = Journal::new(&world);
    world.write("d.yaml", &file(&[("d", &day(13))]));
    world.settles_at(4, 1).await;
    again.waits_for(kind::SCHEDULED, Some("d")).await;
}

/// A line is one object, with its kind.
#[tokio::test(flavor = "multi_thread")]
async fn json_is_one_object_a_line() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let output = world.output(&["sync", "--log-format", "json"]);
    let lines = String::from_utf8(output.stderr).expect("a text");
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let line = lines.iter().find(|line| line["target"] == kind::SCHEDULED);
    let line = line.expect("it is logged");
    assert_eq!(line["fields"]["entry"], "a");
    assert_eq!(line["fields"]["step"], "Start");
    assert_eq!(line["fields"]["message"], "scheduled");
    assert_eq!(line["level"], "INFO");
}

/// Each kind is explained, and systemd reads the explanations.
#[test]
fn each_kind_is_explained() {
    let catalog = fs::read_to_string("systemd/onced.catalog").expect("the catalog");
    for (kind, id) in kind::MESSAGE_IDS {
        let number = catalog.matches(&format!("-- {id}\nSubject: ")).count();
        assert_eq!(number, 1, "{kind}");
    }
    assert_eq!(catalog.matches("\n-- ").count(), kind::MESSAGE_IDS.len());
    if !has("journalctl") {
        return;
    }
    let root = tempfile::tempdir().expect("a directory");
    let place = root.path().join("usr/lib/systemd/catalog");
    fs::create_dir_all(&place).expect("made");
    fs::create_dir_all(root.path().join("var/lib/systemd/catalog")).expect("made");
    fs::write(place.join("onced.catalog"), catalog).expect("written");
    let journalctl = |arguments: &[&str]| {
        let mut command = Command::new("journalctl");
        command.arg("--root").arg(root.path()).args(arguments);
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("a text")
    };
    journalctl(&["--update-catalog"]);
    let dumped = journalctl(&["--dump-catalog", id(kind::HELD)]);
    assert!(
        dumped.contains("Subject: Stops wait for approval"),
        "{dumped}"
    );
}

/// On a terminal a line is short, and coloured unless somebody minds.
#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_gets_short_lines() {
    if !has("script") {
        return;
    }
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let command = world.command(&["sync"]);
    let words: Vec<String> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| format!("'{}'", word.to_str().expect("a text")))
        .collect();
    let shown = |more: &str| {
        let mut script = Command::new("script");
        script.args(["-qec", &format!("{}{more}", words.join(" ")), "/dev/null"]);
        script.env("AWS_ACCESS_KEY_ID", "test");
        script.env("AWS_SECRET_ACCESS_KEY", "test");
        let output = block_in_place(|| script.stdin(Stdio::null()).output()).expect("it runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = shown("");
    let line = told.lines().find(|line| line.contains("scheduled"));
    let line = line.unwrap_or_else(|| panic!("{told}"));
    assert!(line.contains("\x1b[32m INFO\x1b[0m scheduled"), "{line:?}");
    assert!(!line.contains("arn:aws"), "{line:?}");
    fs::remove_file(world.path("a.yaml")).expect("removed");
    let told = shown(" --color never");
    let line = told.lines().find(|line| line.contains("stopped"));
    let line = line.unwrap_or_else(|| panic!("{told}"));
    // What the bar left is wiped away before it.
    let line = line.rsplit("\x1b[2K").next().unwrap_or_default();
    let rest = line.get(9..).map(str::trim_end);
    let expected = format!("  INFO stopped entry=a why=removed at={}", day(10));
    assert_eq!(rest, Some(expected.as_str()), "{told:?}");
}

/// A pipe that is full: what reads it, and what writes into it for good.
fn full_pipe() -> (std::io::PipeReader, std::io::PipeWriter) {
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    let flags = rustix::fs::fcntl_getfl(&writer).expect("flags");
    let set = |flags| rustix::fs::fcntl_setfl(&writer, flags).expect("set");
    set(flags | rustix::fs::OFlags::NONBLOCK);
    let mut filler = writer.try_clone().expect("the same");
    for size in [4096, 1] {
        while std::io::Write::write(&mut filler, &vec![b'\n'; size]).is_ok() {}
    }
    set(flags);
    std::io::Write::flush(&mut writer).expect("nothing");
    (reader, writer)
}

/// The program with a stderr that nobody reads, and as much to say as there is.
fn unread(world: &World, arguments: &[&str]) -> (std::io::PipeReader, Running) {
    let (reader, writer) = full_pipe();
    let mut command = world.command(arguments);
    command.arg("-vv").stdout(Stdio::null()).stderr(writer);
    (reader, Running(command.spawn().expect("onced starts")))
}

fn terminate(process: &Running) {
    let number = process.0.id().to_string();
    let done = Command::new("kill").args(["-TERM", &number]).status();
    assert!(done.expect("kill runs").success());
}

/// Waits for its end; `None`: it does not come.
async fn ended(process: &mut Running) -> Option<std::process::ExitStatus> {
    for _ in 0..1_500 {
        if let Some(status) = process.0.try_wait().expect("asked") {
            return Some(status);
        }
        sleep(Duration::from_millis(20)).await;
    }
    None
}

/// A log that nobody reads: entries are started and stopped all the same, and SIGTERM ends it.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_halts_nothing() {
    let world = World::new().await;
    let (reader, mut daemon) = unread(&world, &["run"]);
    for round in 0..3 {
        world.write("a.yaml", &file(&[("a", &day(10 + round))]));
        let round = usize::try_from(round).expect("small");
        world.settles_at(1 + round, round).await;
    }
    terminate(&daemon);
    let status = ended(&mut daemon).await.expect("it ends");
    assert!(status.success(), "{status}");
    drop(reader);
    // A command that fails does not wait for ever to say so.
    let (_reader, mut failing) = unread(&world, &["approve", "nothing"]);
    let status = ended(&mut failing).await.expect("it ends");
    assert_eq!(status.code(), Some(1));
}

/// It is read later: each line that was kept is whole and in order, and how many were not is said.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_is_counted_and_said() {
    let world = World::new().await;
    let (mut reader, mut daemon) = unread(&world, &["run", "--log-format", "json"]);
    // Some twenty lines for each entry, by `-vv`: more than are kept.
    let names: Vec<String> = (0..600).map(|n| format!("e{n}")).collect();
    let at = day(10);
    let entries: Vec<(&str, &str)> = names.iter().map(|name| (&**name, &*at)).collect();
    world.write("a.yaml", &file(&entries));
    world.settles_at(600, 0).await;
    let reading = std::thread::spawn(move || {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut reader, &mut text).map(|_| text)
    });
    sleep(Duration::from_secs(1)).await;
    world.write("b.yaml", &file(&[("later", &day(11))]));
    world.settles_at(601, 0).await;
    terminate(&daemon);
    assert!(ended(&mut daemon).await.expect("it ends").success());
    drop(daemon);
    let text = block_in_place(|| reading.join()).expect("read");
    let text = text.expect("UTF-8");
    let lines = text.lines().filter(|line| !line.is_empty());
    let lines: Vec<serde_json::Value> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let said = |line: &serde_json::Value| {
        let message = line["fields"]["message"].as_str().unwrap_or_default();
        message.to_owned()
    };
    let dropped = lines.iter().position(|line| {
        let message = said(line);
        message.contains(" log lines were dropped: nobody read them in time")
    });
    let dropped = dropped.expect("it is said");
    let number = said(&lines[dropped]);
    let number = number.split(' ').next().and_then(|n| n.parse::<u64>().ok());
    assert!(number.is_some_and(|number| number > 0), "{number:?}");
    // The first lines are there, and so are the last ones; what was dropped lies between.
    let place = |text: &str| lines.iter().position(|line| said(line).starts_with(text));
    assert!(place("watching").is_some_and(|first| first < dropped));
    assert!(place("stopping: ").is_some_and(|last| last > dropped));
    let times: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["timestamp"].as_str())
        .collect();
    assert_eq!(times.len(), lines.len());
}
