//! Leaves alone what has failed several times in a row, and tries again after a pause.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{Clock, Moment};

/// Failures in a row after which something is left alone.
const MOST_FAILURES: u32 = 3;
/// For how long.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

/// Closed while all is well; open while what it guards is left alone. After the pause, one of those who come is let through,
/// and what becomes of it decides for all.
#[derive(Debug, Default)]
pub(crate) struct Breaker {
    failures: AtomicU32,
    /// When the next may pass; 0 while all may.
    opens_at: AtomicU64,
}

impl Breaker {
    /// Whether whoever comes now may pass. One who may says afterwards what became of it.
    pub(crate) fn lets_pass(&self, clock: &Clock) -> bool {
        let opens_at = self.opens_at.load(Ordering::Acquire);
        if opens_at == 0 {
            return true;
        }
        let now = clock.now();
        // Who moves the hand is the one: the others come too late.
        now.nanoseconds() >= opens_at
            && self
                .opens_at
                .compare_exchange(opens_at, after(now), Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
    }

    /// Whether the next who comes would be let through to try it.
    pub(crate) fn is_due(&self, clock: &Clock) -> bool {
        clock.now().nanoseconds() >= self.opens_at.load(Ordering::Acquire)
    }

    /// Whether nobody may pass but now and then one.
    pub(crate) fn is_open(&self) -> bool {
        self.opens_at.load(Ordering::Acquire) != 0
    }

    pub(crate) fn note_success(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.opens_at.store(0, Ordering::Release);
    }

    /// Says whether it has opened by this failure.
    pub(crate) fn note_failure(&self, clock: &Clock) -> bool {
        let failures = self.failures.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if failures < MOST_FAILURES {
            return false;
        }
        self.opens_at.swap(after(clock.now()), Ordering::AcqRel) == 0
    }
}

fn after(now: Moment) -> u64 {
    now.plus(PAUSE).nanoseconds().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_not_after_as_many_with_successes_between() {
        let (breaker, clock) = (Breaker::default(), Clock::manual());
        for _ in 0..10 {
            breaker.note_failure(&clock);
            breaker.note_failure(&clock);
            breaker.note_success();
        }
        assert!(breaker.lets_pass(&clock) && !breaker.is_open());
        for _ in 0..MOST_FAILURES {
            assert!(breaker.lets_pass(&clock));
            breaker.note_failure(&clock);
        }
        assert!(breaker.is_open() && !breaker.lets_pass(&clock));
    }

    #[test]
    fn after_each_pause_one_passes_and_its_outcome_decides() {
        let (breaker, clock) = (Breaker::default(), Clock::manual());
        for _ in 0..MOST_FAILURES {
            breaker.note_failure(&clock);
        }
        for _ in 0..3 {
            clock.advance(PAUSE);
            let passed = (0..10).filter(|_| breaker.lets_pass(&clock)).count();
            assert_eq!(passed, 1);
            breaker.note_failure(&clock);
        }
        clock.advance(PAUSE);
        assert!(breaker.lets_pass(&clock));
        breaker.note_success();
        assert!((0..10).all(|_| breaker.lets_pass(&clock)));
    }
}
