//! A bar on a terminal for work that takes long. Log lines go above it.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::LazyLock;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};
use tokio::task::JoinHandle;
use tokio::time::interval;

use crate::reconcile::Progress;

/// How often it is drawn anew.
const EVERY: Duration = Duration::from_millis(200);
/// Work that is over sooner gets none.
const SOON: Duration = Duration::from_secs(1);

/// What is drawn on the terminal behind stderr.
static DRAWN: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Stderr, above the bar.
pub(super) struct Above;

impl Write for Above {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        DRAWN.suspend(|| io::stderr().write(text))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Shows it until it is dropped.
pub(super) struct Bar {
    drawing: Option<JoinHandle<()>>,
}

impl Bar {
    /// Where stderr is no terminal, nothing is shown.
    pub(super) fn of(progress: Progress) -> Self {
        let draw = async move {
            tokio::time::sleep(SOON).await;
            let style = "{bar:40} {pos} of {len} · {rate} · {eta} left";
            let style = ProgressStyle::with_template(style).expect("a good template");
            let style = style.with_key(
                "rate",
                |state: &ProgressState, text: &mut dyn fmt::Write| {
                    let _ = write!(text, "{:.0}/s", state.per_sec());
                },
            );
            let bar = DRAWN.add(ProgressBar::no_length().with_style(style));
            let mut ticks = interval(EVERY);
            loop {
                ticks.tick().await;
                let done = u64::try_from(progress.done()).unwrap_or(u64::MAX);
                let left = u64::try_from(progress.left()).unwrap_or(u64::MAX);
                bar.set_length(done.saturating_add(left));
                bar.set_position(done);
            }
        };
        let is_shown = io::stderr().is_terminal();
        Self {
            drawing: is_shown.then(|| tokio::spawn(draw)),
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some(drawing) = &self.drawing {
            drawing.abort();
        }
        let _ = DRAWN.clear();
    }
}
