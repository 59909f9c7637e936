//! Schemathesis, which asks an API all that its OpenAPI document allows, and much that it does not.

use std::path::PathBuf;

use crate::program::{Finished, Program};
use crate::workspace;

/// The Schemathesis of `tests/api/requirements.txt`.
#[derive(Debug)]
pub struct Schemathesis {
    program: PathBuf,
}

impl Schemathesis {
    /// The one that is installed: `GABLE_SCHEMATHESIS`, else that which `./scripts/test` made under `target/schemathesis-venv`.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn installed() -> Self {
        let chosen = std::env::var_os("GABLE_SCHEMATHESIS").map(PathBuf::from);
        let made = [workspace::target(), workspace::root().join("target")]
            .map(|target| target.join("schemathesis-venv/bin/schemathesis"));
        let found = chosen.into_iter().chain(made).find(|program| program.is_file());
        let program = found.unwrap_or_else(|| {
            panic!(
                "Schemathesis for the tests is not installed: install the Debian package `python3-venv` and run \
                 ./scripts/test, which makes target/schemathesis-venv."
            )
        });
        Self { program }
    }

    /// Runs it with the settings of `tests/api/schemathesis.toml` and returns what it found.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        let settings = workspace::root().join("tests/api/schemathesis.toml");
        let program =
            Program::new(&self.program).argument("--config-file").argument(settings).argument("run");
        program.environment("NO_COLOR", "1").arguments(arguments.iter().copied()).run()
    }
}
