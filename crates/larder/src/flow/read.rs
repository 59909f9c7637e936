//! The path of a read: memory, else the shared tier, else one load for all who want the same.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tracing::Instrument as _;

use super::follow::{Follow, Known, Ticket};
use super::shared::{Borrowed, Shared};
use crate::clock::{Clock, Moment};
use crate::counts::{Counts, Missed, NotKept};
use crate::entry::{Entry, Kept, Making, UNKEEPABLE, Weigh};
use crate::freshness::{Verdict, agree};
use crate::key::{Key, KeyRef};
use crate::lifetime::Policy;
use crate::reading::{Asked, Notes, Reading};
use crate::shelve::Codec;
use crate::single_flight::{Arriving, Boarded, Flights, Landing};
use crate::tier::memory::Memory;

/// Whoever joins a load may find its answer too old for them. Of a load that begins later that can still be so, where it is
/// made for somebody who is content with less; then everybody loads for themselves.
const MOST_JOINED: usize = 2;
/// Loads of one answer in a row, where each time something changes between its statements.
const MOST_TRIES: usize = 4;

/// All that a read needs.
#[derive(Debug)]
pub(crate) struct Shelf {
    pub(crate) clock: Clock,
    pub(crate) follow: Arc<Follow>,
    pub(crate) memory: Memory,
    pub(crate) shared: Option<Shared>,
    pub(crate) counts: Counts,
    pub(super) flights: Flights<Landed>,
}

/// An answer, and how it was come by.
#[derive(Debug)]
pub struct Answer<T> {
    /// The value.
    pub value: Kept<T>,
    /// Where it comes from.
    pub how: How,
    /// Statements that were sent for it.
    pub statements: u32,
    /// Whether somebody has waited for the shared tier in vain.
    pub(crate) has_shared_failed: bool,
}

impl<T> Answer<T> {
    /// What was in memory.
    pub(super) fn kept(value: Kept<T>) -> Answer<T> {
        Answer { value, how: How::Hit(Level::Memory), statements: 0, has_shared_failed: false }
    }
}

/// Where something was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// In the memory of this process.
    Memory,
    /// Where all nodes can reach it.
    Shared,
}

impl Level {
    /// The word for it in `Cache-Status` and figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Level::Memory => "memory",
            Level::Shared => "redis",
        }
    }
}

/// How an answer was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was kept, and is true.
    Hit(Level),
    /// It was kept, or is made of what was kept, and whether it is true cannot be told: the database can't be asked.
    Stale,
    /// It was loaded.
    Loaded {
        /// Why it had to be.
        missed: Missed,
        /// Whether somebody else loaded it.
        collapsed: bool,
        /// Why it was not kept, if it was not.
        not_kept: Option<NotKept>,
    },
}

