//! What goes wrong when: faults at random or one alone, with healthy stretches between.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use testkit::history::{Dice, Round, Trouble, Write};

use crate::faults::{Allows, Caused, Chosen, Stage};
use crate::fleet::Fleet;
use crate::tally::Tally;

/// At the least so long all is well between two faults.
const HEALTHY: Duration = Duration::from_millis(700);
const MORE_MS: u64 = 1_800;

/// Once in so many times, two faults come at once.
const TWO_AT_ONCE: usize = 4;

/// How soon all must be well again. Two seconds are promised; this is what is a violation on a machine however busy.
pub const SOON: Duration = Duration::from_secs(10);

/// Whoever ends a run is heard so soon.
const SLICE: Duration = Duration::from_millis(50);

/// A round with one fault ends by itself long before.
const LONG: Duration = Duration::from_mins(5);

/// Faults that befall a fleet.
pub struct Course<'a> {
    fleet: &'a Fleet,
    faults: &'a [Chosen],
    /// No fault lasts longer.
    longest: Duration,
    stop: &'a AtomicBool,
    tell: &'a (dyn Fn(&str) + Sync),
    /// What is still to come before anything comes again.
    deck: Mutex<Vec<Chosen>>,
    incidents: Mutex<Vec<Incident>>,
}

/// A fault that happened in a round.
#[derive(Clone, Debug)]
pub struct Incident {
    /// Its name.
    pub name: &'static str,
    /// What it excuses.
    pub allows: Allows,
    /// The node that alone was concerned.
    pub node: Option<usize>,
    /// When it began, in the time of the round.
    pub begun: Duration,
    /// When it was healed.
    pub healed: Duration,
    /// How long it took from there until every node gave every kind of page, none of them old; none where it took longer than
    /// [`SOON`].
    pub back: Option<Duration>,
}

impl Incident {
    /// Whether this node has to do with it.
    #[must_use]
    pub fn concerns(&self, node: usize) -> bool {
        self.node.is_none_or(|concerned| concerned == node)
    }

    /// From when on nothing is excused any more.
    #[must_use]
    pub fn over(&self) -> Duration {
        self.healed + self.back.unwrap_or(SOON)
    }
}

impl<'a> Course<'a> {
    /// A course of these faults, none longer than that. `stop` ends it before its time; `tell` hears of each fault.
    ///
    /// # Panics
    ///
    /// When there is no fault.
    #[must_use]
    pub fn of(
        fleet: &'a Fleet,
        faults: &'a [Chosen],
        longest: Duration,
        stop: &'a AtomicBool,
        tell: &'a (dyn Fn(&str) + Sync),
    ) -> Self {
        assert!(!faults.is_empty(), "there is nothing that could go wrong");
        let (deck, incidents) = (Mutex::default(), Mutex::default());
        Self { fleet, faults, longest, stop, tell, deck, incidents }
    }

    /// One fault after the other for so long, sometimes two at once; judged.
    #[must_use]
    pub fn at_random(&self, length: Duration, seed: u64) -> Tally {
        self.judged(length, seed, &|round| self.one_after_the_other(round))
    }

    /// This fault alone, once; judged.
    #[must_use]
    pub fn alone(&self, chosen: Chosen, seed: u64) -> Tally {
        self.judged(LONG, seed, &|round| {
            self.rest(round, HEALTHY);
            let writes = self.happen(round, &[chosen], round.dice(1));
            self.rest(round, HEALTHY);
            round.end();
            writes
        })
    }

    fn judged(&self, length: Duration, seed: u64, trouble: Trouble<'_>) -> Tally {
        let history = self.fleet.history(length, seed, trouble);
        let incidents = mem::take(&mut *locked(&self.incidents));
        Tally::of(&history, self.fleet.scene.bound, &incidents)
    }

