//! What befalls a daemon that watches a folder (FAILURES, section 1): the program as a process, real tools, and the calls on
//! the wire. Which row is tested where stands in `tests/index.md`.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::process::{Running, World, day, file, has, onced};
use crate::support::program::{daemon, log};

fn shell(world: &World, script: &str) {
    let mut shell = Command::new("sh");
    shell
        .current_dir(world.path(""))
        .args(["-ec", script])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let status = block_in_place(|| shell.status().expect("sh runs"));
    assert!(status.success(), "{script}");
}

fn shell_in(place: &Path, script: &str, input: &str) {
    let mut shell = Command::new("sh");
    shell.current_dir(place).args(["-ec", script]);
    let mut shell = shell.stdin(Stdio::piped()).spawn().expect("sh runs");
    let mut stdin = shell.stdin.take().expect("piped");
    stdin.write_all(input.as_bytes()).expect("written");
    drop(stdin);
    assert!(shell.wait().expect("it ends").success(), "{script}");
}

/// F1, F3: a writer that takes its time over each byte, in place.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_written_byte_by_byte_stops_nothing() {
    let world = World::new().await;
    let text = file(&[("a", &day(10)), ("b", &day(10))]);
    world.write("a.yaml", &text);
    let _daemon = daemon(&world, &["reconcile.stop_after=30s"]);
    world.settles_at(2, 0).await;
    for ending in ["", "  c: {at: 2026-01-01T00:00:00Z, lambda: f}\n"] {
        let mut file = File::create(world.path("a.yaml")).expect("truncated");
        let whole = format!("{text}{ending}");
        for byte in whole.as_bytes() {
            file.write_all(&[*byte]).expect("written");
            // Longer than `settle`, so that each state is seen.
            sleep(Duration::from_millis(70)).await;
        }
    }
    world.settles_at(2, 0).await;
    // By a redirection, as a whole: at once.
    shell(
        &world,
        "cp a.yaml ../copy; sed 's/^  a:/  z:/' ../copy > a.yaml",
    );
    sleep(Duration::from_secs(2)).await;
    // The same under another name.
    world.settles_at(2, 0).await;
    let list = world.list();
    let names: Vec<&str> = list["entries"]
        .as_array()
        .expect("entries")
        .iter()
        .filter(|entry| entry["phase"] == "scheduled")
        .filter_map(|entry| entry["name"].as_str())
        .collect();
    assert_eq!(names, ["b", "z"]);
}

/// F4: vim in each of its ways to write, and `sed -i`: exactly the difference, and no leftover is read.
#[tokio::test(flavor = "multi_thread")]
async fn editors_do_what_is_meant() {
    if !has("vim") {
        return;
    }
    let world = World::new().await;
    let (one, two) = (day(10), day(11));
    world.write("a.yaml", &file(&[("a", &one), ("b", &one)]));
    let _daemon = daemon(&world, &[]);
    world.settles_at(2, 0).await;
    let (mut starts, mut stops, mut now) = (2, 0, one.clone());
    for how in ["backupcopy=yes", "backupcopy=no", "nowritebackup", "backup"] {
        let other = if now == one { &two } else { &one };
        let script = format!(
            "vim -N -u NONE -i NONE -es -c 'set {how} swapfile' -c '2s/{now}/{other}/' -c wq a.yaml"
        );
        shell(&world, &script);
        (starts, stops) = (starts + 1, stops + 1);
        now.clone_from(other);
        world.settles_at(starts, stops).await;
        // Opened and written without a change.
        shell(
            &world,
            &format!("vim -N -u NONE -i NONE -es -c 'set {how}' -c w! -c q a.yaml"),
        );
        world.settles_at(starts, stops).await;
    }
    shell(&world, &format!("sed -i '2s/{now}/{}/' a.yaml", day(12)));
    world.settles_at(starts + 1, stops + 1).await;
    shell(
        &world,
        "touch 4913 a.yaml~ .a.yaml.swp '#a.yaml#'; ln -s nobody@nowhere:1 .#a.yaml; rm 4913",
    );
    sleep(Duration::from_secs(2)).await;
    world.settles_at(starts + 1, stops + 1).await;
}

