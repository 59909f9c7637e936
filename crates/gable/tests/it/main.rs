//! The integration tests of gable, in one binary so that they link once.

mod answer;
mod api;
mod bad_input;
mod browser;
mod caching;
mod command_line;
mod database;
mod database_gone;
mod django_endpoint;
mod documents;
mod exports;
mod feeds;
mod history;
mod on_the_wire;
mod pages;
mod rendering;
mod server;
mod shutdown;
mod site;
mod visitor;
mod wrong_database;
mod xml;