    fn one_after_the_other(&self, round: &Round<'_>) -> Vec<Write> {
        let mut dice = round.dice(1);
        let mut writes = Vec::new();
        for thrower in 2.. {
            self.rest(round, HEALTHY + dice.up_to_ms(MORE_MS));
            if round.is_over() {
                break;
            }
            writes.extend(self.happen(round, &self.next(&mut dice), round.dice(thrower)));
        }
        writes
    }

    /// The next fault, or two: in the order in which they are to be caused.
    fn next(&self, dice: &mut Dice) -> Vec<Chosen> {
        let first = self.draw(dice);
        let others: Vec<Chosen> = self.faults.iter().copied().filter(|it| it.goes_with(&first)).collect();
        let second = (!others.is_empty() && dice.once_in(TWO_AT_ONCE)).then(|| *dice.one_of(&others));
        let mut faults: Vec<Chosen> = [first].into_iter().chain(second).collect();
        faults.sort_by_key(|chosen| chosen.subject);
        faults
    }

    /// Any fault, but none again before all have come.
    fn draw(&self, dice: &mut Dice) -> Chosen {
        let mut deck = locked(&self.deck);
        if deck.is_empty() {
            deck.extend(self.faults);
        }
        let place = dice.below(deck.len());
        deck.swap_remove(place)
    }

    fn happen(&self, round: &Round<'_>, faults: &[Chosen], dice: Dice) -> Vec<Write> {
        let mut stage = Stage { fleet: self.fleet, round, dice, beat: self.longest / 3 };
        let begun = round.elapsed();
        let mut caused: Vec<Caused<'_>> =
            faults.iter().map(|chosen| chosen.fault.cause(&mut stage)).collect();
        let writes = caused.iter_mut().flat_map(|caused| mem::take(&mut caused.writes)).collect();
        let nodes: Vec<Option<usize>> = caused.iter().map(|caused| caused.node).collect();
        self.rest(round, self.time(faults, &mut stage.dice));
        caused.into_iter().rev().for_each(|caused| (caused.heal)());
        let healed = round.elapsed();
        let back = self.fleet.scene.is_back_within(SOON);
        let incident = |(chosen, node): (&Chosen, Option<usize>)| {
            let (name, allows) = (chosen.fault.name(), chosen.fault.allows());
            Incident { name, allows, node, begun, healed, back }
        };
        let incidents: Vec<Incident> = faults.iter().zip(nodes).map(incident).collect();
        (self.tell)(&told(&incidents));
        locked(&self.incidents).extend(incidents);
        writes
    }

    /// How long these go on: at least half of what they may.
    fn time(&self, faults: &[Chosen], dice: &mut Dice) -> Duration {
        let longest = faults.iter().map(|chosen| chosen.fault.lasts()).min().unwrap_or_default();
        let half = longest.min(self.longest) / 2;
        half + dice.up_to_ms(u64::try_from(half.as_millis()).unwrap_or(u64::MAX))
    }

    /// Lets time pass, and ends the round when somebody wants an end.
    fn rest(&self, round: &Round<'_>, time: Duration) {
        let until = round.elapsed() + time;
        while !round.is_over() && round.elapsed() < until {
            if self.stop.load(Ordering::SeqCst) {
                round.end();
            }
            thread::sleep(SLICE.min(until.saturating_sub(round.elapsed())));
        }
    }
}

fn told(incidents: &[Incident]) -> String {
    let Some(first) = incidents.first() else { return String::new() };
    let whom = |incident: &Incident| incident.node.map(|node| format!(" (node {node})")).unwrap_or_default();
    let names: Vec<String> =
        incidents.iter().map(|incident| format!("{}{}", incident.name, whom(incident))).collect();
    let lasted = first.healed.saturating_sub(first.begun).as_secs_f64();
    let back = match first.back {
        Some(back) => format!("well again after {:.2} s", back.as_secs_f64()),
        None => format!("NOT well again after {} s", SOON.as_secs()),
    };
    format!("{:7.2} s  {}: {lasted:.2} s, {back}", first.begun.as_secs_f64(), names.join(" and "))
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
