//! A throw-away Redis.

use std::fs;
use std::process::Command;

use rustix::process::Signal;

use crate::folder::Folder;
use crate::installed;
use crate::patience::within;
use crate::process::Process;
use crate::server::{PATIENCE, Server, wait_until};

/// A Redis of the test's own, on a free port of 127.0.0.1, that keeps nothing on disk: after a stop it is
/// empty. It is gone when this is dropped or the test process dies.
#[derive(Debug)]
pub struct Redis {
    server: Server,
    settings: Vec<String>,
    has_tls: bool,
}

impl Redis {
    /// A new, empty server, ready for connections.
    ///
    /// # Panics
    ///
    /// When Redis is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with settings beside its own, as on its command line: `["--maxmemory", "2mb"]`.
    ///
    /// # Panics
    ///
    /// As [`Redis::start`].
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        Self::launch_in(Folder::new(), settings.iter().map(|&text| text.to_owned()).collect(), false)
    }

    /// A server that speaks TLS only, with a certificate of its own authority: [`Redis::authority`].
    ///
    /// # Panics
    ///
    /// As [`Redis::start`], and when `openssl` is not installed.
    #[must_use]
    pub fn start_with_tls() -> Self {
        let folder = Folder::new();
        make_certificates(&folder);
        let settings = ["--tls-cert-file", "server.pem", "--tls-key-file", "server.key"].into_iter().chain([
            "--tls-ca-cert-file",
            "authority.pem",
            "--tls-auth-clients",
            "no",
        ]);
        Self::launch_in(folder, settings.map(str::to_owned).collect(), true)
    }

    fn launch_in(folder: Folder, settings: Vec<String>, has_tls: bool) -> Self {
        let place = folder.clone();
        let server = Server::start(folder, |port| launch(&place, port, &settings, has_tls));
        Self { server, settings, has_tls }
    }

    /// The certificate of the authority that has signed the server's, in PEM.
    ///
    /// # Panics
    ///
    /// When it speaks no TLS.
    #[must_use]
    pub fn authority(&self) -> Vec<u8> {
        fs::read(self.folder().path().join("authority.pem")).expect("a server with TLS has an authority")
    }

    /// What `redis-cli` says to a command, without its last newline; how it is refused, too.
    ///
    /// # Panics
    ///
    /// When `redis-cli` is not installed.
    #[must_use]
    pub fn ask(&self, command: &[&str]) -> String {
        let mut cli = Command::new(installed::program("redis-cli", "redis-tools"));
        cli.current_dir(self.folder().path()).arg("-p").arg(self.port().to_string());
        if self.has_tls {
            cli.args(["--tls", "--cacert", "authority.pem"]);
        }
        let output = cli.args(command).output().expect("a program that was found can be run");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// What `redis-benchmark` reaches with GETs of a value of so many bytes, in requests a second, one at a time on each of so
    /// many connections.
    ///
    /// # Panics
    ///
    /// When `redis-benchmark` is not installed or does not say.
    #[must_use]
    pub fn gets_a_second(&self, bytes: usize, requests: u32, connections: usize) -> f64 {
        let run = |of: &str, requests: u32, connections: usize| {
            let mut benchmark = Command::new(installed::program("redis-benchmark", "redis-tools"));
            benchmark.args(["-p", &self.port().to_string(), "--csv", "-t", of, "-d", &bytes.to_string()]);
            benchmark.args(["-n", &requests.to_string(), "-c", &connections.to_string()]);
            benchmark.args(["--threads", &connections.to_string()]);
            let output = benchmark.output().expect("a program that was found can be run");
            String::from_utf8_lossy(&output.stdout).into_owned()
        };
        // It gets the one key that it has set.
        run("set", 1, 1);
        let said = run("get", requests, connections);
        let line = said.lines().find_map(|line| line.strip_prefix("\"GET\",\""));
        let figure = line.and_then(|line| line.split('"').next()?.parse().ok());
        figure.unwrap_or_else(|| panic!("redis-benchmark says no figure:\n{said}"))
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
        self.server.restart(|port| launch(self.folder(), port, &self.settings, self.has_tls));
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
fn launch(folder: &Folder, port: u16, settings: &[String], has_tls: bool) -> Option<Process> {
    let mut command = server(port, has_tls);
    let process = Process::spawn(command.args(settings), folder.path());
    wait_until(|process| process.stdout().contains("Ready to accept connections"), process, "Redis")
}

fn server(port: u16, has_tls: bool) -> Command {
    let mut command = Command::new(installed::program("redis-server", "redis-server"));
    let port = port.to_string();
    if has_tls {
        command.args(["--port", "0", "--tls-port", &port]);
    } else {
        command.args(["--port", &port]);
    }
    command.args(["--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no", "--daemonize", "no"]);
    command
}

/// An authority, and a certificate for 127.0.0.1 that it has signed.
fn make_certificates(folder: &Folder) {
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];
    let authority =
        ["req", "-x509", "-subj", "/CN=tests", "-keyout", "authority.key", "-out", "authority.pem"];
    let server = ["req", "-x509", "-subj", "/CN=127.0.0.1", "-keyout", "server.key", "-out", "server.pem"];
    let signed = ["-CA", "authority.pem", "-CAkey", "authority.key"];
    let named = ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"];
    openssl(folder, authority.iter().chain(&key));
    openssl(folder, server.iter().chain(&key).chain(&signed).chain(&named));
}

fn openssl<'a>(folder: &Folder, arguments: impl Iterator<Item = &'a &'a str>) {
    let mut command = Command::new(installed::program("openssl", "openssl"));
    let output = command.current_dir(folder.path()).args(arguments).output();
    let output = output.expect("a program that was found can be run");
    assert!(output.status.success(), "openssl: {}", String::from_utf8_lossy(&output.stderr));
}

/// Waits until the server says this to a command.
pub(crate) fn wait_for(redis: &Redis, command: &[&str], part: &str) {
    let said = within(PATIENCE, || redis.ask(command).contains(part).then_some(()));
    said.unwrap_or_else(|| panic!("{command:?} never says {part}: {}", redis.ask(command)));
}
