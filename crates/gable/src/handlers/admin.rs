//! The admin area: what its handlers have in common, and its beginning.

pub mod bulk;
mod conflict;
pub mod export;
pub mod history;
pub mod import;
pub mod listing;
pub mod listings;
pub mod login;
pub mod password;
mod sought;
pub mod tokens;
pub mod user;
pub mod users;

use ::listings::store::Written;
use askama::Template;
use axum::response::{IntoResponse as _, Response};
use hyper::header::{CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{StatusCode, Uri};

use crate::access::{Caller, Staff};
use crate::application::Application;
use crate::assets;
use crate::error::Error;
use crate::pages::admin::{AdminLayout, Section};
use crate::write_token;

impl AdminLayout {
    /// What is around a page for somebody who has signed in.
    #[must_use]
    pub fn of(caller: &Caller, section: Section, title: impl Into<String>) -> AdminLayout {
        AdminLayout {
            title: title.into(),
            section,
            username: caller.username.clone(),
            role: caller.role.name(),
            csrf_token: caller.csrf_token().unwrap_or_default(),
            may_write: caller.may_write(),
            may_manage: caller.may_manage(),
            notice: None,
            assets: assets::hrefs(),
            css_href: assets::href("admin.css"),
            js_href: assets::href("admin.js"),
        }
    }
}

/// A page of the admin area. It is never compressed: from the length of what is compressed together one can guess what else is
/// in it (the attack called BREACH), such as the token of its forms.
pub fn page(status: StatusCode, page: &impl Template) -> Result<Response, Error> {
    let text = page.render()?;
    Ok((status, [(CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response())
}

/// Leads to another page, which is then asked for by GET.
#[must_use]
pub fn see_other(path: &str) -> Response {
    let location = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/admin/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// What the address says that has just been done: a word of ours, from which the page makes a sentence.
#[must_use]
pub fn done(uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "done").map(|(_, what)| what.into_owned()).unwrap_or_default()
}

/// A title to click on, also where another program has written none.
fn title(title: &str) -> String {
    if title.trim().is_empty() { "(without a title)".to_owned() } else { title.to_owned() }
}

/// Whether a text is a number as the database numbers transactions and we count listings.
fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number of a transaction, where the database has told it.
fn transaction(written: &Written) -> Option<String> {
    written.token.map(|token| token.xid.0.to_string())
}

/// Back to the table, which says how many listings were changed in which transaction.
fn listings_changed(application: &Application, done: &str, changed: u64, written: &Written) -> Response {
    let number = transaction(written).map(|number| format!("&transaction={number}")).unwrap_or_default();
    let mut response = see_other(&format!("{}?done={done}&changed={changed}{number}", listings::PATH));
    write_token::stamp(response.headers_mut(), written, application);
    response
}

/// `/admin`.
pub async fn with_slash() -> Response {
    see_other("/admin/")
}

/// `/admin/`.
pub async fn beginning(Staff(_): Staff) -> Response {
    see_other("/admin/listings/")
}
