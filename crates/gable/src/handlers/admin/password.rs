//! Changing one's own password.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use hyper::header::{HeaderMap, SET_COOKIE};
use hyper::{StatusCode, Uri};
use listings::accounts::{NewSession, Secret};

use super::{done, login, page, see_other};
use crate::access::login::account_error;
use crate::access::{Caller, ClientAddress, Posted, Staff, cookie, password, throttle, value};
use crate::application::Application;
use crate::error::Error;
use crate::pages::admin::password::PasswordPage;
use crate::pages::admin::{AdminLayout, Section};
use crate::pages::form::Field;

/// The page to change it.
pub async fn show(Staff(caller): Staff, uri: Uri) -> Result<Response, Error> {
    let mut form = empty(&caller);
    if done(&uri) == "changed" {
        form.layout =
            form.layout.with_notice("The password was changed. You are logged out everywhere else.");
    }
    page(StatusCode::OK, &form)
}

/// Changes it, ends every session of this user, and begins a new one here.
pub async fn change(
    State(application): State<Arc<Application>>,
    address: ClientAddress,
    headers: HeaderMap,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    let (current, new) = (value(&fields, "current"), value(&fields, "new"));
    let refused = |form: PasswordPage| page(StatusCode::BAD_REQUEST, &form);
    if let Some(rule) = password::broken_rule(new, &caller.username) {
        return refused(PasswordPage { new: Field::refused("", rule), ..empty(&caller) });
    }
    if value(&fields, "again") != new {
        let again = Field::refused("", "must be the same as the new password");
        return refused(PasswordPage { again, ..empty(&caller) });
    }
    if !is_current(&application, &caller, current, address).await? {
        let current = Field::refused("", "is not the present password");
        return refused(PasswordPage { current, ..empty(&caller) });
    }
    let hash = application.passwords.hash(new).await?;
    let secret = Secret::of_session(rand::random());
    let ip = address.0.to_string();
    let session = NewSession { secret: &secret, address: &ip, agent: login::agent(&headers) };
    let author = caller.author("admin");
    let now = crate::access::now();
    application
        .store
        .set_password(&author, caller.user_id, &hash, Some(&session), now)
        .await
        .map_err(account_error)?;
    let cookie = cookie::keeping(&secret, application.is_https());
    Ok(([(SET_COOKIE, cookie)], see_other("/admin/password/?done=changed")).into_response())
}

/// Whoever finds a browser that somebody has left open can't try passwords here as often as they like.
async fn is_current(
    application: &Application,
    caller: &Caller,
    password: &str,
    address: ClientAddress,
) -> Result<bool, Error> {
    let attempt = throttle::count(application, &caller.username, address).await?;
    let found = application.store.user_named(&caller.username).await?;
    let hash = found.as_ref().map(|(_, hash)| hash.as_str());
    let is_right = application.passwords.is_right(password, hash).await;
    if is_right.is_err() {
        application.store.take_back_attempt(attempt).await?;
    }
    let is_right = is_right?;
    if is_right {
        application.store.forget_attempts(&caller.username).await?;
    }
    Ok(is_right)
}

fn empty(caller: &Caller) -> PasswordPage {
    PasswordPage {
        layout: AdminLayout::of(caller, Section::Account, "Change password"),
        current: Field::default(),
        new: Field::default(),
        again: Field::default(),
        rule: password::RULE,
    }
}
