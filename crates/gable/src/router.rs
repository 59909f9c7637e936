//! Which path is answered by what: the whole outside of the site on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, Request};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::routing::get;
use larder::{PageCache, PageRule, Policy};
use tower::Layer as _;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::Application;
use crate::error::Error;
use crate::handlers::{
    Answer, api, cache_metrics, docs, drawing, export, feed, health, listing_page, not_like_that,
    nothing_here, properties, search_page, sitemap,
};
use crate::{assets, deadline, error, metrics, representation, request_id, security};

/// What the document says besides the handlers' own words.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "gable",
        description = "Property listings: search, records, exports. Errors are problem documents (RFC 9457). Pages and \
                       records have a strong ETag: ask again with If-None-Match and get 304 while nothing has changed. \
                       Exports are streamed and have none.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "Properties", description = "Listings as full records"),
        (name = "Django", description = "The Django project's endpoint, unchanged"),
    )
)]
struct Document;

/// The routes that programs use, and the document that describes them: made from one another.
fn described() -> OpenApiRouter<Arc<Application>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(api::list))
        .routes(routes!(api::record))
        .routes(routes!(export::ndjson))
        .routes(routes!(export::csv))
        .routes(routes!(properties::list))
        .routes(routes!(cache_metrics::show))
}

/// The OpenAPI document of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    described().into_openapi()
}

/// Paths for those who watch over the program, who may call it by its address.
pub const OPEN_PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Which pages are kept, and under which address each. A route that is not named here is not cached.
#[must_use]
pub fn pages(policy: Policy) -> Vec<PageRule> {
    let page = |route, address| PageRule { route, policy, address };
    vec![
        page(search_page::PATH, search_page::page_address),
        page("/properties/{id}/", listing_page::page_address),
        page(properties::PATH, properties::page_address),
        page(api::LIST, api::list_address),
        page("/api/v1/properties/{id}", api::record_address),
        page(feed::PATH, feed::page_address),
        page(sitemap::PATH, sitemap::page_address),
        page("/sitemaps/{name}", sitemap::part_address),
    ]
}

/// All routes behind the page cache, with what is done around each.
pub fn router(application: Arc<Application>, pages: &PageCache) -> Router {
    let is_https = application.site_url.starts_with("https://");
    let debug = application.settings.debug;
    let metrics = application.metrics.clone();
    Router::new()
        .fallback_service(pages.layer(routes(application)))
        .layer(from_fn(move |request: Request, next: Next| representation::negotiate(debug, request, next)))
        .layer(from_fn(error::present))
        .layer(from_fn_with_state(metrics, metrics::count))
        .layer(from_fn(request_id::number))
        .layer(from_fn(move |request: Request, next: Next| security::protect(is_https, request, next)))
}

fn routes(application: Arc<Application>) -> Router {
    let (described, _) = described().split_for_parts();
    Router::new()
        .route(search_page::PATH, get(search_page::show))
        .route("/properties/{id}/", get(listing_page::show))
        .route("/properties/{id}", get(listing_page::with_slash))
        .route(feed::PATH, get(feed::show))
        .route(sitemap::PATH, get(sitemap::sitemap))
        .route("/sitemaps/{name}", get(sitemap::part))
        .route("/robots.txt", get(sitemap::robots))
        .route("/drawings/{name}", get(drawing::show))
        .route("/static/{name}", get(static_file))
        .route("/favicon.ico", get(favicon))
        .merge(described)
        .route("/api/v1/openapi.json", get(docs::openapi))
        .route("/api/docs", get(docs::page))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .method_not_allowed_fallback(not_like_that)
        .fallback(nothing_here)
        .layer(from_fn(|request: Request, next: Next| deadline::keep(deadline::FOR_AN_ANSWER, request, next)))
        .layer(from_fn(metrics::name_route))
        .with_state(application)
}

async fn static_file(Path(name): Path<String>, RawQuery(query): RawQuery) -> Answer {
    assets::find(&name, query.as_deref()).ok_or_else(|| Error::NotFound(format!("There is no file {name}")))
}

/// Browsers ask for it even where the pages name another.
async fn favicon() -> Answer {
    assets::find("favicon.svg", None).ok_or_else(|| Error::NotFound("There is no icon".to_owned()))
}
