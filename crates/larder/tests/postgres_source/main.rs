//! PostgreSQL as a source of changes: what is reported, when, and what can keep it from being reported.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod lives;
mod pooler;
mod pruning;
mod reporting;
mod rights;
mod site;
mod visibility;
mod watching;
mod writers;
