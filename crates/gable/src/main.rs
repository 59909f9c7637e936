//! The program `gable`.

use std::process::ExitCode;

fn main() -> ExitCode {
    gable::commands::run()
}
