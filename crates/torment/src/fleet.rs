//! What is tormented: PostgreSQL, Redis, nodes, a link from each node to either, and the listings.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use testkit::history::{
    Door, History, Lane, Liar, Node, Population, PostgresTrouble, Scene, Stopwatch, Traffic, Trouble, Write,
};
use testkit::{Link, Postgres, Program, Redis, RedisCluster, WallClock, Weather, within};

use crate::tokens;

/// As in the history checker: about a dozen listings are due on a page of one place, fewer than it holds.
const LANES: usize = 12;

/// So that each node has its readers.
const READERS_OF_A_NODE: usize = 2;

/// What all nodes sign with.
const SECRET: &str = "a secret that all nodes know";

/// What the Redis asks for.
pub(crate) const PASSWORD: &str = "right";

/// How long Redis may take to do what it is told.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is to be started.
#[derive(Clone, Debug)]
pub struct Plan {
    /// gable, as far as the command line: what it needs in its environment is added.
    pub program: Program,
    /// How many nodes.
    pub nodes: usize,
    /// Whether Redis is a cluster of six rather than one server.
    pub is_cluster: bool,
    /// The nodes' `CACHE_LEASE_MS`, and what nothing may be older than.
    pub bound: Duration,
    /// Of the listings.
    pub seed: u64,
    /// Puts before every node a cache that keeps each answer for so long, whatever is written: to see the judge find it out.
    pub liar: Option<Duration>,
}

/// All of it, running. Dropped, it is gone.
pub struct Fleet {
    /// The nodes, and the listings in the database.
    pub scene: Scene,
    /// From each node to its PostgreSQL and its Redis.
    pub roads: Vec<Roads>,
    /// What the nodes share what they keep in.
    pub shared: Shared,
    /// Where the listings are.
    pub postgres: Postgres,
    /// The time of day of the first node: that of the others is the machine's.
    pub wall_clock: WallClock,
    liars: Vec<Door>,
    /// One for all rounds: something stale may be older than the round in which it is shown.
    clock: Stopwatch,
    at_the_start: Vec<Lane>,
    written: Mutex<Vec<Write>>,
}

/// The links of one node.
#[derive(Debug)]
pub struct Roads {
    /// To PostgreSQL; polls go this way, too.
    pub to_postgres: Link,
    /// To Redis, if that is one server: to those of a cluster, all nodes go the same way.
    pub to_redis: Option<Link>,
}

/// The Redis.
#[derive(Debug)]
pub enum Shared {
    /// One server.
    One(Redis),
    /// Three masters with a replica each.
    Cluster(RedisCluster),
}

impl Fleet {
    /// Starts everything.
    ///
    /// # Panics
    ///
    /// When something does not start.
    #[must_use]
    pub fn start(plan: &Plan) -> Self {
        let postgres = Postgres::start_with(&["max_connections=100"]);
        let database_url = postgres.fresh_database();
        let shared = Shared::start(plan.is_cluster);
        let roads: Vec<Roads> = (0..plan.nodes).map(|_| Roads::new(&postgres, &shared)).collect();
        let name = database_url.rsplit('/').next().expect("a URL of a database ends with its name");
        let wall_clock = WallClock::new();
        let program = |(place, roads)| {
            let program = program(plan, roads, &shared, name);
            if place == 0 { wall_clock.given_to(program) } else { program }
        };
        // One after the other: the first brings the database to its version.
        let nodes = roads.iter().enumerate().map(|node| Node::start(program(node))).collect();
        let scene = Scene {
            token_of: tokens::of(&database_url, SECRET),
            database_url,
            nodes,
            population: Population::new(LANES, plan.seed),
            bound: plan.bound,
        };
        scene.traffic(&[]).populate();
        let liar = |node: &Node| Some(Liar::before(node.door().address(), plan.liar?, |path| path));
        let liars = scene.nodes.iter().filter_map(liar).collect();
        let (clock, at_the_start) = (Stopwatch::start(), scene.population.at_the_start());
        Self {
            scene,
            roads,
            shared,
            postgres,
            wall_clock,
            liars,
            clock,
            at_the_start,
            written: Mutex::default(),
        }
    }

