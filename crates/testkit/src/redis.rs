//! A throw-away Redis.

use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::folder::Folder;
use crate::installed;
use crate::patience::within;
use crate::port::free_port;
use crate::process::Process;

/// How long the server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many ports are tried when others take them before us.
const PORTS: usize = 20;

/// A Redis of the test's own, on a free port of 127.0.0.1, that keeps nothing on disk: after a stop it is
/// empty. It is gone when this is dropped or the test process dies.
#[derive(Debug)]
pub struct Redis {
    process: Mutex<Option<Process>>,
    folder: Folder,
    port: u16,
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
        let started = (0..PORTS).find_map(|_| {
            let port = free_port();
            launch(&folder, port).map(|process| (port, process))
        });
        let (port, process) = started.expect("not every free port is taken before Redis can listen on it");
        Self { process: Mutex::new(Some(process)), folder, port }
    }

    /// The port, the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that it works in.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The URL of its database 1, the one that the site uses by default.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/1", self.port)
    }

    /// Stops the server in order. What it held is lost.
    ///
    /// # Panics
    ///
    /// When it does not end within half a minute.
    pub fn stop(&self) {
        if let Some(process) = self.process().take() {
            // One that is paused would not hear it.
            self.resume();
            process.signal(Signal::TERM);
            process.exit_within(PATIENCE).expect("Redis has nothing to save");
        }
    }

    /// Kills the server at once.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn kill(&self) {
        self.folder.signal_all(Signal::KILL);
        *self.process() = None;
    }

    /// Starts the server again on its port, empty; stops it first when it runs.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&self) {
        self.stop();
        let started = within(PATIENCE, || launch(&self.folder, self.port));
        *self.process() = Some(started.expect("nobody else keeps the port for long"));
    }

    /// Stops the server where it is (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn pause(&self) {
        self.folder.signal_all(Signal::STOP);
    }

    /// Lets a paused server go on.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn resume(&self) {
        self.folder.signal_all(Signal::CONT);
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A server that listens, or `None` when the port was taken.
fn launch(folder: &Folder, port: u16) -> Option<Process> {
    let process = Process::spawn(&mut server(port), folder.path());
    let is_ready = within(PATIENCE, || {
        let ended = process.exit_status().is_some();
        let output = process.output();
        if output.contains("Ready to accept connections") {
            return Some(true);
        }
        assert!(!ended || output.contains("Address already in use"), "Redis does not start:\n{output}");
        ended.then_some(false)
    });
    let is_ready = is_ready.unwrap_or_else(|| panic!("Redis does not get ready:\n{}", process.output()));
    is_ready.then_some(process)
}

fn server(port: u16) -> Command {
    let mut command = Command::new(installed::program("redis-server", "redis-server"));
    command.arg("--port").arg(port.to_string()).args(["--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    command
}
