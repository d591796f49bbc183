//! The control socket: where it is, who may use it, and that no client keeps the daemon from its work.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file};

/// A directory with these rights.
fn made(path: PathBuf, mode: u32) -> PathBuf {
    let mut builder = fs::DirBuilder::new();
    builder
        .recursive(true)
        .mode(mode)
        .create(&path)
        .expect("made");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("set");
    path
}

/// A command on this state directory: the last one that is given counts.
fn command(world: &World, arguments: &[&str], state: &Path) -> Command {
    let mut command = world.command(arguments);
    let given: Vec<_> = command.get_args().map(std::ffi::OsStr::to_owned).collect();
    let place = given
        .iter()
        .position(|argument| argument == "--state-directory");
    let place = place.expect("a state directory") + 1;
    let mut other = crate::process::onced(world.root.path());
    for (n, argument) in given.iter().enumerate() {
        other.arg(if n == place {
            state.as_os_str()
        } else {
            argument
        });
    }
    command = other;
    command
}

fn run(mut command: Command, log: &Path) -> Running {
    let log = fs::File::create(log).expect("a log");
    command.stdout(Stdio::null()).stderr(log);
    Running(command.spawn().expect("onced starts"))
}

fn said(mut command: Command) -> (Option<i32>, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = block_in_place(|| command.output().expect("onced runs"));
    let both = [stdout, stderr].concat();
    (status.code(), String::from_utf8_lossy(&both).into_owned())
}

async fn exists(path: &Path) {
    let begun = Instant::now();
    while !path.exists() {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{}",
            path.display()
        );
        sleep(Duration::from_millis(20)).await;
    }
}

/// Is it a socket with these rights?
fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a socket").permissions().mode() & 0o777
}

/// Longer than the address of a socket can be: it is there all the same, and commands find it.
#[tokio::test(flavor = "multi_thread")]
async fn a_path_may_be_longer_than_an_address() {
    let world = World::new().await;
    let state = world
        .root
        .path()
        .join("s".repeat(100))
        .join("t".repeat(100));
    // A group that may enter the state directory may not use the socket for that.
    let state = made(state, 0o755);
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let log = world.root.path().join("log");
    let daemon = run(command(&world, &["run"], &state), &log);
    world.settles_at(1, 0).await;
    let socket = state.join("onced.sock");
    exists(&socket).await;
    assert_eq!(mode(&socket), 0o600);
    // The ledger is held: only the daemon can have said it.
    let (code, list) = said(command(&world, &["list"], &state));
    assert!(code == Some(0) && list.contains("scheduled"), "{list}");
    let (code, told) = said(command(&world, &["pause"], &state));
    assert!(code == Some(0), "{told}");
    let signalled = Command::new("kill").arg(daemon.0.id().to_string()).status();
    assert!(signalled.expect("kill runs").success());
    let mut daemon = daemon;
    let ended = block_in_place(|| daemon.0.wait().expect("it ends"));
    assert!(
        ended.success() && !socket.exists(),
        "it takes its socket with it"
    );
    let log = fs::read_to_string(log).expect("a log");
    assert!(!log.contains("no control socket"), "{log}");
}

/// systemd's runtime directory is where it listens, and who may enter that may ask; commands find it by the names of both
/// directories, or by what systemd tells them.
#[tokio::test(flavor = "multi_thread")]
async fn it_listens_in_the_runtime_directory() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let log = world.root.path().join("log");
    let state = made(world.root.path().join(".local/state/one"), 0o700);
    for (rights, expected) in [(0o700, 0o600), (0o750, 0o660)] {
        let runtime = made(world.root.path().join("runtime/one"), rights);
        let mut daemon = command(&world, &["run"], &state);
        daemon.env("RUNTIME_DIRECTORY", &runtime);
        let daemon = run(daemon, &log);
        let socket = runtime.join("onced.sock");
        exists(&socket).await;
        world.settles_at(1, 0).await;
        assert_eq!(mode(&socket), expected);
        // A link leads there, for those who know no more than the state directory.
        let (code, list) = said(command(&world, &["list"], &state));
        assert!(code == Some(0) && list.contains("scheduled"), "{list}");
        let link = state.join("onced.sock");
        assert_eq!(fs::read_link(&link).expect("a link"), socket);
        fs::remove_file(&link).expect("removed");
        let with = |key: &str, value: &Path| {
            let mut command = command(&world, &["list"], &state);
            command.env(key, value);
            said(command)
        };
        for (key, value) in [
            ("RUNTIME_DIRECTORY", runtime.as_path()),
            ("XDG_RUNTIME_DIR", &world.root.path().join("runtime")),
        ] {
            let (code, list) = with(key, value);
            assert!(
                code == Some(0) && list.contains("scheduled"),
                "{key}: {list}"
            );
        }
        // SIGKILL: what is left behind makes room for the next one.
        drop(daemon);
        assert!(socket.exists());
    }
}

