//! What is known of the database by the polls that came back, shared by all who read.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use crate::clock::{Clock, Moment};
use crate::entry::{Entry, UNKEEPABLE};
use crate::freshness::{Ledger, LedgerLimits, Part, Poll, Snapshot, Verdict, Xid, agree};
use crate::incarnation::Incarnation;
use crate::lifetime::Policy;
use crate::reading::Asked;
use crate::source::SourceError;
use crate::token::WriteToken;

/// How the database is followed.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time between two polls that nobody demanded.
    pub interval: Duration,
    /// How long a request waits for a poll.
    pub patience: Duration,
    /// After this a poll that has not come back is given up.
    pub longest_poll: Duration,
    /// The time between two looks at whether everything that reports changes still stands.
    pub check_every: Duration,
    /// The time between two deletions of changes that no entry can depend on any more.
    pub prune_every: Duration,
    /// The longest lifetime of an entry: changes are remembered as long as that.
    pub longest_lifetime: Duration,
}

impl Default for Pace {
    /// Polls every 20 ms; waits 80 ms for one, 1 s at the most; looks after everything every 10 s; deletes every minute what
    /// is older than two hours.
    fn default() -> Pace {
        Pace {
            interval: Duration::from_millis(20),
            patience: Duration::from_millis(80),
            longest_poll: Duration::from_secs(1),
            check_every: Duration::from_secs(10),
            prune_every: Duration::from_mins(1),
            longest_lifetime: Duration::from_hours(2),
        }
    }
}

/// So many polls in a row without a word are the database, and not a moment in which this machine was busy.
const SILENT_POLLS: u32 = 2;

/// How it stands with the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// No poll has come back yet.
    Unknown,
    /// The last poll came back.
    Well,
    /// The last poll failed; says why.
    Unreachable(Arc<str>),
    /// Changes may happen that are not reported, so nothing is served from the cache; says why.
    Unwatched(Arc<str>),
}

/// What is known to whoever asked at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// Everything that was committed longer than the lease before.
    Enough,
    /// Not that much, since a poll takes its time; the database may well answer.
    Late,
    /// Not that much: the database can't be asked.
    TooLittle,
    /// Nothing can be known: changes are not reported.
    Nothing,
}

/// What a node knows of its database, shared by all who read.
///
/// `asked_at` and `head` repeat two fields of the ledger, so that a hit takes no lock. They are written after the ledger, the
/// head first, and read the other way around: whoever finds a poll's time finds that poll's changes.
#[derive(Debug)]
pub(crate) struct Follow {
    pub(super) clock: Clock,
    pub(super) pace: Pace,
    ledger: RwLock<Option<Ledger>>,
    asked_at: AtomicU64,
    head: AtomicU64,
    polls: AtomicU64,
    /// Polls in a row to which nobody has said anything.
    silent_polls: AtomicU32,
    /// When the last of those came who wait for a poll: one that was sent later is enough for all of them.
    demanded_at: AtomicU64,
    /// After each poll, whatever came of it.
    polled: watch::Sender<Polled>,
    demand: Notify,
    health: watch::Sender<Health>,
}

/// The last poll that ended.
#[derive(Debug, Clone, Copy, Default)]
struct Polled {
    /// When the last one was sent, whatever came of it.
    sent_at: Moment,
    has_failed: bool,
}

/// What a fill must know before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) generation: u64,
    /// Everything up to here, a statement that is sent later sees.
    pub(crate) head: u64,
}

/// What the ledger says of an entry, and in which generation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    pub(crate) generation: u64,
}

impl Follow {
    pub(crate) fn new(clock: Clock, pace: Pace) -> Follow {
        Follow {
            clock,
            pace,
            ledger: RwLock::new(None),
            asked_at: AtomicU64::new(0),
            head: AtomicU64::new(0),
            polls: AtomicU64::new(0),
            silent_polls: AtomicU32::new(0),
            demanded_at: AtomicU64::new(0),
            polled: watch::channel(Polled::default()).0,
            demand: Notify::new(),
            health: watch::channel(Health::Unknown).0,
        }
    }

