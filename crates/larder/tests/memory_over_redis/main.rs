//! Several nodes over one Redis: what they give one another, and what becomes of them when it fails.
//!
//! In all of it one thing must hold: whatever Redis does may cost time, and never a wrong answer, an old one or an error.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod access;
mod claims;
mod faults;
mod giving;
mod lying;
mod scene;