/// F5: replaced a thousand times by the same content: nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_replaced_by_itself_is_nothing() {
    let world = World::new().await;
    let text = file(&[("a", &day(10)), ("b", &day(11))]);
    world.write("a.yaml", &text);
    let _daemon = daemon(&world, &["reconcile.settle=0ms"]);
    world.settles_at(2, 0).await;
    for _ in 0..1000 {
        world.write("a.yaml", &text);
        sleep(Duration::from_millis(1)).await;
    }
    world.settles_at(2, 0).await;
}

/// F8: a file that may not be read pins its entries. Root may read everything, so the daemon is another user's.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_may_not_be_read_pins_its_entries() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    world.write("b.yaml", &file(&[("b", &day(10))]));
    let mut run = world.command(&["run"]);
    if fs::metadata("/proc/self").expect("there").uid() == 0 {
        // What is built lies where only its owner may look.
        let program = world.root.path().join("onced");
        fs::copy(run.get_program(), &program).expect("copied");
        shell(
            &world,
            "chmod 755 .. ../onced; mkdir ../state; chown 65534 ../state",
        );
        let arguments: Vec<_> = run.get_args().map(ToOwned::to_owned).collect();
        let environment = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
        run = Command::new(program);
        run.env_clear()
            .envs(environment)
            .args(arguments)
            .uid(65534)
            .gid(65534);
    }
    run.stdout(Stdio::null()).stderr(Stdio::null());
    let _daemon = Running(run.spawn().expect("onced starts"));
    world.settles_at(2, 0).await;
    shell(&world, "chmod 000 a.yaml; rm b.yaml");
    sleep(Duration::from_secs(3)).await;
    // Nobody knows what else that file may hold now.
    world.settles_at(2, 0).await;
    shell(&world, "chmod 644 a.yaml");
    world.settles_at(2, 1).await;
}

/// F9: the directory is renamed, made anew, removed and made again: nothing is stopped until it is there and read.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_comes_and_goes_stops_nothing() {
    let world = World::new().await;
    let text = file(&[("a", &day(10)), ("b", &day(10))]);
    world.write("a.yaml", &text);
    let _daemon = daemon(&world, &[]);
    world.settles_at(2, 0).await;
    let (here, away) = (world.path(""), world.root.path().join("away"));
    fs::rename(&here, &away).expect("renamed");
    sleep(Duration::from_secs(4)).await;
    world.settles_at(2, 0).await;
    assert!(log(&world).contains("can't be read"), "{}", log(&world));
    fs::rename(&away, &here).expect("renamed");
    sleep(Duration::from_secs(3)).await;
    world.settles_at(2, 0).await;
    // Events come again.
    world.write("c.yaml", &file(&[("c", &day(11))]));
    world.settles_at(3, 0).await;
    // Made anew and empty: that says nothing, until something is put there that does.
    fs::remove_dir_all(&here).expect("removed");
    fs::create_dir(&here).expect("made");
    sleep(Duration::from_secs(4)).await;
    world.settles_at(3, 0).await;
    world.write("none.yaml", "schedules: {}\n");
    world.settles_at(3, 3).await;
}

/// F9: the directory is not there when the daemon starts, or leads nowhere: it waits, says so once, and goes on when it
/// appears. Commands that look once fail.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_is_not_there_at_start_is_waited_for() {
    for leads_nowhere in [false, true] {
        let world = World::new().await;
        let (here, there) = (
            world.root.path().join("schedules"),
            world.root.path().join("release"),
        );
        fs::remove_dir(&here).expect("removed");
        if leads_nowhere {
            symlink(&there, &here).expect("linked");
        }
        let mut daemon = daemon(&world, &["reconcile.resync=1h"]);
        sleep(Duration::from_secs(5)).await;
        assert!(
            daemon.0.try_wait().expect("asked").is_none(),
            "{}",
            log(&world)
        );
        let said = "nothing is stopped: the directory";
        assert_eq!(log(&world).matches(said).count(), 1, "{}", log(&world));
        let doubt = world.list()["doubt"].to_string();
        assert!(doubt.contains("No such file or directory"), "{doubt}");
        // Made beside its place, and there at once.
        fs::create_dir(&there).expect("made");
        let text = file(&[("a", &day(10)), ("b", &day(10))]);
        fs::write(there.join("a.yaml"), text).expect("written");
        if !leads_nowhere {
            fs::rename(&there, &here).expect("renamed");
        }
        world.settles_at(2, 0).await;
        // Events come, too.
        world.write("c.yaml", &file(&[("c", &day(11))]));
        world.settles_at(3, 0).await;
        drop(daemon);
        fs::rename(&here, world.root.path().join("away")).expect("renamed");
        for command in ["sync", "plan"] {
            let output = world.output(&[command]);
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains("hint: make it, or name another"), "{said}");
        }
    }
}

