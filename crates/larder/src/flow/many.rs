//! Several answers at once: one look into the shared tier and one load for all that are missing.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Instrument as _;

use super::follow::Known;
use super::read::{Answer, Errand, Failed, Fault, Found, Landed, Load, Shelf, earliest};
use crate::entry::Weigh;
use crate::key::Key;
use crate::lifetime::Policy;
use crate::reading::{Asked, Reading};
use crate::shelve::Codec;
use crate::single_flight::{Arriving, Boarded, Landing};

/// What a loader of several values is asked for: the place of each among the keys, and where to note what it is made of.
pub(crate) type Wanted = Vec<(usize, Reading)>;

/// The duty to load one of them.
struct Duty<T> {
    place: usize,
    errand: Errand<T>,
    landing: Landing<Landed>,
}

/// An answer, or the wait for it.
enum Place<T> {
    Here(Answer<T>),
    Coming { is_first: bool, arriving: Arriving<Landed> },
}

impl Shelf {
    /// The answers under several keys, in their order. What is not kept is looked for in the shared tier in one round trip, and
    /// what is not there loaded by one call of `load`, which gives one value for each that it is asked for. Nothing is
    /// claimed: other nodes may load the same.
    pub(crate) async fn read_many<T, E, Loader, Loading>(
        self: &Arc<Self>,
        asked: &Asked,
        keys: &[Key],
        policy: &Policy,
        codec: Option<Codec<T>>,
        load: Loader,
    ) -> Result<Vec<Answer<T>>, Failed<E>>
    where
        T: Weigh + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        Loader: Fn(Wanted) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<Vec<T>, E>> + Send + 'static,
    {
        let known = self.follow.know(asked, policy.lease_for(asked)).await;
        let may_borrow = known == Known::Enough && !asked.is_left_alone();
        let (mut places, mut duties) = (Vec::new(), Vec::new());
        for (place, key) in keys.iter().enumerate() {
            match self.found(asked, key, policy, known) {
                Found::True(value) => {
                    self.counts.hit(key.kind());
                    places.push(Place::Here(Answer::kept(value)));
                    continue;
                }
                // As where one is asked for: what can't be told true is given as such, rather than nothing.
                Found::Stale(value) if known != Known::Late => {
                    places.push(Place::Here(self.stale(key, value)));
                    continue;
                }
                Found::Stale(_) | Found::Nothing(_) => {}
            }
            let is_first = match self.flights.board(key) {
                Boarded::Joined(arriving) => Place::Coming { is_first: false, arriving },
                Boarded::First(landing, arriving) => {
                    let asked = asked.with_lease(policy.lease);
                    let (key, policy) = (key.clone(), *policy);
                    let errand = Errand { asked, key, policy, codec, may_borrow, is_ahead: false };
                    duties.push(Duty { place, errand, landing });
                    Place::Coming { is_first: true, arriving }
                }
            };
            places.push(is_first);
        }
        let has_failed = Arc::<AtomicBool>::default();
        if !duties.is_empty() {
            // A task of its own: whoever waits for it may go away, and others may have joined.
            let filling = Arc::clone(self).fill_many(duties, load.clone(), Arc::clone(&has_failed));
            tokio::spawn(filling.in_current_span());
        }
        let mut answers = Vec::with_capacity(keys.len());
        for (place, (coming, key)) in places.into_iter().zip(keys).enumerate() {
            let answer = match coming {
                Place::Here(answer) => answer,
                Place::Coming { is_first, arriving } => {
                    let arrived = self.arrived(asked, key, policy, known, is_first, arriving).await;
                    if let Some(answer) = arrived {
                        answer?
                    } else {
                        // It came too early, or to nothing: then as if it were the only one.
                        let asked = asked.without_shared(has_failed.load(Ordering::Relaxed));
                        self.read(&asked, key, policy, codec, alone(place, load.clone())).await?
                    }
                }
            };
            // Nobody waits for the shared tier in vain once for each of them.
            has_failed.fetch_or(answer.has_shared_failed, Ordering::Relaxed);
            answers.push(answer);
        }
        Ok(answers)
    }

