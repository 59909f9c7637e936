//! What a handler of the admin area takes: whoever has signed in, and the forms that they send.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};

use super::{Caller, caller, cookie, csrf};
use crate::application::Application;
use crate::error::Error;

/// Where people sign in.
pub const LOGIN: &str = "/admin/login/";

/// Whoever has signed in. A request that would change something was sent from this site.
#[derive(Debug, Clone)]
pub struct Staff(pub Caller);

/// The same with the fields of a form that was made for this session.
#[derive(Debug, Clone)]
pub struct Posted(pub Caller, pub Vec<(String, String)>);

/// Who does not get in.
#[derive(Debug)]
pub enum Outside {
    /// They have not signed in: they may do so there.
    Stranger(HeaderValue),
    /// Something else is wrong.
    Refused(Error),
}

impl From<Error> for Outside {
    fn from(error: Error) -> Outside {
        Outside::Refused(error)
    }
}

impl IntoResponse for Outside {
    fn into_response(self) -> Response {
        match self {
            Outside::Stranger(login) => (StatusCode::SEE_OTHER, [(LOCATION, login)]).into_response(),
            Outside::Refused(error) => error.into_response(),
        }
    }
}

impl FromRequestParts<Arc<Application>> for Staff {
    type Rejection = Outside;

    async fn from_request_parts(parts: &mut Parts, application: &Arc<Application>) -> Result<Staff, Outside> {
        if !csrf::is_safe(&parts.method) {
            csrf::check_origin(&parts.headers, &application.site_url)?;
        }
        match signed_in(application, &parts.headers).await? {
            Some(caller) => Ok(Staff(caller)),
            None => Err(Outside::Stranger(login_for(parts))),
        }
    }
}

/// Who has signed in with this browser.
pub(super) async fn signed_in(
    application: &Application,
    headers: &HeaderMap,
) -> Result<Option<Caller>, Error> {
    match cookie::secret(headers, application.is_https()) {
        Some(secret) => caller::of_session(application, secret).await,
        None => Ok(None),
    }
}

/// The login page that leads back to what was asked for; a form that was sent is lost.
fn login_for(parts: &Parts) -> HeaderValue {
    let target = parts.uri.path_and_query().map_or("/admin/", |target| target.as_str());
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    let next = form_urlencoded::byte_serialize(target.as_bytes()).collect::<String>();
    let address = if is_read { format!("{LOGIN}?next={next}") } else { LOGIN.to_owned() };
    HeaderValue::from_str(&address).unwrap_or(HeaderValue::from_static(LOGIN))
}

impl FromRequest<Arc<Application>> for Posted {
    type Rejection = Outside;

    async fn from_request(request: Request, application: &Arc<Application>) -> Result<Posted, Outside> {
        let (mut parts, body) = request.into_parts();
        let Staff(caller) = Staff::from_request_parts(&mut parts, application).await?;
        let mut fields = fields(&parts.headers, body).await?;
        let is_meant = caller.accepts_csrf_token(value(&fields, csrf::FIELD));
        fields.retain(|(name, _)| name != csrf::FIELD);
        if is_meant { Ok(Posted(caller, fields)) } else { Err(out_of_date().into()) }
    }
}

fn out_of_date() -> Error {
    Error::Forbidden(
        "The form is out of date: it was made before you last signed in. Nothing was saved. Go back, load the page again \
         and fill it in once more"
            .to_owned(),
    )
}

/// The fields of a form as browsers send it; none of a body that is anything else. How long it may be is the server's affair.
pub(crate) async fn fields(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Error> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let body = to_bytes(body, usize::MAX).await;
    // Whatever it was (too long, too slow, cut off), the server tells it.
    let body =
        body.map_err(|_| Error::Forbidden("The form did not arrive whole. Nothing was saved".to_owned()))?;
    if !media_type.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(Vec::new());
    }
    Ok(form_urlencoded::parse(&body).into_owned().collect())
}

/// The first value of a field; empty where it is not given.
#[must_use]
pub fn value<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}
