//! Everything that can go wrong, each alone and all together; and torment itself, which must be able to fail.

mod alone;
mod command;
