//! How answers move: from the database into memory, from memory to whoever asks, and from node to node.

pub(crate) mod follow;
pub(crate) mod follower;
mod many;
pub(crate) mod read;
pub(crate) mod shared;
