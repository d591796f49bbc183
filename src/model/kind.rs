//! What log lines are about: the `target` of each line that others may look for, and its MESSAGE_ID in the journal. What each
//! means, and what to do about it, is in `systemd/onced.catalog`.

/// An execution was started, and waits for its time.
pub const SCHEDULED: &str = "onced::scheduled";
/// An execution that ran already, and had no record, was recorded.
pub const ADOPTED: &str = "onced::adopted";
/// An execution that was over was redriven by a person, and runs again.
pub const REDRIVEN: &str = "onced::redriven";
/// The execution of an entry that has another name now is that one's.
pub const MOVED: &str = "onced::moved";
/// An execution was stopped before its time.
pub const STOPPED: &str = "onced::stopped";
/// A record that means nothing any more was dropped.
pub const FORGOTTEN: &str = "onced::forgotten";
/// An entry fired, and its task succeeded.
pub const SUCCEEDED: &str = "onced::succeeded";
/// An entry fired, and its task failed.
pub const FAILED: &str = "onced::failed";
/// Step Functions ended an execution for its age.
pub const TIMED_OUT: &str = "onced::timed_out";
/// Somebody else stopped an execution.
pub const ABORTED: &str = "onced::aborted";
/// The time of an entry passed before any start was accepted.
pub const MISSED: &str = "onced::missed";
/// AWS, or the state machine, does not take what an entry asks for.
pub const REFUSED: &str = "onced::refused";
/// A step was not done, and is tried again.
pub const RETRIED: &str = "onced::retried";
/// Stops wait for a person's approval.
pub const HELD: &str = "onced::held";
/// No stops wait for approval any more.
pub const RELEASED: &str = "onced::released";
/// Step Functions does not answer in an account and region.
pub const OUTAGE: &str = "onced::outage";
/// Step Functions answers again.
pub const ANSWERS: &str = "onced::answers";
/// An execution of this owner runs that no entry asks for.
pub const ORPHAN: &str = "onced::orphan";
/// Something is wrong with a schedule file.
pub const INVALID_FILE: &str = "onced::invalid_file";
/// The schedule files can't be seen, so nothing is stopped.
pub const DOUBT: &str = "onced::doubt";
/// The clock is not believed.
pub const CLOCK: &str = "onced::clock";
/// The ledger can't be written, or was not what it had been.
pub const LEDGER: &str = "onced::ledger";
/// A person has paused onced, or let it go on.
pub const PAUSED: &str = "onced::paused";
/// The time zone rules have changed, or can't be read.
pub const ZONES: &str = "onced::zones";

/// Each kind with its MESSAGE_ID
/// (<https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html>). Never changed: people search by it.
pub const MESSAGE_IDS: [(&str, &str); 24] = [
    (SCHEDULED, "90fbb7a29a4d479081d47193f102585d"),
    (ADOPTED, "0d8edd627e8344d79cb6f072c9e732bd"),
    (REDRIVEN, "c1b7e2d95c6f4f0f8a43d0a2be1d7e66"),
    (MOVED, "938c99e8d8ab44cdbd5e1323e1eb42f1"),
    (STOPPED, "5cbb7e76d4bb46e7a4639885cb30cbda"),
    (FORGOTTEN, "85d2cc95ef7b43f2989f8951fdd3199d"),
    (SUCCEEDED, "e37f7911593a4f12873c5bf58cbb0bed"),
    (FAILED, "c58f49876e6f44d791d6cf74fe02466b"),
    (TIMED_OUT, "9a4ce0c4e3594d448b052753550da461"),
    (ABORTED, "cfb93efe8611482fb41e5dbe3442d0b3"),
    (MISSED, "2d05de7c8cc9438aadee7e649ee95acf"),
    (REFUSED, "d090499af56f41b3b2046bd21e98d59f"),
    (RETRIED, "f863c8cacf8d4f5daa6e01d2dc73cb3d"),
    (HELD, "0af89354586f435687bec14e5f0606eb"),
    (RELEASED, "aa25ede4b9b242bab1a4338f77feddcf"),
    (OUTAGE, "ba36134a161c43748c2addc55f43c803"),
    (ANSWERS, "eea94d7972cd4d34a6bbe6d519b9a71a"),
    (ORPHAN, "306d5846f6594acab208d1d5f2e5fae4"),
    (INVALID_FILE, "a3df6848e1444b12aa3e2412bb7899ff"),
    (DOUBT, "8a720f27af714bfc8f0cda94f7c1c10b"),
    (CLOCK, "31688c60a2ec43d3b547a939b6f263e3"),
    (LEDGER, "f86cc6dbedbe40af9bca3daac2c54dba"),
    (PAUSED, "d622ed3fd0fc442391c2a0c4bd44b599"),
    (ZONES, "9749c9dc3b1a442cae2108c2a9ae26d8"),
];
