//! The integration tests of gable, in one binary so that they link once.

mod answer;
mod api;
mod bad_input;
mod command_line;
mod database;
mod server;
mod site;
mod wrong_database;
