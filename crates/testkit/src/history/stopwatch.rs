//! The one clock of a round.

use std::time::{Duration, Instant};

use crate::patience::now;

/// Time since the start of a round, from the monotonic clock: writers and readers share one.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[must_use]
    pub fn start() -> Self {
        Self(now())
    }

    /// How long ago that was.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        now().duration_since(self.0)
    }
}
