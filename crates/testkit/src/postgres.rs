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
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use crate::account::Account;
use crate::folder::Folder;
use crate::installed;
use crate::process::Process;
use crate::server::{Server, wait_until};

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
    server: Server,
    cluster: Cluster,
    databases: AtomicU32,
}

/// What a cluster is started from.
#[derive(Debug)]
struct Cluster {
    programs: PathBuf,
    account: Option<Account>,
    folder: PathBuf,
    settings: Vec<String>,
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
        Self::start_in(Folder::for_server(account, Signal::QUIT), account, settings)
    }

    /// A new cluster for measurements: on the disk that holds the system's temporary folder, and every commit waits for it.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not start.
    #[must_use]
    pub fn start_durable() -> Self {
        let account = Account::unless_already_unprivileged();
        let folder = Folder::on_disk_for_server(account, Signal::QUIT);
        Self::start_in(folder, account, &["fsync=on", "full_page_writes=on"])
    }

    fn start_in(folder: Folder, account: Option<Account>, settings: &[&str]) -> Self {
        let settings = settings.iter().map(ToString::to_string).collect();
        let programs = installed::postgres_programs();
        let cluster = Cluster { programs, account, folder: folder.path().to_path_buf(), settings };
        template::copy(&cluster.programs, account, &cluster.data());
        let server = Server::start(folder, |port| cluster.launch(port));
        Self { server, cluster, databases: AtomicU32::new(0) }
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
        self.server.port()
    }

    /// The folder that it works in.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        self.server.folder()
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
        let mut command = Command::new(self.cluster.programs.join("psql"));
        command.args(["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database_url, "-c", statements]);
        output_of(&mut command)
    }

    /// One of PostgreSQL's programs, of this server's version.
    #[must_use]
    pub fn program(&self, name: &str) -> Command {
        Command::new(self.cluster.programs.join(name))
    }

    /// A dump of that database, in `pg_dump`'s custom format: the file's path, in this server's folder.
    ///
    /// # Panics
    ///
    /// When it fails, with what `pg_dump` wrote.
    #[must_use]
    pub fn dump(&self, database_url: &str) -> PathBuf {
        let number = self.databases.fetch_add(1, Ordering::Relaxed) + 1;
        let file = self.cluster.folder.join(format!("dump_{number}"));
        let mut command = Command::new(self.cluster.programs.join("pg_dump"));
        output_of(command.args(["--format=custom", "-d", database_url, "-f"]).arg(&file));
        file
    }

    /// Restores a dump into that database; what is there of the same name is dropped first.
    ///
    /// # Panics
    ///
    /// When it fails, with what `pg_restore` wrote.
    pub fn restore(&self, database_url: &str, dump: &Path) {
        let mut command = Command::new(self.cluster.programs.join("pg_restore"));
        output_of(command.args(["--clean", "--if-exists", "--exit-on-error", "-d", database_url]).arg(dump));
    }

    /// A standby of this server, of its own port, that has everything that was committed before.
    ///
    /// # Panics
    ///
    /// When it can't be made or does not start.
    #[must_use]
    pub fn standby(&self) -> Self {
        let account = Account::unless_already_unprivileged();
        let folder = Folder::for_server(account, Signal::QUIT);
        let cluster = Cluster {
            programs: self.cluster.programs.clone(),
            account,
            folder: folder.path().to_path_buf(),
            settings: self.cluster.settings.clone(),
        };
        let mut command = Command::new(cluster.programs.join("pg_basebackup"));
        command.args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "-d", &self.url(), "-D"]);
        command.arg(cluster.data()).current_dir(&cluster.folder);
        if let Some(account) = account {
            account.runs(&mut command);
        }
        output_of(&mut command);
        let server = Server::start(folder, |port| cluster.launch(port));
        Self { server, cluster, databases: AtomicU32::new(0) }
    }

    /// Stops the server in order (`fast`: sessions are ended, what they committed is written).
    ///
    /// # Panics
    ///
    /// When it does not end within a minute.
    pub fn stop(&self) {
        self.server.stop(Signal::INT);
    }

    /// Stops the server at once (`immediate`): what it was doing is lost, and it recovers at its next start.
    ///
    /// # Panics
    ///
    /// When it does not end within a minute.
    pub fn stop_at_once(&self) {
        self.server.stop(Signal::QUIT);
    }

    /// Kills every process of the cluster at once, as a crash would; returns when they are gone.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn kill(&self) {
        self.server.kill();
        self.cluster.clear_after_a_crash();
    }

    /// Starts the server again, on its port, with its data; stops it first when it runs.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn restart(&self) {
        self.stop();
        self.server.restart(|port| self.cluster.launch(port));
    }

    /// Stops every process of the cluster where it is (SIGSTOP): connections stay open and nothing answers.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn pause(&self) {
        self.server.pause();
    }

    /// Lets a paused cluster go on.
    ///
    /// # Panics
    ///
    /// When the watchdog has gone.
    pub fn resume(&self) {
        self.server.resume();
    }

    /// Kills one process of the cluster (SIGKILL), such as a session's by its `pg_backend_pid()`: PostgreSQL takes that for a
    /// crash, ends all sessions and recovers by itself.
    ///
    /// # Panics
    ///
    /// When the number is none of a process.
    pub fn kill_session(&self, id: i32) {
        let id = Pid::from_raw(id).expect("a process has a number");
        // It may have ended by itself.
        let _ = kill_process(id, Signal::KILL);
    }

    /// Lets no file of the server grow beyond so many bytes, which PostgreSQL takes for a full disk (it ignores SIGXFSZ for
    /// that); none lifts it. A new server has no limit.
    ///
    /// # Panics
    ///
    /// When the system refuses.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let file = self.cluster.postmaster_file();
        let parent = file.first().and_then(|id| id.parse().ok()).and_then(Pid::from_raw);
        let parent = parent.expect("a server that runs says its number");
        // The parent first: what it starts from now on is limited like it.
        for process in [parent].into_iter().chain(children(parent)) {
            // A child may have ended meanwhile. Only the soft limit: the hard one could not be raised again.
            let _ = prlimit(Some(process), Resource::Fsize, Rlimit { current: bytes, maximum: None });
        }
    }

    fn database_url(&self, name: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{name}", self.port())
    }
}

