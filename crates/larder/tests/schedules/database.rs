//! A database of one table in memory, with transactions, snapshots and crashes as PostgreSQL has them.

use std::sync::Arc;

use larder::clock::Moment;
use larder::freshness::{
    Change, Columns, Condition, Dependency, Happened, Poll, PolledChanges, Query, RowValues, Snapshot, Value,
    Xid,
};
use larder::incarnation::Incarnation;
use serde::{Deserialize, Serialize};

pub(crate) const HOMES: usize = 4;
/// More than this, a poll does not carry.
const MOST_CHANGES: usize = 6;

/// A row. No two writes give the same price, so a price tells which write is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Home {
    pub(crate) place: i64,
    pub(crate) price: i64,
}

pub(crate) type Homes = [Option<Home>; HOMES];

/// What a statement asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Question {
    Home(usize),
    AtPlace(i64),
    All,
}

impl Question {
    /// The answer where the table is `homes`.
    pub(crate) fn of(self, homes: &Homes) -> Homes {
        let mut answer = [None; HOMES];
        for (id, home) in homes.iter().enumerate() {
            let is_meant = match self {
                Question::Home(wanted) => id == wanted,
                Question::AtPlace(place) => home.is_some_and(|home| home.place == place),
                Question::All => true,
            };
            answer[id] = home.filter(|_| is_meant);
        }
        answer
    }

    pub(crate) fn dependency(self, table: &Arc<str>) -> Dependency {
        let table = Arc::clone(table);
        match self {
            Question::Home(id) => Dependency::Row { table, id: value(id) },
            Question::AtPlace(place) => {
                let conditions = vec![Condition::Equals("place".into(), place.into())];
                Dependency::Query(Query { table, conditions, window: None, columns: Columns::All })
            }
            Question::All => Dependency::Table(table),
        }
    }
}

/// What a transaction does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Write {
    Put(usize, i64),
    Delete(usize),
    Truncate,
}

/// What a transaction has made of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Nothing,
    Now(Option<Home>),
}

impl Written {
    fn over(self, home: Option<Home>) -> Option<Home> {
        match self {
            Written::Nothing => home,
            Written::Now(home) => home,
        }
    }
}

#[derive(Debug)]
struct Transaction {
    xid: Xid,
    homes: [Written; HOMES],
    changes: Vec<Change>,
}

impl Transaction {
    fn has_locked(&self, write: Write) -> bool {
        match write {
            Write::Put(id, _) | Write::Delete(id) => self.homes[id] != Written::Nothing,
            Write::Truncate => self.homes.iter().any(|&home| home != Written::Nothing),
        }
    }
}

/// What the table held after a commit, and when that was.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Committed {
    pub(crate) at: Moment,
    pub(crate) homes: Homes,
}

#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) table: Arc<str>,
    /// How often it has crashed.
    pub(crate) crashes: u64,
    pub(crate) incarnation: Incarnation,
    /// Whether changes are reported.
    pub(crate) is_watched: bool,
    pub(crate) history: Vec<Committed>,
    open: Vec<Transaction>,
    next: u64,
    latest_ended: u64,
    floor: Xid,
    changes: Vec<Change>,
    prices: i64,
}

impl Database {
    pub(crate) fn new() -> Database {
        let home = |price| Some(Home { place: price % 2, price });
        let homes = [home(1), home(2), home(3), None];
        Database {
            table: "homes".into(),
            crashes: 0,
            incarnation: "0".parse().unwrap(),
            is_watched: true,
            history: vec![Committed { at: Moment::default(), homes }],
            open: Vec::new(),
            next: 20,
            latest_ended: 19,
            floor: Xid(3),
            changes: Vec::new(),
            prices: 10,
        }
    }

    pub(crate) fn homes(&self) -> &Homes {
        &self.history.last().unwrap().homes
    }

    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    pub(crate) fn begin(&mut self) -> usize {
        let xid = Xid(self.next);
        self.next += 1;
        self.open.push(Transaction { xid, homes: [Written::Nothing; HOMES], changes: Vec::new() });
        self.open.len() - 1
    }

