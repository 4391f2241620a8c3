//! The `kshift` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    kshift::cli::main(std::env::args_os())
}