impl Cluster {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The server when it is ready, or `None` when the port was taken.
    fn launch(&self, port: u16) -> Option<Process> {
        let process = Process::spawn(&mut self.server(port), &self.data());
        wait_until(|process| self.is_ready(process), process, "PostgreSQL")
    }

    fn server(&self, port: u16) -> Command {
        let mut command = Command::new(self.programs.join("postgres"));
        command.arg("-D").arg(self.data()).arg("-p").arg(port.to_string());
        command.arg("-k").arg(&self.folder).env("LC_ALL", "C");
        for setting in SETTINGS.into_iter().chain(self.settings.iter().map(String::as_str)) {
            command.args(["-c", setting]);
        }
        if let Some(account) = self.account {
            account.runs(&mut command);
        }
        command
    }

    /// `postmaster.pid` says `ready` in its last line, or `standby` when a standby takes connections; its first tells ours from one that a crash left behind.
    fn is_ready(&self, process: &Process) -> bool {
        let file = self.postmaster_file();
        let is_ours = file.first().is_some_and(|id| *id == process.id().as_raw_nonzero().to_string());
        is_ours && file.get(7).is_some_and(|status| ["ready", "standby"].contains(&status.trim_end()))
    }

    /// A killed server leaves a small System V segment, of which a system has only so many, and the number of a
    /// process, which may be somebody else's when it starts again.
    fn clear_after_a_crash(&self) {
        if let Some(id) = self.postmaster_file().get(6).and_then(|line| line.split_whitespace().nth(1)) {
            // It may be gone already: then there is nothing to do.
            let _ = Command::new("ipcrm").args(["-m", id]).output();
        }
        let _ = fs::remove_file(self.data().join("postmaster.pid"));
    }

    fn postmaster_file(&self) -> Vec<String> {
        let text = fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn children(parent: Pid) -> Vec<Pid> {
    let id = parent.as_raw_nonzero();
    let text = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    text.split_whitespace().filter_map(|id| Pid::from_raw(id.parse().ok()?)).collect()
}

/// Runs one of PostgreSQL's programs to its end.
fn output_of(command: &mut Command) -> String {
    let program = command.get_program().to_owned();
    let output = command.output().unwrap_or_else(|error| panic!("{} can't run: {error}", program.display()));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} failed: {errors}", program.display());
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}
