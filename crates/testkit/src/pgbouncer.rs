//! A throw-away PgBouncer.

use std::fs;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use url::Url;

use crate::account::Account;
use crate::folder::Folder;
use crate::installed;
use crate::process::Process;
use crate::server::{Server, wait_until};

/// A PgBouncer of the test's own in transaction mode, on a free port of 127.0.0.1, in front of one database. It knows no
/// start-up setting but its own few, as when it was just installed. It is gone when this is dropped or the test process dies.
#[derive(Debug)]
pub struct PgBouncer {
    server: Server,
    url: Url,
}

impl PgBouncer {
    /// A pooler of `connections` connections to the database of that URL, ready for clients.
    ///
    /// # Panics
    ///
    /// When PgBouncer is not installed or does not start, or the URL is none.
    #[must_use]
    pub fn start(database_url: &str, connections: u32) -> Self {
        let url =
            Url::parse(database_url).unwrap_or_else(|error| panic!("{database_url} is no URL: {error}"));
        // PgBouncer refuses to run as root.
        let account = Account::unless_already_unprivileged();
        let folder = Folder::for_server(account, Signal::TERM);
        let launch = |port| launch(folder.path(), account, &settings(&url, connections, port));
        Self { server: Server::start(folder.clone(), launch), url }
    }

    /// The URL of the database, through the pooler.
    ///
    /// # Panics
    ///
    /// Never: a URL that has a host can have a port.
    #[must_use]
    pub fn url(&self) -> String {
        let mut url = self.url.clone();
        url.set_port(Some(self.server.port())).expect("a URL with a host can have a port");
        url.to_string()
    }

    /// Stops the pooler at once; its clients' connections end.
    ///
    /// # Panics
    ///
    /// When it does not end within a minute.
    pub fn stop(&self) {
        self.server.stop(Signal::TERM);
    }
}

fn settings(url: &Url, connections: u32, port: u16) -> String {
    let (host, database) = (url.host_str().unwrap_or("127.0.0.1"), url.path().trim_start_matches('/'));
    format!(
        "[databases]\n{database} = host={host} port={} user={} pool_size={connections}\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
         auth_type = any\npool_mode = transaction\n",
        url.port().unwrap_or(5432),
        url.username(),
    )
}

/// The pooler when it is ready, or `None` when the port was taken.
fn launch(folder: &Path, account: Option<Account>, settings: &str) -> Option<Process> {
    let file = folder.join("pgbouncer.ini");
    fs::write(&file, settings).expect("the folder can be written to");
    let mut command = Command::new(installed::server_program("pgbouncer", "pgbouncer"));
    command.arg(&file);
    if let Some(account) = account {
        account.owns(&file);
        account.runs(&mut command);
    }
    let process = Process::spawn(&mut command, folder);
    wait_until(|process| process.output().contains("process up"), process, "PgBouncer")
}
