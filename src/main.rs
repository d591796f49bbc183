//! The program: types in, exit code out.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// Gives back what long work took: a daemon works for seconds, and rests for days. Set up in `.cargo/config.toml`.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    onced::cli::main()
}
