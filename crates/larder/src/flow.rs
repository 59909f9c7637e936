//! How answers move: from the database into memory, and from memory to whoever asks.

pub(crate) mod follow;
pub(crate) mod read;