    /// Reads and writes for so long, with this trouble; the writes of all rounds so far, and the reads of this.
    #[must_use]
    pub fn history(&self, length: Duration, seed: u64, trouble: Trouble<'_>) -> History {
        let doors = if self.liars.is_empty() { self.scene.doors() } else { self.liars.iter().collect() };
        let readers = READERS_OF_A_NODE * doors.len();
        let traffic = Traffic { readers, ..self.scene.traffic(&doors) };
        let mut history = traffic.history_on(self.clock, length, seed, &[trouble]);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.append(&mut history.writes);
        History { writes: written.clone(), lanes: self.at_the_start.clone(), ..history }
    }

    /// The database, for what the history checker does to it.
    #[must_use]
    pub fn database(&self) -> PostgresTrouble<'_> {
        PostgresTrouble { postgres: &self.postgres, database_url: &self.scene.database_url }
    }

    /// All links to Redis: one from each node, or, to a cluster, one to each server.
    #[must_use]
    pub fn links_to_redis(&self) -> Vec<&Link> {
        match &self.shared {
            Shared::One(_) => self.roads.iter().filter_map(|roads| roads.to_redis.as_ref()).collect(),
            Shared::Cluster(cluster) => cluster.links().iter().collect(),
        }
    }

    /// Changes the weather on all links to Redis.
    pub fn turn_to_redis(&self, weather: Weather) {
        for link in self.links_to_redis() {
            link.turn(weather);
        }
    }
}

impl Roads {
    fn new(postgres: &Postgres, shared: &Shared) -> Self {
        let to_redis = match shared {
            Shared::One(redis) => Some(Link::to_port(redis.port())),
            Shared::Cluster(_) => None,
        };
        Self { to_postgres: Link::to_port(postgres.port()), to_redis }
    }
}

impl Shared {
    fn start(is_cluster: bool) -> Self {
        if is_cluster {
            Self::Cluster(RedisCluster::start_behind_links())
        } else {
            // A replica is there to be promoted, and nobody else comes to share its first copy.
            Self::One(Redis::start_with(&["--requirepass", PASSWORD, "--repl-diskless-sync-delay", "0"]))
        }
    }

    /// The one server.
    ///
    /// # Panics
    ///
    /// When it is a cluster: what befalls one server only is not chosen then.
    #[must_use]
    pub fn one(&self) -> &Redis {
        match self {
            Self::One(redis) => redis,
            Self::Cluster(_) => panic!("a cluster is not one server"),
        }
    }

    /// The cluster.
    ///
    /// # Panics
    ///
    /// When it is one server: what befalls clusters only is not chosen then.
    #[must_use]
    pub fn cluster(&self) -> &RedisCluster {
        match self {
            Self::Cluster(cluster) => cluster,
            Self::One(_) => panic!("one server is not a cluster"),
        }
    }

    /// All servers.
    #[must_use]
    pub fn servers(&self) -> Vec<&Redis> {
        match self {
            Self::One(redis) => vec![redis],
            Self::Cluster(cluster) => cluster.servers().iter().collect(),
        }
    }

    fn url(&self, roads: &Roads) -> String {
        match (self, &roads.to_redis) {
            (Self::Cluster(cluster), _) => cluster.url(),
            (Self::One(_), Some(link)) => format!("redis://:{PASSWORD}@127.0.0.1:{}/0", link.port()),
            (Self::One(redis), None) => redis.url(),
        }
    }
}

/// Tells a server something, with the password.
pub(crate) fn tell(redis: &Redis, command: &[&str]) -> String {
    redis.ask(&[&["--no-auth-warning", "-a", PASSWORD], command].concat())
}

/// Tells a server to do something, which it must.
pub(crate) fn order(redis: &Redis, command: &[&str]) {
    let said = tell(redis, command);
    assert_eq!(said, "OK", "to {command:?}");
}

/// Waits until a server says this; goes on where it never does, and what follows shows it.
pub(crate) fn wait_until_it_says(redis: &Redis, command: &[&str], part: &str) {
    let _ = within(PATIENCE, || tell(redis, command).contains(part).then_some(()));
}

fn program(plan: &Plan, roads: &Roads, shared: &Shared, database: &str) -> Program {
    let database_url = format!("postgres://postgres@127.0.0.1:{}/{database}", roads.to_postgres.port());
    let program = plan.program.clone().environment("DATABASE_URL", database_url);
    let program = program.environment("CACHE_LEASE_MS", plan.bound.as_millis().to_string());
    let program = program.environment("REDIS_URL", shared.url(roads)).environment("GABLE_SECRET_KEY", SECRET);
    // Nodes of one site: what differs here is not shared.
    program.environment("BIND", "127.0.0.1:0").environment("SITE_URL", "http://homes.example")
}
