//! The program: types in, exit code out.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Gives back what long work took: a daemon works for seconds, and rests for days.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    onced::cli::main()
}
