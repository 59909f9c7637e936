//! A throw-away Redis Cluster.

use crate::redis::{Redis, wait_for};

/// Three masters with a replica each, on free ports of 127.0.0.1.
#[derive(Debug)]
pub struct RedisCluster {
    servers: Vec<Redis>,
}

impl RedisCluster {
    /// A new, empty cluster that takes commands.
    ///
    /// # Panics
    ///
    /// When Redis is not installed or the cluster does not come up.
    #[must_use]
    pub fn start() -> Self {
        let settings =
            ["--cluster-enabled", "yes", "--cluster-node-timeout", "1500", "--repl-diskless-sync-delay", "0"];
        let servers: Vec<Redis> = (0..6).map(|_| Redis::start_with(&settings)).collect();
        let places: Vec<String> =
            servers.iter().map(|server| format!("127.0.0.1:{}", server.port())).collect();
        let mut command = vec!["--cluster", "create"];
        command.extend(places.iter().map(String::as_str));
        command.extend(["--cluster-replicas", "1", "--cluster-yes"]);
        let said = servers[0].ask(&command);
        assert!(said.contains("All 16384 slots covered"), "no cluster comes up:\n{said}");
        for server in &servers {
            wait_for(server, &["cluster", "info"], "cluster_state:ok");
        }
        // One that has never had its master's data does not take its place.
        for master in &servers[..3] {
            wait_for(master, &["info", "replication"], "state=online");
        }
        Self { servers }
    }

    /// The URL that names all its servers.
    #[must_use]
    pub fn url(&self) -> String {
        let places = self.servers.iter().map(|server| format!("127.0.0.1:{}", server.port()));
        format!("redis://{}", places.collect::<Vec<_>>().join(","))
    }

    /// Its servers; the first three were made masters.
    #[must_use]
    pub fn servers(&self) -> &[Redis] {
        &self.servers
    }

    /// Whether some server has the slot of a key.
    #[must_use]
    pub fn is_served(&self, key: &str) -> bool {
        self.servers.iter().any(|server| has_slot(server, key))
    }

    /// The server that has the slot of a key.
    ///
    /// # Panics
    ///
    /// When none has.
    #[must_use]
    pub fn server_of(&self, key: &str) -> &Redis {
        self.servers.iter().find(|server| has_slot(server, key)).expect("some master has each slot")
    }
}

fn has_slot(server: &Redis, key: &str) -> bool {
    let said = server.ask(&["get", key]);
    !["MOVED", "CLUSTERDOWN"].iter().any(|refusal| said.contains(refusal))
        && server.ask(&["role"]).starts_with("master")
}
