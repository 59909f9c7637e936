//! The server on real sockets, with clients that do not behave.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod answers;
mod body_limits;
mod connections;
mod descriptors;
mod hosts;
mod rig;
mod shutdown;
mod signals;
mod size_limits;
mod targets;
mod time_limits;
