//! One server of the site: its ledger, what it has kept, and what it has under way.
//!
//! The ledger is larder's own. It is made again from all that the node has heard whenever it is asked, so that it need not be
//! a part of the model's state.

use std::sync::Arc;

use larder::clock::Moment;
use larder::freshness::{
    Change, Columns, Condition, Dependency, Happened, Ledger, LedgerLimits, Part, Poll, PolledChanges, Query,
    RowValues, Snapshot, Verdict, Xid,
};
use larder::incarnation::Incarnation;

use crate::database::{Answer, Cursor, ROW, Written, from_floor};
use crate::safeguard::Safeguard;
use crate::world::Protocol;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct Node {
    pub(crate) heard: Vec<Heard>,
    pub(crate) poll: Option<Polling>,
    pub(crate) fill: Option<Fill>,
    pub(crate) fills: u8,
    pub(crate) kept: Option<Entry>,
    pub(crate) asker: Option<Asker>,
}

/// A poll that came in.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Heard {
    pub(crate) asked_at: u8,
    pub(crate) answer: Answer,
}

/// A poll under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Polling {
    pub(crate) asked_at: u8,
    pub(crate) seen: Option<Cursor>,
    pub(crate) answer: Option<Answer>,
    pub(crate) is_sent_after_the_asker: bool,
}

/// A load under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Fill {
    pub(crate) ticket: Ticket,
    pub(crate) value: Option<Value>,
    pub(crate) snapshot: Option<Snapshot>,
}

/// The answer to what is asked for: a row's value, or nothing where the query has none.
pub(crate) type Value = Option<u8>;

/// Which of a ledger's knowledge something belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticket {
    pub(crate) life: u8,
    pub(crate) generation: u64,
}

/// Something kept, in memory or in Redis.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) is_of_our_key: bool,
    pub(crate) ticket: Ticket,
    pub(crate) snapshot: Snapshot,
    pub(crate) value: Value,
    /// How far in the ledger it was found true.
    pub(crate) checked: u64,
}

/// Somebody who asks for what he has just written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Asker {
    pub(crate) arrived_at: u8,
    /// The token's number and life.
    pub(crate) xid: u64,
    pub(crate) life: u8,
    /// Where in the history his write is.
    pub(crate) write: usize,
    pub(crate) has_waited: bool,
}

impl Node {
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        self.heard.last().map(|heard| heard.answer.cursor.clone())
    }

    /// Which ledger this is: its life, and how often it has given up everything.
    pub(crate) fn ticket(&self, protocol: &Protocol) -> Option<Ticket> {
        let life = self.heard.last()?.answer.life;
        Some(Ticket { life, generation: self.ledger(protocol)?.generation() })
    }

    pub(crate) fn ledger(&self, protocol: &Protocol) -> Option<Ledger> {
        let mut heard = self.heard.iter();
        let (first, asked_at) = protocol.poll(heard.next()?);
        let mut ledger = if protocol.scene.history {
            let mut ledger = Ledger::since(from_floor(first.floor.0), first.incarnation, asked_at);
            // It sees no more than the poll that follows.
            let _ = ledger.take(first, asked_at);
            ledger
        } else {
            Ledger::new(first, asked_at, LedgerLimits::default())
        };
        for heard in heard {
            let (poll, asked_at) = protocol.poll(heard);
            // A poll that is refused leaves the ledger as it was.
            let _ = ledger.take(poll, asked_at);
        }
        Some(ledger)
    }

    /// Everything that this node may answer, with what it has and what Redis may return.
    pub(crate) fn answers(&self, ledger: &Ledger, redis: &[Entry], protocol: &Protocol) -> Vec<Value> {
        let kept = self.kept.iter().filter(|entry| protocol.judge(ledger, entry).is_some());
        let found = redis.iter().filter_map(|entry| {
            let entry = self.adopt(ledger, entry, protocol)?;
            protocol.judge_foreign(ledger, &entry).is_some().then_some(entry.value)
        });
        kept.map(|entry| entry.value).chain(found).chain(self.joined(ledger, protocol)).collect()
    }

    /// What is found in Redis, as an entry of this node's memory.
    pub(crate) fn adopt(&self, ledger: &Ledger, entry: &Entry, protocol: &Protocol) -> Option<Entry> {
        let life = self.heard.last()?.answer.life;
        let is_ours = (entry.is_of_our_key || !protocol.has(Safeguard::EntryNamesItsKey))
            && (entry.ticket.life == life || !protocol.has(Safeguard::EntryNamesItsLife));
        let ticket = Ticket { life, generation: ledger.generation() };
        is_ours.then(|| Entry { ticket, checked: 0, ..entry.clone() })
    }

    /// What somebody gets who joins the load that is under way just as it comes in.
    fn joined(&self, ledger: &Ledger, protocol: &Protocol) -> Option<Value> {
        let fill = self.fill.as_ref()?;
        let entry = fill.entry(fill.ticket)?;
        let is_true =
            !protocol.has(Safeguard::JoinerTestsTheFill) || protocol.judge(ledger, &entry).is_some();
        is_true.then_some(entry.value)
    }
}