/// F9, F40: the directory that appears later is one that would have been refused at the start.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_appears_around_the_ledger_is_refused() {
    let world = World::new().await;
    let here = world.root.path().join("schedules");
    fs::remove_dir(&here).expect("removed");
    let mut daemon = daemon(&world, &[]);
    sleep(Duration::from_secs(2)).await;
    symlink(world.root.path(), &here).expect("linked");
    let mut status = None;
    for _ in 0..1_500 {
        status = daemon.0.try_wait().expect("asked");
        if status.is_some() {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    let status = status.expect("it ends");
    assert_eq!(status.code(), Some(1), "{}", log(&world));
    assert!(
        log(&world).contains("error: the state directory"),
        "{}",
        log(&world)
    );
    // What everybody may write to is not taken, and becomes good when that is mended.
    fs::remove_file(&here).expect("removed");
    let _again = self::daemon(&world, &[]);
    sleep(Duration::from_secs(1)).await;
    shell_in(
        world.root.path(),
        "mkdir -m 777 new; cat > new/a.yaml; mv new schedules",
        &file(&[("a", &day(10))]),
    );
    sleep(Duration::from_secs(4)).await;
    world.settles_at(0, 0).await;
    shell(&world, "chmod 755 .");
    world.settles_at(1, 0).await;
}

/// F10: unmounted, so that an empty mount point is left: no stop, however long; mounted again: nothing.
#[tokio::test(flavor = "multi_thread")]
async fn an_empty_mount_point_stops_nothing() {
    let world = World::new().await;
    if !may_mount(world.root.path()) {
        return;
    }
    let schedules = world.path("");
    let mounted = |what: &[&str]| {
        let mut mount = Command::new(what[0]);
        mount.args(&what[1..]).arg(&schedules);
        let status = block_in_place(|| mount.status().expect("it runs"));
        assert!(status.success(), "{what:?}");
    };
    mounted(&["mount", "-t", "tmpfs", "-o", "mode=755", "onced-test"]);
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(10))]));
    let daemon = daemon(&world, &["reconcile.resync=1s"]);
    world.settles_at(2, 0).await;
    let text = fs::read(world.path("a.yaml")).expect("read");
    mounted(&["umount", "-l"]);
    sleep(Duration::from_secs(5)).await;
    world.settles_at(2, 0).await;
    assert!(
        log(&world).contains("is a disk not mounted?"),
        "{}",
        log(&world)
    );
    mounted(&["mount", "-t", "tmpfs", "-o", "mode=755", "onced-test"]);
    fs::write(world.path("a.yaml"), text).expect("written");
    sleep(Duration::from_secs(4)).await;
    world.settles_at(2, 0).await;
    drop(daemon);
    mounted(&["umount", "-l"]);
}

/// Is a tmpfs to be had here? Where not, the test says that it is skipped; CI has it.
pub(crate) fn may_mount(root: &Path) -> bool {
    let at = root.join("probe");
    fs::create_dir_all(&at).expect("a directory");
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "onced-probe"]).arg(&at);
    let may = mount
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if may {
        let _ = Command::new("umount").arg(&at).status();
    } else {
        let ci = std::env::var_os("ONCED_CI").is_some();
        assert!(!ci, "this machine may not mount, and CI must");
        let told = "SKIPPED: this test mounts a tmpfs, and this machine does not let it\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
    }
    may
}

