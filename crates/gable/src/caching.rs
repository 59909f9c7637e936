//! How the cache is set up: from the settings to a larder and the pages in front of the routes.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::response::IntoResponse as _;
use axum::response::Response;
use bytes::Bytes;
use hyper::HeaderMap;
use larder::clock::Clock;
use larder::tier::redis::Redis;
use larder::{Larder, LoadLimits, Options, Pace, PageCache, Policy, Seal, SharedOptions, TokenKey};
use listings::Store;
use sha2::{Digest as _, Sha256};

use crate::access::cookie;
use crate::application::Application;
use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::request_id::RequestId;
use crate::server::Shortcut;
use crate::settings::Settings;
use crate::{router, security};

/// What the settings say about the cache of one node.
#[must_use]
pub fn options(settings: &Settings) -> Options {
    let longest = settings.page_cache_ttl.max(settings.data_cache_ttl);
    Options {
        memory_bytes: usize::try_from(settings.cache_memory_bytes).unwrap_or(usize::MAX),
        pace: Pace { interval: settings.cache_poll, longest_lifetime: longest * 2, ..Pace::default() },
        clock: Clock::Boottime,
        shared: None,
    }
}

/// The Redis that all nodes of a site share which is addressed so from outside, if there is one.
///
/// # Errors
/// Where it can't be used as the settings have it.
pub async fn shared(settings: &Settings, site_url: &str) -> anyhow::Result<Option<SharedOptions>> {
    let Some(redis) = &settings.redis else { return Ok(None) };
    let Some(secret) = &settings.secret_key else {
        tracing::warn!(
            "REDIS_URL is not used: without GABLE_SECRET_KEY nobody can tell what nodes wrote there"
        );
        return Ok(None);
    };
    if settings.database_url.starts_with("sqlite:") {
        tracing::warn!("REDIS_URL is not used: a SQLite file is as quick to read, and has one node");
        return Ok(None);
    }
    let program = tokio::task::spawn_blocking(fingerprint).await?.context("this program can't be read")?;
    let facts = [&program[..], site_url.as_bytes(), &[u8::from(settings.debug)]];
    let tier = Redis::new(redis.address.clone(), redis.timeout, Clock::Boottime).context("REDIS_URL")?;
    tracing::info!(address = %redis.address, "what is kept is shared");
    Ok(Some(SharedOptions {
        tier: Arc::new(tier),
        seal: Seal::new(secret.reveal().as_bytes(), facts),
        prefix: redis.prefix.clone(),
    }))
}

/// What tells this build of the program from every other: what it reads and writes may have another form there.
fn fingerprint() -> std::io::Result<[u8; 32]> {
    let mut program = std::fs::File::open(std::env::current_exe()?)?;
    let mut digest = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match program.read(&mut block)? {
            0 => return Ok(digest.finalize().into()),
            length => digest.update(&block[..length]),
        }
    }
}

/// What is promised of answers that live so long.
///
/// To ask a SQLite file what has changed takes microseconds: so it is asked for every request, and no answer is ever older
/// than the last commit.
fn policy(settings: &Settings, store: &Store, lifetime: Duration) -> Policy {
    let lease = if store.is_embedded() { Duration::ZERO } else { settings.cache_lease };
    Policy { lifetime, lease, stale_if_error: settings.stale_if_error }
}

/// Where handlers read: that store, kept in that larder.
#[must_use]
pub fn catalogue(settings: &Settings, store: &Store, larder: &Larder) -> Catalogue {
    Catalogue::new(store.clone(), larder, policy(settings, store, settings.data_cache_ttl))
}

/// The pages of the site, kept in its larder; its readers show tokens that were signed with its key.
#[must_use]
pub fn pages(application: &Application) -> PageCache {
    let Application { settings, store, larder, token_key, .. } = application;
    let policy = policy(settings, store, settings.page_cache_ttl);
    PageCache::new(larder.clone(), "gable", router::pages(policy))
        .with_token_key(token_key.clone())
        .with_refusal(refusal)
        .with_unreachable(unreachable)
        .with_private(cookie::is_there)
        .with_loads(loads(store), crowded)
        .with_fields(&fields(application.is_https()))
}

/// How many pages are made at once: as many as there are connections, since more would wait for one with half of their work
/// done. As many times four may wait for half a second: whoever waits longer has gone, or asks again.
fn loads(store: &Store) -> LoadLimits {
    let at_once = usize::try_from(store.connections()).unwrap_or(usize::MAX);
    LoadLimits { at_once, waiting: at_once.saturating_mul(4), patience: Duration::from_millis(500) }
}

/// What write tokens are signed with. Without a secret of the site, one that ends with this process: tokens of another node
/// are then foreign, and a reader waits for the lease instead.
#[must_use]
pub fn token_key(settings: &Settings) -> TokenKey {
    match &settings.secret_key {
        Some(secret) => TokenKey::new(secret.reveal().as_bytes()),
        None => TokenKey::new(&rand::random::<[u8; 32]>()),
    }
}

/// Travels on to where errors get their face.
fn refusal() -> Response<Bytes> {
    Error::Internal("a handler ended without an answer".to_owned()).into_response().map(|_| Bytes::new())
}

/// So do these.
fn unreachable() -> Response<Bytes> {
    Error::Unavailable("the database says nothing".to_owned()).into_response().map(|_| Bytes::new())
}

fn crowded() -> Response<Bytes> {
    Error::Crowded.into_response().map(|_| Bytes::new())
}

/// The fields of an answer that passes no layer of ours: those for browsers, and a place for the request's number.
fn fields(is_https: bool) -> HeaderMap {
    let mut fields = security::fields(is_https);
    fields.extend([RequestId::place()]);
    fields
}

/// Answers what is kept before anything else is done with a request.
#[must_use]
pub fn shortcut(application: &Arc<Application>, pages: PageCache) -> Shortcut {
    let hits = application.metrics.hits(pages.routes());
    let clock = Clock::Boottime;
    Arc::new(move |method, uri, headers| {
        let came_at = clock.now();
        let found = pages.find(came_at, method, uri, headers)?;
        hits.note(method, found.route, found.response.status(), clock.now().since(came_at));
        Some(found.response)
    })
}