    /// Does nothing where another transaction holds the lock.
    pub(crate) fn write(&mut self, transaction: usize, write: Write) {
        let is_locked = self
            .open
            .iter()
            .enumerate()
            .any(|(place, other)| place != transaction && other.has_locked(write));
        if is_locked {
            return;
        }
        match write {
            Write::Put(id, place) => {
                self.prices += 1;
                self.put(transaction, id, Some(Home { place, price: self.prices }));
            }
            Write::Delete(id) => self.put(transaction, id, None),
            Write::Truncate => {
                self.open[transaction].homes = [Written::Now(None); HOMES];
                self.report(transaction, Happened::Table);
            }
        }
    }

    fn put(&mut self, transaction: usize, id: usize, new: Option<Home>) {
        let old = self.open[transaction].homes[id].over(self.homes()[id]);
        if old.is_none() && new.is_none() {
            return;
        }
        self.open[transaction].homes[id] = Written::Now(new);
        let happened = Happened::Row { id: value(id), old: old.map(row), new: new.map(row) };
        self.report(transaction, happened);
    }

    fn report(&mut self, transaction: usize, happened: Happened) {
        if self.is_watched {
            let transaction = &mut self.open[transaction];
            let table = Arc::clone(&self.table);
            transaction.changes.push(Change { xid: transaction.xid, table, happened });
        }
    }

    pub(crate) fn commit(&mut self, transaction: usize, at: Moment) -> Xid {
        let Transaction { xid, homes, changes } = self.end(transaction);
        let mut committed = *self.homes();
        for (home, written) in committed.iter_mut().zip(homes) {
            *home = written.over(*home);
        }
        self.history.push(Committed { at, homes: committed });
        self.changes.extend(changes);
        xid
    }

    pub(crate) fn roll_back(&mut self, transaction: usize) {
        self.end(transaction);
    }

    fn end(&mut self, transaction: usize) -> Transaction {
        let ended = self.open.remove(transaction);
        self.latest_ended = self.latest_ended.max(ended.xid.0);
        ended
    }

    /// What a statement that begins now sees. As in PostgreSQL, nothing from the last ended transaction on is listed.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let xmax = Xid(self.latest_ended + 1);
        let open = self.open.iter().map(|transaction| transaction.xid).filter(|&xid| xid < xmax);
        let xip: Vec<Xid> = open.collect();
        let xmin = xip.iter().copied().min().unwrap_or(xmax);
        Snapshot::new(xmin, xmax, xip).unwrap()
    }

    pub(crate) fn poll(&self, seen: Option<&Snapshot>) -> Poll {
        let snapshot = self.snapshot();
        let is_new = |change: &&Change| seen.is_some_and(|seen| !seen.sees(change.xid));
        let changes: Vec<Change> = self.changes.iter().filter(is_new).cloned().collect();
        let changes =
            if changes.len() > MOST_CHANGES { PolledChanges::TooMany } else { PolledChanges::All(changes) };
        Poll { incarnation: self.incarnation, snapshot, floor: self.floor, changes }
    }

    /// Forgets changes that every new statement sees.
    pub(crate) fn prune(&mut self, back: u64) {
        let floor = Xid(self.snapshot().xmin().0.saturating_sub(back)).max(self.floor);
        self.changes.retain(|change| change.xid >= floor);
        self.floor = floor;
    }

    /// Loses what is open and all changes; numbers of transactions are given out again.
    pub(crate) fn crash(&mut self, given_again: u64) {
        self.crashes += 1;
        self.incarnation = Incarnation::of([self.crashes.to_string()]);
        self.open.clear();
        self.changes.clear();
        self.next = (self.next - given_again).max(5);
        self.latest_ended = self.next - 1;
        self.floor = Xid(self.next);
    }
}

fn row(home: Home) -> RowValues {
    RowValues::new([("place", Value::from(home.place)), ("price", Value::from(home.price))])
}

fn value(id: usize) -> Value {
    Value::from(i64::try_from(id).unwrap())
}
