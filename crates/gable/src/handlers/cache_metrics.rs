//! `/properties/cache-metrics/`: what has come of the reads so far, by level and by kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE};
use larder::tier::shared::Keyspace;
use larder::{Figures, Health, KindFigures, SharedFigures};
use serde::Serialize;
use utoipa::ToSchema;

use crate::application::Application;
use crate::error::Error;

/// The endpoint's path.
pub const PATH: &str = "/properties/cache-metrics/";

/// The figures, as the Django project wraps them.
#[derive(Debug, Serialize, ToSchema)]
pub struct CacheMetrics {
    metrics: Metrics,
}

/// The Django project's four figures, then ours.
#[derive(Debug, Serialize, ToSchema)]
struct Metrics {
    /// Keys that were there, by Redis' own count; without a Redis that says, answers out of the cache, pages and data together.
    keyspace_hits: u64,
    /// Keys that were not there, by Redis' own count; without a Redis that says, answers that had to be made.
    keyspace_misses: u64,
    /// Both together.
    total_requests: u64,
    /// Hits by all, from 0 to 1; 0 before the first.
    hit_ratio: f64,
    /// Where entries are kept.
    levels: Levels,
    /// What is kept.
    kinds: Kinds,
    /// How well the database is followed.
    database: Following,
}

#[derive(Debug, Serialize, ToSchema)]
struct Levels {
    memory: Memory,
    /// What all nodes share; null where there is no Redis.
    redis: Option<Redis>,
}

/// The Redis that all nodes share, as this process uses it.
#[derive(Debug, Serialize, ToSchema)]
struct Redis {
    /// `ok`, `read-only` or `unreachable`.
    state: &'static str,
    /// Entries that were there, whole and true.
    hits: u64,
    /// Looks that brought nothing of use, by reason.
    misses: BTreeMap<&'static str, u64>,
    /// Operations that failed, by reason.
    failures: BTreeMap<&'static str, u64>,
    written: u64,
    /// Entries that could not be written.
    not_written: u64,
    /// Entries that were not written because too many others were being written.
    behind: u64,
    /// Loads that waited for another node's.
    waited: u64,
}

/// The memory of this process.
#[derive(Debug, Serialize, ToSchema)]
struct Memory {
    entries: usize,
    bytes: u64,
    capacity_bytes: u64,
    /// The largest entry that is kept.
    largest_bytes: usize,
    /// Dropped to make room.
    evicted: u64,
    /// Too large to be kept.
    rejected: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct Kinds {
    page: Kind,
    data: Kind,
}

/// What has come of the reads of one kind.
#[derive(Debug, Serialize, ToSchema)]
struct Kind {
    hits: u64,
    /// Of these, those out of Redis.
    hits_redis: u64,
    /// Answers labelled as stale, while the database could not be asked.
    stale: u64,
    /// Answers that had to be made, by reason.
    misses: BTreeMap<&'static str, u64>,
    /// Of these, those that waited for somebody else's load.
    collapsed: u64,
    loads: u64,
    /// Statements that the loads sent.
    statements: u64,
    failed: u64,
    /// Loads made again because something changed while they read.
    torn: u64,
    /// Loads of what was in use, ahead of its end.
    ahead: u64,
    /// Loaded answers that were not kept, by reason.
    not_kept: BTreeMap<&'static str, u64>,
}

/// How well the database is followed.
#[derive(Debug, Serialize, ToSchema)]
struct Following {
    /// `well`, `unknown`, `unreachable` or `unwatched`.
    health: &'static str,
    polls: u64,
    /// Milliseconds since the last poll that came back was sent.
    known_ms_ago: u64,
    /// Changes that are remembered, and the bytes that they take.
    changes: usize,
    changes_bytes: usize,
    /// How often everything kept became worthless at once.
    generation: u64,
}

/// Hits and misses of the cache
///
/// By level and by kind, with the reason of each miss; of this process, since its start.
#[utoipa::path(
    get, path = PATH, tag = "Django", operation_id = "cache_metrics",
    responses((status = 200, description = "The figures", body = CacheMetrics))
)]
pub async fn show(State(application): State<Arc<Application>>) -> Result<Response, Error> {
    let keyspace = application.larder.keyspace().await;
    let metrics = metrics(&application.larder.figures(), &application.larder.health(), keyspace);
    let body = Body::from(serde_json::to_vec(&CacheMetrics { metrics })?);
    Ok(([(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response())
}

fn metrics(figures: &Figures, health: &Health, keyspace: Option<Keyspace>) -> Metrics {
    let kinds = [&figures.page, &figures.data];
    let Keyspace { hits, misses } = keyspace.unwrap_or_else(|| Keyspace {
        hits: kinds.iter().map(|kind| kind.hits + kind.stale).sum(),
        misses: kinds.iter().map(|kind| kind.misses()).sum(),
    });
    Metrics {
        keyspace_hits: hits,
        keyspace_misses: misses,
        total_requests: hits + misses,
        hit_ratio: ratio(hits, hits + misses),
        levels: Levels { memory: memory(figures), redis: figures.shared.as_ref().map(redis) },
        kinds: Kinds { page: kind(&figures.page), data: kind(&figures.data) },
        database: following(figures, health),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a ratio needs no more than 52 bits")]
fn ratio(hits: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { hits as f64 / all as f64 }
}

fn memory(figures: &Figures) -> Memory {
    let memory = figures.memory;
    Memory {
        entries: memory.entries,
        bytes: memory.bytes,
        capacity_bytes: memory.capacity_bytes,
        largest_bytes: memory.largest_bytes,
        evicted: memory.evicted,
        rejected: memory.rejected,
    }
}

fn redis(figures: &SharedFigures) -> Redis {
    Redis {
        state: figures.state.name(),
        hits: figures.hits,
        misses: figures.misses.iter().copied().collect(),
        failures: figures.troubles.iter().copied().collect(),
        written: figures.written,
        not_written: figures.not_written,
        behind: figures.behind,
        waited: figures.waited,
    }
}

fn kind(figures: &KindFigures) -> Kind {
    Kind {
        hits: figures.hits,
        hits_redis: figures.borrowed,
        stale: figures.stale,
        misses: figures.missed.iter().map(|(missed, count)| (missed.name(), *count)).collect(),
        collapsed: figures.collapsed,
        loads: figures.loads,
        statements: figures.statements,
        failed: figures.failed,
        torn: figures.torn,
        ahead: figures.ahead,
        not_kept: figures.not_kept.iter().copied().collect(),
    }
}

fn following(figures: &Figures, health: &Health) -> Following {
    let ledger = figures.ledger;
    Following {
        health: match health {
            Health::Unknown => "unknown",
            Health::Well => "well",
            Health::Unreachable(_) => "unreachable",
            Health::Unwatched(_) => "unwatched",
        },
        polls: ledger.map_or(0, |ledger| ledger.polls),
        known_ms_ago: u64::try_from(figures.known_ms_ago).unwrap_or(u64::MAX),
        changes: ledger.map_or(0, |ledger| ledger.changes),
        changes_bytes: ledger.map_or(0, |ledger| ledger.bytes),
        generation: ledger.map_or(0, |ledger| ledger.generation),
    }
}
