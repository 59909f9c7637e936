//! Signing in and out.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use form_urlencoded::parse;
use hyper::header::{HeaderMap, SET_COOKIE, USER_AGENT};
use hyper::{StatusCode, Uri};

use super::{page, see_other};
use crate::access::login::{Login, next};
use crate::access::{By, ClientAddress, Posted, cookie, csrf, login, staff, value};
use crate::application::Application;
use crate::assets;
use crate::error::Error;
use crate::pages::admin::login::LoginPage;

/// The same whoever is not there, has another password, or may not come in.
const WRONG: &str = "The name or the password is wrong, or the account is not active.";

/// The page to sign in, also for those who have signed in: as somebody else.
pub async fn show(uri: Uri) -> Result<Response, Error> {
    let query = parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect::<Vec<_>>();
    page(StatusCode::OK, &login_page("", value(&query, "next"), None))
}

/// Lets somebody in, or shows the page again.
pub async fn log_in(
    State(application): State<Arc<Application>>,
    address: ClientAddress,
    request: Request,
) -> Result<Response, Error> {
    let (parts, body) = request.into_parts();
    csrf::check_origin(&parts.headers, &application.site_url)?;
    let fields = staff::fields(&parts.headers, Body::new(body)).await?;
    let (username, asked_for) = (value(&fields, "username"), value(&fields, "next"));
    let login = Login {
        username,
        password: value(&fields, "password"),
        address,
        agent: agent(&parts.headers),
        replaced: cookie::secret(&parts.headers, application.is_https()),
    };
    match login::log_in(&application, &login).await? {
        Some(secret) => {
            let cookie = cookie::keeping(&secret, application.is_https());
            Ok(([(SET_COOKIE, cookie)], see_other(next(asked_for))).into_response())
        }
        None => page(StatusCode::FORBIDDEN, &login_page(username, asked_for, Some(WRONG))),
    }
}

/// Ends the session.
pub async fn log_out(
    State(application): State<Arc<Application>>,
    Posted(caller, _): Posted,
) -> Result<Response, Error> {
    if let By::Session { secret } = &caller.by {
        application.store.end_session(secret).await?;
    }
    let cookie = cookie::ending(application.is_https());
    Ok(([(SET_COOKIE, cookie)], see_other(staff::LOGIN)).into_response())
}

/// What a browser calls itself.
pub(super) fn agent(headers: &HeaderMap) -> &str {
    headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default()
}

fn login_page(username: &str, asked_for: &str, error: Option<&'static str>) -> LoginPage {
    LoginPage {
        assets: assets::hrefs(),
        css_href: assets::href("admin.css"),
        username: username.to_owned(),
        next: if asked_for.is_empty() { String::new() } else { next(asked_for).to_owned() },
        error,
    }
}
