//! Which path is answered by what: the whole outside of the site on one screen.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, RawQuery, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use hyper::body::Body as _;
use larder::{PageCache, PageRule, Policy};
use tower::Layer as _;
use tracing::Instrument as _;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::application::Application;
use crate::error::{Error, Face};
use crate::handlers::{
    Answer, admin, api, cache_metrics, docs, drawing, export, feed, health, imports, listing_page,
    not_like_that, nothing_here, properties, search_page, sitemap, write,
};
use crate::metrics::{self, Begun, Metrics};
use crate::representation::Wishes;
use crate::server::BodyLimits;
use crate::{assets, deadline, documentation, request_id, security};

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
        .routes(routes!(api::list, write::create))
        .routes(routes!(api::record, write::replace, write::change, write::delete))
        .routes(routes!(imports::create))
        .routes(routes!(export::ndjson))
        .routes(routes!(export::csv))
        .routes(routes!(properties::list))
        .routes(routes!(cache_metrics::show))
}

/// The OpenAPI document of the API.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    documentation::completed(described().into_openapi())
}

/// Paths for those who watch over the program, who may call it by its address.
pub const OPEN_PATHS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Where files of listings are sent to, which are larger than any other body and take longer.
pub const LARGE_BODIES: [BodyLimits; 4] = [
    file(imports::PATH),
    file(admin::import::PATH),
    // Short, but what they ask for takes as long.
    BodyLimits { bytes: 4 << 10, ..file(admin::import::CONFIRM) },
    BodyLimits { bytes: 64 << 10, ..file(admin::bulk::PATH) },
];

const fn file(path: &'static str) -> BodyLimits {
    BodyLimits { path, bytes: 64 << 20, time: Duration::from_mins(5) }
}

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
pub const NEVER_KEPT: &[(&str, &str)] = &[
    ("/properties/{id}", "it only says where the page is"),
    ("/robots.txt", "it is made of the settings alone"),
    ("/drawings/{name}", "it is made of its address alone, and browsers keep it for good"),
    ("/static/{name}", "it is made when the program is"),
    ("/favicon.ico", "it is made when the program is"),
    ("/api/v1/properties/export.ndjson", "it is streamed, and may be larger than the memory"),
    ("/api/v1/properties/export.csv", "it is streamed, and may be larger than the memory"),
    (imports::PATH, "it is written to"),
    ("/properties/cache-metrics/", "it is about this moment"),
    ("/api/v1/openapi.json", "it is made when the program starts"),
    ("/api/docs", "it is made when the program is"),
    ("/healthz", "it is about this moment"),
    ("/readyz", "it is about this moment"),
    ("/metrics", "it is about this moment"),
    ("/admin", OWN),
    ("/admin/", OWN),
    ("/admin/login/", OWN),
    ("/admin/logout/", OWN),
    ("/admin/password/", OWN),
    ("/admin/listings/", OWN),
    ("/admin/listings/new/", OWN),
    ("/admin/listings/actions/", OWN),
    ("/admin/listings/export.csv", OWN),
    ("/admin/listings/export.ndjson", OWN),
    ("/admin/listings/{id}/", OWN),
    ("/admin/listings/{id}/delete/", OWN),
    ("/admin/listings/{id}/history/", OWN),
    ("/admin/listings/{id}/revert/", OWN),
    ("/admin/import/", OWN),
    ("/admin/import/confirm/", OWN),
    ("/admin/users/", OWN),
    ("/admin/users/new/", OWN),
    ("/admin/users/{id}/", OWN),
    ("/admin/users/{id}/password/", OWN),
    ("/admin/users/{id}/sessions/", OWN),
    ("/admin/users/{id}/delete/", OWN),
    ("/admin/tokens/", OWN),
    ("/admin/tokens/new/", OWN),
    ("/admin/tokens/{id}/revoke/", OWN),
];

/// What is in the admin area.
const OWN: &str = "it is somebody's own";

/// All routes behind the page cache, with what is done around each.
pub fn router(application: Arc<Application>, pages: &PageCache) -> Router {
    let around = Around::of(&application);
    Router::new()
        .fallback_service(pages.layer(routes(application)))
        .layer(from_fn(move |request: Request, next: Next| around.clone().answer(request, next)))
}

