//! Who asks the database: polls at an interval and on demand, and looks at longer intervals whether changes are still reported.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::follow::Follow;
use crate::clock::Moment;
use crate::freshness::{Poll, Snapshot};
use crate::incarnation::Incarnation;
use crate::source::{Source, SourceError};

/// The one who polls.
pub(crate) struct Follower<S> {
    source: S,
    follow: Arc<Follow>,
    /// The life of the source in which everything that reports changes has been seen to stand.
    looked_at: Option<Incarnation>,
    /// Whether what other nodes kept before this one started is to be judged.
    wants_history: bool,
}

impl<S: Source> Follower<S> {
    pub(crate) fn new(source: S, follow: Arc<Follow>) -> Follower<S> {
        Follower { source, follow, looked_at: None, wants_history: false }
    }

    /// The same, beginning with all changes that the source remembers.
    pub(crate) fn with_history(self, wants_history: bool) -> Follower<S> {
        Follower { wants_history, ..self }
    }

    /// What a node that starts goes on from: nothing, or all that the source still knows.
    async fn beginning(&mut self) -> Option<Snapshot> {
        if !self.wants_history || !matches!(self.source.remembers().await, Ok(true)) {
            return None;
        }
        let floor = self.source.poll(None).await.ok()?.floor;
        Snapshot::new(floor, floor, Vec::new())
    }

    /// Polls whenever the interval is over or somebody cannot wait for that, for as long as anybody else holds what is known.
    pub(crate) async fn run(mut self) {
        loop {
            let sent_at = self.poll().await;
            // Either ends the wait; that the time is over is no error.
            let _ = timeout(self.follow.pace.interval, self.follow.demand_after(sent_at)).await;
        }
    }

    /// One poll; says when it was sent. The time is read before: an answer can be late, but what it does not know happened after this.
    pub(crate) async fn poll(&mut self) -> Moment {
        let sent_at = self.follow.clock.now();
        let known = self.follow.with_ledger(|ledger| ledger.snapshot().clone());
        let polling = within(self.follow.pace.longest_poll, async {
            let seen = if known.is_some() { known } else { self.beginning().await };
            Ok((self.source.poll(seen.as_ref()).await?, seen))
        });
        let outcome = match polling.await {
            Ok((poll, seen)) => self.take(poll, seen, sent_at).await,
            Err(error) => Err(error),
        };
        let pause = outcome.is_err();
        self.follow.note(sent_at, outcome);
        if pause {
            // Whoever waits has been told; a database that is gone is not asked without a pause.
            tokio::time::sleep(self.follow.pace.interval).await;
        }
        sent_at
    }

    /// Takes in a poll. A life that begins is looked at before anybody relies on it: it may have begun because somebody has
    /// disabled a trigger.
    async fn take(&mut self, poll: Poll, seen: Option<Snapshot>, sent_at: Moment) -> Result<(), SourceError> {
        let incarnation = poll.incarnation;
        self.follow.take(poll, seen, sent_at)?;
        if self.looked_at != Some(incarnation) {
            let looked = within(self.follow.pace.longest_poll, self.source.check()).await;
            self.looked_at = looked.is_ok().then_some(incarnation);
            if let Err(error @ SourceError::Unreachable(_)) = looked {
                return Err(error);
            }
            self.follow.note_check(looked);
        }
        Ok(())
    }
}

/// What the source says, if it says it in time.
async fn within<T>(
    time: Duration,
    saying: impl Future<Output = Result<T, SourceError>>,
) -> Result<T, SourceError> {
    timeout(time, saying).await.unwrap_or(Err(SourceError::Unreachable(sqlx::Error::PoolTimedOut)))
}

/// The one who looks, at longer intervals and on a connection of its own, whether changes are still reported, and deletes
/// old ones.
pub(crate) struct Keeper<S> {
    source: S,
    follow: Arc<Follow>,
}

impl<S: Source> Keeper<S> {
    pub(crate) fn new(source: S, follow: Arc<Follow>) -> Keeper<S> {
        Keeper { source, follow }
    }

    pub(crate) async fn run(mut self) {
        let pace = self.follow.pace;
        let mut pruned_at = self.follow.clock.now();
        loop {
            self.check().await;
            if self.follow.clock.now().since(pruned_at) >= pace.prune_every {
                pruned_at = self.follow.clock.now();
                if let Err(error) = self.source.prune(pace.longest_lifetime).await {
                    tracing::debug!(%error, "old changes could not be deleted");
                }
            }
            tokio::time::sleep(pace.check_every).await;
        }
    }

    pub(crate) async fn check(&mut self) {
        let checked = timeout(self.follow.pace.check_every, self.source.check()).await;
        self.follow.note_check(checked.unwrap_or(Err(SourceError::Unreachable(sqlx::Error::PoolTimedOut))));
    }
}