impl How {
    /// The word for it in logs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            How::Hit(_) => "hit",
            How::Stale => "stale",
            How::Loaded { .. } => "miss",
        }
    }

    /// Why it had to be loaded, if it was.
    #[must_use]
    pub fn reason(self) -> Option<&'static str> {
        match self {
            How::Loaded { missed, .. } => Some(missed.name()),
            How::Hit(_) | How::Stale => None,
        }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed<E> {
    /// The loader's own error.
    #[error(transparent)]
    Load(#[from] E),
    /// The loader ended without an answer, or something else is kept under its key.
    #[error("the answer was not made")]
    Lost,
    /// The database says nothing any more, and neither did the loader for as long as a poll may take.
    #[error("the database says nothing")]
    Unreachable,
}

/// What a load came to. The error is whatever the loader has.
pub(super) type Landed = Result<Filled, Fault>;

#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) error: Arc<dyn Any + Send + Sync>,
    /// As of what is loaded: an error can tell something of the data too, such as that a row is not there.
    reflects: Moment,
    has_shared_failed: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Filled {
    pub(super) entry: Arc<Entry>,
    /// Everything that was committed before this is in it.
    reflects: Moment,
    is_stale: bool,
    /// Whether another node has loaded it.
    is_borrowed: bool,
    has_shared_failed: bool,
    not_kept: Option<NotKept>,
    statements: u32,
}

impl Fault {
    /// The error of a load that began at that moment, and of how old the data may be that it tells of.
    pub(super) fn new(
        error: Arc<dyn Any + Send + Sync>,
        notes: &Notes,
        began_at: Moment,
        lease: Duration,
        has_shared_failed: bool,
    ) -> Fault {
        Fault { error, reflects: reflects(notes, began_at, lease), has_shared_failed }
    }
}

/// Whether somebody has waited for the shared tier in vain before it was loaded.
fn has_shared_failed(landed: &Landed) -> bool {
    match landed {
        Ok(filled) => filled.has_shared_failed,
        Err(fault) => fault.has_shared_failed,
    }
}

impl Filled {
    /// What came out of the shared tier.
    pub(super) fn borrowed(entry: Arc<Entry>, reflects: Moment) -> Filled {
        Filled {
            entry,
            reflects,
            is_stale: false,
            is_borrowed: true,
            has_shared_failed: false,
            not_kept: None,
            statements: 0,
        }
    }

    /// Whether other nodes can use it. What is too large for this node's memory may be so for theirs, and is given to them. What
    /// stops being true by itself is not: another node's clock may be behind, and would keep it for longer.
    pub(super) fn is_lendable(&self) -> bool {
        !self.is_stale
            && !self.is_borrowed
            && self.entry.until().is_none()
            && matches!(self.not_kept, None | Some(NotKept::TooLarge))
    }
}

/// What is to be come by, and for whom.
#[derive(Debug)]
pub(super) struct Errand<T> {
    pub(super) asked: Asked,
    pub(super) key: Key,
    pub(super) policy: Policy,
    /// How other nodes can read it; none where it is kept in memory only.
    pub(super) codec: Option<Codec<T>>,
    /// Whether the shared tier is asked: only where the ledger knows enough to judge its answer.
    pub(super) may_borrow: bool,
    /// Whether what is kept is still good, but close to its end.
    pub(super) is_ahead: bool,
}

/// What is kept under a key, as far as it is of use.
pub(super) enum Found<T> {
    True(Kept<T>),
    Stale(Kept<T>),
    Nothing(Missed),
}

impl Shelf {
    pub(crate) fn new(clock: Clock, follow: Arc<Follow>, memory: Memory, shared: Option<Shared>) -> Shelf {
        Shelf { clock, follow, memory, shared, counts: Counts::default(), flights: Flights::new() }
    }

    /// What is kept and true, if that can be told at once. Allocates nothing and waits for nobody.
    pub(crate) fn find<T: 'static>(
        &self,
        asked: &Asked,
        key: KeyRef<'_>,
        policy: &Policy,
    ) -> Option<Kept<T>> {
        if !self.follow.knows(asked, policy.lease_for(asked)) {
            return None;
        }
        let entry = self.memory.find(key)?;
        let is_true =
            asked.at() < entry.fresh_until() && matches!(self.follow.verdict(&entry), Verdict::True(_));
        Kept::of(entry).filter(|_| is_true)
    }

    /// The answer under a key: what is kept, if it is true for whoever asked; else what `load` makes, once for all who ask
    /// at the same time.
    pub(crate) async fn read<T, E, Loader, Loading>(
        self: &Arc<Self>,
        asked: &Asked,
        key: &Key,
        policy: &Policy,
        codec: Option<Codec<T>>,
        load: Loader,
    ) -> Result<Answer<T>, Failed<E>>
    where
        T: Weigh + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        Loader: Fn(Reading) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<T, E>> + Send + 'static,
    {
        let lease = policy.lease_for(asked);
        let mut asked = *asked;
        let mut first_missed = None;
        let mut joined = 0;
        loop {
            let known = self.follow.know(&asked, lease).await;
            let (missed, stale) = match self.found(&asked, key, policy, known) {
                Found::True(value) => return Ok(self.hit(key, value, policy, codec, &load)),
                Found::Stale(value) if known != Known::Late => return Ok(self.stale(key, value)),
                Found::Stale(value) => (Missed::Unknown, Some(value)),
                Found::Nothing(missed) => (missed, None),
            };
            let missed = *first_missed.get_or_insert(missed);
            let is_alone = joined >= MOST_JOINED;
            let boarded = if is_alone { Flights::alone(key) } else { self.flights.board(key) };
            let errand = Errand {
                asked: asked.with_lease(policy.lease),
                key: key.clone(),
                policy: *policy,
                codec,
                may_borrow: known == Known::Enough && !is_alone && !asked.is_left_alone(),
                is_ahead: false,
            };
            let (is_first, arriving) = self.depart(boarded, errand, &load);
            let earliest = earliest(&asked, policy);
            let is_gone = self.follow.is_silent();
            let outcome = self.outcome(arriving, stale.is_some() || is_gone).await;
            // Who began the load has waited for all who joined it.
            asked = asked.without_shared(outcome.as_ref().is_some_and(has_shared_failed));
            match (outcome, stale) {
                (Some(Ok(filled)), _) if is_first || self.suits(&filled, earliest, known) => {
                    return self.loaded(key, filled, missed, !is_first);
                }
                // Also where there would be something stale: it may say that there is nothing any more.
                (Some(Err(fault)), _) if is_first || fault.reflects >= earliest => {
                    return Err(self.failure(key, fault.error.as_ref()));
                }
                (_, Some(stale)) => return Ok(self.stale(key, stale)),
                (None, None) if is_gone => return Err(Failed::Unreachable),
                (None, None) if is_first => return Err(Failed::Lost),
                // A load that somebody else began came too early for this request, or to nothing.
                _ => joined += 1,
            }
        }
    }

    /// What a load comes to. Who has something stale to fall back on waits no longer than for a poll, and neither does anybody
    /// while the database says nothing: the load goes on, for whoever comes when it is back.
    async fn outcome(&self, arriving: Arriving<Landed>, is_impatient: bool) -> Option<Landed> {
        if is_impatient {
            timeout(self.follow.patience(), arriving.outcome()).await.ok().flatten()
        } else {
            arriving.outcome().await
        }
    }

    pub(super) fn found<T: 'static>(
        &self,
        asked: &Asked,
        key: &Key,
        policy: &Policy,
        known: Known,
    ) -> Found<T> {
        let Some(kept) = self.memory.find(key.borrowed()).and_then(Kept::<T>::of) else {
            return Found::Nothing(Missed::Absent);
        };
        let entry = kept.entry();
        match known {
            Known::Enough if asked.at() >= entry.fresh_until() => Found::Nothing(Missed::Expired),
            Known::Enough => match self.follow.verdict(entry) {
                Verdict::True(_) => Found::True(kept),
                Verdict::Changed => Found::Nothing(Missed::Changed),
                Verdict::Forgotten => Found::Nothing(Missed::Forgotten),
                Verdict::TooMuch => Found::Nothing(Missed::TooMuch),
            },
            Known::Late | Known::TooLittle if policy.may_serve_stale(entry.fresh_until(), asked.at()) => {
                Found::Stale(kept)
            }
            Known::Late | Known::TooLittle | Known::Nothing => Found::Nothing(Missed::Unknown),
        }
    }

    /// Whether the outcome of a load that somebody else began is good for this request.
    pub(super) fn suits(&self, filled: &Filled, earliest: Moment, known: Known) -> bool {
        match known {
            _ if filled.is_stale => known == Known::TooLittle,
            _ if filled.reflects >= earliest => true,
            Known::Enough => matches!(self.follow.verdict(&filled.entry), Verdict::True(_)),
            Known::Late | Known::TooLittle | Known::Nothing => false,
        }
    }

    fn hit<T, E, Loader, Loading>(
        self: &Arc<Self>,
        key: &Key,
        value: Kept<T>,
        policy: &Policy,
        codec: Option<Codec<T>>,
        load: &Loader,
    ) -> Answer<T>
    where
        T: Weigh + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        Loader: Fn(Reading) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.counts.hit(key.kind());
        let now = self.clock.now();
        let entry = value.entry();
        // What ends by itself would end at the same moment if it were made again.
        let ends_by_itself = entry.until() == Some(entry.fresh_until());
        if !ends_by_itself && policy.is_due(entry.fresh_until(), now) {
            self.counts.ahead(key.kind());
            let asked = Asked::at_moment(now).with_lease(policy.lease);
            let may_borrow = self.follow.knows(&asked, policy.lease);
            let errand =
                Errand { asked, key: key.clone(), policy: *policy, codec, may_borrow, is_ahead: true };
            self.depart(self.flights.board(key), errand, load);
        }
        Answer::kept(value)
    }

    pub(super) fn stale<T>(&self, key: &Key, value: Kept<T>) -> Answer<T> {
        self.counts.stale(key.kind());
        Answer { value, how: How::Stale, statements: 0, has_shared_failed: false }
    }

    pub(super) fn loaded<T: 'static, E>(
        &self,
        key: &Key,
        filled: Filled,
        missed: Missed,
        collapsed: bool,
    ) -> Result<Answer<T>, Failed<E>> {
        let value = Kept::of(filled.entry).ok_or(Failed::<E>::Lost)?;
        let has_shared_failed = filled.has_shared_failed;
        if filled.is_borrowed {
            self.counts.borrowed(key.kind());
            return Ok(Answer { value, how: How::Hit(Level::Shared), statements: 0, has_shared_failed });
        }
        self.counts.missed(key.kind(), missed);
        if collapsed {
            self.counts.collapsed(key.kind());
        }
        let how = if filled.is_stale {
            How::Stale
        } else {
            How::Loaded { missed, collapsed, not_kept: filled.not_kept }
        };
        let statements = if collapsed { 0 } else { filled.statements };
        Ok(Answer { value, how, statements, has_shared_failed })
    }

    pub(super) fn failure<E: Clone + 'static>(
        &self,
        key: &Key,
        error: &(dyn Any + Send + Sync),
    ) -> Failed<E> {
        self.counts.failed(key.kind());
        error.downcast_ref().cloned().map_or(Failed::Lost, Failed::Load)
    }

    /// Begins the load of a key, where nobody else has. What is begun is a task of its own: whoever waits for it may go away.
    fn depart<T, E, Loader, Loading>(
        self: &Arc<Self>,
        boarded: Boarded<Landed>,
        errand: Errand<T>,
        load: &Loader,
    ) -> (bool, Arriving<Landed>)
    where
        T: Weigh + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        Loader: Fn(Reading) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<T, E>> + Send + 'static,
    {
        match boarded {
            Boarded::Joined(arriving) => (false, arriving),
            Boarded::First(landing, arriving) => {
                let fill = Arc::clone(self).fill(landing, errand, load.clone());
                tokio::spawn(fill.in_current_span());
                (true, arriving)
            }
        }
    }

    /// Takes what another node has loaded, or loads, keeps what can be kept, and only then lands: whoever comes afterwards
    /// finds it.
    async fn fill<T, E, Loader, Loading>(
        self: Arc<Self>,
        landing: Landing<Landed>,
        errand: Errand<T>,
        load: Loader,
    ) where
        T: Weigh + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        Loader: Fn(Reading) -> Loading + Send + Sync + 'static,
        Loading: Future<Output = Result<T, E>> + Send + 'static,
    {
        let (has_claim, has_failed) = match self.borrow(&errand).await {
            Borrowed::Found { filled, has_claim } => {
                self.lend(&errand, None, has_claim);
                return landing.land(Ok(filled));
            }
            Borrowed::Nothing { has_claim, has_failed } => (has_claim, has_failed),
        };
        let landed = self.load(&errand, has_failed, load).await;
        self.lend(&errand, landed.as_ref().ok(), has_claim);
        landing.land(landed);
    }

    async fn load<T, E, Loader, Loading>(
        &self,
        errand: &Errand<T>,
        has_shared_failed: bool,
        load: Loader,
    ) -> Landed
    where
        T: Weigh + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        Loader: Fn(Reading) -> Loading + Send + Sync + 'static,
        Loading: Future<Output = Result<T, E>> + Send + 'static,
    {
        let Errand { asked, key, policy, .. } = errand;
        let mut statements = 0;
        let mut tries = 0;
        let landed = loop {
            tries += 1;
            let ticket = self.follow.ticket();
            let began_at = self.clock.now();
            // As if it were asked for only now: so it is new enough for all who came before it began.
            let reading = Reading::of(asked.later(began_at).without_shared(has_shared_failed));
            let loaded = load(reading.clone()).await;
            statements += reading.statements();
            let value = match loaded {
                Ok(value) => value,
                Err(error) => {
                    let lease = policy.lease_for(asked);
                    let (error, notes) = (Arc::new(error), reading.noted());
                    break Err(Fault::new(error, &notes, began_at, lease, has_shared_failed));
                }
            };
            let notes = reading.noted();
            let wholeness = self.wholeness(&notes, ticket).await;
            if wholeness == Some(false) && tries < MOST_TRIES {
                self.counts.torn(key.kind());
                continue;
            }
            let lease = policy.lease_for(asked);
            let load = Load { notes, ticket, wholeness, began_at, lease, statements, has_shared_failed };
            break Ok(self.keep(key, policy, value, load));
        };
        self.counts.loaded(key.kind(), statements);
        landed
    }

    /// Whether what was read shows one moment; `None` where that cannot be told.
    pub(super) async fn wholeness(&self, notes: &Notes, ticket: Option<Ticket>) -> Option<bool> {
        let is_of_one_snapshot = notes.known_to.is_none() && agree(&notes.parts);
        if is_of_one_snapshot || notes.parts.len() < 2 || notes.unkeepable.is_some() {
            return Some(true);
        }
        let ticket = ticket?;
        let ticket = Ticket { head: since(notes, ticket), ..ticket };
        match notes.generation {
            Some(generation) if generation != ticket.generation => Some(false),
            _ => self.follow.are_of_one_moment(&notes.parts, ticket).await,
        }
    }

    pub(super) fn keep<T: Weigh + Send + Sync + 'static>(
        &self,
        key: &Key,
        policy: &Policy,
        value: T,
        load: Load,
    ) -> Filled {
        let checked = self.keepable(&load);
        let is_judged = matches!(checked, Ok(_) | Err(NotKept::Outdated));
        let generation = load.ticket.filter(|_| is_judged).map_or(UNKEEPABLE, |ticket| ticket.generation);
        let Load { notes, began_at, lease, statements, has_shared_failed, .. } = load;
        let reflects = reflects(&notes, began_at, lease);
        let is_stale = notes.is_stale;
        let until = notes.until;
        let end = policy.end(began_at, chance(key, began_at));
        let entry = Arc::new(Entry::new(
            value,
            Making {
                parts: notes.parts,
                generation,
                checked: checked.unwrap_or_default(),
                made_at: began_at,
                fresh_until: until.map_or(end, |until| until.min(end)),
                until,
            },
        ));
        let fits = checked.is_ok() && self.memory.keep(key.clone(), Arc::clone(&entry), 0);
        let not_kept = checked.err().or((!fits).then_some(NotKept::TooLarge));
        if let Some(why) = not_kept {
            self.counts.not_kept(key.kind(), why);
            if matches!(why, NotKept::NothingRead) {
                say_once(key);
            }
        }
        Filled { entry, reflects, is_stale, is_borrowed: false, has_shared_failed, not_kept, statements }
    }

    /// Up to where in the ledger a loaded answer is true, if it can be kept.
    fn keepable(&self, Load { notes, ticket, wholeness, .. }: &Load) -> Result<u64, NotKept> {
        if self.follow.is_unwatched() {
            // Before all others: it is why a part of it is not kept, too.
            return Err(NotKept::Unwatched);
        }
        if let Some(why) = notes.unkeepable {
            return Err(NotKept::Unkeepable(why));
        }
        if notes.parts.is_empty() {
            return Err(NotKept::NothingRead);
        }
        let ticket = ticket.ok_or(NotKept::Unknown)?;
        match wholeness {
            Some(true) if notes.generation.is_none_or(|generation| generation == ticket.generation) => {}
            Some(_) => return Err(NotKept::Outdated),
            None => return Err(NotKept::Unknown),
        }
        let ticket = Ticket { head: since(notes, ticket), ..ticket };
        match self.follow.judge(&notes.parts, ticket) {
            Verdict::True(head) => Ok(head),
            _ => Err(NotKept::Outdated),
        }
    }
}

