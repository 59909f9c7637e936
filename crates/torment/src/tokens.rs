//! Write tokens for writers past the program: who has them must see the own write in the next request, on any node.

use std::str::FromStr as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use larder::freshness::Xid;
use larder::source::Source as _;
use larder::source::postgres::Postgres;
use larder::{TokenKey, WriteToken};
use sqlx::postgres::PgConnectOptions;
use testkit::history::TokenOf;
use tokio::runtime::{Builder, Runtime};

/// A database that takes longer to say which life it lives has other troubles: the writer goes without a token then.
const PATIENCE: Duration = Duration::from_secs(1);

struct Signer {
    runtime: Runtime,
    source: Postgres,
    key: TokenKey,
}

/// Signs as the nodes do that have this secret.
///
/// # Panics
///
/// When the URL is none.
pub(crate) fn of(database_url: &str, secret: &str) -> TokenOf {
    let options = PgConnectOptions::from_str(database_url).expect("the fleet's own URL is one");
    // So named, it is no session of a node, and no fault befalls it.
    let source = Postgres::new(options.application_name("history tokens"));
    let runtime =
        Builder::new_current_thread().enable_all().build().expect("a process may have another pipe");
    let signer = Mutex::new(Signer { runtime, source, key: TokenKey::new(secret.as_bytes()) });
    Box::new(move |xid| signer.lock().unwrap_or_else(PoisonError::into_inner).sign(xid))
}

impl Signer {
    fn sign(&mut self, xid: u64) -> Option<String> {
        let Self { runtime, source, key } = self;
        let poll = runtime.block_on(async { tokio::time::timeout(PATIENCE, source.poll(None)).await });
        let incarnation = poll.ok()?.ok()?.incarnation;
        Some(key.sign(WriteToken { incarnation, xid: Xid(xid) }))
    }
}
