//! Work on all processors. Pure: nothing is shared but what is given.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, available_parallelism};

/// Does the same with each item, on all processors where there are many; the answers come in any order.
pub(crate) fn parallel<T: Send, U: Send>(items: Vec<T>, work: impl Fn(T) -> U + Sync) -> Vec<U> {
    const FEW: usize = 8;
    if items.len() <= FEW {
        return items.into_iter().map(work).collect();
    }
    let threads = available_parallelism().map_or(1, NonZero::get).min(FEW);
    let items = Mutex::new(items);
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let some = || std::iter::from_fn(next).map(&work).collect();
    thread::scope(|scope| {
        // Where the machine gives no more threads, there are fewer.
        let one_more = |_| thread::Builder::new().spawn_scoped(scope, some).ok();
        let others: Vec<_> = (1..threads).filter_map(one_more).collect();
        let mut done: Vec<U> = some();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => resume_unwind(panic),
            }
        }
        done
    })
}

/// Does two things at the same time.
pub(crate) fn both<A, B: Send>(one: impl FnOnce() -> A, other: impl Fn() -> B + Sync) -> (A, B) {
    thread::scope(|scope| {
        let spawned = thread::Builder::new().spawn_scoped(scope, &other);
        let one = one();
        let other = match spawned.map(thread::ScopedJoinHandle::join) {
            Ok(Ok(done)) => done,
            Ok(Err(panic)) => resume_unwind(panic),
            // The machine gives no more threads.
            Err(_) => other(),
        };
        (one, other)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_done_once() {
        for count in [0, 1, 8, 9, 1_000] {
            let mut done = parallel((0..count).collect(), |n| n * 2);
            done.sort_unstable();
            assert_eq!(done, (0..count).map(|n| n * 2).collect::<Vec<_>>());
        }
        assert_eq!(both(|| 1, || "a"), (1, "a"));
    }

    #[test]
    #[should_panic(expected = "the fifth")]
    fn a_panic_is_passed_on() {
        parallel((0..100).collect(), |n| assert!(n != 5, "the fifth"));
    }
}
