//! gable.
fn main() {}
