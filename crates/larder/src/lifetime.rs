//! How long an entry may live although nothing has changed.

use std::time::Duration;

use crate::clock::Moment;

/// What is promised of the answers of one cache or route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// How long an entry lives at the most.
    pub lifetime: Duration,
    /// δ: an answer reflects every change that was committed longer than this before the request came in. With zero, every
    /// request waits for a poll that was sent after it came: reads are linearizable.
    pub lease: Duration,
    /// How much older than its lifetime or lease an entry may be served, labelled as stale, while the database can't be
    /// asked. Zero where that is not wanted.
    pub stale_if_error: Duration,
}

impl Default for Policy {
    /// An hour, 100 ms, and an hour of grace.
    fn default() -> Policy {
        Policy {
            lifetime: Duration::from_hours(1),
            lease: Duration::from_millis(100),
            stale_if_error: Duration::from_hours(1),
        }
    }
}

/// The share of a lifetime that is left to chance, so that what was made together does not end together.
const JITTER: f64 = 0.1;
/// In the last tenth of its lifetime, what is in use is made again ahead of its end.
const AHEAD: u32 = 10;

impl Policy {
    /// When an entry made at `made_at` ends: after 90 to 100 % of the lifetime, as `chance` has it.
    #[must_use]
    pub(crate) fn end(&self, made_at: Moment, chance: u8) -> Moment {
        let share = f64::from(chance) / f64::from(u8::MAX);
        made_at.plus(self.lifetime.mul_f64(1.0 - JITTER * share))
    }

    /// Whether an entry that ends at `fresh_until` may be served, labelled, while the database can't be asked.
    #[must_use]
    pub(crate) fn may_serve_stale(&self, fresh_until: Moment, now: Moment) -> bool {
        !self.stale_if_error.is_zero() && now < fresh_until.plus(self.stale_if_error)
    }

    /// Whether an entry that ends at `fresh_until` is close enough to its end to be made again while it still serves.
    #[must_use]
    pub(crate) fn is_due(&self, fresh_until: Moment, now: Moment) -> bool {
        fresh_until.since(now) < self.lifetime / AHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_together_ends_within_a_tenth_of_its_lifetime() {
        let policy = Policy { lifetime: Duration::from_secs(100), ..Policy::default() };
        let ends =
            [0, 51, 255].map(|chance| policy.end(Moment::default(), chance).nanoseconds() / 1_000_000_000);
        assert_eq!(ends, [100, 98, 90]);
    }

    #[test]
    fn the_last_tenth_is_the_time_to_make_it_again() {
        let policy = Policy { lifetime: Duration::from_secs(100), ..Policy::default() };
        let end = policy.end(Moment::default(), 0);
        assert!(!policy.is_due(end, Moment::default().plus(Duration::from_secs(89))));
        assert!(policy.is_due(end, Moment::default().plus(Duration::from_secs(91))));
    }
}
