//! Who asks of the API: what a token, a cookie, or neither makes of a request.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use gable::access::password::Passwords;
use gable::access::{By, Client};
use gable::application::Application;
use gable::caching;
use gable::error::{Error, Face};
use gable::metrics::Metrics;
use gable::server::{Lifecycle, Limits, Server};
use gable::settings::{Flags, Settings, Sources};
use http_body_util::BodyExt as _;
use larder::Larder;
use listings::accounts::{NewToken, Role, Scope, Secret};
use tower::ServiceExt as _;

use crate::database::{Database, over_both_databases};
use crate::site::Site;
use crate::staff::{now, random};

over_both_databases!(
    a_token_says_on_whose_behalf_a_program_comes_and_what_for,
    a_token_that_does_not_count_is_told_so,
    a_cookie_counts_for_reading_and_for_writing_only_with_a_forms_token_from_here,
    a_token_may_do_what_both_its_scopes_and_its_owner_may,
    that_a_token_was_used_is_written_down_once_a_minute,
);

const SITE: &str = "http://homes.example";

/// The API of a site, with one route, which says who asks; and the site, which has the pages.
struct Api {
    routes: Router,
    site: Site,
}

impl Api {
    async fn over(database: Database) -> Api {
        let store = database.store().await;
        let flags = BTreeMap::from([("DATABASE_URL", database.url.clone())]);
        let settings = Settings::read(&Sources::of_process(Flags(flags)).unwrap()).unwrap();
        let larder = Larder::start(|| store.changes(), caching::options(&settings)).await;
        let lifecycle = Lifecycle::new();
        let server = Server::new(Limits::default(), settings.allowed_hosts.clone(), lifecycle.clone());
        let application = Arc::new(Application {
            catalogue: caching::catalogue(&settings, &store, &larder),
            token_key: caching::token_key(&settings),
            settings,
            site_url: SITE.to_owned(),
            store,
            larder,
            lifecycle,
            metrics: Metrics::new(server.counts()),
            passwords: Passwords::default(),
            openapi: Bytes::new(),
        });
        let routes = Router::new()
            .route("/api/who", any(who))
            .route("/api/write", any(write))
            .layer(from_fn(async |request: Request, next: Next| {
                let face = Face::of(&request);
                face.shown_by(next.run(request).await)
            }))
            .with_state(application);
        Api { routes, site: database.serve() }
    }

    async fn ask(&self, method: &str, path: &str, fields: &[(&str, &str)]) -> (Response, String) {
        let request = Request::builder().method(method).uri(path).header("host", "homes.example");
        let request = fields.iter().fold(request, |it, (name, value)| it.header(*name, *value));
        let response = self.routes.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (Response::from_parts(parts, Body::empty()), text)
    }

    async fn with_token(&self, token: &str) -> (Response, String) {
        self.ask("GET", "/api/who", &[("authorization", &format!("Bearer {token}"))]).await
    }
}

async fn who(Client(caller): Client) -> String {
    let Some(caller) = caller else { return "nobody".to_owned() };
    let by = match &caller.by {
        By::Session { .. } => "a session".to_owned(),
        By::Token { scopes } => format!("a token for {scopes}"),
    };
    format!("{} ({}) by {by}", caller.username, caller.role.name())
}

async fn write(Client(caller): Client) -> Result<String, Error> {
    caller.ok_or_else(Error::sign_in)?.need_write()?;
    Ok("written".to_owned())
}

