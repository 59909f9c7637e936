//! `gable serve`: bring the database to this version, then serve until told to stop.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use larder::Larder;
use listings::Store;
use listings::samples::samples;
use listings::store::redacted;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use super::cli::Serve;
use super::healthcheck::reachable;
use super::{database, say};
use crate::access::password::Passwords;
use crate::application::Application;
use crate::metrics::Metrics;
use crate::server::{AllowedHosts, Lifecycle, Limits, Server, signals};
use crate::settings::{LogFormat, Settings};
use crate::{caching, clock, error, router};

/// Listings that a new and empty SQLite file gets, and which.
const SAMPLES: usize = 40;
const SAMPLES_SEED: u64 = 1;

pub(super) async fn run(settings: Settings, arguments: &Serve) -> anyhow::Result<()> {
    start_log(settings.log_format);
    let lifecycle = Lifecycle::new();
    // At work before anything that may take long: to wait for a database must not mean to be deaf.
    let listening = signals(lifecycle.clone(), settings.shutdown_notice);
    let listening = tokio::spawn(listening.context("signals cannot be listened to")?);
    // Bound first: a port in use is told before the database is touched.
    let listener = TcpListener::bind(settings.bind).await;
    let listener = listener.with_context(|| format!("BIND: cannot listen on {}", settings.bind))?;
    let Some(store) = store_unless_ended(&settings, arguments, &lifecycle).await? else {
        tracing::info!("stopped before the database was ready; what was begun there is not kept");
        return Ok(());
    };
    let server = Server::new(Limits::default(), settings.allowed_hosts.clone(), lifecycle.clone());
    let server = server.with_refusal_page(error::refusal_page).with_open_paths(&router::OPEN_PATHS);
    let server = server.with_large_bodies(&router::LARGE_BODIES);
    let metrics = Metrics::new(server.counts());
    let address = listener.local_addr()?;
    let site_url =
        settings.site_url.clone().unwrap_or_else(|| reachable_url(&settings.allowed_hosts, address));
    let shared = caching::shared(&settings, &site_url).await?;
    let options = larder::Options { shared, ..caching::options(&settings) };
    let larder = Larder::start(|| store.changes(), options).await;
    announce(&settings, address);
    welcome(&store).await;
    let openapi = serde_json::to_vec(&router::openapi())?.into();
    let token_key = caching::token_key(&settings);
    let catalogue = caching::catalogue(&settings, &store, &larder);
    let application = Arc::new(Application {
        settings,
        site_url,
        store: store.clone(),
        larder,
        token_key,
        catalogue,
        lifecycle,
        metrics,
        passwords: Passwords::default(),
        openapi,
    });
    let pages = caching::pages(&application);
    let server = server.with_shortcut(caching::shortcut(&application, pages.clone()));
    server.serve(listener, router::router(application, &pages)).await;
    listening.abort();
    close(&store).await;
    tracing::info!("stopped");
    Ok(())
}

fn start_log(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
}

/// The store to serve from; none where a signal to end comes first.
async fn store_unless_ended(
    settings: &Settings,
    arguments: &Serve,
    lifecycle: &Lifecycle,
) -> anyhow::Result<Option<Store>> {
    let prepared = async {
        prepare(settings, arguments).await?;
        database::open_for_serving(settings).await
    };
    tokio::select! {
        store = prepared => store.map(Some),
        () = lifecycle.leaving() => Ok(None),
    }
}

async fn prepare(settings: &Settings, arguments: &Serve) -> anyhow::Result<()> {
    let store = database::open_for_work(settings).await?;
    if arguments.no_migrate {
        let plan = database::plan(&store).await?;
        if !plan.is_done() {
            bail!("the database is not at this version and --no-migrate was given: run gable migrate");
        }
    } else {
        let plan = database::migrate(&store).await?;
        let is_new = !plan.pending.is_empty() && !plan.adopts;
        if is_new && !arguments.no_sample_data {
            give_a_first_look(&store, settings).await?;
        }
    }
    store.close().await;
    Ok(())
}

/// Samples for a new and empty file; of several nodes that start on it at once, one adds them. Whoever made a PostgreSQL
/// database has listings of their own for it, and would find ours among them.
async fn give_a_first_look(store: &Store, settings: &Settings) -> anyhow::Result<()> {
    if !settings.database_url.starts_with("sqlite:") {
        tracing::info!("the database is new; samples are added to SQLite files only, or by gable seed");
        return Ok(());
    }
    let now = clock::time_of_day().into();
    let samples = samples(SAMPLES_SEED).take(SAMPLES);
    if store.insert_into_empty(samples, now).await.context("no sample was added")? > 0 {
        say(&format!(
            "The database is new and empty: {SAMPLES} sample listings were added (--no-sample-data leaves it empty)."
        ));
    }
    Ok(())
}

fn announce(settings: &Settings, address: SocketAddr) {
    say(&format!("Listings from {}", redacted(&settings.database_url)));
    say(&format!("Listening on http://{address}"));
}

/// Tells whoever is new how to come in. That it can't be told who there is, is no reason not to serve.
async fn welcome(store: &Store) {
    if let Ok(false) = store.has_users().await {
        say("Nobody can log in at /admin/ yet: gable createsuperuser makes the first account.");
    }
}

/// Where the site can be reached when nobody says: who listens on every address has none of his own, but is called by a
/// name that is allowed.
fn reachable_url(allowed_hosts: &AllowedHosts, address: SocketAddr) -> String {
    let host = allowed_hosts.example().filter(|_| address.ip().is_unspecified());
    match host {
        Some(host) => format!("http://{host}:{}", address.port()),
        None => format!("http://{}", reachable(address)),
    }
}

/// A database that does not answer must not hold up the end.
async fn close(store: &Store) {
    let _ = tokio::time::timeout(std::time::Duration::from_millis(500), store.close()).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_without_an_address_of_its_own_goes_by_a_name_that_it_answers_to() {
        for (hosts, address, url) in [
            ("homes.example,127.0.0.1", "0.0.0.0:8000", "http://homes.example:8000"),
            (".homes.example", "[::]:8000", "http://homes.example:8000"),
            ("*", "0.0.0.0:8000", "http://127.0.0.1:8000"),
            ("*", "[::]:8000", "http://[::1]:8000"),
            ("homes.example", "127.0.0.1:8000", "http://127.0.0.1:8000"),
            ("homes.example", "192.0.2.7:80", "http://192.0.2.7:80"),
        ] {
            let allowed = AllowedHosts::parse(hosts).unwrap();
            assert_eq!(reachable_url(&allowed, address.parse().unwrap()), url, "{hosts} {address}");
        }
    }
}
