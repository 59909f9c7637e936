//! `gable config`: check or show the settings.

use std::process::ExitCode;

use super::cli::ConfigCommand;
use super::{read, say};
use crate::settings::{Origin, SETTINGS, Setting, Sources, shown};

pub(super) fn run(command: &ConfigCommand, sources: &Sources) -> anyhow::Result<ExitCode> {
    match command {
        ConfigCommand::Check => {
            read(sources)?;
            say("Every setting is right.");
        }
        ConfigCommand::Show => {
            for setting in &SETTINGS {
                say(&line(setting, sources));
            }
            // What is wrong is shown with the rest; it still counts as an error.
            read(sources)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn line(setting: &Setting, sources: &Sources) -> String {
    let (value, origin) = match sources.find(setting) {
        Ok(Some((text, origin))) => (shown(setting, &text), origin.to_string()),
        Ok(None) => ("(not set)".to_owned(), Origin::Default.to_string()),
        Err(rule) => ("(unreadable)".to_owned(), rule),
    };
    format!("{:<18} {value:<40} {origin}", setting.name)
}