fn challenge(response: &Response) -> &str {
    response.headers().get("www-authenticate").map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn a_token_says_on_whose_behalf_a_program_comes_and_what_for(database: Database) {
    let api = Api::over(database).await;
    assert_eq!(api.ask("GET", "/api/who", &[]).await.1, "nobody");
    let token = api.site.token_of(Role::Editor, &[Scope::Write, Scope::Read]).await;
    assert_eq!(api.with_token(&token).await.1, "editor (editor) by a token for read write");
    for field in [format!("bearer {token}"), format!("BEARER  {token} ")] {
        let (_, text) = api.ask("POST", "/api/who", &[("authorization", &field)]).await;
        assert_eq!(text, "editor (editor) by a token for read write", "{field}: and needs no form");
    }
    let session = api.site.signed_in(Role::Admin).await;
    let both = [("authorization", &*format!("Bearer {token}")), ("cookie", &session.cookie)];
    assert!(api.ask("POST", "/api/who", &both).await.1.starts_with("editor"), "the token goes before");
}

async fn a_token_that_does_not_count_is_told_so(database: Database) {
    let api = Api::over(database).await;
    let token = api.site.token(&[Scope::Read]).await;
    let store = api.site.database.store().await;
    let owner = store.user_named("admin").await.unwrap().unwrap().0;
    let ended = Secret::of_token(random());
    let expires_at = Some(now() - chrono::TimeDelta::seconds(1));
    let scopes = [Scope::Read].into_iter().collect();
    let new = NewToken { user_id: owner.id, name: "ended", secret: &ended, scopes, expires_at };
    store.create_token(&new, now()).await.unwrap();
    let session = api.site.signed_in(Role::Admin).await;
    let secret = session.cookie.split_once('=').unwrap().1;
    for wrong in
        ["", "gable_", "gable_x", &token[..token.len() - 1], &token.to_lowercase(), secret, ended.reveal()]
    {
        let (response, text) = api.with_token(wrong).await;
        assert_eq!(response.status(), 401, "{wrong}: {text}");
        assert_eq!(challenge(&response), "Bearer realm=\"gable\", error=\"invalid_token\"", "{wrong}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
    }
    for other in ["Basic YW5uOng=", "Digest x", "gable_x", "Bearer", ""] {
        let fields = [("authorization", other), ("cookie", &session.cookie)];
        let (response, text) = api.ask("GET", "/api/who", &fields).await;
        assert_eq!(response.status(), 401, "{other}: {text}");
        assert_eq!(challenge(&response), "Bearer realm=\"gable\"", "{other}");
    }
    let field = format!("Bearer {token}");
    let twice = [("authorization", &*field), ("authorization", "Bearer gable_x")];
    assert_eq!(api.ask("GET", "/api/who", &twice).await.0.status(), 401);
    assert_eq!(api.with_token(&token).await.0.status(), 200);
    api.site.database.sql("update gable_user set is_active = (1 = 0)").await;
    assert_eq!(api.with_token(&token).await.0.status(), 401, "its owner may not come in any more");
    let (response, text) = api.ask("GET", "/api/who", &[("cookie", &session.cookie)]).await;
    assert_eq!((response.status().as_u16(), &*text), (200, "nobody"));
}

async fn a_cookie_counts_for_reading_and_for_writing_only_with_a_forms_token_from_here(database: Database) {
    let api = Api::over(database).await;
    let session = api.site.signed_in(Role::Editor).await;
    let other = api.site.signed_in(Role::Admin).await;
    let (own, foreign) = (session.csrf_token().await, other.csrf_token().await);
    let cookie = ("cookie", session.cookie.as_str());
    assert_eq!(api.ask("GET", "/api/who", &[cookie]).await.1, "editor (editor) by a session");
    let here = ("origin", SITE);
    let right = ("x-csrf-token", own.as_str());
    assert_eq!(api.ask("POST", "/api/write", &[cookie, here, right]).await.1, "written");
    assert_eq!(
        api.ask("DELETE", "/api/write", &[cookie, ("sec-fetch-site", "same-origin"), right]).await.1,
        "written"
    );
    for fields in [
        &[cookie][..],
        &[cookie, here],
        &[cookie, right],
        &[cookie, here, ("x-csrf-token", &foreign)],
        &[cookie, here, ("x-csrf-token", "")],
        &[cookie, ("origin", "https://homes.example"), right],
        &[cookie, ("origin", "http://evil.example"), right],
        &[cookie, ("origin", "null"), right],
        &[cookie, here, ("sec-fetch-site", "cross-site"), right],
    ] {
        for method in ["POST", "PUT", "PATCH", "DELETE", "BREW"] {
            let (response, text) = api.ask(method, "/api/write", fields).await;
            assert_eq!(response.status(), 403, "{method} {fields:?}: {text}");
        }
    }
    let (response, _) = api.ask("POST", "/api/write", &[here]).await;
    assert_eq!((response.status().as_u16(), challenge(&response)), (401, "Bearer realm=\"gable\""));
    let stale = [("cookie", "gable_session=nothing"), here];
    assert_eq!(api.ask("POST", "/api/write", &stale).await.0.status(), 401, "it belongs to nobody");
}

async fn a_token_may_do_what_both_its_scopes_and_its_owner_may(database: Database) {
    let api = Api::over(database).await;
    for (role, scopes, status) in [
        (Role::Editor, &[Scope::Write][..], 200),
        (Role::Editor, &[Scope::Read, Scope::Cache], 403),
        (Role::Admin, &[Scope::Read], 403),
        (Role::Viewer, &Scope::ALL, 403),
    ] {
        let token = api.site.token_of(role, scopes).await;
        let field = format!("Bearer {token}");
        let (response, text) = api.ask("POST", "/api/write", &[("authorization", &field)]).await;
        assert_eq!(response.status(), status, "{role:?} {scopes:?}: {text}");
        let lacks_scope = !scopes.contains(&Scope::Write);
        let expected = "Bearer realm=\"gable\", error=\"insufficient_scope\", scope=\"write\"";
        assert_eq!(challenge(&response), if lacks_scope { expected } else { "" }, "{role:?} {scopes:?}");
    }
    let token = api.site.token_of(Role::Editor, &[Scope::Write]).await;
    api.site.database.sql("update gable_user set role = 'viewer'").await;
    let field = format!("Bearer {token}");
    assert_eq!(api.ask("POST", "/api/write", &[("authorization", &field)]).await.0.status(), 403, "at once");
}

async fn that_a_token_was_used_is_written_down_once_a_minute(database: Database) {
    let api = Api::over(database).await;
    let token = api.site.token(&[Scope::Read]).await;
    let store = api.site.database.store().await;
    let last_used = || async { store.tokens(None).await.unwrap()[0].last_used_at };
    assert_eq!(last_used().await, None);
    api.with_token(&token).await;
    let first = last_used().await.unwrap();
    api.with_token(&token).await;
    assert_eq!(last_used().await, Some(first));
    api.site.database.sql("update gable_token set last_used_at = '2020-01-01T00:00:00.000000Z'").await;
    api.with_token(&token).await;
    assert!(last_used().await.unwrap() >= first);
}
