//! A database, the nodes that serve it, and the listings that are written and read: all that a round needs.

use std::time::Duration;

use super::database::Database;
use super::dice::Dice;
use super::nodes::{Door, Node, any_trouble};
use super::page::Question;
use super::population::Population;
use super::postgres_trouble::PostgresTrouble;
use super::reader::Reader;
use super::record::{Change, Outcome, Write};
use super::report::Report;
use super::state::State;
use super::stopwatch::Stopwatch;
use super::traffic::{Traffic, Trouble};
use crate::patience::within;
use crate::postgres::Postgres;
use crate::program::Program;

/// About a dozen listings are due on a page of one place, fewer than it holds.
const LANES: usize = 12;

const READERS: usize = 4;
const WRITERS: usize = 3;

/// Makes a write token of the id of a transaction that was committed.
pub type TokenOf = Box<dyn Fn(u64) -> Option<String> + Sync>;

/// Nodes over one database, with listings in it.
pub struct Scene {
    /// The database that the nodes serve.
    pub database_url: String,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The listings.
    pub population: Population,
    /// What nothing may be older than.
    pub bound: Duration,
    /// Makes a write token of a transaction's id; `None` where there are no tokens.
    pub token_of: TokenOf,
}

impl Scene {
    /// Starts so many nodes, each the program with `DATABASE_URL` and `CACHE_LEASE_MS` in its environment, and adds the
    /// listings. The first node brings the empty database to its version.
    ///
    /// # Panics
    ///
    /// When a node does not serve.
    #[must_use]
    pub fn start(program: &Program, database_url: &str, nodes: usize, bound: Duration, seed: u64) -> Self {
        let program = program.clone().environment("DATABASE_URL", database_url);
        let program = program.environment("CACHE_LEASE_MS", bound.as_millis().to_string());
        let scene = Self {
            database_url: database_url.to_owned(),
            nodes: (0..nodes).map(|_| Node::start(program.clone())).collect(),
            population: Population::new(LANES, seed),
            bound,
            token_of: Box::new(|_| None),
        };
        scene.traffic(&[]).populate();
        scene
    }

    /// Reads and writes for so long at these doors, which lead to the nodes by some way.
    #[must_use]
    pub fn traffic<'a>(&'a self, doors: &'a [&'a Door]) -> Traffic<'a> {
        Traffic {
            database_url: &self.database_url,
            doors,
            population: &self.population,
            readers: READERS,
            writers: WRITERS,
            bound: self.bound,
            token_of: &*self.token_of,
        }
    }

    /// Reads and writes for so long, with these troubles, and judges.
    #[must_use]
    pub fn round(&self, length: Duration, seed: u64, troubles: &[Trouble<'_>]) -> Report {
        self.traffic(&self.doors()).round(length, seed, troubles)
    }

    /// Reads and writes for so long while nodes are killed and paused and everything goes wrong with their PostgreSQL, at
    /// random; and judges.
    #[must_use]
    pub fn torment(&self, postgres: &Postgres, length: Duration, seed: u64) -> Report {
        let postgres = PostgresTrouble { postgres, database_url: &self.database_url };
        let of_postgres: Trouble<'_> = &|round| postgres.any(round);
        let of_nodes: Trouble<'_> = &|round| {
            any_trouble(&self.nodes, round);
            Vec::new()
        };
        self.round(length, seed, &[of_postgres, of_nodes])
    }

    /// The nodes' own doors.
    #[must_use]
    pub fn doors(&self) -> Vec<&Door> {
        self.nodes.iter().map(Node::door).collect()
    }

    /// How long it takes until every node gives every kind of page, and none that says that it is old; `None` when it takes
    /// longer than the limit.
    #[must_use]
    pub fn is_back_within(&self, limit: Duration) -> Option<Duration> {
        let stopwatch = Stopwatch::start();
        let listing = self.population.listings()[0];
        let mut reader = Reader::new(stopwatch);
        let mut open: Vec<(&Door, Question)> = Vec::new();
        for door in self.doors() {
            open.extend(Question::each_kind(listing).map(|question| (door, question)));
        }
        within(limit, || {
            // What was right once is not asked again: it is the judge's affair whether it stays right.
            open.retain(|(door, question)| !reader.ask(0, door, question, None).is_fresh());
            open.is_empty().then(|| stopwatch.elapsed())
        })
    }

    /// Writes a lane once, with times from this stopwatch: every listing of it is there and active afterwards.
    ///
    /// # Panics
    ///
    /// When the database refuses.
    #[must_use]
    pub fn rewrite(&self, lane: usize, stopwatch: Stopwatch) -> Write {
        let mut now = self.population.lane(lane);
        let mut dice = Dice::new(0, now.number);
        let number = now.number + 1;
        let state = |state: &Option<State>| {
            let state = state.unwrap_or_else(|| super::population::any_state(&mut dice, number));
            Some(State { number, is_active: true, ..state })
        };
        let change = Change { lane, number, states: now.states.iter().map(state).collect() };
        let mut database = Database::new(&self.database_url, "rewrite");
        let statements = database.statements(&now.listings, &now.states, &change);
        let sent = stopwatch.elapsed();
        database.run(&format!("begin; {}; commit", statements.join("; "))).expect("a database takes a write");
        now.was_written(&change, true);
        Write { changes: vec![change], sent, outcome: Outcome::Committed(stopwatch.elapsed()) }
    }
}
