//! gable.

pub mod drawing;
pub mod pages;