/// F12: a ConfigMap's `..data`, swapped again and again, and a directory that is itself such a link: exactly the
/// difference of what it was and what it is.
#[tokio::test(flavor = "multi_thread")]
async fn links_that_are_swapped_are_one_change() {
    let world = World::new().await;
    let version = |number: usize, entries: &[(&str, &str)]| {
        let directory = world.root.path().join(format!("schedules/..v{number}"));
        fs::create_dir_all(&directory).expect("made");
        for (name, at) in entries {
            fs::write(directory.join(format!("{name}.yaml")), file(&[(name, at)]))
                .expect("written");
        }
    };
    let swap = |number: usize| {
        let beside = world.path("..new");
        symlink(format!("..v{number}"), &beside).expect("linked");
        fs::rename(beside, world.path("..data")).expect("swapped");
    };
    version(0, &[("a", &day(10)), ("b", &day(10))]);
    swap(0);
    for name in ["a", "b"] {
        let target = format!("..data/{name}.yaml");
        symlink(target, world.path(&format!("{name}.yaml"))).expect("linked");
    }
    let _daemon = daemon(&world, &[]);
    world.settles_at(2, 0).await;
    version(1, &[("a", &day(10)), ("b", &day(10))]);
    for number in [1, 0, 1, 0, 1] {
        swap(number);
        sleep(Duration::from_millis(200)).await;
    }
    world.settles_at(2, 0).await;
    version(2, &[("a", &day(11)), ("b", &day(10))]);
    swap(2);
    world.settles_at(3, 1).await;
    // A link that leads nowhere is no removal.
    version(3, &[("a", &day(11))]);
    swap(3);
    sleep(Duration::from_secs(3)).await;
    world.settles_at(3, 1).await;
    // Kubernetes takes away the link as well.
    fs::remove_file(world.path("b.yaml")).expect("removed");
    world.settles_at(3, 2).await;
}

/// F26: more events than the kernel keeps: the daemon looks at everything.
#[tokio::test(flavor = "multi_thread")]
async fn lost_events_are_made_up_for() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    // No other reason to look.
    let daemon = daemon(&world, &["reconcile.resync=24h"]);
    world.settles_at(1, 0).await;
    let signal = |name: &str| shell(&world, &format!("kill -{name} {}", daemon.0.id()));
    signal("STOP");
    let events = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").expect("a limit");
    let events: usize = events.trim().parse().expect("a number");
    for number in 0..events {
        File::create(world.path(&format!("{}.txt", number % 100))).expect("made");
    }
    world.write("b.yaml", &file(&[("b", &day(10))]));
    signal("CONT");
    world.settles_at(2, 0).await;
}

/// The daemon where no inotify is to be had; `None`: this machine can't take it away.
pub(crate) fn without_events(world: &World) -> Option<Running> {
    let script = "echo 0 > /proc/sys/user/max_inotify_instances && exec \"$@\"";
    let mut probe = Command::new("unshare");
    probe.args(["-Ur", "sh", "-c", script, "sh", "true"]);
    let may = probe.stderr(Stdio::null()).status();
    if !may.is_ok_and(|status| status.success()) {
        let ci = std::env::var_os("ONCED_CI").is_some();
        assert!(!ci, "this machine has no user namespaces, and CI must");
        let told = "SKIPPED: this test needs user namespaces, and this machine has none\n";
        let _ = std::io::stderr().write_all(told.as_bytes());
        return None;
    }
    let run = world.command(&["run"]);
    let mut limited = Command::new("unshare");
    limited
        .args(["-Ur", "sh", "-c", script, "sh"])
        .arg(run.get_program())
        .args(run.get_args())
        .env_clear()
        .envs(
            run.get_envs()
                .filter_map(|(key, value)| Some((key, value?))),
        )
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .stdout(Stdio::null())
        .stderr(File::create(world.root.path().join("log")).expect("a log"));
    Some(Running(limited.spawn().expect("onced starts")))
}

/// F27: no inotify instance is to be had: it scans instead, and says so.
#[tokio::test(flavor = "multi_thread")]
async fn without_events_it_scans_and_says_so() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let Some(_daemon) = without_events(&world) else {
        return;
    };
    world.settles_at(1, 0).await;
    world.write("b.yaml", &file(&[("b", &day(10))]));
    world.settles_at(2, 0).await;
    fs::remove_file(world.path("a.yaml")).expect("removed");
    world.settles_at(2, 1).await;
    let told = log(&world);
    assert!(
        told.contains("no file events: the directory is scanned every 2 s instead"),
        "{told}"
    );
}