/// What is done around the pages and each route.
#[derive(Clone)]
struct Around {
    is_https: bool,
    debug: bool,
    metrics: Metrics,
}

impl Around {
    fn of(application: &Application) -> Around {
        let metrics = application.metrics.clone();
        Around { is_https: application.is_https(), debug: application.settings.debug, metrics }
    }

    /// One layer and not one for each: axum copies each with all that is within it, for every request.
    async fn answer(self, mut request: Request, next: Next) -> Response {
        let is_admin = security::is_admin(request.uri().path());
        let (id, span) = request_id::number(&mut request);
        let mut response = self.made(request, next).instrument(span).await;
        let headers = response.headers_mut();
        id.stamp(headers);
        if is_admin {
            security::seclude(headers);
        }
        security::protect(self.is_https, headers);
        response
    }

    /// What a route makes of it, as the request wants it, and counted.
    async fn made(&self, request: Request, next: Next) -> Response {
        let (begun, face, wishes) = (Begun::now(&request), Face::of(&request), Wishes::of(&request));
        let response = next.run(request).await;
        let response = wishes.met_by(response, self.debug).await;
        let response = face.shown_by(response);
        begun.ended(&self.metrics, &response);
        response
    }
}

fn routes(application: Arc<Application>) -> Router {
    paths()
        .method_not_allowed_fallback(not_like_that)
        .fallback(nothing_here)
        .layer(from_fn(|request: Request, next: Next| deadline::keep(patience(&request), request, next)))
        .layer(from_fn(metrics::name_route))
        .with_state(application)
}

/// How long an answer may take to make.
fn patience(request: &Request) -> Duration {
    if request.body().is_end_stream() {
        deadline::FOR_AN_ANSWER
    } else if LARGE_BODIES.iter().any(|large| large.path == request.uri().path()) {
        deadline::FOR_A_FILE
    } else {
        deadline::FOR_A_BODY_TOO
    }
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
        .merge(staff_paths())
        .route("/api/v1/openapi.json", get(docs::openapi))
        .route("/api/docs", get(docs::page))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
}

/// The admin area.
fn staff_paths() -> Router<Arc<Application>> {
    Router::new()
        .route("/admin", get(admin::with_slash))
        .route("/admin/", get(admin::beginning))
        .route("/admin/login/", get(admin::login::show).post(admin::login::log_in))
        .route("/admin/logout/", post(admin::login::log_out))
        .route("/admin/password/", get(admin::password::show).post(admin::password::change))
        .route(admin::listings::PATH, get(admin::listings::list))
        .route("/admin/listings/new/", get(admin::listing::blank).post(admin::listing::create))
        .route(admin::bulk::PATH, post(admin::bulk::act))
        .route("/admin/listings/export.csv", get(admin::export::csv))
        .route("/admin/listings/export.ndjson", get(admin::export::ndjson))
        .route("/admin/listings/{id}/", get(admin::listing::show).post(admin::listing::save))
        .route(
            "/admin/listings/{id}/delete/",
            get(admin::listing::ask_to_delete).post(admin::listing::delete),
        )
        .route("/admin/listings/{id}/history/", get(admin::history::show))
        .route("/admin/listings/{id}/revert/", post(admin::history::revert))
        // The server holds it to its limit; axum's own is less.
        .route(
            admin::import::PATH,
            get(admin::import::show).post(admin::import::look).layer(DefaultBodyLimit::disable()),
        )
        .route(admin::import::CONFIRM, post(admin::import::carry_out))
        .route("/admin/users/", get(admin::users::list))
        .route("/admin/users/new/", get(admin::users::new).post(admin::users::create))
        .route("/admin/users/{id}/", get(admin::user::show).post(admin::user::save))
        .route("/admin/users/{id}/password/", post(admin::user::set_password))
        .route("/admin/users/{id}/sessions/", post(admin::user::end_sessions))
        .route("/admin/users/{id}/delete/", post(admin::user::delete))
        .route("/admin/tokens/", get(admin::tokens::list))
        .route("/admin/tokens/new/", get(admin::tokens::new).post(admin::tokens::create))
        .route("/admin/tokens/{id}/revoke/", post(admin::tokens::revoke))
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