    /// What became of a load, if it is good for whoever asked.
    async fn arrived<T: 'static, E: Clone + 'static>(
        &self,
        asked: &Asked,
        key: &Key,
        policy: &Policy,
        known: Known,
        is_first: bool,
        arriving: Arriving<Landed>,
    ) -> Option<Result<Answer<T>, Failed<E>>> {
        match arriving.outcome().await? {
            Ok(filled) if is_first || self.suits(&filled, earliest(asked, policy), known) => {
                Some(self.loaded(key, filled, crate::Missed::Absent, !is_first))
            }
            Err(fault) if is_first => Some(Err(self.failure(key, fault.error.as_ref()))),
            _ => None,
        }
    }

    async fn fill_many<T, E, Loader, Loading>(
        self: Arc<Self>,
        duties: Vec<Duty<T>>,
        load: Loader,
        has_shared_failed: Arc<AtomicBool>,
    ) where
        T: Weigh + Send + Sync + 'static,
        E: Clone + Send + Sync + 'static,
        Loader: Fn(Wanted) -> Loading + Send + Sync + 'static,
        Loading: Future<Output = Result<Vec<T>, E>> + Send + 'static,
    {
        let errands: Vec<&Errand<T>> = duties.iter().map(|duty| &duty.errand).collect();
        let (borrowed, has_failed) = self.borrow_many(&errands).await;
        has_shared_failed.store(has_failed, Ordering::Relaxed);
        let mut missing = Vec::new();
        for (duty, filled) in duties.into_iter().zip(borrowed) {
            match filled {
                Some(filled) => duty.landing.land(Ok(filled)),
                None => missing.push(duty),
            }
        }
        if missing.is_empty() {
            return;
        }
        let (ticket, began_at) = (self.follow.ticket(), self.clock.now());
        let reading = |duty: &Duty<T>| {
            let asked = duty.errand.asked.later(began_at).without_shared(has_failed);
            (duty.place, Reading::of(asked))
        };
        let wanted: Wanted = missing.iter().map(reading).collect();
        let values = match load(wanted.clone()).await {
            Ok(values) if values.len() == wanted.len() => values,
            // Those who wait load it themselves, each alone, and hear what is wrong with it.
            Ok(_) => return tracing::error!("a loader of several values gave another number of them"),
            Err(error) => {
                let error: Arc<dyn Any + Send + Sync> = Arc::new(error);
                for (duty, (_, reading)) in missing.into_iter().zip(wanted) {
                    let Errand { asked, policy, .. } = &duty.errand;
                    let error = Arc::clone(&error);
                    let (notes, lease) = (reading.noted(), policy.lease_for(asked));
                    let fault = Fault::new(error, &notes, began_at, lease, has_failed);
                    duty.landing.land(Err(fault));
                }
                return;
            }
        };
        for ((duty, (_, reading)), value) in missing.into_iter().zip(wanted).zip(values) {
            let Errand { asked, key, policy, .. } = &duty.errand;
            let (notes, statements) = (reading.noted(), reading.statements());
            let wholeness = self.wholeness(&notes, ticket).await;
            if wholeness == Some(false) {
                // Something changed between its statements: it is loaded again, alone.
                self.counts.torn(key.kind());
                continue;
            }
            let lease = policy.lease_for(asked);
            let load =
                Load { notes, ticket, wholeness, began_at, lease, statements, has_shared_failed: has_failed };
            let filled = self.keep(key, policy, value, load);
            self.counts.loaded(key.kind(), statements);
            self.lend(&duty.errand, Some(&filled), false);
            duty.landing.land(Ok(filled));
        }
    }
}

/// A loader of one, out of one of several.
fn alone<T, E, Loader, Loading>(
    place: usize,
    load: Loader,
) -> impl Fn(Reading) -> std::pin::Pin<Box<dyn Future<Output = Result<T, E>> + Send>> + Clone + Send + Sync + 'static
where
    T: Send + 'static,
    E: Send + 'static,
    Loader: Fn(Wanted) -> Loading + Clone + Send + Sync + 'static,
    Loading: Future<Output = Result<Vec<T>, E>> + Send + 'static,
{
    move |reading| {
        let loading = load(vec![(place, reading)]);
        Box::pin(async move {
            let mut values = loading.await?;
            Ok(values.pop().expect("a loader of several values gives one for each that it is asked for"))
        })
    }
}
