//! How many loads may be under way at once, so that a crowd does not bring down what it waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

/// How many loads of pages may be under way at once, and who may wait for their turn.
///
/// More at once than the database has connections for would only wait further in, with half of their work done. What is kept
/// needs no permit and waits for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// Loads at once.
    pub at_once: usize,
    /// Loads that may wait for a permit; one more is refused at once.
    pub waiting: usize,
    /// How long one may wait before it is refused.
    pub patience: Duration,
}

impl Default for LoadLimits {
    /// 16 at once, 64 waiting, for half a second at most.
    fn default() -> LoadLimits {
        LoadLimits { at_once: 16, waiting: 64, patience: Duration::from_millis(500) }
    }
}

/// More is to be loaded than can be: whoever asked should come again a little later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Crowded;

/// The right to load, until it is dropped.
#[derive(Debug)]
pub(super) struct Permit(#[expect(dead_code, reason = "dropping it gives it back")] OwnedSemaphorePermit);

/// The door that loads go through.
#[derive(Debug)]
pub(super) struct Admission {
    permits: Arc<Semaphore>,
    limits: LoadLimits,
    waiting: AtomicUsize,
}

/// The place of somebody who waits, until it is dropped: also where they go away.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Admission {
    pub(super) fn new(limits: LoadLimits) -> Admission {
        Admission {
            permits: Arc::new(Semaphore::new(limits.at_once.clamp(1, Semaphore::MAX_PERMITS))),
            limits,
            waiting: AtomicUsize::default(),
        }
    }

    /// Waits for its turn, in the order of arrival.
    pub(super) async fn enter(&self) -> Result<Permit, Crowded> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(Permit(permit));
        }
        let _place = self.place()?;
        let turn = Arc::clone(&self.permits).acquire_owned();
        let permit = timeout(self.limits.patience, turn).await.map_err(|_| Crowded)?;
        permit.map(Permit).map_err(|_| Crowded)
    }

    fn place(&self) -> Result<Place<'_>, Crowded> {
        let place = Place(&self.waiting);
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.limits.waiting {
            Ok(place)
        } else {
            Err(Crowded)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door(at_once: usize, waiting: usize) -> Arc<Admission> {
        Arc::new(Admission::new(LoadLimits { at_once, waiting, patience: Duration::from_millis(500) }))
    }

    #[tokio::test(start_paused = true)]
    async fn those_beyond_wait_in_order_and_one_more_is_refused_at_once() {
        let door = door(1, 1);
        let first = door.enter().await.unwrap();
        let second = tokio::spawn({
            let door = Arc::clone(&door);
            async move { door.enter().await }
        });
        tokio::task::yield_now().await;
        assert_eq!(door.enter().await.err(), Some(Crowded));
        drop(first);
        assert!(second.await.unwrap().is_ok());
        assert!(door.enter().await.is_ok(), "what was given back is there again");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_longer_than_their_patience() {
        let door = door(1, 1);
        let _held = door.enter().await.unwrap();
        // Time stands still here, and jumps to where something is waited for.
        assert_eq!(door.enter().await.err(), Some(Crowded));
        assert_eq!(door.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn who_goes_away_while_waiting_leaves_the_place() {
        let door = door(1, 1);
        let held = door.enter().await.unwrap();
        let gone = timeout(Duration::from_millis(1), door.enter()).await;
        assert!(gone.is_err());
        drop(held);
        assert!(door.enter().await.is_ok());
        assert_eq!(door.waiting.load(Ordering::Relaxed), 0);
    }
}
