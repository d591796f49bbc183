//! What one session is made of: its settings from the seed, the sandbox, the directories, the journal. Does nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fastrand::Rng;
use onced::sandbox::{Fault, Options, Sandbox};
use tokio::sync::Notify;

use crate::folder::{Key, MACHINE, Moving, OTHER, Said, Since, Timeline, machine};
use crate::wire::{Time, Wire};

/// How often something happened.
pub(crate) type Figures = BTreeMap<String, u64>;

/// What the other machine does.
const DEFINITION: &str = r#"{"StartAt": "Countdown", "States": {
    "Countdown": {"Type": "Wait", "TimestampPath": "$.invocationTime", "Next": "Invoke"},
    "Invoke": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "f", "Payload.$": "$"}, "End": true}}}"#;

/// How a session is.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) seed: u64,
    pub(crate) length: Duration,
    pub(crate) settle: Duration,
    pub(crate) stop_after: Duration,
    /// With the default `max_stops`.
    pub(crate) guarded: bool,
    /// A second daemon comes and goes.
    pub(crate) two: bool,
    /// The folder is a work tree of git's.
    pub(crate) git: bool,
    /// The folder is a link to a release.
    pub(crate) linked: bool,
    /// So many of a hundred requests go wrong.
    pub(crate) faults: u32,
    /// So many seconds between two things that befall a daemon, at most.
    pub(crate) calm: u64,
    pub(crate) task_time: Duration,
}

impl Setup {
    pub(crate) fn new(seed: u64, length: Duration, rng: &mut Rng) -> Self {
        let mut one = |of: &[u64]| *rng.choice(of).expect("one of them");
        let settle = Duration::from_millis(one(&[50, 150, 300]));
        let stop_after = Duration::from_secs(one(&[1, 2, 3]));
        let (guarded, two, kind) = (one(&[0, 0, 1]) == 1, one(&[0, 1]) == 1, one(&[0, 1, 1, 2]));
        let (faults, calm) = (one(&[0, 4, 12]), one(&[5, 12, 40]));
        let task_time = Duration::from_millis(one(&[0, 0, 1500]));
        Self {
            seed,
            length,
            settle,
            stop_after,
            guarded,
            two,
            git: kind == 1,
            linked: kind == 2,
            faults: u32::try_from(faults).expect("a share"),
            calm,
            task_time,
        }
    }
}

pub(crate) struct World {
    pub(crate) setup: Setup,
    pub(crate) sandbox: Sandbox,
    pub(crate) wire: Wire,
    pub(crate) root: tempfile::TempDir,
    pub(crate) journal: Mutex<Vec<(Time, String)>>,
    pub(crate) timeline: Mutex<Timeline>,
    pub(crate) figures: Mutex<Figures>,
    /// Each content that was ever written down for a name.
    pub(crate) written: Mutex<BTreeSet<(String, Key)>>,
    /// What a person has stopped.
    pub(crate) by_a_person: Mutex<BTreeSet<Key>>,
    /// What is left out.
    pub(crate) without: BTreeSet<String>,
    pub(crate) acted: Notify,
    pub(crate) is_over: AtomicBool,
    faults: Arc<AtomicU32>,
}

impl World {
    pub(crate) async fn new(setup: Setup, without: BTreeSet<String>) -> Self {
        let options = Options {
            task_time: setup.task_time,
            ..Options::default()
        };
        let sandbox = Sandbox::new(options).expect("a sandbox");
        assert_eq!(sandbox.create_default_machine(), machine(MACHINE));
        let other = serde_json::json!({
            "name": OTHER, "roleArn": "arn:aws:iam::123456789012:role/r", "definition": DEFINITION,
        });
        let made = sandbox.call(
            "AWSStepFunctions.CreateStateMachine",
            other.to_string().as_bytes(),
        );
        assert_eq!(made.status, 200, "{}", made.body);
        let wire = Wire::new(sandbox.clone()).await;
        let root = tempfile::tempdir().expect("a directory");
        let faults = Arc::new(AtomicU32::new(setup.faults));
        let (share, rng) = (
            Arc::clone(&faults),
            Mutex::new(Rng::with_seed(setup.seed ^ 1)),
        );
        sandbox.set_faults(Some(Arc::new(move |_, operation: &str| {
            let mut rng = rng.lock().expect("no panic");
            if operation == "DescribeStateMachine"
                || rng.u32(0..100) >= share.load(Ordering::Relaxed)
            {
                return Fault::None;
            }
            match rng.u32(0..6) {
                0 => Fault::LostBefore,
                1 | 2 => Fault::LostAfter,
                3 => Fault::Status500,
                4 => Fault::Throttle,
                _ => Fault::Slow(Duration::from_millis(rng.u64(1..1500))),
            }
        })));
        let begin = Since {
            from: sandbox.now(),
            moving: Moving::No,
            said: Arc::new(Said::default()),
        };
        Self {
            setup,
            sandbox,
            wire,
            root,
            journal: Mutex::default(),
            timeline: Mutex::new(Timeline(vec![begin])),
            figures: Mutex::default(),
            written: Mutex::default(),
            by_a_person: Mutex::default(),
            without,
            acted: Notify::new(),
            is_over: AtomicBool::new(false),
            faults,
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.sandbox.now()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn schedules(&self) -> PathBuf {
        self.path("schedules")
    }

    pub(crate) fn say(&self, what: impl Into<String>) {
        let line = (self.now(), what.into());
        self.journal.lock().expect("no panic").push(line);
    }

    pub(crate) fn count(&self, what: &str) {
        self.add(what, 1);
    }

    pub(crate) fn add(&self, what: &str, number: u64) {
        let mut figures = self.figures.lock().expect("no panic");
        *figures.entry(what.to_owned()).or_default() += number;
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    pub(crate) fn no_more_faults(&self) {
        self.faults.store(0, Ordering::Relaxed);
    }

    /// The folder begins to change, or rests, and says this then.
    pub(crate) fn since_now(&self, moving: Moving, said: Arc<Said>) {
        self.since(self.now(), moving, said);
    }

    /// The same, from a moment on that is over, but for what is known of later ones.
    pub(crate) fn since(&self, from: Time, moving: Moving, said: Arc<Said>) {
        let mut timeline = self.timeline.lock().expect("no panic");
        let last = timeline.0.last().map(|since| since.from);
        let from = last.map_or(from, |last| last.max(from));
        timeline.0.push(Since { from, moving, said });
    }

    /// All that the daemons said, as one text.
    pub(crate) fn logs(&self) -> String {
        let log =
            |number| fs::read_to_string(self.path(&format!("log{number}"))).unwrap_or_default();
        format!("{}{}", log(0), log(1))
    }
}
