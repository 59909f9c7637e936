//! What can go wrong with PostgreSQL, each of it over again before the next.

use std::sync::MutexGuard;
use std::thread;
use std::time::Duration;

use super::database::{Database, NAME};
use super::dice::Dice;
use super::population::{LaneNow, any_state};
use super::record::{Change, Outcome, Write};
use super::state::{PLACES, State};
use super::traffic::Round;
use super::writer::find_out;
use crate::patience::within;
use crate::postgres::Postgres;

/// How long PostgreSQL may take to accept somebody.
const PATIENCE: Duration = Duration::from_mins(1);

/// A PostgreSQL and one database in it, which troubles befall.
#[derive(Clone, Copy, Debug)]
pub struct PostgresTrouble<'a> {
    /// The server. It must belong to this test alone.
    pub postgres: &'a Postgres,
    /// The database that the nodes serve.
    pub database_url: &'a str,
}

/// Sessions that hold something, and give it back when this is dropped.
#[derive(Debug)]
pub struct Held {
    _sessions: Vec<Database>,
}

/// What a listing is to be, for whoever writes it in a way of its own. Its status stays as it is; one that is not there yet is
/// active.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its id.
    pub id: i64,
    /// Plain words and brackets.
    pub title: String,
    /// The same.
    pub description: String,
    /// A whole number.
    pub price: u64,
    /// One word.
    pub location: &'static str,
}

impl Row {
    fn of(id: i64, state: &State) -> Self {
        let (title, description) = (state.title(id), state.description(id));
        Self { id, title, description, price: state.price(), location: PLACES[state.place] }
    }
}

/// How a bulk change is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bulk {
    /// An UPDATE of each listing.
    Update,
    /// DELETE of all, and all inserted again.
    Replace,
    /// TRUNCATE, and all inserted again.
    Truncate,
    /// DELETE of all, and all put back by COPY.
    Copy,
}

impl PostgresTrouble<'_> {
    /// One trouble after the other until the round is over; returns what it wrote.
    ///
    /// # Panics
    ///
    /// When the server does not come back.
    #[must_use]
    pub fn any(&self, round: &Round<'_>) -> Vec<Write> {
        let mut dice = round.dice(1);
        let mut writes = Vec::new();
        while !round.is_over() {
            round.rest(Duration::from_millis(500) + dice.up_to_ms(3_000));
            writes.extend(self.one(round, &mut dice));
        }
        writes
    }

    fn one(&self, round: &Round<'_>, dice: &mut Dice) -> Vec<Write> {
        match dice.below(10) {
            0 => self.stop_at_once(dice.up_to_ms(1_500)),
            1 => self.kill(dice.up_to_ms(1_500)),
            2 => self.pause(dice.up_to_ms(2_000)),
            3 => self.lock_listings(dice.up_to_ms(2_000)),
            4 | 5 => self.end_sessions(),
            6 => self.alter_table(),
            7 => return self.bulk(round, dice, Bulk::Update),
            8 => return self.bulk(round, dice, Bulk::Replace),
            _ => return self.bulk(round, dice, Bulk::Truncate),
        }
        Vec::new()
    }

    /// Ends the server at once (SIGQUIT), and starts it again after this time.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn stop_at_once(&self, time: Duration) {
        self.postgres.stop_at_once();
        thread::sleep(time);
        self.postgres.restart();
    }

    /// Kills every process of the server, and starts it again after this time.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn kill(&self, time: Duration) {
        self.postgres.kill();
        thread::sleep(time);
        self.postgres.restart();
    }

    /// Stops every process of the server where it is, for so long.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn pause(&self, time: Duration) {
        self.postgres.pause();
        thread::sleep(time);
        self.postgres.resume();
    }

    /// Locks the table against every reader for so long.
    pub fn lock_listings(&self, time: Duration) {
        if self.hold_lock().is_some() {
            thread::sleep(time);
        }
    }

    /// Locks the table against every reader until what is returned is dropped; `None` where the lock is not to be had in time.
    #[must_use]
    pub fn hold_lock(&self) -> Option<Held> {
        let mut database = self.database("lock");
        let lock = "set lock_timeout = '5s'; begin; lock table properties_property in access exclusive mode";
        database.run(lock).ok().map(|()| Held { _sessions: vec![database] })
    }

    /// Ends the sessions of everybody but the writers.
    pub fn end_sessions(&self) {
        end_sessions(&mut self.database("end"));
    }

    /// Takes every connection that there is for so long, so that no node gets one.
    pub fn take_connections(&self, time: Duration) {
        let _held = self.hold_connections();
        thread::sleep(time);
    }

    /// Takes every connection that there is, so that no node gets one until what is returned is dropped.
    #[must_use]
    pub fn hold_connections(&self) -> Held {
        let mut one = self.database("crowd");
        // The nodes' go first, or they would just go on with them.
        end_sessions(&mut one);
        let mut taken = Vec::new();
        let mut refused = 0;
        while refused < 20 {
            let mut another = self.database("crowd");
            if another.run("select 1").is_ok() {
                taken.push(another);
            } else {
                // A node may have been quicker: its session is ended, and taken.
                refused += 1;
                end_sessions(&mut one);
            }
        }
        taken.push(one);
        Held { _sessions: taken }
    }

    /// Adds a column and drops it again.
    pub fn alter_table(&self) {
        let mut database = self.database("alter");
        for statement in ["add column if not exists passing text", "drop column if exists passing"] {
            // Where a lock is not to be had in time, nothing is altered.
            let statement = format!("set lock_timeout = '5s'; alter table properties_property {statement}");
            let _ = database.run(&statement);
        }
    }

    /// Changes every listing in one transaction; returns what it wrote.
    ///
    /// # Panics
    ///
    /// When the answer to its commit is lost and the database does not come back.
    #[must_use]
    pub fn bulk(&self, round: &Round<'_>, dice: &mut Dice, how: Bulk) -> Vec<Write> {
        let mut database = self.database("bulk");
        let mut lanes = round.population.all();
        let gone: Vec<Change> = lanes.iter().map(|lane| emptied(lane)).collect();
        let filled: Vec<Change> = lanes.iter().map(|lane| filled(lane, how, dice)).collect();
        let statements = statements(&database, lanes.iter().map(|lane| &**lane).zip(&filled), how);
        let sent = round.elapsed();
        let sending = match how {
            Bulk::Copy => database.copy(lanes.iter().map(|lane| &**lane).zip(&filled)),
            _ => database.run(&statements),
        };
        let is_committed = sending.is_ok() || was_committed(&mut database, &lanes, &filled);
        let outcome = if is_committed { Outcome::Committed(round.elapsed()) } else { Outcome::RolledBack };
        for (lane, change) in lanes.iter_mut().zip(&filled) {
            lane.was_written(change, is_committed);
        }
        let write = |changes| Write { changes, sent, outcome };
        // TRUNCATE is not safe for snapshots (PostgreSQL's manual, 13.6): one that was taken before sees an empty table.
        let empty = (how == Bulk::Truncate).then(|| write(gone));
        empty.into_iter().chain([write(filled)]).collect()
    }

    /// Has somebody else write a lane, in one transaction that is committed when `write` returns.
    pub fn by_others(&self, round: &Round<'_>, dice: &mut Dice, write: impl FnOnce(&[Row])) -> Write {
        let mut lane = round.population.lane(dice.below(round.population.lanes()));
        let number = lane.number + 1;
        let next = |state: &Option<State>| match state {
            Some(state) => Some(State { number, ..*state }),
            None => Some(any_state(dice, number)),
        };
        let states: Vec<_> = lane.states.iter().map(next).collect();
        let change = Change { lane: lane.lane, number, states };
        let rows = lane.listings.iter().zip(change.states.iter().flatten());
        let rows: Vec<Row> = rows.map(|(id, state)| Row::of(*id, state)).collect();
        let sent = round.elapsed();
        write(&rows);
        lane.was_written(&change, true);
        Write { changes: vec![change], sent, outcome: Outcome::Committed(round.elapsed()) }
    }

    fn database(&self, who: &str) -> Database {
        Database::new(self.database_url, who)
    }
}

