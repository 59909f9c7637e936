//! What is kept: values of the application, and whole pages.

pub mod data;
pub mod page;
