//! A folder, `onced` itself as it is released, and the built-in Step Functions over HTTP in this process.

pub(crate) mod table;

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, Stdio};

use onced::sandbox::{Options, Sandbox};
use table::Result;
use tokio::net::TcpListener;

/// `--set` with this, onced paces no start.
pub(crate) const UNLIMITED: &str = "limits.StartExecution={rate: 100000, burst: 100000}";

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) url: String,
    pub(crate) machine: String,
    pub(crate) root: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Result<Self> {
        let sandbox = Sandbox::new(Options::default())?;
        let machine = sandbox.create_default_machine();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(sandbox.clone().serve(listener));
        let root = tempfile::tempdir()?;
        fs::create_dir(root.path().join("schedules"))?;
        Ok(Self {
            sandbox,
            url,
            machine,
            root,
        })
    }

    /// Entries far ahead, so many in a file.
    pub(crate) fn fill(&self, entries: u32, a_file: u32) -> Result<()> {
        for first in (0..entries).step_by(usize::try_from(a_file)?) {
            let mut text = "schedules:\n".to_owned();
            for e in first..(first + a_file).min(entries) {
                let at = format!("2027-06-{:02}T{:02}:00:00Z", e % 28 + 1, e % 24);
                writeln!(text, "  e{e}: {{at: {at}, lambda: f, payload: {e}}}")?;
            }
            let file = format!("schedules/f{first}.yaml");
            fs::write(self.root.path().join(file), text)?;
        }
        Ok(())
    }

    pub(crate) fn command(&self, command: &str, set: &[&str]) -> Command {
        let mut onced = Command::new(env!("CARGO_BIN_EXE_onced"));
        let path = |name: &str| self.root.path().join(name);
        onced.env_clear().env("HOME", self.root.path());
        for (key, value) in [
            ("AWS_ACCESS_KEY_ID", "a"),
            ("AWS_SECRET_ACCESS_KEY", "b"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ] {
            onced.env(key, value);
        }
        onced.arg(command).arg("--directory").arg(path("schedules"));
        onced.arg("--state-directory").arg(path("state"));
        onced.args(["--owner", "bench", "--endpoint-url", &self.url]);
        onced.args(["--state-machine", &self.machine, "-q"]);
        for set in set {
            onced.args(["--set", set]);
        }
        onced.stdout(Stdio::null()).stderr(Stdio::inherit());
        onced
    }
}
