//! The listings that are written and read, as their writers know them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::dice::Dice;
use super::record::{Change, Lane};
use super::state::{PLACES, State};

/// How many listings are in a lane, in turn.
const SIZES: [usize; 4] = [2, 1, 2, 3];

/// The first id: far from what a database gives by itself.
const FIRST_ID: i64 = 1_001;

/// All lanes. Who holds a lane's lock is the only one who writes to it.
#[derive(Debug)]
pub struct Population {
    lanes: Vec<Mutex<LaneNow>>,
}

/// A lane after its last write.
#[derive(Clone, Debug)]
pub struct LaneNow {
    /// Index of the lane.
    pub lane: usize,
    /// The ids of its listings.
    pub listings: Vec<i64>,
    /// The number of the last write, rolled back or not.
    pub number: u64,
    /// What each listing is; `None` when it is not there.
    pub states: Vec<Option<State>>,
}

impl Population {
    /// So many lanes; all listings are there and active, in any place and bracket.
    #[must_use]
    pub fn new(lanes: usize, seed: u64) -> Self {
        let mut dice = Dice::new(seed, u64::MAX);
        let mut ids = FIRST_ID..;
        let lanes = (0..lanes).map(|lane| {
            let listings: Vec<i64> = ids.by_ref().take(SIZES[lane % SIZES.len()]).collect();
            let states = listings.iter().map(|_| Some(any_state(&mut dice, 1))).collect();
            Mutex::new(LaneNow { lane, listings, number: 1, states })
        });
        Self { lanes: lanes.collect() }
    }

    /// How many lanes there are.
    #[must_use]
    pub fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// A lane, for its next write.
    ///
    /// # Panics
    ///
    /// When there is no such lane.
    pub fn lane(&self, lane: usize) -> MutexGuard<'_, LaneNow> {
        self.lanes[lane].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All lanes, for a write to everything.
    #[must_use]
    pub fn all(&self) -> Vec<MutexGuard<'_, LaneNow>> {
        // In one order, and nobody waits for a second lane while holding one.
        (0..self.lanes()).map(|lane| self.lane(lane)).collect()
    }

    /// Every id.
    #[must_use]
    pub fn listings(&self) -> Vec<i64> {
        self.all().iter().flat_map(|lane| lane.listings.clone()).collect()
    }

    /// How things stand, for the start of a history.
    #[must_use]
    pub fn at_the_start(&self) -> Vec<Lane> {
        let lane = |now: &LaneNow| Lane {
            listings: now.listings.clone(),
            number: now.number,
            states: now.states.clone(),
        };
        self.all().iter().map(|now| lane(now)).collect()
    }
}

impl LaneNow {
    /// What a next write could make of the lane: mostly a change in place, sometimes a move between filters, an end or a
    /// beginning.
    pub(crate) fn plan(&self, dice: &mut Dice) -> Change {
        let number = self.number + 1;
        let is_gone = self.states.iter().all(Option::is_none);
        let kind = dice.below(12);
        let only = dice.once_in(2).then(|| dice.below(self.listings.len()));
        let place = dice.below(PLACES.len());
        let next = |(index, state): (usize, &Option<State>)| {
            let mut state = State { number, ..(*state)? };
            if only.is_none_or(|only| only == index) {
                match kind {
                    1 | 2 => state.is_active = !state.is_active,
                    3..=5 => state.place = place,
                    6 | 7 => state.is_dear = !state.is_dear,
                    _ => {}
                }
            }
            Some(state)
        };
        let states = match kind {
            _ if is_gone => self.states.iter().map(|_| Some(any_state(dice, number))).collect(),
            0 => vec![None; self.states.len()],
            _ => self.states.iter().enumerate().map(next).collect(),
        };
        Change { lane: self.lane, number, states }
    }

    /// Takes note of a write: its number is used up, its states hold if it was committed.
    pub(crate) fn was_written(&mut self, change: &Change, is_committed: bool) {
        self.number = change.number;
        if is_committed {
            self.states.clone_from(&change.states);
        }
    }
}

/// An active listing somewhere.
pub(crate) fn any_state(dice: &mut Dice, number: u64) -> State {
    State { number, place: dice.below(PLACES.len()), is_dear: dice.once_in(2), is_active: true }
}
