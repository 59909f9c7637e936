//! One load for all who want the same thing at the same time.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::key::Key;

/// The loads that are under way, by key.
#[derive(Debug)]
pub(crate) struct Flights<T>(Arc<Mutex<HashMap<Key, watch::Receiver<Option<T>>>>>);

/// Somebody's seat in the load of a key.
#[derive(Debug)]
pub(crate) enum Boarded<T> {
    /// Nobody else loads it: whoever gets this has to, and lands with the outcome.
    First(Landing<T>, Arriving<T>),
    /// It is being loaded.
    Joined(Arriving<T>),
}

/// The duty to bring a load to its end. Dropped without an outcome, as by a panic, it ends the load all the same, and those
/// who wait hear that there is none.
#[derive(Debug)]
pub(crate) struct Landing<T> {
    key: Key,
    /// Where others can join it.
    flights: Option<Flights<T>>,
    outcome: watch::Sender<Option<T>>,
}

/// The wait for a load's outcome.
#[derive(Debug)]
pub(crate) struct Arriving<T>(watch::Receiver<Option<T>>);

impl<T: Clone> Flights<T> {
    pub(crate) fn new() -> Flights<T> {
        Flights(Arc::default())
    }

    pub(crate) fn board(&self, key: &Key) -> Boarded<T> {
        match self.lock().entry(key.clone()) {
            Slot::Occupied(flight) => Boarded::Joined(Arriving(flight.get().clone())),
            Slot::Vacant(place) => {
                let (outcome, arriving) = watch::channel(None);
                place.insert(arriving.clone());
                let flights = Some(Flights(Arc::clone(&self.0)));
                Boarded::First(Landing { key: key.clone(), flights, outcome }, Arriving(arriving))
            }
        }
    }

    /// A load that nobody can join, whoever else loads the same.
    pub(crate) fn alone(&self, key: &Key) -> Boarded<T> {
        let (outcome, arriving) = watch::channel(None);
        Boarded::First(Landing { key: key.clone(), flights: None, outcome }, Arriving(arriving))
    }
}

impl<T> Flights<T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, watch::Receiver<Option<T>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Landing<T> {
    /// Ends the load. Whoever comes now loads anew, and those who wait get the outcome.
    pub(crate) fn land(self, outcome: T) {
        self.close();
        self.outcome.send_replace(Some(outcome));
    }

    fn close(&self) {
        if let Some(flights) = &self.flights {
            flights.lock().remove(&self.key);
        }
    }
}

impl<T> Drop for Landing<T> {
    fn drop(&mut self) {
        if self.outcome.borrow().is_none() {
            self.close();
        }
    }
}

impl<T: Clone> Arriving<T> {
    /// The outcome; none where the load ended without one.
    pub(crate) async fn outcome(mut self) -> Option<T> {
        self.0.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::Kind;

    fn key() -> Key {
        Key::new(Kind::Data, "one")
    }

    #[tokio::test]
    async fn all_who_board_before_the_landing_get_its_outcome() {
        let flights = Flights::new();
        let Boarded::First(landing, first) = flights.board(&key()) else { panic!("nobody else is there") };
        let Boarded::Joined(second) = flights.board(&key()) else { panic!("one is under way") };
        landing.land(7);
        assert_eq!((first.outcome().await, second.outcome().await), (Some(7), Some(7)));
        assert!(matches!(flights.board(&key()), Boarded::First(..)));
    }

    #[tokio::test]
    async fn a_load_that_is_lost_is_told_to_those_who_wait_and_can_be_tried_again() {
        let flights = Flights::<u8>::new();
        let Boarded::First(landing, first) = flights.board(&key()) else { panic!("nobody else is there") };
        drop(landing);
        assert_eq!(first.outcome().await, None);
        assert!(matches!(flights.board(&key()), Boarded::First(..)));
    }
}
