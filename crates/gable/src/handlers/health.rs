//! For those who watch over the program: is it alive, is it ready, what has it done.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE};
use larder::{Health, Larder};

use crate::application::Application;

/// How long the database may take to show that it is there.
const DATABASE_TIME: Duration = Duration::from_secs(1);

/// The process answers: nothing else is asked. Who is told otherwise restarts it, which mends no database.
pub async fn alive() -> Response {
    status(StatusCode::OK, "{\"status\":\"ok\"}")
}

/// The process and its database answer, and it is not about to end. Without its cache it is ready all the same: it is slower,
/// and says so.
pub async fn ready(State(application): State<Arc<Application>>) -> Response {
    if !application.lifecycle.is_ready() {
        return status(StatusCode::SERVICE_UNAVAILABLE, "{\"status\":\"stopping\"}");
    }
    match tokio::time::timeout(DATABASE_TIME, application.store.ping()).await {
        Ok(Ok(())) => {
            let cache = cache(&application.larder.health());
            let redis = redis(&application.larder).await;
            let body = format!("{{\"status\":\"ready\",\"database\":\"ok\",\"cache\":\"{cache}\"{redis}}}");
            status(StatusCode::OK, body)
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready: the database does not answer");
            status(StatusCode::SERVICE_UNAVAILABLE, "{\"status\":\"not ready\",\"database\":\"unavailable\"}")
        }
        Err(_) => {
            tracing::warn!("not ready: the database takes longer than a second");
            status(StatusCode::SERVICE_UNAVAILABLE, "{\"status\":\"not ready\",\"database\":\"slow\"}")
        }
    }
}

/// Counters and gauges for Prometheus, in the text format of `OpenMetrics`.
pub async fn metrics(State(application): State<Arc<Application>>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let body = application.metrics.text(&application.store, &application.larder);
    ([(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")], Body::from(body)).into_response()
}

/// How it stands with the cache, in a word.
fn cache(health: &Health) -> &'static str {
    match health {
        Health::Well => "ok",
        Health::Unknown => "unknown",
        Health::Unreachable(_) => "unreachable",
        Health::Unwatched(_) => "unwatched",
    }
}

/// How it stands with the Redis that all nodes share, if there is one: without it the program is slower, and ready.
async fn redis(larder: &Larder) -> String {
    let word = match larder.ping_shared().await {
        None => return String::new(),
        Some(Ok(())) => larder.figures().shared.map_or("ok", |shared| shared.state.name()),
        Some(Err(_)) => "unreachable",
    };
    format!(",\"redis\":\"{word}\"")
}

fn status(status: StatusCode, body: impl Into<Body>) -> Response {
    let body = body.into();
    (status, [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")], body).into_response()
}