    /// Whether enough is known for whoever asked, without waiting.
    pub(crate) fn knows(&self, asked: &Asked, lease: Duration) -> bool {
        let asked_at = self.asked_at.load(Ordering::Acquire);
        asked_at != 0
            && asked.at().since(Moment::of_nanoseconds(asked_at)) <= lease
            && asked.token().is_none_or(|token| asked_at >= asked.at().nanoseconds() || self.has_seen(token))
    }

    /// Waits, if need be, until enough is known for whoever asked: for a poll that was sent after the request came, at most.
    pub(crate) async fn know(&self, asked: &Asked, lease: Duration) -> Known {
        if self.knows(asked, lease) {
            return Known::Enough;
        }
        let mut polled = self.polled.subscribe();
        let waiting = async {
            loop {
                if self.knows(asked, lease) {
                    return Known::Enough;
                }
                let last = *polled.borrow_and_update();
                if last.has_failed && last.sent_at >= asked.at() {
                    return Known::TooLittle;
                }
                self.demanded_at.fetch_max(asked.at().nanoseconds(), Ordering::AcqRel);
                self.demand.notify_one();
                if polled.changed().await.is_err() {
                    return Known::TooLittle;
                }
            }
        };
        if self.is_unwatched() {
            return Known::Nothing;
        }
        let known = timeout(self.pace.patience, waiting).await.unwrap_or_else(|_| self.late());
        if self.is_unwatched() { Known::Nothing } else { known }
    }

    /// Whether changes may happen that are not reported.
    pub(crate) fn is_unwatched(&self) -> bool {
        matches!(*self.health.borrow(), Health::Unwatched(_))
    }

    /// What is known to whom no poll came in time: whether the last one that ended failed.
    fn late(&self) -> Known {
        if self.polled.borrow().has_failed { Known::TooLittle } else { Known::Late }
    }

