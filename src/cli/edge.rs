//! The edge of the program: a fault of onced, or of a library, becomes one error like any other.

use super::{Failure, Outcome};
use crate::model::caught::{Caught, caught};

/// What a command comes to, whatever happens in it.
pub(super) fn guarded(command: impl FnOnce() -> Outcome) -> Outcome {
    caught(command).unwrap_or_else(|caught| Err(failure(&caught)))
}

/// What is said of it.
pub(super) fn failure(caught: &Caught) -> Failure {
    Failure::new(format!(
        "{caught}\nhint: what is recorded is on disk, and the same command goes on from there; look at what AWS_ variables, ~/.aws/config and the configuration say, and report this line if it stays"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit;

    #[test]
    fn a_fault_is_one_error_with_a_remedy() {
        let failure = guarded(|| panic!("canary")).unwrap_err();
        assert_eq!(failure.code, exit::FAILURE);
        let lines: Vec<&str> = failure.message.lines().collect();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(
            lines[0].starts_with("a fault in the program, at "),
            "{lines:?}"
        );
        assert!(lines[1].starts_with("hint: "), "{lines:?}");
        assert!(!failure.message.contains("canary"), "{lines:?}");
        assert_eq!(guarded(|| Ok(exit::HELD)).unwrap(), exit::HELD);
    }
}
