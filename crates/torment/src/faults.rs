//! What can go wrong, by subject: each fault has a name, a cause, a cure, and what it excuses meanwhile.

mod network;
mod node;
mod postgres;
mod redis;
mod writers;

use std::time::Duration;

use testkit::history::{Dice, Round, Write};

use crate::fleet::Fleet;

/// Something that goes wrong.
pub trait Fault: Sync {
    /// What it is called in the table and on the command line.
    fn name(&self) -> &'static str;

    /// Brings it about.
    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a>;

    /// What a reader may be answered from its cause until all is well again. Wrong answers are never excused, and old ones only
    /// where they say so.
    fn allows(&self) -> Allows {
        Allows::Nothing
    }

    /// How long it goes on at the longest. By default as long as most people would notice.
    fn lasts(&self) -> Duration {
        Duration::from_secs(3)
    }

    /// Where it can happen.
    fn needs(&self) -> Needs {
        Needs::Nothing
    }
}

/// What a fault excuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allows {
    /// No error at all.
    Nothing,
    /// 503.
    Refusals,
    /// 503, and no answer.
    Failures,
}

/// What a fault happens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Any fleet.
    Nothing,
    /// A Redis that is one server.
    OneRedis,
    /// A Redis that is a cluster.
    Cluster,
    /// That it is asked for: it takes a real Django, which is slow to start.
    Django,
}

/// What faults are about. Of two at once, the one whose subject comes first is caused first and healed last: a node that starts
/// again needs its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A process of gable.
    Node,
    /// Writers past the program.
    Writers,
    /// What holds bytes.
    Redis,
    /// What lies between.
    Network,
    /// What is true.
    Postgres,
}

/// A fault, and what it is about.
#[derive(Clone, Copy)]
pub struct Chosen {
    /// What it is about.
    pub subject: Subject,
    /// The fault.
    pub fault: &'static dyn Fault,
}

/// What a fault has at hand.
pub struct Stage<'a> {
    /// What it happens to.
    pub fleet: &'a Fleet,
    /// When.
    pub round: &'a Round<'a>,
    /// What is left to chance.
    pub dice: Dice,
    /// How much of its time a fault takes that needs some before it shows.
    pub beat: Duration,
}

/// A fault that has happened.
pub struct Caused<'a> {
    /// The node that alone is concerned.
    pub node: Option<usize>,
    /// What it wrote.
    pub writes: Vec<Write>,
    /// Makes it good. Returns when that is done.
    pub heal: Box<dyn FnOnce() + 'a>,
}

impl<'a> Caused<'a> {
    /// One that concerns all nodes.
    pub(crate) fn healed_by(heal: impl FnOnce() + 'a) -> Self {
        Self { node: None, writes: Vec::new(), heal: Box::new(heal) }
    }

    /// One that is over as soon as it has happened.
    pub(crate) fn at_once() -> Self {
        Self::healed_by(|| ())
    }

    /// One that concerns this node alone.
    pub(crate) fn of_node(self, node: usize) -> Self {
        Self { node: Some(node), ..self }
    }

    /// One that has written.
    pub(crate) fn with(self, writes: Vec<Write>) -> Self {
        Self { writes, ..self }
    }
}

impl Stage<'_> {
    /// Any node.
    pub(crate) fn any_node(&mut self) -> usize {
        self.dice.below(self.fleet.scene.nodes.len())
    }
}

impl Chosen {
    /// Whether both can happen at once.
    #[must_use]
    pub fn goes_with(&self, other: &Self) -> bool {
        // A node that stands still may hold what TRUNCATE waits for, and goes on only after that.
        let has_writers = self.subject == Subject::Writers || other.subject == Subject::Writers;
        let has_redis = self.subject == Subject::Redis || other.subject == Subject::Redis;
        self.subject != other.subject && (has_redis || !has_writers)
    }
}

/// Every fault that there is.
#[must_use]
pub fn all() -> Vec<Chosen> {
    let subjects: [(Subject, &[&'static dyn Fault]); 5] = [
        (Subject::Redis, redis::ALL),
        (Subject::Postgres, postgres::ALL),
        (Subject::Node, node::ALL),
        (Subject::Network, network::ALL),
        (Subject::Writers, writers::ALL),
    ];
    let of_subject = |(subject, faults): (Subject, &[&'static dyn Fault])| {
        faults.iter().map(move |&fault| Chosen { subject, fault }).collect::<Vec<_>>()
    };
    subjects.into_iter().flat_map(of_subject).collect()
}

/// Those that can happen with such a Redis.
#[must_use]
pub fn possible(is_cluster: bool, has_django: bool) -> Vec<Chosen> {
    let is_possible = |chosen: &Chosen| match chosen.fault.needs() {
        Needs::Nothing => true,
        Needs::OneRedis => !is_cluster,
        Needs::Cluster => is_cluster,
        Needs::Django => has_django,
    };
    all().into_iter().filter(is_possible).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::{all, possible};

    #[test]
    fn each_fault_has_a_name_of_its_own_without_spaces() {
        let names: Vec<&str> = all().iter().map(|chosen| chosen.fault.name()).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len(), "{names:?}");
        assert!(names.iter().all(|name| !name.contains([' ', ','])), "{names:?}");
    }

    #[test]
    fn each_fault_can_happen_somewhere() {
        let somewhere: HashSet<&str> =
            [false, true].into_iter().flat_map(|it| possible(it, true)).map(|it| it.fault.name()).collect();
        assert_eq!(somewhere.len(), all().len());
    }
}
