//! The one place that asks the operating system for the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A point of time on this machine, in nanoseconds since it was started; time that it slept through counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Moment(u64);

impl Moment {
    /// The moment so many nanoseconds after the start.
    #[must_use]
    pub fn of_nanoseconds(nanoseconds: u64) -> Moment {
        Moment(nanoseconds)
    }

    /// Nanoseconds since the start.
    #[must_use]
    pub fn nanoseconds(self) -> u64 {
        self.0
    }

    /// The time that has passed since `earlier`; none where that is later.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// So much earlier, and not before the start.
    #[must_use]
    pub fn minus(self, time: Duration) -> Moment {
        Moment(self.0.saturating_sub(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// A time of day as people and other machines know it, in milliseconds since 1970, UTC. It is as right as somebody has set it,
/// and may jump: good for lifetimes, and for nothing that must be true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct TimeOfDay(pub u64);

impl TimeOfDay {
    /// The time that has passed since `earlier`; none where that is later.
    #[must_use]
    pub fn since(self, earlier: TimeOfDay) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// So much earlier, and not before 1970.
    #[must_use]
    pub fn minus(self, time: Duration) -> TimeOfDay {
        TimeOfDay(self.0.saturating_sub(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
    }

    /// So much later.
    #[must_use]
    pub fn plus(self, time: Duration) -> TimeOfDay {
        TimeOfDay(self.0.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
    }
}

/// Where the time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// `CLOCK_BOOTTIME` (Linux, `clock_gettime(2)`): unlike `CLOCK_MONOTONIC`, it goes on while the machine is suspended, so
    /// that what was known before is not taken for new afterwards.
    #[default]
    Boottime,
    /// A clock that stands still until it is moved: for tests.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// A clock that stands still at its start.
    #[must_use]
    pub fn manual() -> Clock {
        Clock::Manual(Arc::default())
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Moment {
        match self {
            Clock::Boottime => {
                let time = clock_gettime(ClockId::Boottime);
                let (seconds, nanoseconds) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
                Moment(seconds * 1_000_000_000 + nanoseconds)
            }
            Clock::Manual(time) => Moment(time.load(Ordering::SeqCst)),
        }
    }

    /// The time of day. A clock that stands still began in 1970.
    #[must_use]
    pub fn time_of_day(&self) -> TimeOfDay {
        match self {
            Clock::Boottime => {
                let time = clock_gettime(ClockId::Realtime);
                TimeOfDay(time.tv_sec.unsigned_abs() * 1_000 + time.tv_nsec.unsigned_abs() / 1_000_000)
            }
            Clock::Manual(time) => TimeOfDay(time.load(Ordering::SeqCst) / 1_000_000),
        }
    }

    /// Moves a clock that stands still; the other goes by itself.
    pub fn advance(&self, time: Duration) {
        if let Clock::Manual(now) = self {
            now.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }
}
