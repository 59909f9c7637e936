//! Who asks, and what they may: passwords, sessions, tokens, and forms that come from here.
//!
//! | what a handler takes | who gets past it |
//! |---|---|
//! | [`Staff`] | whoever has signed in; others are led to the login page |
//! | [`Posted`] | the same with a form of this site, made for this session |
//! | [`Client`] | everybody; with a token, or signed in, as somebody |
#![expect(clippy::missing_errors_doc, reason = "what is refused is an `Error`, whose variants say when")]

pub mod address;
pub mod caller;
mod client;
pub mod cookie;
pub mod csrf;
pub mod login;
pub mod password;
pub mod staff;
pub mod throttle;

use chrono::{DateTime, Utc};

pub use address::{ClientAddress, TrustedProxies};
pub use caller::{By, Caller};
pub use client::Client;
pub use staff::{Posted, Staff, value};

use crate::clock;

/// The time of day, as accounts count it.
#[must_use]
pub fn now() -> DateTime<Utc> {
    clock::time_of_day().into()
}
