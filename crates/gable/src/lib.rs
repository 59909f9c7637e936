//! gable.