    /// Whether several polls in a row got no answer within [`Pace::longest_poll`], or found nobody to ask. An answer that is of
    /// no use is one.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent_polls.load(Ordering::Acquire) >= SILENT_POLLS
    }

    /// How long a request waits for a poll.
    pub(crate) fn patience(&self) -> Duration {
        self.pace.patience
    }

    /// Waits for a demand that a poll sent at that moment does not meet: many who wait leave more than one notice behind.
    pub(super) async fn demand_after(&self, sent_at: Moment) {
        while self.demanded_at.load(Ordering::Acquire) <= sent_at.nanoseconds() {
            self.demand.notified().await;
        }
    }

    /// Whether the ledger sees the write of a token. One of another life of the server may be of the next, which this node has
    /// not heard of yet.
    fn has_seen(&self, token: WriteToken) -> bool {
        let sees =
            |ledger: &Ledger| ledger.incarnation() == token.incarnation && ledger.snapshot().sees(token.xid);
        self.with_ledger(sees).unwrap_or(false)
    }

    /// Whether an entry is true by all that is known. For a hot entry while nothing happens, one comparison.
    pub(crate) fn verdict(&self, entry: &Entry) -> Verdict {
        let head = self.head.load(Ordering::Acquire);
        if entry.checked() == head && entry.is_keepable() {
            return Verdict::True(head);
        }
        let judged =
            self.with_ledger(|ledger| ledger.verdict(entry.parts(), entry.generation(), entry.checked()));
        match judged {
            Some(Verdict::True(head)) => {
                entry.note_checked(head);
                Verdict::True(head)
            }
            other => other.unwrap_or(Verdict::Forgotten),
        }
    }

    /// Whether parts that are true up to `since` in this generation still are, and up to where.
    pub(crate) fn judge(&self, parts: &[Arc<Part>], ticket: Ticket) -> Verdict {
        let judged = self.with_ledger(|ledger| ledger.verdict(parts, ticket.generation, ticket.head));
        judged.unwrap_or(Verdict::Forgotten)
    }

    /// Whether what another node made is true by all that is known, and the generation that this holds for.
    pub(crate) fn judge_foreign(&self, parts: &[Arc<Part>], incarnation: Incarnation) -> Judged {
        let judge = |ledger: &Ledger| Judged {
            verdict: ledger.verdict_of_foreign(parts, incarnation),
            generation: ledger.generation(),
        };
        self.with_ledger(judge).unwrap_or(Judged { verdict: Verdict::Forgotten, generation: UNKEEPABLE })
    }

    /// Which life of the database it is; none before the first poll.
    pub(crate) fn incarnation(&self) -> Option<Incarnation> {
        self.with_ledger(Ledger::incarnation)
    }

    /// Which life of the database it is, if the generation is still that.
    pub(crate) fn incarnation_of(&self, generation: u64) -> Option<Incarnation> {
        self.with_ledger(|ledger| (ledger.generation() == generation).then_some(ledger.incarnation()))?
    }

    /// What a fill must know before it begins; none before the first poll.
    pub(crate) fn ticket(&self) -> Option<Ticket> {
        self.with_ledger(|ledger| Ticket { generation: ledger.generation(), head: ledger.head() })
    }

    /// Whether the parts, all of them read by now, show one moment. Waits for a poll, which also tells whether all are of one
    /// life of the server; `None` where that can't be had.
    pub(crate) async fn are_of_one_moment(&self, parts: &[Arc<Part>], ticket: Ticket) -> Option<bool> {
        let now = Asked::at_moment(self.clock.now());
        if self.know(&now, Duration::ZERO).await != Known::Enough {
            return None;
        }
        self.with_ledger(|ledger| {
            if ledger.generation() != ticket.generation {
                return Some(false);
            }
            if agree(parts) { Some(true) } else { ledger.are_of_one_moment(parts, ticket.head) }
        })?
    }

    pub(super) fn with_ledger<T>(&self, look: impl FnOnce(&Ledger) -> T) -> Option<T> {
        self.ledger.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(look)
    }

    pub(crate) fn health(&self) -> Health {
        self.health.borrow().clone()
    }

    pub(crate) fn figures(&self) -> Option<LedgerFigures> {
        let polls = self.polls.load(Ordering::Relaxed);
        self.with_ledger(|ledger| {
            let (changes, bytes) = ledger.size();
            LedgerFigures { polls, changes, bytes, head: ledger.head(), generation: ledger.generation() }
        })
    }

    pub(crate) fn asked_at(&self) -> Moment {
        Moment::of_nanoseconds(self.asked_at.load(Ordering::Acquire))
    }

    /// The token of a transaction of the life of the server that is known now.
    pub(crate) fn token(&self, xid: Xid) -> Option<WriteToken> {
        self.with_ledger(|ledger| WriteToken { incarnation: ledger.incarnation(), xid })
    }

    /// `seen` is what the poll was asked to go on from.
    pub(super) fn take(
        &self,
        poll: Poll,
        seen: Option<Snapshot>,
        sent_at: Moment,
    ) -> Result<(), SourceError> {
        let mut place = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        if let (None, Some(seen)) = (&*place, seen) {
            *place = Some(Ledger::since(seen, poll.incarnation, sent_at));
        }
        if let Some(ledger) = place.as_mut() {
            ledger.take(poll, sent_at).map_err(|refused| SourceError::Senseless(refused.to_string()))?;
            ledger.forget(sent_at.minus(self.pace.longest_lifetime));
        } else {
            *place = Some(Ledger::new(poll, sent_at, LedgerLimits::default()));
        }
        if let Some(ledger) = place.as_ref() {
            self.head.store(ledger.head(), Ordering::Release);
        }
        Ok(())
    }

    /// What comes of one poll. Nothing is known by a poll while changes are not reported: then the ledger goes on, so that
    /// nothing is missed, but nobody may rely on it.
    pub(super) fn note(&self, sent_at: Moment, outcome: Result<(), SourceError>) {
        self.polls.fetch_add(1, Ordering::Relaxed);
        let has_failed = outcome.is_err();
        if outcome.as_ref().is_err_and(SourceError::is_silence) {
            self.silent_polls.fetch_add(1, Ordering::AcqRel);
        } else {
            self.silent_polls.store(0, Ordering::Release);
        }
        let is_unwatched = self.is_unwatched();
        match outcome {
            Ok(()) if is_unwatched => {}
            Ok(()) => self.tell_with(Health::Well, || {
                self.asked_at.fetch_max(sent_at.nanoseconds(), Ordering::AcqRel);
            }),
            Err(error) if is_unwatched => tracing::debug!(%error, "a poll failed"),
            Err(error @ (SourceError::Unwatched(_) | SourceError::Standby)) => self.distrust(&error),
            Err(error) => self.tell(Health::Unreachable(error.to_string().into())),
        }
        self.polled.send_replace(Polled { sent_at, has_failed });
    }

    fn tell(&self, health: Health) {
        self.tell_with(health, || {});
    }

    /// What goes with it happens under the same lock.
    fn tell_with(&self, health: Health, with_it: impl FnOnce()) {
        self.health.send_if_modified(|known| {
            // What a look has found out ends by a look, and not by a poll that was under way meanwhile.
            let is_by_poll = matches!(health, Health::Well | Health::Unreachable(_));
            if is_by_poll && matches!(known, Health::Unwatched(_)) {
                return false;
            }
            with_it();
            let is_new = std::mem::discriminant(known) != std::mem::discriminant(&health);
            match &health {
                _ if !is_new => return false,
                Health::Well => tracing::info!("the database is followed"),
                Health::Unreachable(why) => tracing::warn!(%why, "the database cannot be followed"),
                Health::Unwatched(why) => tracing::error!(%why, "nothing is served from the cache"),
                Health::Unknown => {}
            }
            *known = health;
            true
        });
    }

    /// What comes of a look at whether changes are reported.
    pub(super) fn note_check(&self, outcome: Result<(), SourceError>) {
        match outcome {
            Ok(()) if self.is_unwatched() => {
                // Before anybody may rely on a poll again.
                self.give_up_ledger();
                self.tell(Health::Unknown);
                tracing::info!("changes are reported again");
            }
            Ok(()) => {}
            Err(error @ (SourceError::Unwatched(_) | SourceError::Standby)) => self.distrust(&error),
            Err(error) => tracing::debug!(%error, "whether changes are reported could not be looked at"),
        }
    }

    /// From now on nobody relies on what is known.
    fn distrust(&self, why: &SourceError) {
        self.tell_with(Health::Unwatched(why.to_string().into()), || {
            self.asked_at.store(0, Ordering::Release);
        });
    }

    /// While changes were not reported, some may have happened: whatever was made before is worthless.
    fn give_up_ledger(&self) {
        let mut ledger = self.ledger.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = ledger.as_mut() {
            ledger.distrust(self.clock.now());
            self.head.store(ledger.head(), Ordering::Release);
        }
    }
}

