//! What the throw-away servers have in common: a folder, a port, and what a test does to them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::folder::Folder;
use crate::patience::within;
use crate::port::free_port;
use crate::process::Process;

/// How long a server may take to start or to stop.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// How many ports are tried when others take them before us.
const PORTS: usize = 20;

/// A server in a folder of its own. All its processes count, not only the one that was started.
#[derive(Debug)]
pub(crate) struct Server {
    // First, so that the watchdog lets the server end in order (PostgreSQL gives shared memory back then), before
    // dropping the process kills it.
    folder: Folder,
    process: Mutex<Option<Process>>,
    port: u16,
}

impl Server {
    /// Starts it on a free port. `launch` returns it when it is ready, or `None` when the port was taken.
    pub(crate) fn start(folder: Folder, launch: impl Fn(u16) -> Option<Process>) -> Self {
        let started = (0..PORTS).find_map(|_| {
            let port = free_port();
            launch(port).map(|process| (port, process))
        });
        let (port, process) = started.expect("not every free port is taken before a server can listen on it");
        Self { folder, process: Mutex::new(Some(process)), port }
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it with the signal that it takes for that, and waits for its end.
    pub(crate) fn stop(&self, signal: Signal) {
        if let Some(process) = self.process().take() {
            // One that is paused would not hear the signal.
            self.resume();
            process.signal(signal);
            process.exit_within(PATIENCE).expect("a server ends when it is told to");
        }
    }

    /// Returns when all processes are gone.
    pub(crate) fn kill(&self) {
        self.folder.signal_all(Signal::KILL);
        *self.process() = None;
    }

    /// Starts a stopped one on the port that it had.
    pub(crate) fn restart(&self, launch: impl Fn(u16) -> Option<Process>) {
        let started = within(PATIENCE, || launch(self.port));
        *self.process() = Some(started.expect("nobody else keeps the port for long"));
    }

    pub(crate) fn pause(&self) {
        self.folder.signal_all(Signal::STOP);
    }

    pub(crate) fn resume(&self) {
        self.folder.signal_all(Signal::CONT);
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until the process has written `ready`; `None` when it ended because others had its port.
///
/// `what` is its name for the panic when it ends for another reason or takes too long.
pub(crate) fn wait_until(ready: impl Fn(&Process) -> bool, process: Process, what: &str) -> Option<Process> {
    let is_ready = within(PATIENCE, || {
        // Asked before the rest: what is ready and ends is not ready.
        let ended = process.exit_status().is_some();
        if !ended {
            return ready(&process).then_some(true);
        }
        let output = process.output();
        assert!(output.contains("Address already in use"), "{what} does not start:\n{output}");
        Some(false)
    });
    let is_ready = is_ready.unwrap_or_else(|| panic!("{what} does not get ready:\n{}", process.output()));
    is_ready.then_some(process)
}
