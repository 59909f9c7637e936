//! gable.
pub mod clock;
pub mod server;
