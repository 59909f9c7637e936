//! Redis, Valkey or whatever else speaks their protocol: one server, one that sentinels know, or a cluster.
//!
//! ```text
//! address      from a URL to hosts
//! connection   one for all, made when it is needed
//! breaker      leaves alone what fails
//! ```
//!
//! It is asked `GET`, `MGET`, `SET … EX`, `SET … NX PX` and `PING`, and for figures, if it may be, `INFO`. Nothing grows with the number of keys, and
//! any eviction policy will do.

mod address;
mod breaker;
mod connection;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use redis::{Cmd, Value, cmd};
use tokio::time::timeout;

pub use address::Address;
use breaker::Breaker;
use connection::Connection;

use super::shared::{Keyspace, Pending, SharedTier, TierState, Trouble};
use crate::clock::Clock;

/// How long an operation may take, where nobody says.
pub const BUDGET: Duration = Duration::from_millis(20);

/// Bytes in a Redis. Each operation has a budget, and one that fails again and again is left alone for a while: a Redis that is
/// dead costs nothing after the first few.
pub struct Redis {
    address: Address,
    connection: Connection,
    budget: Duration,
    clock: Clock,
    /// One for reads and one for writes: a replica, and a server that is full, still answer.
    reads: Breaker,
    writes: Breaker,
    /// For figures, which its user need not be allowed.
    figures: Breaker,
}

/// An address that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no Redis can be reached like this: {0}")]
pub struct Unusable(String);

impl Redis {
    /// The Redis at an address; begins to connect, and does not wait for it. Runs on a tokio runtime.
    ///
    /// # Errors
    /// Where the address can't be used, as with certificates that are none. Whether anybody is there is not looked at.
    pub fn new(address: Address, budget: Duration, clock: Clock) -> Result<Redis, Unusable> {
        let connection = Connection::new(&address, budget).map_err(|error| Unusable(error.to_string()))?;
        connection.begin();
        let [reads, writes, figures] = std::array::from_fn(|_| Breaker::default());
        Ok(Redis { address, connection, budget, clock, reads, writes, figures })
    }

    async fn ask(&self, breaker: &Breaker, command: Cmd) -> Result<Value, Trouble> {
        if !breaker.lets_pass(&self.clock) {
            return Err(Trouble::LeftAlone);
        }
        let answer = timeout(self.budget, self.connection.ask(&command)).await;
        let answer = answer.unwrap_or(Err(Trouble::TimedOut));
        match &answer {
            Ok(_) => self.note_success(breaker),
            Err(Trouble::Refused(code)) if is_about_one_key(code) => self.note_success(breaker),
            Err(trouble) => self.note_failure(breaker, trouble),
        }
        answer
    }

    /// Whether anybody needs to hear how it stands: not for figures, which a user with few rights never has.
    fn is_missed(&self, breaker: &Breaker) -> bool {
        !std::ptr::eq(breaker, &raw const self.figures)
    }

    fn note_success(&self, breaker: &Breaker) {
        if breaker.is_open() && self.is_missed(breaker) {
            tracing::info!(address = %self.address, "the shared cache is used again");
        }
        breaker.note_success();
    }

    fn note_failure(&self, breaker: &Breaker, trouble: &Trouble) {
        if breaker.note_failure(&self.clock) && self.is_missed(breaker) {
            tracing::warn!(address = %self.address, %trouble, "the shared cache is left alone for a while");
        }
        if breaker.is_open() && *trouble == Trouble::TimedOut {
            // A connection that leads nowhere does not say so.
            self.connection.give_up();
        }
    }
}

/// Refusals that say nothing of other keys.
fn is_about_one_key(code: &str) -> bool {
    ["WRONGTYPE", "MOVED", "ASK", "TRYAGAIN", "CROSSSLOT"].contains(&code)
}

impl fmt::Debug for Redis {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Redis").field("address", &self.address).finish_non_exhaustive()
    }
}

