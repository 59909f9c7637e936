//! Everything together: what may happen next, and what must be so whatever happened.

use larder::freshness::{Ledger, Xid};
use stateright::{Model, Property};

use crate::database::{Database, ELSEWHERE, ROW, Since};
use crate::node::{Asker, Entry, Fill, Heard, Node, Polling, Ticket, incarnation};
use crate::safeguard::Safeguard;
use crate::scene::Scene;

/// The protocol in a small world, with or without one of its safeguards.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Protocol {
    pub(crate) scene: Scene,
    pub(crate) without: Option<Safeguard>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) now: u8,
    pub(crate) database: Database,
    pub(crate) nodes: Vec<Node>,
    /// All that was ever written to Redis: it may lose what it likes, and may return anything of it for any key.
    pub(crate) redis: Vec<Entry>,
    done: Done,
}

/// How much of what may happen has happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
struct Done {
    writers: u8,
    writers_elsewhere: u8,
    crashes: u8,
    schema_changes: u8,
    prunes: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Tick,
    Write { row: usize, is_inside: bool },
    Commit(usize),
    RollBack(usize),
    Crash,
    ChangeSchema,
    Prune,
    At(usize, Step),
}

/// What a node does, or what is done for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    SendPoll,
    LookForPoll { is_too_many: bool },
    HearPoll,
    BeginFill,
    Read { inside_writer: Option<usize> },
    ReadStamp,
    Keep,
    Hit,
    Adopt(usize),
    AskForOwnWrite { write: usize },
}

impl Protocol {
    pub(crate) fn has(&self, safeguard: Safeguard) -> bool {
        self.without != Some(safeguard)
    }

    fn actions_of_the_database(&self, world: &World, actions: &mut Vec<Action>) {
        let (scene, done, database) = (&self.scene, &world.done, &world.database);
        let is_free = |row: usize| database.open.iter().all(|open| open.row != row);
        if done.writers < scene.writers && is_free(ROW) {
            actions.push(Action::Write { row: ROW, is_inside: true });
            if scene.query {
                actions.push(Action::Write { row: ROW, is_inside: false });
            }
        }
        if done.writers_elsewhere < scene.writers_elsewhere && is_free(ELSEWHERE) {
            actions.push(Action::Write { row: ELSEWHERE, is_inside: true });
        }
        actions.extend(
            (0..database.open.len()).flat_map(|which| [Action::Commit(which), Action::RollBack(which)]),
        );
        let rare = [
            (done.crashes < scene.crashes, Action::Crash),
            (done.schema_changes < scene.schema_changes && is_free(ROW), Action::ChangeSchema),
            (done.prunes < scene.prunes, Action::Prune),
        ];
        actions.extend(rare.into_iter().filter_map(|(may_be, action)| may_be.then_some(action)));
    }

    fn steps(&self, world: &World, which: usize) -> Vec<Step> {
        let node = &world.nodes[which];
        // The first node loads and the last one finds that in Redis; with one node it does both.
        let (loads, finds) = (which == 0, which + 1 == world.nodes.len());
        let mut steps = Vec::new();
        match &node.poll {
            None if node.heard.len() < usize::from(self.scene.polls_of_a_node) => steps.push(Step::SendPoll),
            None => {}
            Some(Polling { answer: None, .. }) => {
                steps.push(Step::LookForPoll { is_too_many: false });
                if self.scene.too_many {
                    steps.push(Step::LookForPoll { is_too_many: true });
                }
            }
            Some(_) => steps.push(Step::HearPoll),
        }
        match &node.fill {
            None if loads && node.fills < self.scene.fills_of_a_node && !node.heard.is_empty() => {
                steps.push(Step::BeginFill);
            }
            None => {}
            Some(Fill { value: None, .. }) => {
                steps.push(Step::Read { inside_writer: None });
                if !self.has(Safeguard::NoFillInsideAWriter) {
                    let writers = 0..world.database.open.len();
                    steps.extend(writers.map(|writer| Step::Read { inside_writer: Some(writer) }));
                }
            }
            Some(Fill { snapshot: None, .. }) => steps.push(Step::ReadStamp),
            Some(_) => steps.push(Step::Keep),
        }
        if node.kept.is_some() {
            steps.push(Step::Hit);
        }
        steps.extend((0..world.redis.len()).filter(|_| finds).map(Step::Adopt));
        if self.scene.own_writes && node.asker.is_none() {
            steps.extend((1..world.database.history.len()).map(|write| Step::AskForOwnWrite { write }));
        }
        steps
    }

