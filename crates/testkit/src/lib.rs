//! Throw-away servers and browsers for tests.
