//! The handle through which a loader reads, and which notes what its answer is made of.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Moment;
use crate::freshness::{Dependency, Part};

/// Notes what an answer is made of, while it is made: for each statement its snapshot and what its rows depend on, and for
/// each cached value what that was made of. A clone writes into the same notes.
///
/// What is made without a single note is not kept: it would stay in the cache whatever happened.
#[derive(Debug, Clone, Default)]
pub struct Reading(Arc<Mutex<Notes>>, Arc<AtomicU32>);

/// What was noted.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// What was read, part by part.
    pub parts: Vec<Arc<Part>>,
    /// When it stops being true without any change; `None` where that never happens.
    pub until: Option<Moment>,
    /// Why it can't be kept; `None` where it can.
    pub unkeepable: Option<&'static str>,
}

impl Reading {
    /// A reading with nothing noted. Used outside of a cache, its notes end with it.
    #[must_use]
    pub fn new() -> Reading {
        Reading::default()
    }

    /// Notes the answer of one statement: the stamp that came with its rows, and what they depend on.
    ///
    /// The stamp is the value of the source's stamp expression *in the same statement*
    /// ([`postgres::stamped`](crate::source::postgres::stamped), [`sqlite::stamped`](crate::source::sqlite::stamped)). Without
    /// one, the whole answer is not kept: the statement ran in a transaction that writes, or on a standby.
    pub fn note(&self, stamp: Option<&str>, dependencies: Vec<Dependency>) {
        self.1.fetch_add(1, Ordering::Relaxed);
        match stamp.map(str::parse) {
            Some(Ok(snapshot)) => self.notes().parts.push(Arc::new(Part { snapshot, dependencies })),
            Some(Err(_)) => self.note_unkeepable("a statement's stamp is no snapshot"),
            None => self.note_unkeepable("it was read in a transaction that writes, or on a standby"),
        }
    }

    /// Notes that the answer is made of something kept, with all that this was made of.
    pub(crate) fn note_parts(&self, parts: &[Arc<Part>], until: Option<Moment>) {
        let mut notes = self.notes();
        notes.parts.extend(parts.iter().cloned());
        notes.until = earlier(notes.until, until);
    }

    /// Notes that the answer depends on time itself and stops being true at `moment`.
    pub fn note_until(&self, moment: Moment) {
        let mut notes = self.notes();
        notes.until = earlier(notes.until, Some(moment));
    }

    /// Notes that the answer is made of something that cannot be kept, and why.
    pub fn note_unkeepable(&self, why: &'static str) {
        self.notes().unkeepable.get_or_insert(why);
    }

    /// Statements noted so far; what came out of a cache is none.
    #[must_use]
    pub fn statements(&self) -> u32 {
        self.1.load(Ordering::Relaxed)
    }

    /// What was noted so far.
    #[must_use]
    pub fn noted(&self) -> Notes {
        self.notes().clone()
    }

    fn notes(&self) -> MutexGuard<'_, Notes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn earlier(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    one.into_iter().chain(other).min()
}
