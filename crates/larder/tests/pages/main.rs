//! The page cache around routes of a few lines, over a database of counters.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod answers;
mod crowded;
mod kept;
mod log;
mod not_kept;
mod seen;
mod shop;
mod tokens;
