//! A throw-away Redis Cluster.

use crate::link::Link;
use crate::redis::{Redis, wait_for};

/// Every server says so of a node that it has not heard of for so many milliseconds, and a replica takes its master's place.
const NODE_TIMEOUT: &str = "1500";

/// Three masters with a replica each, on free ports of 127.0.0.1.
#[derive(Debug)]
pub struct RedisCluster {
    servers: Vec<Redis>,
    links: Vec<Link>,
}

impl RedisCluster {
    /// A new, empty cluster that takes commands.
    ///
    /// # Panics
    ///
    /// When Redis is not installed or the cluster does not come up.
    #[must_use]
    pub fn start() -> Self {
        Self::of((0..6).map(|_| start_server(&[])).collect(), Vec::new())
    }

    /// The same, and whoever asks for the place of a server is told that of a link to it: clients by `MOVED` and `CLUSTER
    /// SLOTS`, replicas for what their master gives them. What the servers say to one another about themselves (the cluster
    /// bus) goes straight.
    ///
    /// # Panics
    ///
    /// As [`RedisCluster::start`].
    #[must_use]
    pub fn start_behind_links() -> Self {
        let start = |_| {
            let link = Link::to_nowhere();
            let server = start_server(&["--cluster-announce-port", &link.port().to_string()]);
            link.lead_to_port(server.port());
            (server, link)
        };
        let (servers, links) = (0..6).map(start).unzip();
        Self::of(servers, links)
    }

    fn of(servers: Vec<Redis>, links: Vec<Link>) -> Self {
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
        Self { servers, links }
    }

    /// The URL that names all its servers, or the links to them.
    #[must_use]
    pub fn url(&self) -> String {
        let ports: Vec<u16> = if self.links.is_empty() {
            self.servers.iter().map(Redis::port).collect()
        } else {
            self.links.iter().map(Link::port).collect()
        };
        let places = ports.iter().map(|port| format!("127.0.0.1:{port}"));
        format!("redis://{}", places.collect::<Vec<_>>().join(","))
    }

    /// Its servers; the first three were made masters.
    #[must_use]
    pub fn servers(&self) -> &[Redis] {
        &self.servers
    }

    /// The links to its servers, in their order; none where it was started without.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        &self.links
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

fn start_server(settings: &[&str]) -> Redis {
    let of_all = [
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        NODE_TIMEOUT,
        "--repl-diskless-sync-delay",
        "0",
    ];
    Redis::start_with(&[&of_all, settings].concat())
}

fn has_slot(server: &Redis, key: &str) -> bool {
    let said = server.ask(&["get", key]);
    !["MOVED", "CLUSTERDOWN"].iter().any(|refusal| said.contains(refusal))
        && server.ask(&["role"]).starts_with("master")
}