impl SharedTier for Redis {
    fn get<'a>(&'a self, name: &'a str) -> Pending<'a, Option<Bytes>> {
        Box::pin(async move { bytes(self.ask(&self.reads, cmd("GET").arg(name).take()).await?) })
    }

    fn get_many<'a>(&'a self, names: &'a [String]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            match self.ask(&self.reads, cmd("MGET").arg(names).take()).await? {
                Value::Array(values) if values.len() == names.len() => {
                    values.into_iter().map(bytes).collect()
                }
                other => Err(senseless(&other)),
            }
        })
    }

    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8], lifetime: Duration) -> Pending<'a, ()> {
        let seconds = lifetime.as_millis().div_ceil(1_000).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        let command = cmd("SET").arg(name).arg(bytes).arg("EX").arg(seconds).take();
        Box::pin(async { self.ask(&self.writes, command).await.map(drop) })
    }

    fn claim<'a>(&'a self, name: &'a str, lifetime: Duration) -> Pending<'a, bool> {
        let command = cmd("SET").arg(name).arg("1").arg("NX").arg("PX").arg(milliseconds(lifetime)).take();
        Box::pin(async {
            match self.ask(&self.writes, command).await? {
                Value::Okay => Ok(true),
                Value::Nil => Ok(false),
                other => Err(senseless(&other)),
            }
        })
    }

    /// By an end that comes at once: to delete is one command more that its user would have to be allowed.
    fn release<'a>(&'a self, name: &'a str) -> Pending<'a, ()> {
        let command = cmd("SET").arg(name).arg("0").arg("PX").arg(1).take();
        Box::pin(async { self.ask(&self.writes, command).await.map(drop) })
    }

    fn ping(&self) -> Pending<'_, ()> {
        Box::pin(async { self.ask(&self.reads, cmd("PING")).await.map(drop) })
    }

    fn takes_bytes(&self) -> bool {
        !self.writes.is_open() || self.writes.is_due(&self.clock)
    }

    fn state(&self) -> TierState {
        match (self.reads.is_open(), self.writes.is_open()) {
            (true, _) => TierState::LeftAlone,
            (false, true) => TierState::ReadOnly,
            (false, false) => TierState::Well,
        }
    }

    fn keyspace(&self) -> Pending<'_, Option<Keyspace>> {
        Box::pin(async {
            let mut texts = Vec::new();
            match self.ask(&self.figures, cmd("INFO").arg("stats").take()).await {
                Ok(answer) => collect_texts(answer, &mut texts),
                // It may be that our user may not.
                Err(Trouble::Refused(_)) => return Ok(None),
                Err(trouble) => return Err(trouble),
            }
            Ok(Some(Keyspace {
                hits: sum(&texts, "keyspace_hits:"),
                misses: sum(&texts, "keyspace_misses:"),
            }))
        })
    }
}

fn bytes(value: Value) -> Result<Option<Bytes>, Trouble> {
    match value {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes.into())),
        other => Err(senseless(&other)),
    }
}

/// The value itself may be long, and is nobody's.
fn senseless(value: &Value) -> Trouble {
    let kind = match value {
        Value::Array(_) => "an array",
        Value::SimpleString(_) | Value::Okay => "a status",
        Value::Int(_) => "a number",
        Value::ServerError(error) => return Trouble::Refused(error.code().to_owned()),
        _ => "something else",
    };
    Trouble::Senseless(format!("{kind} was not asked for"))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// One server answers with a text, a cluster with one for each of its servers.
fn collect_texts(value: Value, texts: &mut Vec<String>) {
    match value {
        Value::BulkString(bytes) => texts.extend(String::from_utf8(bytes)),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => texts.push(text),
        Value::Array(values) => values.into_iter().for_each(|value| collect_texts(value, texts)),
        Value::Map(pairs) => pairs.into_iter().for_each(|(_, value)| collect_texts(value, texts)),
        _ => {}
    }
}

fn sum(texts: &[String], field: &str) -> u64 {
    let lines = texts.iter().flat_map(|text| text.lines());
    lines.filter_map(|line| line.strip_prefix(field)?.trim().parse::<u64>().ok()).sum()
}
