//! What may happen in one run of the model, and how often: small worlds, so that every order of events is tried.

/// The bounds of a world.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "a scene is a list of what is there")]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) nodes: usize,
    /// How many ticks of the clock a poll may be relied on; a change may be missed for as long.
    pub(crate) lease: u8,
    /// The clock goes up to here. It goes on by itself, whatever a node does or does not do: that is a pause.
    pub(crate) last_tick: u8,
    /// Transactions that write the row that is asked for.
    pub(crate) writers: u8,
    /// Transactions that write another row of the same table.
    pub(crate) writers_elsewhere: u8,
    pub(crate) polls_of_a_node: u8,
    pub(crate) fills_of_a_node: u8,
    pub(crate) crashes: u8,
    pub(crate) schema_changes: u8,
    pub(crate) prunes: u8,
    /// Whether a poll may find more than it carries.
    pub(crate) too_many: bool,
    pub(crate) redis: bool,
    /// Whether a node begins with all changes that the database remembers.
    pub(crate) history: bool,
    /// Whether the answer is that of a query whose rows come and go, rather than of one row.
    pub(crate) query: bool,
    /// Whether somebody asks for what he has just written.
    pub(crate) own_writes: bool,
}

const NOTHING: Scene = Scene {
    name: "",
    nodes: 1,
    lease: 1,
    last_tick: 2,
    writers: 1,
    writers_elsewhere: 0,
    polls_of_a_node: 2,
    fills_of_a_node: 1,
    crashes: 0,
    schema_changes: 0,
    prunes: 0,
    too_many: false,
    redis: false,
    history: false,
    query: false,
    own_writes: false,
};

pub(crate) const ONE_NODE: Scene = Scene { name: "one node", writers: 2, ..NOTHING };
pub(crate) const LEASE_NOUGHT: Scene =
    Scene { name: "lease 0", lease: 0, last_tick: 1, writers: 2, ..NOTHING };
pub(crate) const TWO_WRITERS: Scene = Scene { name: "writers of two rows", writers_elsewhere: 1, ..NOTHING };
pub(crate) const ONE_QUERY: Scene = Scene { name: "a query", query: true, ..NOTHING };
pub(crate) const CRASH: Scene = Scene { name: "a crash", crashes: 1, writers: 2, ..NOTHING };
pub(crate) const SCHEMA_CHANGE: Scene =
    Scene { name: "a change of the schema", schema_changes: 1, ..NOTHING };
pub(crate) const REDIS: Scene = Scene {
    name: "two nodes with Redis",
    nodes: 2,
    redis: true,
    writers_elsewhere: 1,
    last_tick: 2,
    polls_of_a_node: 1,
    ..NOTHING
};
pub(crate) const REDIS_WITH_HISTORY: Scene =
    Scene { name: "two nodes with Redis that read what happened before them", history: true, ..REDIS };
pub(crate) const PRUNING_WITH_HISTORY: Scene =
    Scene { name: "pruning with Redis and what happened before", history: true, ..PRUNING };
pub(crate) const PRUNING: Scene = Scene { name: "pruning with Redis", redis: true, prunes: 1, ..NOTHING };
pub(crate) const CRASH_WITH_REDIS: Scene =
    Scene { name: "a crash with Redis", redis: true, crashes: 1, writers: 2, ..NOTHING };
pub(crate) const TOO_MANY: Scene = Scene { name: "too many changes", too_many: true, redis: true, ..NOTHING };
pub(crate) const OWN_WRITES: Scene =
    Scene { name: "own writes", own_writes: true, lease: 2, writers: 1, ..NOTHING };
pub(crate) const OWN_WRITES_AND_CRASH: Scene =
    Scene { name: "own writes and a crash", crashes: 1, writers: 2, last_tick: 0, ..OWN_WRITES };
