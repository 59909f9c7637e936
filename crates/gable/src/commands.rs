//! What `gable` can be told to do: the command line, and one module a command.

mod cli;
mod config;
mod createsuperuser;
mod database;
mod healthcheck;
mod migrate;
mod seed;
mod serve;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;

use crate::settings::{Flags, Settings, Sources};
use cli::{Cli, Command};

/// Runs the command line of this process. What went wrong is told on standard error, in words for the user.
#[must_use]
pub fn run() -> ExitCode {
    let (command, flags) = Cli::parse().into_command().unwrap_or_else(|wrong| wrong.exit());
    match carry_out(command, flags) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to hear that standard error is closed.
            let _ = writeln!(std::io::stderr(), "gable: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn carry_out(command: Command, flags: Flags) -> anyhow::Result<ExitCode> {
    let sources = Sources::of_process(flags).map_err(anyhow::Error::msg)?;
    if let Command::Config(command) = command {
        return config::run(&command.command, &sources);
    }
    let settings = read(&sources)?;
    let runtime = tokio::runtime::Runtime::new().context("the threads of the program cannot be started")?;
    let outcome = runtime.block_on(async {
        match command {
            Command::Serve(arguments) => serve::run(settings, &arguments).await,
            Command::Migrate(arguments) => migrate::run(&settings, &arguments).await,
            Command::Seed(arguments) => seed::run(&settings, &arguments).await,
            Command::CreateSuperuser(arguments) => {
                createsuperuser::run(&settings, &sources, &arguments).await
            }
            Command::Healthcheck => healthcheck::run(&settings).await,
            Command::Config(_) => Ok(()),
        }
    });
    // Work on other threads that nobody waits for any more must not hold up the end.
    runtime.shutdown_timeout(Duration::from_millis(500));
    outcome.map(|()| ExitCode::SUCCESS)
}

/// The settings, or one error that names all that are wrong.
fn read(sources: &Sources) -> anyhow::Result<Settings> {
    Settings::read(sources).map_err(|refusals| {
        let lines: Vec<_> = refusals.iter().map(|refusal| format!("\n  {refusal}")).collect();
        anyhow::anyhow!("settings are wrong:{}", lines.concat())
    })
}

/// Writes a line for the user to standard output; a closed pipe ends the output, not the program.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
