//! A throw-away Redis that a sentinel looks after.

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::folder::Folder;
use crate::installed;
use crate::process::Process;
use crate::redis::{Redis, wait_for};
use crate::server::{Server, wait_until};

/// A master, a replica of it, and one sentinel that makes the replica the master when that has been gone for half a second.
#[derive(Debug)]
pub struct RedisSentinel {
    master: Redis,
    replica: Redis,
    sentinel: Server,
}

impl RedisSentinel {
    /// What the sentinel calls the master.
    pub const NAME: &str = "site";

    /// All three, ready.
    ///
    /// # Panics
    ///
    /// When Redis is not installed or one of them does not come up.
    #[must_use]
    pub fn start() -> Self {
        let master = Redis::start();
        let place = format!("127.0.0.1 {}", master.port());
        let replica = Redis::start_with(&["--replicaof", &place, "--repl-diskless-sync-delay", "0"]);
        wait_for(&replica, &["info", "replication"], "master_link_status:up");
        wait_for(&master, &["info", "replication"], "state=online");
        let folder = Folder::new();
        let sentinel = {
            let place = folder.clone();
            Server::start(folder, |port| launch(&place, port, master.port()))
        };
        let own = Self { master, replica, sentinel };
        let knows_both = |said: String| said.contains("num-slaves\n1\n");
        let said = crate::within(crate::server::PATIENCE, || {
            let said = own.ask_sentinel(&["sentinel", "master", Self::NAME]);
            knows_both(said).then_some(())
        });
        said.expect("the sentinel hears of the replica");
        own
    }

    /// The URL that names the sentinel and the master.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis+sentinel://{}@127.0.0.1:{}", Self::NAME, self.sentinel.port())
    }

    /// What is the master to begin with.
    #[must_use]
    pub fn master(&self) -> &Redis {
        &self.master
    }

    /// What becomes the master when that is gone.
    #[must_use]
    pub fn replica(&self) -> &Redis {
        &self.replica
    }

    /// From now on, nothing that the master is given comes to the replica, which stands still until it is told to go on.
    ///
    /// # Panics
    ///
    /// When `redis-cli` is not installed, or they have parted before.
    pub fn part(&self) {
        self.replica.pause();
        let killed = self.master.ask(&["client", "kill", "type", "replica"]);
        assert_eq!(killed, "1", "the replica was there");
    }

    /// Kills the master and waits until the replica has taken its place.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub fn fail_over(&self) {
        self.master.kill();
        self.replica.resume();
        wait_for(&self.replica, &["role"], "master");
    }

    fn ask_sentinel(&self, command: &[&str]) -> String {
        let mut cli = Command::new(installed::program("redis-cli", "redis-tools"));
        let output = cli.arg("-p").arg(self.sentinel.port().to_string()).args(command).output();
        let output = output.expect("a program that was found can be run");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for RedisSentinel {
    fn drop(&mut self) {
        self.sentinel.stop(Signal::TERM);
    }
}

/// The sentinel when it is ready, or `None` when the port was taken. It writes what it learns into its settings.
fn launch(folder: &Folder, port: u16, master: u16) -> Option<Process> {
    let name = RedisSentinel::NAME;
    let settings = format!(
        "port {port}\nbind 127.0.0.1\nsentinel monitor {name} 127.0.0.1 {master} 1\n\
         sentinel down-after-milliseconds {name} 500\nsentinel failover-timeout {name} 2000\n"
    );
    fs::write(folder.path().join("sentinel.conf"), settings).expect("a test's own folder can be written to");
    let mut command = Command::new(installed::program("redis-server", "redis-server"));
    let process = Process::spawn(command.args(["sentinel.conf", "--sentinel"]), folder.path());
    wait_until(|process| process.stdout().contains("Sentinel ID is"), process, "a sentinel")
}
