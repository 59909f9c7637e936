//! A throw-away PostgreSQL.
//!
//! Every cluster is a copy of one that `initdb` made once and that is kept under `target/testkit`. Measured on
//! two cores: `initdb` 0.5 s, a copy 0.05 s, the start 0.04 s, a new database 0.05 s, the end 0.05 s. So each
//! test process has its own, and none is shared between processes: that would save a tenth of a second a test,
//! and cost a lock, a daemon that outlives the run, and tests that feel each other's transactions (the oldest
//! running one counts for the whole cluster, whatever its database).

mod template;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

use crate::account::Account;
use crate::folder::Folder;
use crate::installed;
use crate::patience::within;
use crate::port::free_port;
use crate::process::Process;

/// How long the server may take to start or to stop.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many ports are tried when others take them before us.
const PORTS: usize = 20;

/// Nothing waits for the disk: a throw-away cluster need not survive the machine. It does survive `kill -9`,
/// for a commit is in the kernel's memory before it is answered.
const SETTINGS: [&str; 5] = [
    "fsync=off",
    "full_page_writes=off",
    "listen_addresses=127.0.0.1",
    // The default leaves files behind in /dev/shm when the server is killed.
    "dynamic_shared_memory_type=mmap",
    "max_connections=200",
];

/// A PostgreSQL cluster of the test's own, on a free port of 127.0.0.1, its superuser `postgres` without a
/// password. It is gone when this is dropped or the test process dies.
#[derive(Debug)]
pub struct Postgres {
    // First, so that the watchdog lets the server end in order and give its shared memory back, before
    // dropping the process kills it.
    folder: Folder,
    process: Mutex<Option<Process>>,
    programs: PathBuf,
    account: Option<Account>,
    settings: Vec<String>,
    port: u16,
    databases: AtomicU32,
}

enum Launch {
    Ready(Process),
    PortTaken,
}

impl Postgres {
    /// A new cluster, ready for connections.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A new cluster with settings of `postgresql.conf`, such as `"wal_level=logical"`.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        let account = Account::unless_already_unprivileged();
        // SIGQUIT is PostgreSQL's immediate shutdown: nobody is waited for, shared memory is given back.
        let folder = Folder::for_server(account, Signal::QUIT);
        let programs = installed::postgres_programs();
        template::copy(&programs, account, &folder.path().join("data"));
        let mut postgres = Self {
            folder,
            process: Mutex::new(None),
            programs,
            account,
            settings: settings.iter().map(ToString::to_string).collect(),
            port: 0,
            databases: AtomicU32::new(0),
        };
        postgres.launch_on_a_free_port();
        postgres
    }

    /// The one cluster of this test process, started by whoever asks first.
    ///
    /// For tests that only want [`Postgres::fresh_database`]; those that stop it start their own.
    ///
    /// # Panics
    ///
    /// As [`Postgres::start`].
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Postgres> = OnceLock::new();
        SHARED.get_or_init(Self::start)
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

    /// The URL of the database `postgres`.
    #[must_use]
    pub fn url(&self) -> String {
        self.database_url("postgres")
    }

    /// Makes a new, empty database and returns its URL. Takes about 50 ms.
    ///
    /// # Panics
    ///
    /// When the server does not run.
    #[must_use]
    pub fn fresh_database(&self) -> String {
        let name = format!("fresh_{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        // Without fsync, copying the template's files is quicker than logging their pages.
        self.sql(&self.url(), &format!("create database {name} strategy = file_copy"));
        self.database_url(&name)
    }

    /// Runs statements in the database of that URL and returns the rows: columns parted by `|`, lines by `\n`.
    ///
    /// # Panics
    ///
    /// When a statement fails, with PostgreSQL's message.
    pub fn sql(&self, database_url: &str, statements: &str) -> String {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database_url, "-c", statements]);
        output_of(&mut command)
    }

    /// Stops the server in order (`fast`: sessions are ended, what they committed is written).
    ///
    /// # Panics
    ///
    /// When it does not end within a minute.
    pub fn stop(&self) {
        if let Some(process) = self.process().take() {
            // One that is paused would not hear it.
            self.resume();
            process.signal(Signal::INT);
            process.exit_within(PATIENCE).expect("a fast shutdown waits for nobody");
        }
    }

    /// Kills every process of the cluster at once, as a crash would; returns when they are gone.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn kill(&self) {
        self.folder.signal_all(Signal::KILL);
        *self.process() = None;
        self.release_shared_memory();
    }

    /// Starts the server again, on its port, with its data; stops it first when it runs.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&self) {
        self.stop();
        let started = within(PATIENCE, || match self.launch(self.port) {
            Launch::Ready(process) => Some(process),
            Launch::PortTaken => None,
        });
        *self.process() = Some(started.expect("nobody else keeps the port for long"));
    }

    /// Stops every process of the cluster where it is (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn pause(&self) {
        self.folder.signal_all(Signal::STOP);
    }

    /// Lets a paused cluster go on.
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

    fn database_url(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn launch_on_a_free_port(&mut self) {
        for _ in 0..PORTS {
            self.port = free_port();
            if let Launch::Ready(process) = self.launch(self.port) {
                *self.process() = Some(process);
                return;
            }
        }
        panic!("{PORTS} ports were all taken before PostgreSQL could listen on them");
    }

    fn launch(&self, port: u16) -> Launch {
        let process = Process::spawn(&mut self.server(port), &self.data());
        let launch = within(PATIENCE, || {
            if process.exit_status().is_some() {
                return Some(port_is_taken(&process.stderr()));
            }
            self.is_ready(&process).then_some(false)
        });
        match launch {
            Some(false) => Launch::Ready(process),
            Some(true) => Launch::PortTaken,
            None => panic!("PostgreSQL does not get ready:\n{}", process.output()),
        }
    }

    fn server(&self, port: u16) -> Command {
        let mut command = Command::new(self.programs.join("postgres"));
        command.arg("-D").arg(self.data()).arg("-p").arg(port.to_string());
        command.arg("-k").arg(self.folder.path()).env("LC_ALL", "C");
        for setting in SETTINGS.into_iter().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        if let Some(account) = self.account {
            account.runs(&mut command);
        }
        command
    }

    /// `postmaster.pid` says `ready` in its last line; its first tells ours from one that a crash left behind.
    fn is_ready(&self, process: &Process) -> bool {
        let file = postmaster_file(&self.data());
        let is_ours = file.first().is_some_and(|id| *id == process.id().as_raw_nonzero().to_string());
        is_ours && file.get(7).is_some_and(|status| status.trim_end() == "ready")
    }

    /// A server that was killed can't give back its small System V segment, and the system has only so many.
    fn release_shared_memory(&self) {
        let file = postmaster_file(&self.data());
        if let Some(id) = file.get(6).and_then(|line| line.split_whitespace().nth(1)) {
            // It may be gone already: then there is nothing to do.
            let _ = Command::new("ipcrm").args(["-m", id]).output();
        }
    }
}

fn postmaster_file(data: &Path) -> Vec<String> {
    let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// True when the server ended because of its port; any other end is the test's.
fn port_is_taken(log: &str) -> bool {
    assert!(log.contains("Address already in use"), "PostgreSQL does not start:\n{log}");
    true
}

/// Runs one of PostgreSQL's programs to its end.
fn output_of(command: &mut Command) -> String {
    let program = command.get_program().to_owned();
    let output = command.output().unwrap_or_else(|error| panic!("{} can't run: {error}", program.display()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed: {errors}", program.display());
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