/// F16: bombs are refused within 100 MB of memory.
#[test]
fn bombs_need_little_memory() {
    let home = tempfile::tempdir().expect("a directory");
    let mut bomb = "x-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let row = vec![format!("*a{}", n - 1); 10].join(", ");
        bomb = format!("{bomb}x-{n}: &a{n} [{row}]\n");
    }
    let merges: Vec<String> = (1..2000)
        .map(|n| format!("x-{n}: &b{n} {{<<: *b{}, k{n}: 1}}\n", n - 1))
        .collect();
    let merges = merges.concat();
    let steps: Vec<String> = (0..3000)
        .map(|n| format!("{}a:\n", " ".repeat(n)))
        .collect();
    for (name, text) in [
        ("deep", format!("schedules: {}\n", "[".repeat(200_000))),
        (
            "deeper",
            format!("schedules: {}\n", "{a: ".repeat(1_000_000)),
        ),
        ("steps", steps.concat()),
        ("bomb", bomb + "schedules: {}\n"),
        (
            "merges",
            format!("x-0: &b0 {{a: 1}}\n{merges}schedules: {{}}\n"),
        ),
    ] {
        let path = home.path().join(format!("{name}.yaml"));
        fs::write(&path, text).expect("written");
        let check = onced(home.path());
        let output = Command::new("sh")
            .args(["-c", "ulimit -d 102400; exec \"$0\" check \"$1\""])
            .arg(check.get_program())
            .arg(&path)
            .env("HOME", home.path())
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(4), "{name}: {said}");
    }
}

/// F40, and what everybody may write to: refused at the start, with the remedy.
#[tokio::test(flavor = "multi_thread")]
async fn a_bad_place_is_refused_at_the_start() {
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let refused = |state: &str, why: &str| {
        for command in ["run", "sync"] {
            let before = world.command(&[command]);
            let mut arguments: Vec<_> = before.get_args().map(ToOwned::to_owned).collect();
            let at = arguments
                .iter()
                .position(|argument| argument == "--state-directory");
            arguments[at.expect("it is there") + 1] = world.root.path().join(state).into();
            let mut command = onced(world.root.path());
            command.args(arguments);
            let output = block_in_place(|| command.output().expect("it runs"));
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(said.contains(why), "{said}");
        }
        assert!(!world.root.path().join(state).join("ledger").exists());
    };
    refused("schedules/state", "lies in the directory of schedule files");
    symlink("schedules", world.root.path().join("link")).expect("linked");
    refused("link/deep/state", "lies in the directory of schedule files");
    if has("git") {
        shell(&world, "git init -q ..");
        refused(
            "elsewhere",
            "lies in the git work tree of the schedule files",
        );
        shell(&world, "rm -r ../.git");
    }
    shell(&world, "chmod 777 .");
    refused("state", "hint: chmod o-w ");
    shell(&world, "chmod 775 .");
    assert_eq!(world.output(&["sync"]).status.code(), Some(0));
    assert_eq!(world.wire(), (1, 0));
}

/// F11: a file system that hangs. What was seen holds, nothing is stopped, other commands answer, and the daemon ends when
/// it is told to.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_system_that_hangs_is_said_and_stops_nothing() {
    let world = World::new().await;
    if !may_mount(world.root.path()) {
        return;
    }
    world.write("a.yaml", &file(&[("a", &day(10))]));
    let mut daemon = daemon(&world, &["reconcile.resync=1s"]);
    world.settles_at(1, 0).await;
    let Some(hang) = Hang::over(&world.path("")).await else {
        return;
    };
    let is_said = || {
        world.list()["doubt"]
            .as_str()
            .is_some_and(|doubt| doubt.contains("does its file system hang?"))
    };
    let mut waited = 0;
    while !is_said() {
        waited += 1;
        assert!(waited < 200, "{}", log(&world));
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(world.output(&["pause"]).status.code(), Some(0));
    assert_eq!(world.output(&["resume"]).status.code(), Some(0));
    world.settles_at(1, 0).await;
    let terminated = Command::new("kill").arg(daemon.0.id().to_string()).status();
    assert!(terminated.expect("kill runs").success());
    let ended = block_in_place(|| daemon.0.wait().expect("it ends"));
    assert_eq!(ended.code(), Some(0), "{}", log(&world));
    drop(hang);
}

/// A FUSE file system whose server never answers, over a directory.
pub(crate) struct Hang {
    server: Running,
    at: PathBuf,
}

