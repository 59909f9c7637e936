//! A throw-away Redis.

use std::process::Command;

use rustix::process::Signal;

use crate::folder::Folder;
use crate::installed;
use crate::process::Process;
use crate::server::{Server, wait_until};

/// A Redis of the test's own, on a free port of 127.0.0.1, that keeps nothing on disk: after a stop it is
/// empty. It is gone when this is dropped or the test process dies.
#[derive(Debug)]
pub struct Redis {
    server: Server,
}

impl Redis {
    /// A new, empty server, ready for connections.
    ///
    /// # Panics
    ///
    /// When Redis is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = Folder::new();
        Self { server: Server::start(folder.clone(), |port| launch(&folder, port)) }
    }

    /// The port, the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// The folder that it works in.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        self.server.folder()
    }

    /// The URL of its database 1, the one that the site uses by default.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/1", self.port())
    }

    /// Stops the server in order. What it held is lost.
    ///
    /// # Panics
    ///
    /// When it does not end within a minute.
    pub fn stop(&self) {
        self.server.stop(Signal::TERM);
    }

    /// Kills the server at once.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn kill(&self) {
        self.server.kill();
    }

    /// Starts the server again on its port, empty; stops it first when it runs.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&self) {
        self.stop();
        self.server.restart(|port| launch(self.folder(), port));
    }

    /// Stops the server where it is (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Lets a paused server go on.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn resume(&self) {
        self.server.resume();
    }
}

/// The server when it is ready, or `None` when the port was taken.
fn launch(folder: &Folder, port: u16) -> Option<Process> {
    let process = Process::spawn(&mut server(port), folder.path());
    wait_until(|process| process.stdout().contains("Ready to accept connections"), process, "Redis")
}

fn server(port: u16) -> Command {
    let mut command = Command::new(installed::program("redis-server", "redis-server"));
    command.arg("--port").arg(port.to_string()).args(["--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    command
}
