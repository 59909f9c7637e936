//! A throw-away HAProxy.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::folder::Folder;
use crate::http::raw;
use crate::installed;
use crate::process::Process;
use crate::server::{Server, wait_until};

/// A HAProxy of the test's own, on a free port of 127.0.0.1, in front of several nodes. It asks each for `/readyz` ten times a
/// second, turns away from one that has failed twice, and sends no request a second time: what a node fails to answer, the client
/// is told. Answers carry `X-Node`: `node0`, `node1` and so on. It is gone when this is dropped or the test process dies.
#[derive(Debug)]
pub struct HaProxy {
    server: Server,
}

impl HaProxy {
    /// A balancer in front of these nodes, of which none need be ready.
    ///
    /// # Panics
    ///
    /// When HAProxy is not installed or does not start.
    #[must_use]
    pub fn start(nodes: &[SocketAddr]) -> Self {
        let folder = Folder::new();
        let server = Server::start(folder.clone(), |port| launch(folder.path(), &settings(nodes, port)));
        Self { server }
    }

    /// Where clients find it.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.server.port()))
    }

    /// Whether it sends requests to the node of that place.
    ///
    /// # Panics
    ///
    /// When it does not say.
    #[must_use]
    pub fn sends_to(&self, node: usize) -> bool {
        let request = "GET /balancer;csv HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        let said = raw(self.address(), request).expect("a balancer that runs answers").text();
        let begin = format!("nodes,node{node},");
        let line = said.lines().find(|line| line.starts_with(&begin)).expect("each node has its line");
        line.split(',').any(|field| field == "UP")
    }

    /// Stops it at once.
    ///
    /// # Panics
    ///
    /// When it does not end within a minute.
    pub fn stop(&self) {
        self.server.stop(Signal::TERM);
    }
}

fn settings(nodes: &[SocketAddr], port: u16) -> String {
    let mut settings = format!(
        "global\n  noreuseport\n  maxconn 1000\n\
         defaults\n  mode http\n  retries 0\n\
         \x20 timeout connect 5s\n  timeout client 60s\n  timeout server 60s\n  timeout check 5s\n\
         frontend site\n  bind 127.0.0.1:{port}\n  stats enable\n  stats uri /balancer\n  default_backend nodes\n\
         backend nodes\n  balance roundrobin\n  option httpchk\n\
         \x20 http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost\n  http-check expect status 200\n  http-response set-header X-Node %s\n\
         \x20 default-server check inter 100ms fall 2 rise 1\n"
    );
    for (place, address) in nodes.iter().enumerate() {
        writeln!(settings, "  server node{place} {address}").expect("a string takes what is written to it");
    }
    settings
}

/// The balancer when it is ready, or `None` when the port was taken.
fn launch(folder: &Path, settings: &str) -> Option<Process> {
    let file = folder.join("haproxy.cfg");
    fs::write(&file, settings).expect("the folder can be written to");
    let mut command = Command::new(installed::server_program("haproxy", "haproxy"));
    // With a master process, which says when it is ready.
    command.args(["-W", "-db", "-f"]).arg(&file);
    let process = Process::spawn(&mut command, folder);
    wait_until(|process| process.output().contains("Loading success"), process, "HAProxy")
}
