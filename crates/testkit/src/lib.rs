//! Throw-away servers, programs and browsers for tests: private, on free ports, gone afterwards.
//!
//! Everything that runs here works in a [`Folder`] of its own, in memory or under the system's temporary folder. When the
//! value is dropped, or the test process dies in whatever way (`kill -9` included), the folder's watchdog
//! stops every process that works in the folder and removes it. No server that was running before is ever
//! spoken to: ports are free ones, and a server counts as ready when it says so itself.
//!
//! * [`Postgres`], [`Redis`]: servers that a test may stop, kill, pause and start again.
//! * [`RedisCluster`]: six of the latter that are one.
//! * [`Link`]: a TCP link that a test can cut, stop, slow down and corrupt.
//! * [`PgBouncer`]: a pooler in front of a database.
//! * [`HaProxy`]: a balancer in front of several nodes.
//! * [`WallClock`]: a time of day that a test can set wrong.
//! * [`Browser`]: headless Chromium.
//! * [`Django`]: the Django project in `tests/django`, on a database of the test's choice.
//! * [`Schemathesis`]: requests without number, made from an OpenAPI document.
//! * [`Program`]: a binary that was built here, its output and its memory.
//! * [`history`]: numbered writes, reads over HTTP, and the judge who compares them.
//! * [`deploy`]: nodes that are restarted one after the other, and the clients who must not notice.
//! * [`load`]: requests in numbers, and what they cost the server.
//! * [`http`]: requests that no HTTP client would send.
//!
//! For Linux: the watchdog reads /proc. A program that is not installed ends the test with a sentence that names its Debian package and
//! `./scripts/test`.

mod account;
mod browser;
mod capture;
pub mod deploy;
mod django;
mod folder;
mod haproxy;
pub mod history;
pub mod http;
mod installed;
mod link;
pub mod load;
mod patience;
mod pgbouncer;
mod port;
mod postgres;
mod process;
mod program;
mod redis;
mod redis_cluster;
mod redis_sentinel;
mod schemathesis;
mod server;
mod wall_clock;
mod workspace;

pub use browser::Browser;
pub use django::Django;
pub use fantoccini;
pub use folder::Folder;
pub use haproxy::HaProxy;
pub use link::{Link, Weather};
pub use patience::within;
pub use pgbouncer::PgBouncer;
pub use postgres::Postgres;
pub use program::{Finished, Program, Running};
pub use redis::Redis;
pub use redis_cluster::RedisCluster;
pub use redis_sentinel::RedisSentinel;
pub use rustix::process::Signal;
pub use schemathesis::Schemathesis;
pub use wall_clock::WallClock;
