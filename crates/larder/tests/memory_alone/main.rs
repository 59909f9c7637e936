//! One node that keeps values in its memory, over a database of numbered writes.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod kept;
mod loads;
mod outages;
mod pages;
mod polls;
mod scene;
