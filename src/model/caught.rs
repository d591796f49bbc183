//! A panic of a library, or of onced itself, that somebody catches: it ends what was asked for, and nothing else. Where it
//! happened is told; what it says is not, because it may show a request.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::task::Poll;

use thiserror::Error;

thread_local! {
    /// Whoever runs on this thread is caught.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
    /// Where the last one that is caught happened.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic that was caught.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("a fault in the program, at {place}")]
pub struct Caught {
    place: String,
}

/// For the hook of panics: is this one caught, so that it is told of there? Then nothing is to be printed for it.
pub fn is_caught(panic: &PanicHookInfo<'_>) -> bool {
    let is = WATCHED.get();
    if is {
        let place = panic.location().map(|location| {
            let file = location.file();
            // Without where the libraries lay when the program was built.
            let parts: Vec<&str> = file.rsplit('/').collect();
            let source = parts.iter().rposition(|part| *part == "src").unwrap_or(0);
            let shown = parts.iter().take(source + 2).rev().copied();
            let shown = shown.collect::<Vec<_>>().join("/");
            format!("{shown}:{}", location.line())
        });
        PLACE.set(place);
    }
    is
}

/// Does it; or answers where it panicked.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Caught> {
    let before = WATCHED.replace(true);
    let done = catch_unwind(AssertUnwindSafe(work));
    WATCHED.set(before);
    done.map_err(|_| Caught {
        place: PLACE.take().unwrap_or_else(|| "an unknown place".into()),
    })
}

/// The same for a future.
pub fn caught_async<T>(work: impl Future<Output = T>) -> impl Future<Output = Result<T, Caught>> {
    let mut work = Box::pin(work);
    poll_fn(
        move |context| match caught(|| work.as_mut().poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
            Err(caught) => Poll::Ready(Err(caught)),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_ends_what_was_asked_for() {
        assert_eq!(caught(|| 1), Ok(1));
        let caught = caught(|| panic!("on purpose")).map(|(): ()| ());
        assert!(caught.is_err());
        assert!(!WATCHED.get());
    }

    #[tokio::test]
    async fn a_future_may_panic_after_it_has_waited() {
        let work = async {
            tokio::task::yield_now().await;
            assert!(!WATCHED.get(), "on purpose");
        };
        assert!(caught_async(work).await.is_err());
        assert_eq!(caught_async(async { 2 }).await, Ok(2));
    }
}