/// How much a node remembers of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LedgerFigures {
    /// Polls so far.
    pub polls: u64,
    /// Changes remembered.
    pub changes: usize,
    /// Bytes that they take.
    pub bytes: usize,
    /// Changes heard of so far.
    pub head: u64,
    /// How often everything kept became worthless at once.
    pub generation: u64,
}

impl Policy {
    /// The lease that holds for whoever asked.
    pub(crate) fn lease_for(&self, asked: &Asked) -> Duration {
        asked.lease().map_or(self.lease, |lease| lease.min(self.lease))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;

    use super::*;

    #[test]
    fn a_poll_that_comes_just_as_reports_are_found_to_be_gone_changes_nothing_about_that() {
        for has_failed in [false, true].repeat(2_000) {
            let (follow, both) = (Follow::new(Clock::manual(), Pace::default()), Barrier::new(2));
            thread::scope(|scope| {
                scope.spawn(|| {
                    both.wait();
                    let outcome =
                        if has_failed { Err(SourceError::Senseless(String::new())) } else { Ok(()) };
                    follow.note(Moment::of_nanoseconds(7), outcome);
                });
                both.wait();
                follow.distrust(&SourceError::Standby);
            });
            assert!(follow.is_unwatched());
            assert_eq!(follow.asked_at(), Moment::default());
        }
    }
}
