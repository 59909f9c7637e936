//! What happens to Redis. It decides nothing: so none of this excuses an error.

use std::fs;
use std::time::Duration;

use testkit::{Redis, Weather};

use super::{Caused, Fault, Needs, Stage};
use crate::fleet::{Fleet, PASSWORD, order, tell, wait_until_it_says};

pub(super) const ALL: &[&dyn Fault] = &[
    &Killed,
    &Paused,
    &Slow,
    &Emptied,
    &OlderDump,
    &ReplicaPromoted,
    &MemoryFull,
    &FlushAll,
    &WrongPassword,
    &Garbage,
    &ClusterNodeLost,
    &SlotsMoved,
];

/// How much later everything comes that is slow.
const LATE: Duration = Duration::from_millis(200);

/// Of so many bytes, one is another.
const RARE: u64 = 60;

/// More than one reshard moves: each master has 5,461.
const SLOTS: &str = "300";

/// A password that the nodes don't know.
const ANOTHER_PASSWORD: &str = "another";

/// `kill -9`.
struct Killed;

impl Fault for Killed {
    fn name(&self) -> &'static str {
        "redis-killed"
    }

    fn needs(&self) -> Needs {
        Needs::OneRedis
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let redis = stage.fleet.shared.one();
        redis.kill();
        Caused::healed_by(|| redis.restart())
    }
}

/// SIGSTOP.
struct Paused;

impl Fault for Paused {
    fn name(&self) -> &'static str {
        "redis-paused"
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let servers = stage.fleet.shared.servers();
        for server in &servers {
            server.pause();
        }
        Caused::healed_by(move || servers.iter().for_each(|server| server.resume()))
    }
}

/// Everything takes 200 ms more each way.
struct Slow;

impl Fault for Slow {
    fn name(&self) -> &'static str {
        "redis-slow"
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        weather(stage.fleet, Weather::Slow(LATE))
    }
}

/// Stopped in order and started again with nothing in it.
struct Emptied;

impl Fault for Emptied {
    fn name(&self) -> &'static str {
        "redis-restarted-empty"
    }

    fn needs(&self) -> Needs {
        Needs::OneRedis
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        stage.fleet.shared.one().restart();
        Caused::at_once()
    }
}

/// Started again with what it held some writes ago.
struct OlderDump;

impl Fault for OlderDump {
    fn name(&self) -> &'static str {
        "redis-older-dump"
    }

    fn needs(&self) -> Needs {
        Needs::OneRedis
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let redis = stage.fleet.shared.one();
        order(redis, &["save"]);
        stage.round.rest(stage.beat);
        redis.kill();
        redis.restart();
        Caused::healed_by(|| {
            // Else it would be taken for what the next start is from.
            let _ = fs::remove_file(redis.folder().path().join("dump.rdb"));
        })
    }
}

/// A replica that has not heard of everything takes the place of its master.
struct ReplicaPromoted;

impl Fault for ReplicaPromoted {
    fn name(&self) -> &'static str {
        "redis-replica-promoted"
    }

    fn needs(&self) -> Needs {
        Needs::OneRedis
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let (fleet, master) = (stage.fleet, stage.fleet.shared.one());
        let replica = replica_of(master);
        // From here on, what is written is lost with the master.
        order(&replica, &["replicaof", "no", "one"]);
        stage.round.rest(stage.beat);
        lead_to(fleet, &replica);
        master.kill();
        Caused::healed_by(move || {
            master.restart();
            lead_to(fleet, master);
            drop(replica);
        })
    }
}

fn replica_of(master: &Redis) -> Redis {
    let port = master.port().to_string();
    let settings = ["--replicaof", "127.0.0.1", &port, "--masterauth", PASSWORD, "--requirepass", PASSWORD];
    let replica = Redis::start_with(&settings);
    wait_until_it_says(&replica, &["info", "replication"], "master_link_status:up");
    replica
}

fn lead_to(fleet: &Fleet, redis: &Redis) {
    let links = fleet.roads.iter().filter_map(|roads| roads.to_redis.as_ref());
    links.for_each(|link| link.lead_to_port(redis.port()));
}

