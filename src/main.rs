//! The program: types in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    onced::cli::main()
}
