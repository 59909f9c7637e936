//! What a handler of the API takes: a program with a token, a browser that has signed in, or anybody.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use listings::accounts::{Secret, token};

use super::{Caller, caller, csrf, staff};
use crate::application::Application;
use crate::error::Error;

/// Who asks, if they say so.
#[derive(Debug, Clone)]
pub struct Client(pub Option<Caller>);

impl FromRequestParts<Arc<Application>> for Client {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, application: &Arc<Application>) -> Result<Client, Error> {
        if parts.headers.contains_key(AUTHORIZATION) {
            return with_token(application, &parts.headers).await.map(|caller| Client(Some(caller)));
        }
        let caller = staff::signed_in(application, &parts.headers).await?;
        // A browser sends its cookie along whoever has it ask; a token it sends by itself never.
        if let Some(caller) = &caller
            && !csrf::is_safe(&parts.method)
        {
            csrf::check_origin(&parts.headers, &application.site_url)?;
            check_token(caller, &parts.headers)?;
        }
        Ok(Client(caller))
    }
}

fn check_token(caller: &Caller, headers: &HeaderMap) -> Result<(), Error> {
    let given = headers.get(csrf::HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if caller.accepts_csrf_token(given) {
        return Ok(());
    }
    Err(Error::Forbidden(
        "X-CSRF-Token: must be the csrf_token of a form of this session, since the request has a session's cookie"
            .to_owned(),
    ))
}

/// RFC 6750 §2.1 and §3.1.
async fn with_token(application: &Application, headers: &HeaderMap) -> Result<Caller, Error> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let (Some(Ok(text)), None) = (fields.next().map(HeaderValue::to_str), fields.next()) else {
        return Err(Error::InvalidToken("Authorization: must be there once, as text".to_owned()));
    };
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => {
            return Err(Error::Unauthorized(format!(
                "Authorization: must be \"Bearer {}…\"; no other scheme is known here",
                token::BEGINNING
            )));
        }
    };
    let caller = if token.starts_with(token::BEGINNING) {
        caller::of_token(application, &Secret::shown(token)).await?
    } else {
        None
    };
    caller.ok_or_else(|| {
        Error::InvalidToken(
            "The token is none of ours, has ended, or its owner may not come in any more".to_owned(),
        )
    })
}
