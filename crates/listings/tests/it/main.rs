//! Listings over real databases: every test of a store runs over both.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod adopting_django;
mod answers;
mod canonical_form;
mod dependencies;
mod failing_database;
mod index_use;
mod keeping;
mod migrating;
mod model;
mod stores;
mod writing;
