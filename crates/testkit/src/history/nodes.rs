//! Nodes: programs that serve, and where readers find them, however often they are started again.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::Signal;

use super::traffic::Round;
use crate::patience::within;
use crate::program::{Program, Running};

/// What a node says when it serves.
const LISTENING: &str = "Listening on http://";

/// How long a node may take to serve, if its database is there.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where a node is found now.
#[derive(Debug)]
pub struct Door(Mutex<SocketAddr>);

/// A program that serves, which may be killed, paused and started again.
#[derive(Debug)]
pub struct Node {
    program: Program,
    running: Mutex<Running>,
    door: Door,
}

impl Door {
    /// One that leads there.
    #[must_use]
    pub fn to(address: SocketAddr) -> Self {
        Self(Mutex::new(address))
    }

    /// Where it leads.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leads_to(&self, address: SocketAddr) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = address;
    }
}

impl Node {
    /// Starts a program that says `Listening on http://…` once it serves.
    ///
    /// # Panics
    ///
    /// When it does not within a minute.
    #[must_use]
    pub fn start(program: Program) -> Self {
        let (running, address) = serving(&program);
        Self { program, running: Mutex::new(running), door: Door::to(address) }
    }

    /// Where it is found.
    #[must_use]
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// What it has written since it was last started.
    #[must_use]
    pub fn output(&self) -> String {
        self.running().output()
    }

    /// Kills it (SIGKILL), lets some time pass, and starts it again. A program that ends because its database is away is
    /// started until it serves.
    ///
    /// # Panics
    ///
    /// When it does not serve within a minute.
    pub fn kill_and_restart(&self, pause: impl FnOnce()) {
        self.kill();
        pause();
        self.start_again();
    }

    /// Kills it (SIGKILL), and returns when it is gone.
    ///
    /// # Panics
    ///
    /// When it does not end.
    pub fn kill(&self) {
        let running = self.running();
        running.signal(Signal::KILL);
        running.wait_within(PATIENCE).expect("a killed process ends");
    }

    /// Starts it anew, and returns when it serves. A program that ends because its database is away is started until it serves.
    ///
    /// # Panics
    ///
    /// When it does not serve within a minute.
    pub fn start_again(&self) {
        let (again, address) = serving(&self.program);
        *self.running() = again;
        self.door.leads_to(address);
    }

    /// Ends it in order (SIGTERM), and starts it again.
    ///
    /// # Panics
    ///
    /// When it does not end with 0, or does not serve, within a minute.
    pub fn restart(&self) {
        let mut running = self.running();
        running.signal(Signal::TERM);
        let status = running.wait_within(PATIENCE).expect("a node ends when it is told to");
        assert!(status.success(), "a node ended with {status}:\n{}", running.output());
        let (again, address) = serving(&self.program);
        *running = again;
        self.door.leads_to(address);
    }

    /// Stops it where it is (SIGSTOP).
    ///
    /// # Panics
    ///
    /// When the system refuses.
    pub fn pause(&self) {
        self.running().signal(Signal::STOP);
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Panics
    ///
    /// When the system refuses.
    pub fn resume(&self) {
        self.running().signal(Signal::CONT);
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Kills and pauses nodes, any of them, until the round is over.
pub(crate) fn any_trouble(nodes: &[Node], round: &Round<'_>) {
    let mut dice = round.dice(2);
    while !round.is_over() {
        round.rest(Duration::from_millis(300) + dice.up_to_ms(2_500));
        let node = dice.one_of(nodes);
        let time = dice.up_to_ms(1_500);
        if dice.once_in(2) {
            node.kill_and_restart(|| thread::sleep(time));
        } else {
            node.pause();
            thread::sleep(time);
            node.resume();
        }
    }
}

fn serving(program: &Program) -> (Running, SocketAddr) {
    let mut running = program.start();
    let address = within(PATIENCE, || {
        let has_ended = running.exit_status().is_some();
        let found = address_in(&running.stdout());
        if found.is_none() && has_ended {
            running = program.start();
        }
        found.filter(|_| !has_ended)
    });
    let address = address.unwrap_or_else(|| panic!("a node does not serve:\n{}", running.output()));
    (running, address)
}

fn address_in(output: &str) -> Option<SocketAddr> {
    let (line, _) = output.split_once(LISTENING)?.1.split_once('\n')?;
    line.trim().parse().ok()
}
