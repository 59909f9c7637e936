//! Writers, readers and troubles at work for one round.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::database::Database;
use super::dice::Dice;
use super::judge::judge;
use super::nodes::Door;
use super::page::Question;
use super::population::Population;
use super::reader::Reader;
use super::record::{Answer, History, Read, Write};
use super::report::Report;
use super::stopwatch::Stopwatch;
use super::writer::Writer;

/// The longest pause of a reader between two questions.
const PAUSE_MS: u64 = 8;

/// What goes wrong during a round: works until the round is over, leaves everything whole, and says what it wrote.
pub type Trouble<'a> = &'a (dyn Fn(&Round<'_>) -> Vec<Write> + Sync);

/// Who reads and writes what.
#[derive(Clone, Copy)]
pub struct Traffic<'a> {
    /// The database that the nodes serve.
    pub database_url: &'a str,
    /// Where the nodes are found.
    pub doors: &'a [&'a Door],
    /// The listings.
    pub population: &'a Population,
    /// How many read; each stays with one node.
    pub readers: usize,
    /// How many write; each has lanes of its own.
    pub writers: usize,
    /// What nothing may be older than.
    pub bound: Duration,
    /// Makes a write token of a transaction's id, where there are tokens. With it a writer must see its own write in its next
    /// request, on any node; without tokens only where the bound is 0.
    pub token_of: &'a (dyn Fn(u64) -> Option<String> + Sync),
}

/// One round, as those see it who take part.
pub struct Round<'a> {
    pub(crate) stopwatch: Stopwatch,
    pub(crate) seed: u64,
    end: Duration,
    ended: AtomicBool,
    /// The listings.
    pub population: &'a Population,
}

impl Round<'_> {
    /// How long it has gone on.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.stopwatch.elapsed()
    }

    /// Whether everybody should come to an end.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended.load(Ordering::SeqCst) || self.elapsed() >= self.end
    }

    /// Ends the round before its time.
    pub fn end(&self) {
        self.ended.store(true, Ordering::SeqCst);
    }

    /// Lets time pass, at most until the round is over.
    pub fn rest(&self, time: Duration) {
        thread::sleep(time.min(self.end.saturating_sub(self.elapsed())));
    }

    /// Dice for one of the troubles.
    #[must_use]
    pub fn dice(&self, thrower: u64) -> Dice {
        Dice::new(self.seed, 1_000_000 + thrower)
    }
}

impl Traffic<'_> {
    /// Puts the listings into the database, whose tables must be there.
    ///
    /// # Panics
    ///
    /// When the database refuses them.
    pub fn populate(&self) {
        let mut database = Database::new(self.database_url, "population");
        for lane in self.population.all() {
            for (listing, state) in lane.listings.iter().zip(&lane.states) {
                let statement = state.as_ref().map(|state| database.insert(*listing, state));
                statement.map_or(Ok(()), |it| database.run(&it)).expect("an empty database takes listings");
            }
        }
    }

    /// Reads and writes for so long, with these troubles, and judges what was read.
    ///
    /// # Panics
    ///
    /// When the database does not come back from its troubles.
    pub fn round(&self, length: Duration, seed: u64, troubles: &[Trouble<'_>]) -> Report {
        judge(&self.history(length, seed, troubles), self.bound)
    }

    /// As [`Traffic::round`], but leaves the judging to others.
    ///
    /// # Panics
    ///
    /// As [`Traffic::round`].
    #[must_use]
    pub fn history(&self, length: Duration, seed: u64, troubles: &[Trouble<'_>]) -> History {
        self.history_on(Stopwatch::start(), length, seed, troubles)
    }

    /// As [`Traffic::history`], for one of several rounds that share a clock: so what was written in one can be told in another.
    ///
    /// # Panics
    ///
    /// As [`Traffic::round`].
    #[must_use]
    pub fn history_on(
        &self,
        stopwatch: Stopwatch,
        length: Duration,
        seed: u64,
        troubles: &[Trouble<'_>],
    ) -> History {
        let since = stopwatch.elapsed();
        let mut history = History { since, lanes: self.population.at_the_start(), ..History::default() };
        let (end, ended) = (since + length, AtomicBool::new(false));
        let round = Round { stopwatch, seed, end, ended, population: self.population };
        thread::scope(|scope| {
            let round = &round;
            let readers: Vec<_> =
                (0..self.readers).map(|place| scope.spawn(move || self.read(round, place))).collect();
            let writers: Vec<_> = (0..self.writers)
                .map(|place| scope.spawn(move || Writer::new(self, round, place).work()))
                .collect();
            let troubles: Vec<_> =
                troubles.iter().map(|trouble| scope.spawn(move || trouble(round))).collect();
            for trouble in troubles {
                history.writes.extend(trouble.join().expect("a trouble comes to its end"));
            }
            for writer in writers {
                let (written, looks) = writer.join().expect("a writer comes to its end");
                history.writes.extend(written);
                history.reads.extend(looks);
            }
            for reader in readers {
                history.reads.extend(reader.join().expect("a reader comes to its end"));
            }
        });
        history
    }

    fn read(&self, round: &Round<'_>, place: usize) -> Vec<Read> {
        let thrower = u64::try_from(place).expect("there are few readers");
        let mut dice = Dice::new(round.seed, thrower);
        let mut reader = Reader::new(round.stopwatch);
        let listings = self.population.listings();
        let node = place % self.doors.len();
        let mut reads = Vec::new();
        while !round.is_over() {
            let question = Question::any(&mut dice, &listings);
            let read = reader.ask(node, self.doors[node], &question, None);
            // A node that is gone refuses at once, and is not to be asked a thousand times for that.
            let pause_ms = if matches!(read.answer, Answer::Failed(_)) { 10 * PAUSE_MS } else { PAUSE_MS };
            reads.push(read);
            round.rest(dice.up_to_ms(pause_ms));
        }
        reads
    }
}