impl Hang {
    /// `None`: this machine does not let it.
    pub(crate) async fn over(at: &Path) -> Option<Self> {
        let script = "exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 onced-hang \"$1\"; exec sleep 600";
        let mut server = Command::new("sh");
        server.args(["-ec", script, "sh"]).arg(at);
        let mut server = Running(server.spawn().expect("sh runs"));
        sleep(Duration::from_millis(500)).await;
        if server.0.try_wait().expect("asked").is_some() {
            let told =
                "SKIPPED: this test mounts a FUSE file system, and this machine does not let it\n";
            let _ = std::io::stderr().write_all(told.as_bytes());
            return None;
        }
        let at = at.to_owned();
        Some(Self { server, at })
    }
}

impl Drop for Hang {
    fn drop(&mut self) {
        let _ = self.server.0.kill();
        let _ = Command::new("umount").arg("-l").arg(&self.at).status();
    }
}

/// A file system that other machines write to, without an event here: it is said, and it is scanned all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_other_machines_write_is_seen_without_events() {
    let world = World::new().await;
    if !may_mount(world.root.path()) || !has("bindfs") {
        return;
    }
    // What is written below the mount point's source raises no event above.
    shell(
        &world,
        "mkdir ../server; bindfs --no-allow-other ../server .",
    );
    let daemon = daemon(&world, &["reconcile.resync=1h"]);
    world.settles_at(0, 0).await;
    let server = world.root.path().join("server");
    fs::write(server.join("a.yaml"), file(&[("a", &day(10))])).expect("written");
    world.settles_at(1, 0).await;
    assert!(
        log(&world).contains("the directory is on FUSE"),
        "{}",
        log(&world)
    );
    fs::remove_file(server.join("a.yaml")).expect("removed");
    world.settles_at(1, 1).await;
    drop(daemon);
    shell(&world, "cd ..; umount -l schedules");
}

/// F31, F32: limits on the size of files and on open files: starts wait, nothing is stopped, and it goes on by itself.
#[tokio::test(flavor = "multi_thread")]
async fn limits_of_the_process_are_waited_for() {
    if !has("prlimit") {
        return;
    }
    let world = World::new().await;
    world.write("a.yaml", &file(&[("a", &day(10)), ("b", &day(10))]));
    let mut daemon = daemon(&world, &["reconcile.resync=1s"]);
    world.settles_at(2, 0).await;
    let process = daemon.0.id();
    let limit = |what: &str| shell(&world, &format!("prlimit --pid {process} --{what}:"));
    // Smaller than the store is already.
    limit("fsize=1000");
    world.write("c.yaml", &file(&[("c", &day(11))]));
    fs::remove_file(world.path("a.yaml")).expect("removed");
    sleep(Duration::from_secs(4)).await;
    // The log is a file, too, and can't say so.
    assert_eq!(world.wire(), (2, 0));
    assert!(daemon.0.try_wait().expect("asked").is_none(), "it is alive");
    limit("fsize=unlimited");
    world.settles_at(3, 2).await;
    // No more open files than there are.
    limit("nofile=4");
    world.write("d.yaml", &file(&[("d", &day(12))]));
    fs::remove_file(world.path("c.yaml")).expect("removed");
    sleep(Duration::from_secs(4)).await;
    world.settles_at(3, 2).await;
    limit("nofile=1024");
    world.settles_at(4, 3).await;
    assert!(daemon.0.try_wait().expect("asked").is_none(), "it is alive");
}

/// F30: the ledger's file system is read-only: nothing is started, and it is said. A daemon waits: `disk.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn on_a_read_only_file_system_nothing_is_started() {
    let world = World::new().await;
    if !may_mount(world.root.path()) {
        return;
    }
    world.write("a.yaml", &file(&[("a", &day(10))]));
    shell(
        &world,
        "mkdir ../state; mount -t tmpfs -o ro,mode=700 onced-ro ../state",
    );
    let output = world.output(&["sync"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("Read-only file system"), "{said}");
    assert_eq!(world.wire(), (0, 0));
    shell(&world, "mount -o remount,rw ../state");
    let output = world.output(&["sync"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(world.wire(), (1, 0));
    shell(&world, "umount -l ../state");
}
