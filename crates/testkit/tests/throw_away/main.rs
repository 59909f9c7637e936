//! Every promise of this crate, kept by the real programs.

#![expect(clippy::unwrap_used, reason = "the functions that tests share are tests too")]

mod browser;
mod django;
mod folder;
mod http;
mod killed;
mod postgres;
mod program;
mod redis;
mod website;