fn end_sessions(database: &mut Database) {
    let end = format!(
        "select pg_terminate_backend(pid)::text from pg_stat_activity \
         where backend_type = 'client backend' and application_name not like '{NAME}%'"
    );
    // Whether it is obeyed shows in what the nodes answer.
    let _ = database.run(&end);
}

fn emptied(lane: &LaneNow) -> Change {
    Change { lane: lane.lane, number: lane.number + 1, states: vec![None; lane.states.len()] }
}

fn filled(lane: &LaneNow, how: Bulk, dice: &mut Dice) -> Change {
    let number = lane.number + 2;
    let state = |state: &Option<State>| match how {
        Bulk::Update => state.map(|state| State { number, ..state }),
        Bulk::Replace | Bulk::Truncate | Bulk::Copy => Some(any_state(dice, number)),
    };
    Change { lane: lane.lane, number, states: lane.states.iter().map(state).collect() }
}

fn statements<'a>(
    database: &Database,
    changes: impl Iterator<Item = (&'a LaneNow, &'a Change)>,
    how: Bulk,
) -> String {
    let first = match how {
        Bulk::Update => None,
        Bulk::Replace | Bulk::Copy => Some("delete from properties_property".to_owned()),
        Bulk::Truncate => Some("truncate properties_property".to_owned()),
    };
    let each = changes.flat_map(|(lane, change)| {
        let before = if how == Bulk::Update { lane.states.clone() } else { vec![None; lane.states.len()] };
        database.statements(&lane.listings, &before, change)
    });
    first.into_iter().chain(each).collect::<Vec<_>>().join("; ")
}

/// What became of a bulk change whose answer was lost.
fn was_committed(database: &mut Database, lanes: &[MutexGuard<'_, LaneNow>], changes: &[Change]) -> bool {
    // An update of a listing that is gone leaves no trace: another must tell.
    let tells = changes.iter().position(|change| change.states[0].is_some());
    let Some(tells) = tells else { return false };
    let found = within(PATIENCE, || find_out(database, &lanes[tells], &changes[tells]).ok().flatten());
    found.expect("a database comes back")
}
