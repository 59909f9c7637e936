//! A writer: numbered writes to the lanes that are its own, each noted with its times and its end.

use std::thread;
use std::time::Duration;

use super::database::Database;
use super::dice::Dice;
use super::page::Question;
use super::population::LaneNow;
use super::reader::Reader;
use super::record::{Change, Outcome, Own, Read, Write};
use super::state::mark;
use super::traffic::{Round, Traffic};
use crate::patience::within;

/// How long a database may be away in the middle of a commit.
const PATIENCE: Duration = Duration::from_mins(2);

/// The longest pause between two writes.
const PAUSE_MS: u64 = 80;

/// The longest rest now and then: time for answers to be kept and given again.
const REST_MS: u64 = 800;

pub(crate) struct Writer<'a> {
    traffic: &'a Traffic<'a>,
    round: &'a Round<'a>,
    place: usize,
    dice: Dice,
    database: Database,
    reader: Reader,
    writes: Vec<Write>,
    reads: Vec<Read>,
}

/// How a transaction is sent.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// Step by step, so that others look on halfway.
    Steps,
    /// In one message, which PostgreSQL takes for one transaction.
    Batch,
    /// Step by step, and taken back.
    TakenBack,
}

/// How a transaction went.
struct Written {
    sent: Duration,
    outcome: Outcome,
    transaction: Option<u64>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(traffic: &'a Traffic<'a>, round: &'a Round<'a>, place: usize) -> Self {
        let thrower = u64::try_from(place).expect("there are few writers");
        Self {
            traffic,
            round,
            place,
            dice: Dice::new(round.seed, 1_000 + thrower),
            database: Database::new(traffic.database_url, &format!("writer {place}")),
            reader: Reader::new(round.stopwatch),
            writes: Vec::new(),
            reads: Vec::new(),
        }
    }

    /// Writes until the round is over.
    pub(crate) fn work(mut self) -> (Vec<Write>, Vec<Read>) {
        let lanes = self.traffic.population.lanes();
        let own: Vec<usize> = (0..lanes).filter(|lane| lane % self.traffic.writers == self.place).collect();
        while !own.is_empty() && !self.round.is_over() {
            let lane = *self.dice.one_of(&own);
            self.write(lane);
            let longest_ms = if self.dice.once_in(5) { REST_MS } else { PAUSE_MS };
            self.round.rest(self.dice.up_to_ms(longest_ms));
        }
        (self.writes, self.reads)
    }

    fn write(&mut self, lane: usize) {
        let mut now = self.traffic.population.lane(lane);
        let change = now.plan(&mut self.dice);
        let form = self.form();
        let Written { sent, outcome, transaction } = self.carry_out(&now, &change, form);
        let is_committed = outcome != Outcome::RolledBack;
        now.was_written(&change, is_committed);
        let own = Own { lane, number: change.number };
        let listing = *self.dice.one_of(&now.listings);
        drop(now);
        self.writes.push(Write { changes: vec![change], sent, outcome });
        if is_committed && self.dice.once_in(3) {
            self.look(listing, own, transaction);
        }
    }

    fn form(&mut self) -> Form {
        match self.dice.below(8) {
            0 => Form::TakenBack,
            1..=3 if !self.database.is_sqlite() => Form::Batch,
            _ => Form::Steps,
        }
    }

    fn carry_out(&mut self, now: &LaneNow, change: &Change, form: Form) -> Written {
        let statements = self.database.statements(&now.listings, &now.states, change);
        match form {
            Form::Batch => {
                let sent = self.round.elapsed();
                let sending = self.database.run(&statements.join("; "));
                self.end(now, change, sent, &sending, None)
            }
            Form::Steps | Form::TakenBack => self.step_by_step(now, change, &statements, form),
        }
    }

    fn step_by_step(&mut self, now: &LaneNow, change: &Change, statements: &[String], form: Form) -> Written {
        let steps = self.steps(statements);
        let sent = self.round.elapsed();
        match (steps, form) {
            (Ok(transaction), Form::Steps) => {
                let sending = self.database.run("commit");
                self.end(now, change, sent, &sending, transaction)
            }
            // Where a step fails, the connection is dropped, and the transaction with it. So for a rollback that fails.
            (steps, _) => {
                let _ = steps.and_then(|_| self.database.run("rollback"));
                Written { sent, outcome: Outcome::RolledBack, transaction: None }
            }
        }
    }

    fn steps(&mut self, statements: &[String]) -> sqlx::Result<Option<u64>> {
        self.database.run(if self.database.is_sqlite() { "begin immediate" } else { "begin" })?;
        for statement in statements {
            self.database.run(statement)?;
            // Halfway: long enough that others read meanwhile.
            if self.dice.once_in(3) {
                thread::sleep(self.dice.up_to_ms(10));
            }
        }
        if self.database.is_sqlite() {
            return Ok(None);
        }
        let transaction = self.database.value("select pg_current_xact_id()::text")?;
        Ok(transaction.and_then(|number| number.parse().ok()))
    }

    fn end(
        &mut self,
        now: &LaneNow,
        change: &Change,
        sent: Duration,
        sending: &sqlx::Result<()>,
        transaction: Option<u64>,
    ) -> Written {
        let is_committed = sending.is_ok() || self.was_committed(now, change);
        let outcome =
            if is_committed { Outcome::Committed(self.round.elapsed()) } else { Outcome::RolledBack };
        Written { sent, outcome, transaction }
    }

    /// What became of a commit whose answer was lost, as the database itself has it.
    fn was_committed(&mut self, now: &LaneNow, change: &Change) -> bool {
        let found = within(PATIENCE, || find_out(&mut self.database, now, change).ok().flatten());
        found.expect("a database comes back")
    }

    /// Reads a listing right after writing it: on any node, that write must be there.
    fn look(&mut self, listing: i64, own: Own, transaction: Option<u64>) {
        let node = self.dice.below(self.traffic.doors.len());
        let token = transaction.and_then(self.traffic.token_of);
        let question = if self.dice.once_in(2) { Question::Page(listing) } else { Question::Record(listing) };
        let mut read = self.reader.ask(node, self.traffic.doors[node], &question, token.as_deref());
        read.own = (token.is_some() || self.traffic.bound.is_zero()).then_some(own);
        self.reads.push(read);
    }
}

/// Whether the change is there; `None` while the session that made it may still be at work.
pub(crate) fn find_out(
    database: &mut Database,
    now: &LaneNow,
    change: &Change,
) -> sqlx::Result<Option<bool>> {
    if database.has_a_forgotten_session()? {
        return Ok(None);
    }
    let id = now.listings[0];
    let title = database.value(&format!("select title from properties_property where id = {id}"))?;
    let is_there = match (&change.states[0], title) {
        (Some(_), Some(title)) => title.contains(&mark(id, change.number)),
        (after, title) => after.is_none() && title.is_none(),
    };
    Ok(Some(is_there))
}
