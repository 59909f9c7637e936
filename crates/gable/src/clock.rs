//! The one place that asks the operating system for the time.

use std::fmt;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

/// The monotonic time: for deadlines and durations.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where everybody else takes the time from")]
pub fn now() -> Instant {
    Instant::now()
}

/// The time of day: for what people and protocols read, never for deadlines.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where everybody else takes the time from")]
pub fn time_of_day() -> SystemTime {
    SystemTime::now()
}

/// Where the time of an answer went: in the database, and in rendering.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Timings {
    database: Duration,
    render: Duration,
}

impl Timings {
    /// Waits for `work` and counts its time as the database's.
    pub async fn database<T>(&mut self, work: impl Future<Output = T>) -> T {
        let start = now();
        let outcome = work.await;
        self.database += start.elapsed();
        outcome
    }

    /// Does `work` and counts its time as rendering.
    pub fn render<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let start = now();
        let outcome = work();
        self.render += start.elapsed();
        outcome
    }
}

/// The value of `Server-Timing` (W3C Server Timing §4): durations in milliseconds.
impl fmt::Display for Timings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1_000.0;
        write!(
            formatter,
            "db;dur={:.3}, render;dur={:.3}",
            milliseconds(self.database),
            milliseconds(self.render)
        )
    }
}