/// Two daemons with one runtime directory: the second one does without, and does not take the first one's.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_takes_the_socket_of_another() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let runtime = made(world.root.path().join("runtime"), 0o700);
    let (one, two) = (
        made(world.root.path().join("one"), 0o700),
        made(world.root.path().join("two"), 0o700),
    );
    let start = |state: &Path, log: &str| {
        let mut daemon = command(&world, &["run"], state);
        daemon.env("RUNTIME_DIRECTORY", &runtime);
        run(daemon, &world.root.path().join(log))
    };
    let _first = start(&one, "log1");
    exists(&runtime.join("onced.sock")).await;
    let second = start(&two, "log2");
    let log = || fs::read_to_string(world.root.path().join("log2")).expect("a log");
    let begun = Instant::now();
    while !log().contains("another daemon answers there") {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", log());
        sleep(Duration::from_millis(20)).await;
    }
    let list = |state: &Path| {
        let mut command = command(&world, &["list"], state);
        command.env("RUNTIME_DIRECTORY", &runtime);
        said(command)
    };
    // Each of both starts it; the second time it is the same start again.
    world.settles_at(2, 0).await;
    let (code, told) = list(&one);
    assert!(code == Some(0) && told.contains("scheduled"), "{told}");
    // The first one's answer would be about another ledger.
    let (code, told) = list(&two);
    assert_eq!(code, Some(75), "{told}");
    let mut second = second;
    let signalled = Command::new("kill").arg(second.0.id().to_string()).status();
    assert!(signalled.expect("kill runs").success());
    assert!(
        block_in_place(|| second.0.wait())
            .expect("it ends")
            .success()
    );
    let (code, told) = list(&one);
    assert!(code == Some(0), "{told}");
}

/// A program that listens there and is no onced, or says nothing, is no daemon.
#[tokio::test(flavor = "multi_thread")]
async fn who_listens_there_and_says_something_else_is_no_daemon() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let state = made(world.root.path().join("state"), 0o700);
    let runtime = made(world.root.path().join("runtime"), 0o700);
    let listener = UnixListener::bind(runtime.join("onced.sock")).expect("a socket");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = (&stream).read(&mut [0; 1024]);
            let _ = (&stream).write_all(b"220 mail.example.org ESMTP\r\n");
        }
    });
    let mut command = command(&world, &["list"], &state);
    command.env("RUNTIME_DIRECTORY", &runtime);
    let (code, told) = said(command);
    assert!(code == Some(0) && told.contains("pending"), "{told}");
}

/// Clients that ask for much and do not read, or never finish asking: the loop goes on, and others are answered.
#[tokio::test(flavor = "multi_thread")]
async fn slow_and_dead_clients_harm_nobody() {
    let world = World::new().await;
    let names: Vec<(String, String)> = (0..2000)
        .map(|n| (format!("e{n}"), day(10 + n % 9)))
        .collect();
    let entries: Vec<(&str, &str)> = names
        .iter()
        .map(|(n, at)| (n.as_str(), at.as_str()))
        .collect();
    world.write("a.yaml", &file(&entries));
    let _daemon = world.daemon();
    world.settles_at(2000, 0).await;
    let socket = world.root.path().join("state/onced.sock");
    let mut clients = Vec::new();
    for n in 0..150 {
        let mut stream = UnixStream::connect(&socket).expect("connected");
        let asks: &[u8] = match n % 3 {
            0 => b"",
            1 => b"POST /v1/pau",
            // More than the socket's buffers take.
            _ => b"GET /v1/list HTTP/1.1\r\nhost: onced\r\n\r\n",
        };
        stream.write_all(asks).expect("written");
        clients.push(stream);
    }
    world.write("b.yaml", &file(&[("one-more", &day(30))]));
    world.settles_at(2001, 0).await;
    drop(clients.split_off(60));
    // What is on the wire is listed once its pass has ended.
    let begun = Instant::now();
    while world.list()["entries"].as_array().map(Vec::len) != Some(2001) {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "others are answered"
        );
    }
    drop(clients);
}
