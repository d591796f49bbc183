//! Lines for stderr, on their way through a bounded queue and a thread of its own: who writes a line never waits for who
//! reads it. Where the queue is full, lines are dropped and counted, and the number is said once there is room. Results on
//! stdout don't come by here.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::io::{self, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

use super::bar;
use crate::model::caught::is_caught;

/// The most lines that wait.
const LINES: usize = 4_096;
/// How long the last lines of a process are waited for.
pub(super) const LAST: Duration = Duration::from_secs(1);
/// How long lines are waited for that belong before a result, so that both stand in order on a terminal.
const BEFORE_A_RESULT: Duration = Duration::from_millis(100);
/// How often a queue that is full is tried again by the few who wait for it.
const AGAIN: Duration = Duration::from_millis(5);

/// The process's one queue; none where its thread could not be begun.
static QUEUE: OnceLock<SyncSender<Queued>> = OnceLock::new();
/// Lines that were dropped and not told of yet.
static DROPPED: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// This thread is the one that writes.
    static WRITES: Cell<bool> = const { Cell::new(false) };
}

enum Queued {
    Text(Vec<u8>),
    /// So many lines were dropped here.
    Dropped(u64),
    /// Answered once all that was queued before is written.
    Mark(SyncSender<()>),
}

/// Begins the queue, and sends there what a panic says, too. Without it, or where no thread is to be had, lines are written
/// by those who write them.
pub(super) fn begin() {
    let (sender, queue) = sync_channel(LINES);
    let writing = thread::Builder::new().name("log".into());
    if writing.spawn(move || write_all(&queue)).is_ok() {
        let _ = QUEUE.set(sender);
        std::panic::set_hook(Box::new(|panic| {
            // Who catches it tells of it.
            if is_caught(panic) && Backtrace::capture().status() != BacktraceStatus::Captured {
                return;
            }
            let thread = thread::current();
            let name = thread.name().unwrap_or("<unnamed>");
            let trace = match Backtrace::capture() {
                trace if trace.status() == BacktraceStatus::Captured => format!("\n{trace}"),
                _ => String::new(),
            };
            put(format!("thread '{name}' {panic}{trace}\n").as_bytes());
        }));
    }
}

/// Stderr, above the bar, by the queue.
pub(super) struct Lines;

impl Write for Lines {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        put(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Queues a line, or drops it where there is no room.
pub(super) fn put(text: &[u8]) {
    let queue = QUEUE.get().filter(|_| !WRITES.get());
    let Some(queue) = queue else {
        // A log that can't be written can't be told of there, and is no reason to break off.
        let _ = bar::Above.write_all(text);
        return;
    };
    let dropped = DROPPED.swap(0, Ordering::Relaxed);
    if dropped > 0 && queue.try_send(Queued::Dropped(dropped)).is_err() {
        DROPPED.fetch_add(dropped + 1, Ordering::Relaxed);
    } else if queue.try_send(Queued::Text(text.to_vec())).is_err() {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Queues what a command ends with, and waits for room a little: it is not one line of many.
pub(super) fn say(text: &str) {
    let line = format!("{text}\n").into_bytes();
    match QUEUE.get() {
        Some(queue) => {
            let _ = send(queue, Queued::Text(line), Instant::now() + LAST);
        }
        None => put(&line),
    }
}

/// Waits until what was queued so far is written, for a little while: a result is about to be printed.
pub(super) fn settle() {
    drain(BEFORE_A_RESULT);
}

/// Waits until what was queued so far is written; at `most` so long.
pub(super) fn drain(most: Duration) {
    let Some(queue) = QUEUE.get() else {
        return;
    };
    let end = Instant::now() + most;
    let (written, is_written) = sync_channel(1);
    if send(queue, Queued::Mark(written), end) {
        let left = end.saturating_duration_since(Instant::now());
        let _ = is_written.recv_timeout(left);
    }
}

fn send(queue: &SyncSender<Queued>, mut queued: Queued, end: Instant) -> bool {
    loop {
        match queue.try_send(queued) {
            Ok(()) => return true,
            Err(TrySendError::Disconnected(_)) => return false,
            Err(TrySendError::Full(_)) if Instant::now() >= end => return false,
            Err(TrySendError::Full(back)) => queued = back,
        }
        thread::sleep(AGAIN);
    }
}

/// The thread: it alone waits for who reads.
fn write_all(queue: &Receiver<Queued>) {
    WRITES.set(true);
    loop {
        let queued = match queue.try_recv() {
            Ok(queued) => queued,
            Err(TryRecvError::Empty) => {
                tell(DROPPED.swap(0, Ordering::Relaxed));
                match queue.recv() {
                    Ok(queued) => queued,
                    Err(_) => return,
                }
            }
            Err(TryRecvError::Disconnected) => return,
        };
        match queued {
            Queued::Text(text) => {
                let _ = bar::Above.write_all(&text);
            }
            Queued::Dropped(number) => tell(number),
            Queued::Mark(written) => {
                tell(DROPPED.swap(0, Ordering::Relaxed));
                let _ = written.send(());
            }
        }
    }
}

/// Called by the thread that writes, so that it stands where the lines would have stood.
fn tell(dropped: u64) {
    if dropped > 0 {
        warn!(
            dropped,
            "{dropped} log lines were dropped: nobody read them in time"
        );
    }
}
