//! The integration tests of gable, in one binary so that they link once.

mod server;