    fn step(&self, world: &mut World, which: usize, step: Step) {
        let World { now, database, nodes, redis, .. } = world;
        let node = &mut nodes[which];
        match step {
            Step::SendPoll => {
                let is_sent_after_the_asker = node.asker.is_some();
                let seen = node.cursor();
                node.poll = Some(Polling { asked_at: *now, seen, answer: None, is_sent_after_the_asker });
            }
            Step::LookForPoll { is_too_many } => self.look(database, node, is_too_many),
            Step::HearPoll => self.hear(node, *now),
            Step::BeginFill => {
                node.fills += 1;
                let ticket = node.ticket(self);
                node.fill = ticket.map(|ticket| Fill { ticket, value: None, snapshot: None });
            }
            Step::Read { inside_writer } => self.read(database, node, inside_writer),
            Step::ReadStamp => {
                if let Some(fill) = &mut node.fill {
                    fill.snapshot = Some(database.snapshot(None));
                }
            }
            Step::Keep => self.keep(node, redis),
            Step::Hit => self.hit(node),
            Step::Adopt(entry) => self.adopt(node, &redis[entry]),
            Step::AskForOwnWrite { write } => {
                let committed = &database.history[write];
                let (xid, life) = (committed.xid, committed.life);
                node.asker = Some(Asker { arrived_at: *now, xid, life, write, has_waited: false });
            }
        }
    }

    fn look(&self, database: &Database, node: &mut Node, is_too_many: bool) {
        let since = match self.without {
            Some(Safeguard::CursorIsASnapshot) => Since::Serial,
            Some(Safeguard::CursorNamesWhatWasOpen) => Since::XmaxAlone,
            _ => Since::Snapshot,
        };
        if let Some(poll) = &mut node.poll {
            let begins_before = self.scene.history && self.has(Safeguard::BeginnerReadsAllChanges);
            let beginning = begins_before.then(|| database.beginning());
            let mut answer = database.look(poll.seen.as_ref().or(beginning.as_ref()), since);
            answer.changes = answer.changes.filter(|_| !is_too_many);
            poll.answer = Some(answer);
        }
    }

    fn hear(&self, node: &mut Node, now: u8) {
        let Some(Polling { asked_at, answer: Some(answer), is_sent_after_the_asker, .. }) = node.poll.take()
        else {
            return;
        };
        let asked_at = if self.has(Safeguard::AskedAtIsReadBeforeSending) { asked_at } else { now };
        node.heard.push(Heard { asked_at, answer });
        if let Some(asker) = &mut node.asker {
            asker.has_waited |= is_sent_after_the_asker || !self.has(Safeguard::TokenWaitsForAPollSentLater);
        }
    }

    fn read(&self, database: &Database, node: &mut Node, inside_writer: Option<usize>) {
        let Some(fill) = &mut node.fill else { return };
        let own = inside_writer.map(|writer| &database.open[writer]);
        let mut rows = database.rows();
        if let Some(own) = own {
            rows[own.row] = own.new;
        }
        fill.value = Some(self.value(rows));
        if self.has(Safeguard::StampIsOfTheDatasSnapshot) {
            fill.snapshot = Some(database.snapshot(own.map(|own| own.xid)));
        }
    }

    fn keep(&self, node: &mut Node, redis: &mut Vec<Entry>) {
        let (Some(fill), Some(now)) = (node.fill.take(), node.ticket(self)) else { return };
        let ticket = if self.has(Safeguard::TicketIsTakenBeforeTheLoad) { fill.ticket } else { now };
        let Some(entry) = fill.entry(ticket) else { return };
        let names_its_life = self.has(Safeguard::GivenEntryNamesTheLifeOfItsLoad);
        let given = Entry { ticket: if names_its_life { ticket } else { now }, ..entry.clone() };
        if self.scene.redis && !redis.contains(&given) {
            redis.push(given);
        }
        node.kept = (ticket == now).then_some(entry);
    }

    fn hit(&self, node: &mut Node) {
        let (Some(entry), Some(ledger)) = (node.kept.take(), node.ledger(self)) else { return };
        let checked = self.judge(&ledger, &entry);
        node.kept = checked.map(|checked| Entry { checked, ..entry });
    }

