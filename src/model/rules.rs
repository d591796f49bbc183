//! The rules that a test can take out, to show that the simulation finds the damage. No setting reaches them.

/// Each rule is in force, but in the tests that show what it is for.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// The intent is durable before the call.
    pub intent_first: bool,
    /// A confirmed stop raises the generation.
    pub generation: bool,
    /// A stop that finds nothing does not.
    pub no_gaps: bool,
    /// No StartExecution later than the time plus the grace.
    pub late_fence: bool,
    /// Running executions are listed and compared.
    pub verify: bool,
    /// A record that a late start may still follow is not forgotten.
    pub quarantine: bool,
    /// A folder that is empty, and not the one that is remembered, proves nothing.
    pub folder: bool,
    /// A folder that is another one, and asks for nothing that runs, stops nothing without approval.
    pub strange: bool,
    /// What is being stopped, or was let go, is not part of what the guard compares a mass of stops with.
    pub base: bool,
    /// A file that is being written counts as it was.
    pub in_flight: bool,
    /// What runs for a name in a file that is being written may be another name's by now.
    pub may_leave: bool,
    /// What two tools leave of a conflict is no schedule file.
    pub leftovers: bool,
    /// What was in a file that is not read any more, for its name, may still be wanted.
    pub pins: bool,
    /// An invalid file may hold what was in those that went away, or were changed, while it was not seen whole.
    pub new_names: bool,
    /// Doubt is asked of each record when it is planned, not of those that there were when the files were read.
    pub each_record: bool,
    /// What was stopped, or has fired, is not started again while git is at work in the folder.
    pub put_back: bool,
    /// Tools at work are seen in the work trees below the folder, too.
    pub nested: bool,
    /// Conflict markers in a file hold stops.
    pub conflict: bool,
    /// Nothing is decided by a clock that was not compared with AWS's yet.
    pub clock: bool,
    /// Nothing is stopped for a content whose state machine can't be used.
    pub usable: bool,
    /// A name that asks for something else gives its execution to the one that asks for the same.
    pub swaps: bool,
    /// What fired for a name that has asked for something else since is known.
    pub fired: bool,
    /// What a listing showed, and no record knows, is durable.
    pub shown: bool,
    /// An execution that was over may run again: a person has redriven it.
    pub redriven: bool,
    /// Executions are listed by machine, whatever version or alias of it an entry names.
    pub unqualified: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            intent_first: true,
            generation: true,
            no_gaps: true,
            late_fence: true,
            verify: true,
            quarantine: true,
            folder: true,
            strange: true,
            base: true,
            in_flight: true,
            may_leave: true,
            leftovers: true,
            pins: true,
            new_names: true,
            each_record: true,
            put_back: true,
            nested: true,
            conflict: true,
            clock: true,
            usable: true,
            swaps: true,
            fired: true,
            shown: true,
            redriven: true,
            unqualified: true,
        }
    }
}
