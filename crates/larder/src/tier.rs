//! Where entries are kept.
//!
//! ```text
//! memory   of this process: entries as they are, in nanoseconds
//! shared   what all nodes can reach: bytes, by a name
//! redis    such a tier: Redis, Valkey and whatever else speaks their protocol; a cluster too
//! ```
//!
//! What no tier promises: that it holds what it was given; that what it holds is true, new, or what was put under that name;
//! that it answers. Whoever takes something out asks the ledger, and out of a shared tier the envelope first. So a tier can
//! cost time and decides nothing.

#[cfg(test)]
mod contract;
pub mod memory;
pub mod redis;
pub mod shared;