    fn adopt(&self, node: &mut Node, entry: &Entry) {
        let Some(ledger) = node.ledger(self) else { return };
        let entry = node.adopt(&ledger, entry, self);
        let checked = entry.and_then(|entry| Some((self.judge_foreign(&ledger, &entry)?, entry)));
        if let Some((checked, entry)) = checked {
            node.kept = Some(Entry { checked, ..entry });
        }
    }

    /// Whether every answer shows all that was committed more than the lease before its request arrived, and nothing that
    /// never was committed.
    fn is_fresh(&self, world: &World) -> bool {
        world.nodes.iter().all(|node| {
            let Some(ledger) = node.ledger(self) else { return true };
            let answers = node.answers(&ledger, &world.redis, self);
            let arrivals = (0..=world.now).filter(|&arrived| self.may_rely_on(&ledger, arrived));
            let Some(latest) = arrivals.max() else { return true };
            let least = world.last_committed_before(latest.saturating_sub(self.scene.lease));
            answers.into_iter().all(|value| self.stood_since(world, least, value))
        })
    }

    /// Whether everybody sees what he has written himself.
    fn shows_own_writes(&self, world: &World) -> bool {
        world.nodes.iter().all(|node| {
            let (Some(asker), Some(ledger)) = (&node.asker, node.ledger(self)) else { return true };
            let is_served = self.may_rely_on(&ledger, asker.arrived_at) && self.is_satisfied(&ledger, asker);
            let mut answers = node.answers(&ledger, &world.redis, self).into_iter();
            !is_served || answers.all(|value| self.stood_since(world, asker.write, value))
        })
    }

    fn is_satisfied(&self, ledger: &Ledger, asker: &Asker) -> bool {
        let is_of_this_life = ledger.incarnation() == incarnation(asker.life);
        let sees = ledger.snapshot().sees(Xid(asker.xid));
        asker.has_waited
            || match self.without {
                Some(Safeguard::TokenIsWaitedFor) => true,
                Some(Safeguard::TokenNamesItsLife) => sees,
                Some(Safeguard::TokenOfAnotherLifeIsWaitedFor) => sees || !is_of_this_life,
                _ => sees && is_of_this_life,
            }
    }

    /// Whether this was the answer at some moment from that commit on.
    fn stood_since(&self, world: &World, commit: usize, value: crate::node::Value) -> bool {
        world.database.history[commit..].iter().any(|committed| self.value(committed.rows) == value)
    }
}

impl World {
    /// The last commit that was before this tick; the beginning was before all.
    fn last_committed_before(&self, tick: u8) -> usize {
        self.database.history.iter().rposition(|committed| committed.at < tick).unwrap_or(0)
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let database = Database::new();
        let of_another_key = Entry {
            is_of_our_key: false,
            ticket: Ticket { life: 0, generation: 0 },
            snapshot: database.snapshot(None),
            value: Some(database.rows()[ELSEWHERE]),
            checked: 0,
        };
        let redis = if self.scene.redis { vec![of_another_key] } else { Vec::new() };
        let nodes = vec![Node::default(); self.scene.nodes];
        vec![World { now: 0, database, nodes, redis, done: Done::default() }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.now < self.scene.last_tick {
            actions.push(Action::Tick);
        }
        self.actions_of_the_database(world, actions);
        for which in 0..world.nodes.len() {
            actions.extend(self.steps(world, which).into_iter().map(|step| Action::At(which, step)));
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        let World { now, database, done, .. } = &mut world;
        match action {
            Action::Tick => *now += 1,
            Action::Write { row, is_inside } => {
                let count = if row == ROW { &mut done.writers } else { &mut done.writers_elsewhere };
                *count += 1;
                database.write(row, is_inside);
            }
            Action::Commit(which) => database.commit(which, *now),
            Action::RollBack(which) => database.roll_back(which),
            Action::Crash => {
                done.crashes += 1;
                database.crash(self.has(Safeguard::CrashEndsTheLife));
            }
            Action::ChangeSchema => {
                done.schema_changes += 1;
                database.change_schema(*now, self.has(Safeguard::SchemaChangeEndsTheLife));
            }
            Action::Prune => {
                done.prunes += 1;
                database.prune();
            }
            Action::At(which, step) => self.step(&mut world, which, step),
        }
        (world != *last).then_some(world)
    }

    fn properties(&self) -> Vec<Property<Protocol>> {
        vec![
            Property::always("every answer is fresh", Protocol::is_fresh),
            Property::always("everybody sees his own writes", Protocol::shows_own_writes),
        ]
    }
}