impl Fill {
    /// What comes of it, once it has read.
    pub(crate) fn entry(&self, ticket: Ticket) -> Option<Entry> {
        let (snapshot, value) = (self.snapshot.clone()?, self.value?);
        Some(Entry { is_of_our_key: true, ticket, snapshot, value, checked: 0 })
    }
}

impl Protocol {
    /// Whether the ledger may be relied on for a request that arrived then.
    pub(crate) fn may_rely_on(&self, ledger: &Ledger, arrived_at: u8) -> bool {
        let age = moment(arrived_at).since(ledger.asked_at());
        !self.has(Safeguard::LeaseIsChecked) || age.as_nanos() <= u128::from(self.scene.lease)
    }

    /// How far in the ledger the entry is true; `None` where it must not be served.
    pub(crate) fn judge(&self, ledger: &Ledger, entry: &Entry) -> Option<u64> {
        if !self.has(Safeguard::EntryIsCompared) {
            return Some(0);
        }
        let verdict = ledger.verdict(&[self.part(entry)], entry.ticket.generation, entry.checked);
        self.position(verdict)
    }

    /// The same for what was found in Redis.
    pub(crate) fn judge_foreign(&self, ledger: &Ledger, entry: &Entry) -> Option<u64> {
        if !self.has(Safeguard::ForeignEntryIsComparedWithAll) {
            return self.judge(ledger, &Entry { checked: ledger.head(), ..entry.clone() });
        }
        if !self.has(Safeguard::EntryIsCompared) {
            return Some(0);
        }
        self.position(ledger.verdict_of_foreign(&[self.part(entry)], incarnation(entry.ticket.life)))
    }

    fn part(&self, entry: &Entry) -> Arc<Part> {
        Arc::new(Part { snapshot: entry.snapshot.clone(), dependencies: vec![self.dependency()] })
    }

    fn position(&self, verdict: Verdict) -> Option<u64> {
        match verdict {
            Verdict::True(position) => Some(position),
            Verdict::Forgotten if !self.has(Safeguard::KnowledgeHasABeginning) => Some(0),
            Verdict::Forgotten | Verdict::Changed | Verdict::TooMuch => None,
        }
    }

    fn dependency(&self) -> Dependency {
        if self.scene.query {
            let conditions = vec![Condition::Equals("inside".into(), true.into())];
            Dependency::Query(Query {
                table: "homes".into(),
                conditions,
                window: None,
                columns: Columns::All,
            })
        } else {
            Dependency::Row { table: "homes".into(), id: id(ROW) }
        }
    }

    /// What a poll brought, in larder's words.
    fn poll(&self, heard: &Heard) -> (Poll, Moment) {
        let answer = &heard.answer;
        let changes = match &answer.changes {
            Some(changes) => PolledChanges::All(changes.iter().map(|change| self.change(change)).collect()),
            None if self.has(Safeguard::TooManyIsSaid) => PolledChanges::TooMany,
            None => PolledChanges::All(Vec::new()),
        };
        let poll = Poll {
            incarnation: incarnation(answer.life),
            snapshot: answer.cursor.snapshot.clone(),
            floor: Xid(answer.floor),
            changes,
        };
        (poll, moment(heard.asked_at))
    }

    fn change(&self, written: &Written) -> Change {
        let values = |value: u8| RowValues::new([("inside", is_inside(value).into())]);
        let old = self.has(Safeguard::ChangeCarriesOldAndNew).then(|| values(written.old));
        let happened = Happened::Row { id: id(written.row), old, new: Some(values(written.new)) };
        Change { xid: Xid(written.xid), table: "homes".into(), happened }
    }

    /// The answer to what is asked for, where the rows are these.
    pub(crate) fn value(&self, rows: [u8; 2]) -> Value {
        let value = rows[ROW];
        (!self.scene.query || is_inside(value)).then_some(value)
    }
}

/// Whether a row with this value is in the query.
fn is_inside(value: u8) -> bool {
    value.is_multiple_of(2)
}

fn id(row: usize) -> larder::freshness::Value {
    i64::try_from(row).expect("there are two rows").into()
}

/// The life as larder knows it; no digest, which would take most of the model's time.
pub(crate) fn incarnation(life: u8) -> Incarnation {
    life.to_string().parse().expect("it is a number")
}

fn moment(tick: u8) -> Moment {
    Moment::of_nanoseconds(u64::from(tick))
}
