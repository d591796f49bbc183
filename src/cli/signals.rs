//! Signals that a daemon is sent. Decides nothing but which of them end it.

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Failure;

/// The signals, heard from when this is made.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// A limit on the size of files is an error of a write, no reason to die.
    _too_large: Signal,
    /// A terminal that is closed ends it.
    on_terminal: bool,
}

/// What a signal asks for.
pub(super) enum Asked {
    End,
    Reload,
}

impl Signals {
    /// `on_terminal`: a person started it there, and no service manager.
    pub(super) fn heard(on_terminal: bool) -> Result<Self, Failure> {
        let hear = |kind| {
            let failed = |error| Failure::new(format!("can't listen for signals: {error}"));
            signal(kind).map_err(failed)
        };
        Ok(Self {
            terminate: hear(SignalKind::terminate())?,
            interrupt: hear(SignalKind::interrupt())?,
            hangup: hear(SignalKind::hangup())?,
            _too_large: hear(SignalKind::from_raw(libc::SIGXFSZ))?,
            on_terminal,
        })
    }

    /// The next one. Loses none if it is dropped.
    pub(super) async fn next(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End,
            _ = self.interrupt.recv() => Asked::End,
            _ = self.hangup.recv() => if self.on_terminal { Asked::End } else { Asked::Reload },
        }
    }

    /// The next one that ends it; what else is asked for meanwhile is looked at later.
    pub(super) async fn end(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.hangup.recv(), if self.on_terminal => {}
        }
    }
}