/// Nothing may be written any more, and nothing is evicted.
struct MemoryFull;

impl Fault for MemoryFull {
    fn name(&self) -> &'static str {
        "redis-memory-full"
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let servers = stage.fleet.shared.servers();
        for server in &servers {
            order(server, &["config", "set", "maxmemory-policy", "noeviction"]);
            order(server, &["config", "set", "maxmemory", "1"]);
        }
        Caused::healed_by(move || {
            for server in servers {
                order(server, &["config", "set", "maxmemory", "0"]);
            }
        })
    }
}

/// Everything gone in a moment.
struct FlushAll;

impl Fault for FlushAll {
    fn name(&self) -> &'static str {
        "redis-flushall"
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        for master in masters(stage.fleet) {
            order(master, &["flushall"]);
        }
        Caused::at_once()
    }
}

/// The password was changed, and nobody has told the nodes.
struct WrongPassword;

impl Fault for WrongPassword {
    fn name(&self) -> &'static str {
        "redis-wrong-password"
    }

    fn needs(&self) -> Needs {
        Needs::OneRedis
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let redis = stage.fleet.shared.one();
        order(redis, &["config", "set", "requirepass", ANOTHER_PASSWORD]);
        let told =
            |command: &[&str]| redis.ask(&[&["--no-auth-warning", "-a", ANOTHER_PASSWORD], command].concat());
        assert_ne!(told(&["client", "kill", "type", "normal"]), "0", "the nodes have connections");
        Caused::healed_by(move || assert_eq!(told(&["config", "set", "requirepass", PASSWORD]), "OK"))
    }
}

/// What comes from Redis has wrong bits.
struct Garbage;

impl Fault for Garbage {
    fn name(&self) -> &'static str {
        "redis-garbage"
    }

    /// What the replicas of a cluster are given comes the same way, and Redis ends over a copy with wrong bits.
    fn needs(&self) -> Needs {
        Needs::OneRedis
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        weather(stage.fleet, Weather::Corrupt(RARE))
    }
}

/// One server of a cluster is killed, and its replica takes over without what it had not heard of.
struct ClusterNodeLost;

impl Fault for ClusterNodeLost {
    fn name(&self) -> &'static str {
        "cluster-node-lost"
    }

    fn needs(&self) -> Needs {
        Needs::Cluster
    }

    /// A replica takes over after a node's time-out of 1.5 s and an election.
    fn lasts(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let masters = masters(stage.fleet);
        let lost = *stage.dice.one_of(&masters);
        lost.kill();
        Caused::healed_by(|| {
            lost.restart();
            wait_until_it_says(lost, &["cluster", "info"], "cluster_state:ok");
        })
    }
}

/// Slots move from one master to another while their keys are asked for.
struct SlotsMoved;

impl Fault for SlotsMoved {
    fn name(&self) -> &'static str {
        "cluster-slots-moved"
    }

    fn needs(&self) -> Needs {
        Needs::Cluster
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let masters = masters(stage.fleet);
        let from = stage.dice.below(masters.len());
        let (from, to) = (masters[from], masters[(from + 1) % masters.len()]);
        let (place, from_id) = (format!("127.0.0.1:{}", from.port()), from.ask(&["cluster", "myid"]));
        let to_id = to.ask(&["cluster", "myid"]);
        let whom = ["--cluster-from", &from_id, "--cluster-to", &to_id, "--cluster-slots", SLOTS];
        let said = from.ask(&[&["--cluster", "reshard", &place], &whom[..], &["--cluster-yes"]].concat());
        assert!(said.contains("Moving slot"), "no slots move: {said}");
        Caused::at_once()
    }
}

fn masters(fleet: &Fleet) -> Vec<&Redis> {
    let mut servers = fleet.shared.servers();
    servers.retain(|server| tell(server, &["role"]).starts_with("master"));
    servers
}

fn weather(fleet: &Fleet, weather: Weather) -> Caused<'_> {
    fleet.turn_to_redis(weather);
    Caused::healed_by(|| fleet.turn_to_redis(Weather::Clear))
}
