//! A running gable, and what a test asks it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::net::SocketAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Method, Response};
use testkit::Running;
use testkit::http::RawResponse;

use crate::answer::Answer;
use crate::database::Database;

/// After this a test has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A site over a database. It is stopped when this is dropped.
pub(crate) struct Site {
    pub(crate) program: Running,
    pub(crate) database: Database,
    pub(crate) address: SocketAddr,
    pub(crate) client: Client,
}

impl Database {
    /// Serves this database, to which nothing is added.
    pub(crate) fn serve(self) -> Site {
        self.serve_with(&[])
    }

    /// The same with more in its environment.
    pub(crate) fn serve_with(self, environment: &[(&str, &str)]) -> Site {
        let program = self.gable(&["serve", "--no-sample-data"]);
        // What a test writes into the database it wants to see at once, however long a busy machine takes to ask for it; of
        // leases and of what is stale the history tells.
        let program = program.environment("CACHE_LEASE_MS", "0").environment("STALE_IF_ERROR", "0");
        let program = environment.iter().fold(program, |it, (name, value)| it.environment(name, value));
        let program = program.start();
        Site { address: address_of(&program), program, database: self, client: client() }
    }
}

/// The address that a program which serves says that it listens on.
pub(crate) fn address_of(program: &Running) -> SocketAddr {
    let line = program.wait_for_line(|line| line.starts_with("Listening on http://"));
    line.trim_start_matches("Listening on http://").parse().unwrap()
}

/// A client that follows nothing, decodes nothing, and goes through no proxy.
pub(crate) fn client() -> Client {
    let client = Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.timeout(PATIENCE).build().unwrap()
}

impl Site {
    /// The address of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.ask(Method::GET, path, fields).await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, fields: &[(&str, &str)]) -> Answer {
        let fields: HeaderMap = fields.iter().map(field).collect();
        Answer::of(self.client.request(method, self.url(path)).headers(fields).send().await.unwrap()).await
    }

    /// An answer whose body has not been read.
    pub(crate) async fn begin(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.unwrap()
    }

    /// Waits until so many reads of the database are under way or waiting.
    pub(crate) async fn reads_become(&self, right: impl Fn(u32) -> bool) {
        let mut reads = self.reads().await;
        while !right(reads) {
            reads = self.reads().await;
        }
    }

    async fn reads(&self) -> u32 {
        let metrics = self.get("/metrics").await;
        let line = metrics.text().lines().find_map(|line| line.strip_prefix("gable_database_reads "));
        line.unwrap().parse().unwrap()
    }

    /// Sends a request that no client would.
    pub(crate) fn raw(&self, target: &[u8]) -> RawResponse {
        let request =
            [b"GET ", target, b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"].concat();
        testkit::http::raw(self.address, request).unwrap()
    }
}

fn field((name, value): &(&str, &str)) -> (HeaderName, HeaderValue) {
    (name.parse().unwrap(), value.parse().unwrap())
}
