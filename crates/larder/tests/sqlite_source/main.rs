//! What a SQLite file reports of its changes, in one binary so that it links once.

mod database;
mod installing;
mod lives;
mod polling;
mod pruning;
mod replacing;
mod reporting;
mod values;