/// A load that has come to its end.
pub(super) struct Load {
    pub(super) notes: Notes,
    pub(super) ticket: Option<Ticket>,
    pub(super) wholeness: Option<bool>,
    pub(super) began_at: Moment,
    /// What was promised of whatever came out of a cache.
    pub(super) lease: Duration,
    pub(super) statements: u32,
    pub(super) has_shared_failed: bool,
}

/// From when on whoever asks must see what was committed.
pub(super) fn earliest(asked: &Asked, policy: &Policy) -> Moment {
    match asked.token() {
        Some(_) => asked.at(),
        None => asked.at().minus(policy.lease_for(asked)),
    }
}

/// Everything that was committed before this is in what a load has read that began at that moment: what came out of a cache
/// may be as old as its lease.
fn reflects(notes: &Notes, began_at: Moment, lease: Duration) -> Moment {
    if notes.known_to.is_none() { began_at } else { began_at.minus(lease) }
}

/// Up to where in the ledger all that was read is known to be true: new statements see all that was known when they began.
fn since(notes: &Notes, ticket: Ticket) -> u64 {
    notes.known_to.map_or(ticket.head, |known_to| known_to.min(ticket.head))
}

/// What differs from entry to entry and from load to load, and is the same again where all is the same: so whoever injects
/// the clock has the same run again.
fn chance(key: &Key, began_at: Moment) -> u8 {
    let name =
        key.name().bytes().fold(0_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    (name ^ began_at.nanoseconds()).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes()[0]
}

/// Something that nothing would ever end is a mistake of the application, told once.
fn say_once(key: &Key) {
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| {
        tracing::warn!(%key, "it is not kept, nor is any other like it: its loader read nothing through its handle");
    });
}
