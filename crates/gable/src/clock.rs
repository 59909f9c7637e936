//! The one place that asks the operating system for the time.

use std::time::SystemTime;

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
