//! PostgreSQL, as far as the protocol rests on it: transactions with numbers, snapshots, and a table of changes.

use larder::freshness::{Snapshot, Xid};

/// The row that is asked for.
pub(crate) const ROW: usize = 0;
/// Another one of the same table.
pub(crate) const ELSEWHERE: usize = 1;

/// The number that the first transaction gets.
const FIRST: u64 = 3;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Database {
    /// Stands for all that makes the incarnation.
    pub(crate) life: u8,
    next: u64,
    /// Transactions that have written and not ended. Each has written one row, which no other can write meanwhile.
    pub(crate) open: Vec<Written>,
    /// The table of changes: what committed transactions wrote into it, and was not pruned.
    changes: Vec<Written>,
    floor: u64,
    /// What the rows were after each commit, in the order of the commits.
    pub(crate) history: Vec<Committed>,
    /// Values written so far: each is another one, and so are the serial numbers of changes.
    written: u8,
}

/// What one transaction wrote.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Written {
    pub(crate) xid: u64,
    pub(crate) serial: u8,
    pub(crate) row: usize,
    pub(crate) old: u8,
    pub(crate) new: u8,
}

/// What stood in the database from one commit to the next.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Committed {
    pub(crate) at: u8,
    pub(crate) rows: [u8; 2],
    pub(crate) life: u8,
    pub(crate) xid: u64,
}

/// How far a poll has seen: by its snapshot, and by what would not do.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Cursor {
    pub(crate) snapshot: Snapshot,
    pub(crate) serial: u8,
}

/// Which changes a poll asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Since {
    Snapshot,
    XmaxAlone,
    Serial,
}

/// What a poll brings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Answer {
    pub(crate) life: u8,
    pub(crate) cursor: Cursor,
    pub(crate) floor: u64,
    /// `None` where there are more than a poll carries.
    pub(crate) changes: Option<Vec<Written>>,
}

/// What sees everything below the floor, and nothing else.
pub(crate) fn from_floor(floor: u64) -> Snapshot {
    Snapshot::new(Xid(floor), Xid(floor), Vec::new()).expect("nothing is open below the floor")
}

impl Database {
    pub(crate) fn new() -> Database {
        let rows = Committed { at: 0, rows: [0, 2], life: 0, xid: 0 };
        Database {
            life: 0,
            next: FIRST,
            open: Vec::new(),
            changes: Vec::new(),
            floor: 0,
            history: vec![rows],
            written: 1,
        }
    }

    pub(crate) fn rows(&self) -> [u8; 2] {
        self.history.last().map_or([0, 0], |committed| committed.rows)
    }

    /// `pg_current_snapshot()`, as it is for everybody but the transaction `own`, which it never names.
    pub(crate) fn snapshot(&self, own: Option<u64>) -> Snapshot {
        let xip: Vec<Xid> =
            self.open.iter().map(|open| open.xid).filter(|xid| own != Some(*xid)).map(Xid).collect();
        let xmin = xip.iter().min().copied().unwrap_or(Xid(self.next));
        Snapshot::new(xmin, Xid(self.next), xip).expect("what is open has begun")
    }

    /// A transaction begins and writes a row; whoever else wants to write it waits for its end.
    pub(crate) fn write(&mut self, row: usize, is_inside: bool) {
        self.written += 1;
        let new = self.written * 2 + u8::from(!is_inside);
        self.open.push(Written { xid: self.next, serial: self.written, row, old: self.rows()[row], new });
        self.next += 1;
    }

    pub(crate) fn commit(&mut self, which: usize, at: u8) {
        let written = self.open.remove(which);
        let mut rows = self.rows();
        rows[written.row] = written.new;
        self.history.push(Committed { at, rows, life: self.life, xid: written.xid });
        self.changes.push(written);
    }

    pub(crate) fn roll_back(&mut self, which: usize) {
        self.open.remove(which);
    }

    /// The server dies and comes up again. What was committed is there; what was not, never was, and its number is given
    /// out again. Unlogged tables are empty.
    pub(crate) fn crash(&mut self, ends_the_life: bool) {
        self.open.clear();
        self.next = self.history.last().map_or(FIRST, |committed| (committed.xid + 1).max(FIRST));
        if ends_the_life {
            self.life += 1;
            self.changes.clear();
            self.floor = 0;
        }
    }

    /// Rows are altered and no trigger fires.
    pub(crate) fn change_schema(&mut self, at: u8, ends_the_life: bool) {
        self.write(ROW, true);
        self.commit(self.open.len() - 1, at);
        self.changes.pop();
        self.life += u8::from(ends_the_life);
    }

    /// Changes below `floor` are deleted.
    pub(crate) fn prune(&mut self) {
        self.floor = self.next;
        self.changes.retain(|change| change.xid >= self.floor);
    }

    /// Where a node begins that reads all changes which are remembered.
    pub(crate) fn beginning(&self) -> Cursor {
        Cursor { snapshot: from_floor(self.floor), serial: 0 }
    }

    /// A poll: all in one snapshot.
    pub(crate) fn look(&self, seen: Option<&Cursor>, since: Since) -> Answer {
        let is_new = |change: &Written, seen: &Cursor| match since {
            Since::Snapshot => !seen.snapshot.sees(Xid(change.xid)),
            Since::XmaxAlone => Xid(change.xid) >= seen.snapshot.xmax(),
            Since::Serial => change.serial > seen.serial,
        };
        let changes = self
            .changes
            .iter()
            .filter(|change| seen.is_some_and(|seen| is_new(change, seen)))
            .cloned()
            .collect();
        let serial = self.changes.iter().map(|change| change.serial).max().unwrap_or(0);
        let cursor = Cursor { snapshot: self.snapshot(None), serial };
        Answer { life: self.life, cursor, floor: self.floor, changes: Some(changes) }
    }
}
