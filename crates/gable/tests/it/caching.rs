//! What is kept, for whom, and for how long.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::net::SocketAddr;

use reqwest::Client;
use testkit::Running;
use testkit::http::RawResponse;

use crate::answer::Answer;
use crate::database::{Database, draft, villa};
use crate::site::{Site, address_of, client};

mod credentials;
mod crowded;
mod deploy;
mod figures;
mod fill_race;
mod lifetimes;
mod log;
mod over_redis;
mod poisoning;
mod rights;
mod routes;
mod statuses;
mod unwatched;

/// Every kind of page that is kept.
pub(crate) const PAGES: [&str; 10] = [
    "/",
    "/?kind=villa&q=home",
    "/properties/1/",
    "/properties/",
    "/api/v1/properties",
    "/api/v1/properties?limit=2&count=true",
    "/api/v1/properties/1",
    "/feed.atom",
    "/sitemap.xml",
    "/sitemaps/0.xml",
];

impl Answer {
    /// What is said of where it comes from, without the cache's name.
    pub(crate) fn how(&self) -> &str {
        self.header("cache-status").strip_prefix("gable; ").unwrap_or_default()
    }

    fn is_hit(&self) -> bool {
        self.how().starts_with("hit; ttl=")
    }
}

impl Site {
    /// Asks until the answer comes out of the cache: on a busy machine the database is not always asked in time.
    async fn becomes_a_hit(&self, path: &str) {
        while !self.get(path).await.is_hit() {}
    }
}

/// A site, and beside it another over the same database that keeps nothing: what it answers is what is there.
struct Twins {
    site: Site,
    anew: SocketAddr,
    client: Client,
    _program: Running,
}

const URL: (&str, &str) = ("SITE_URL", "https://homes.example");

impl Twins {
    /// Both, for tests that write nothing: what is known once may be relied on, however long a busy machine takes to ask again.
    async fn over(database: Database) -> Twins {
        Twins::with_lease(database, "60000").await
    }

    /// Both, for tests that write.
    async fn at_once(database: Database) -> Twins {
        Twins::with_lease(database, "0").await
    }

    async fn with_lease(database: Database, lease_ms: &str) -> Twins {
        Twins::at(URL, database, lease_ms).await
    }

    /// Both, addressed so from outside.
    async fn at(url: (&str, &str), database: Database, lease_ms: &str) -> Twins {
        database.fill(30, 200).await;
        database.add([villa(), draft("A home in Accra & elsewhere")]).await;
        let site = database.serve_with(&[url, ("CACHE_LEASE_MS", lease_ms)]);
        let program = site.database.gable(&["serve", "--no-migrate"]);
        let never =
            ["PAGE_CACHE_TTL", "DATA_CACHE_TTL", "CACHE_LEASE_MS", "STALE_IF_ERROR"].map(|name| (name, "0"));
        let settings = [url].into_iter().chain(never);
        let program = settings.fold(program, |it, (name, value)| it.environment(name, value)).start();
        Twins { anew: address_of(&program), site, client: client(), _program: program }
    }

    /// What is there.
    async fn truth(&self, path: &str) -> Answer {
        let answer = self.client.get(format!("http://{}{path}", self.anew)).send().await.unwrap();
        let answer = Answer::of(answer).await;
        assert!(!answer.is_hit(), "{path}");
        answer
    }

    /// The same answer as what is there, whatever was asked before.
    async fn tells_the_truth(&self, path: &str) -> Answer {
        let (answer, truth) = (self.site.get(path).await, self.truth(path).await);
        is_same(&answer, &truth, path);
        answer
    }

    /// A request that no client would send; of both.
    fn raw(&self, target: &str) -> (RawResponse, RawResponse) {
        let ask = |address: SocketAddr| {
            let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            testkit::http::raw(address, head).unwrap()
        };
        (ask(self.site.address), ask(self.anew))
    }
}

fn is_same(answer: &Answer, truth: &Answer, what: &str) {
    let what = format!("{what} ({})", answer.how());
    assert_eq!(answer.status, truth.status, "{what}");
    assert_eq!(without_number(answer.text()), without_number(truth.text()), "{what}");
    for name in ["etag", "content-type", "link", "cache-control", "vary"] {
        assert_eq!(answer.header(name), truth.header(name), "{what}: {name}");
    }
}

/// Error pages show the number of their request, which is another each time.
fn without_number(text: &str) -> String {
    let is_number = |word: &str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    text.split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| is_number(word))
        .fold(text.to_owned(), |text, number| text.replace(number, ""))
}
