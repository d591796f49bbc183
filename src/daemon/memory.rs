//! Memory that long work took, given back while nothing is to be done.

use std::hint::black_box;
use std::thread;

/// What has been free for a second goes back to the kernel. mimalloc looks for that when a thread ends that had memory of
/// it, and hardly ever otherwise: a daemon at rest would keep it for good (`_mi_theap_collect_abandon` and `purge_delay`,
/// <https://github.com/microsoft/mimalloc>).
pub(super) fn give_back() {
    let ends = || drop(black_box(vec![0_u8; 64]));
    // Where there is no thread to be had, it is tried again after the next work.
    let _ = thread::Builder::new().name("give-back".into()).spawn(ends);
}
