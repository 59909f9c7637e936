//! The handle through which a loader reads, and which notes what its answer is made of.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Moment;
use crate::entry::{Entry, UNKEEPABLE};
use crate::freshness::{Dependency, Part};
use crate::token::WriteToken;

/// When somebody asked, and how fresh the answer has to be for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    at: Moment,
    lease: Option<Duration>,
    token: Option<WriteToken>,
    /// Whether they have waited for the shared tier in vain: nobody does that twice.
    is_left_alone: bool,
}

impl Asked {
    /// Somebody asked at that moment, which is when their request came in.
    #[must_use]
    pub fn at_moment(at: Moment) -> Asked {
        Asked { at, lease: None, token: None, is_left_alone: false }
    }

    /// The same with a lease that is no longer than this, whatever the policy says.
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Asked {
        let lease = self.lease.map_or(lease, |known| known.min(lease));
        Asked { lease: Some(lease), ..self }
    }

    /// The same by somebody who has to see what they wrote.
    #[must_use]
    pub fn with_token(self, token: Option<WriteToken>) -> Asked {
        Asked { token, ..self }
    }

    /// The same by somebody who asks later.
    pub(crate) fn later(self, at: Moment) -> Asked {
        Asked { at: self.at.max(at), ..self }
    }

    /// The same by somebody who does not wait for the shared tier, if that has failed them.
    pub(crate) fn without_shared(self, has_failed: bool) -> Asked {
        Asked { is_left_alone: self.is_left_alone || has_failed, ..self }
    }

    pub(crate) fn is_left_alone(&self) -> bool {
        self.is_left_alone
    }

    /// When.
    #[must_use]
    pub fn at(&self) -> Moment {
        self.at
    }

    pub(crate) fn lease(&self) -> Option<Duration> {
        self.lease
    }

    pub(crate) fn token(&self) -> Option<WriteToken> {
        self.token
    }
}

/// Notes what an answer is made of, while it is made: for each statement its snapshot and what its rows depend on, and for
/// each cached value what that was made of. A clone writes into the same notes.
///
/// What is made without a single note is not kept: it would stay in the cache whatever happened.
#[derive(Debug, Clone, Default)]
pub struct Reading(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: Option<Asked>,
    notes: Mutex<Notes>,
    statements: AtomicU32,
    has_shared_failed: AtomicBool,
}

/// What was noted.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// What was read, part by part.
    pub parts: Vec<Arc<Part>>,
    /// Of what came out of a cache, up to where in the ledger it is known to be true; the least. `None` where nothing did.
    pub known_to: Option<u64>,
    /// The generation of the ledger that this position belongs to.
    pub generation: Option<u64>,
    /// When it stops being true without any change; `None` where that never happens.
    pub until: Option<Moment>,
    /// Why it can't be kept; `None` where it can.
    pub unkeepable: Option<&'static str>,
    /// Whether something stale was read.
    pub is_stale: bool,
}

impl Reading {
    /// A reading with nothing noted, by somebody who asks just now. Used outside of a cache, its notes end with it.
    #[must_use]
    pub fn new() -> Reading {
        Reading::default()
    }

    /// A reading with nothing noted, for somebody who has asked.
    #[must_use]
    pub fn of(asked: Asked) -> Reading {
        Reading(Arc::new(Inner { asked: Some(asked), ..Inner::default() }))
    }

    /// Who asked, if that is known.
    #[must_use]
    pub fn asked(&self) -> Option<Asked> {
        let has_failed = self.0.has_shared_failed.load(Ordering::Relaxed);
        self.0.asked.map(|asked| asked.without_shared(has_failed))
    }

    /// Notes that the shared tier has failed whoever reads.
    pub(crate) fn note_shared_failed(&self) {
        self.0.has_shared_failed.store(true, Ordering::Relaxed);
    }

    /// Notes the answer of one statement: the stamp that came with its rows, and what they depend on.
    ///
    /// The stamp is the value of the source's stamp expression *in the same statement*
    /// ([`postgres::stamped`](crate::source::postgres::stamped), [`sqlite::stamped`](crate::source::sqlite::stamped)). Without
    /// one, the whole answer is not kept: the statement ran in a transaction that writes, or on a standby.
    pub fn note(&self, stamp: Option<&str>, dependencies: Vec<Dependency>) {
        self.0.statements.fetch_add(1, Ordering::Relaxed);
        match stamp.map(str::parse) {
            Some(Ok(snapshot)) => self.notes().parts.push(Arc::new(Part { snapshot, dependencies })),
            Some(Err(_)) => self.note_unkeepable("a statement's stamp is no snapshot"),
            None => self.note_unkeepable("it was read in a transaction that writes, or on a standby"),
        }
    }

    /// Notes that the answer is made of something kept: of all that this was made of, which is true up to a position.
    pub(crate) fn note_kept(&self, entry: &Entry) {
        let mut notes = self.notes();
        if !entry.is_keepable() {
            // Others may have loaded it before this reading began.
            notes.known_to = Some(0);
            notes.unkeepable.get_or_insert("it is made of something that can't be kept");
            return;
        }
        notes.parts.extend(entry.parts().iter().cloned());
        notes.known_to = earlier(notes.known_to, Some(entry.checked()));
        notes.until = earlier(notes.until, entry.until());
        let is_another = notes.generation.is_some_and(|known| known != entry.generation());
        // Everything kept became worthless while it was made: so is what it is made of.
        notes.generation = Some(if is_another { UNKEEPABLE } else { entry.generation() });
    }

    /// Notes that the answer is made of something stale: so it is stale itself.
    pub(crate) fn note_stale(&self) {
        let mut notes = self.notes();
        notes.is_stale = true;
        notes.unkeepable.get_or_insert("it is made of something stale");
    }

    /// Notes that something was read of which nothing is known: it cannot be kept.
    pub fn note_unkeepable(&self, why: &'static str) {
        self.notes().unkeepable.get_or_insert(why);
    }

    /// Notes that the answer depends on time itself and stops being true at `moment`.
    pub fn note_until(&self, moment: Moment) {
        let mut notes = self.notes();
        notes.until = earlier(notes.until, Some(moment));
    }

    /// Statements noted so far, also by the loads of cached values that it waited for; what came out of a cache is none.
    #[must_use]
    pub fn statements(&self) -> u32 {
        self.0.statements.load(Ordering::Relaxed)
    }

    pub(crate) fn note_statements(&self, statements: u32) {
        self.0.statements.fetch_add(statements, Ordering::Relaxed);
    }

    /// What was noted so far.
    #[must_use]
    pub fn noted(&self) -> Notes {
        self.notes().clone()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}
