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

/// The routes whose answers are not kept, and why.
pub const NEVER_KEPT: [(&str, &str); 13] = [
    ("/properties/{id}", "it only says where the page is"),
    ("/robots.txt", "it is made of the settings alone"),
    ("/drawings/{name}", "it is made of its address alone, and browsers keep it for good"),
    ("/static/{name}", "it is made when the program is"),
    ("/favicon.ico", "it is made when the program is"),
    ("/api/v1/properties/export.ndjson", "it is streamed, and may be larger than the memory"),
    ("/api/v1/properties/export.csv", "it is streamed, and may be larger than the memory"),
    ("/properties/cache-metrics/", "it is about this moment"),
    ("/api/v1/openapi.json", "it is made when the program starts"),
    ("/api/docs", "it is made when the program is"),
    ("/healthz", "it is about this moment"),
    ("/readyz", "it is about this moment"),
    ("/metrics", "it is about this moment"),
];

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
    paths()
        .method_not_allowed_fallback(not_like_that)
        .fallback(nothing_here)
        .layer(from_fn(|request: Request, next: Next| deadline::keep(deadline::FOR_AN_ANSWER, request, next)))
        .layer(from_fn(metrics::name_route))
        .with_state(application)
}

/// Each path with its handler.
fn paths() -> Router<Arc<Application>> {
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
}

async fn static_file(Path(name): Path<String>, RawQuery(query): RawQuery) -> Answer {
    assets::find(&name, query.as_deref()).ok_or_else(|| Error::NotFound(format!("There is no file {name}")))
}

/// Browsers ask for it even where the pages name another.
async fn favicon() -> Answer {
    assets::find("favicon.svg", None).ok_or_else(|| Error::NotFound("There is no icon".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Every path that there is a route for, as the router itself shows them.
    fn known() -> BTreeSet<String> {
        let shown = format!("{:?}", paths());
        let quoted = shown.split('"').skip(1).step_by(2).filter(|text| text.starts_with('/'));
        quoted.filter(|text| !text.contains("axum_fallback")).map(str::to_owned).collect()
    }

    #[test]
    fn every_route_is_kept_under_a_rule_or_named_as_never_kept() {
        let kept: BTreeSet<String> =
            pages(Policy::default()).iter().map(|rule| rule.route.to_owned()).collect();
        let never: BTreeSet<String> = NEVER_KEPT.iter().map(|(route, _)| (*route).to_owned()).collect();
        assert_eq!(kept.intersection(&never).next(), None, "it is one or the other");
        let decided: BTreeSet<String> = kept.union(&never).cloned().collect();
        assert_eq!(decided, known(), "each route, and nothing else");
        assert!(known().len() > 20, "{:?}", known());
    }
}
