//! One user: what they may do, their password, and where they have signed in.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use hyper::{StatusCode, Uri};
use listings::accounts::rules::{EMAIL_RULE, is_email};
use listings::accounts::{AccountError, Role, Session, User, UserChange};

use super::users::{ROLE_RULE, address, password_errors};
use super::{done, page, see_other};
use crate::access::login::account_error;
use crate::access::{By, Caller, Posted, Staff, now, password, value};
use crate::application::Application;
use crate::error::Error;
use crate::handlers::id;
use crate::pages::admin::users::{SessionRow, UserPage};
use crate::pages::admin::{AdminLayout, Section};
use crate::pages::form::Field;

/// The page of a user.
pub async fn show(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    Path(text): Path<String>,
    uri: Uri,
) -> Result<Response, Error> {
    caller.need_manage()?;
    let user = found(&application, &text).await?;
    let mut form = form(&application, &caller, &user).await?;
    if let Some(notice) = notice(&done(&uri)) {
        form.layout = form.layout.with_notice(notice);
    }
    page(StatusCode::OK, &form)
}

fn notice(done: &str) -> Option<&'static str> {
    match done {
        "created" => Some("The user was made."),
        "saved" => Some("The user was saved."),
        "password" => Some("The password was set, and the user is logged out everywhere."),
        "sessions" => Some("The user is logged out there."),
        _ => None,
    }
}

/// Saves address, role, and whether they may come in.
pub async fn save(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_manage()?;
    let user = found(&application, &text).await?;
    let (email, is_active) = (value(&fields, "email"), value(&fields, "active") == "1");
    let mut form = form(&application, &caller, &user).await?;
    form.active = Field::new(if is_active { "1" } else { "" });
    let role = Role::named(value(&fields, "role"));
    form.role = Field::new(value(&fields, "role"));
    form.role.error = role.is_none().then(|| ROLE_RULE.to_owned());
    form.email = Field::new(email);
    form.email.error = (!is_email(email)).then(|| EMAIL_RULE.to_owned());
    let Some(role) = role.filter(|_| form.errors().is_empty()) else {
        return page(StatusCode::BAD_REQUEST, &form);
    };
    let change = UserChange { email: email.to_owned(), role, is_active };
    match application.store.change_user(&caller.author("admin"), user.id, &change).await {
        Ok(_) => Ok(see_other(&format!("{}?done=saved", address(user.id)))),
        Err(error @ AccountError::LastAdmin) => {
            let field = if role == Role::Admin { &mut form.active } else { &mut form.role };
            field.error = Some(error.to_string());
            page(StatusCode::BAD_REQUEST, &form)
        }
        Err(error) => Err(account_error(error)),
    }
}

/// Gives a user another password.
pub async fn set_password(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_manage()?;
    let user = found(&application, &text).await?;
    let (password, again) = password_errors(&fields, &user.username);
    if password.is_some() || again.is_some() {
        let mut form = form(&application, &caller, &user).await?;
        (form.password.error, form.again.error) = (password, again);
        return page(StatusCode::BAD_REQUEST, &form);
    }
    let hash = application.passwords.hash(value(&fields, "password")).await?;
    let author = caller.author("admin");
    application.store.set_password(&author, user.id, &hash, None, now()).await.map_err(account_error)?;
    Ok(see_other(&format!("{}?done=password", address(user.id))))
}

/// Ends one session of a user, or all.
pub async fn end_sessions(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_manage()?;
    let user = found(&application, &text).await?;
    let session = Some(value(&fields, "session")).filter(|session| *session != "all");
    // PostgreSQL's texts have no NUL; nor has any session.
    if session.is_none_or(|session| !session.contains('\0')) {
        application.store.end_sessions(user.id, session).await?;
    }
    Ok(see_other(&format!("{}?done=sessions", address(user.id))))
}

/// Deletes a user.
pub async fn delete(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_manage()?;
    let user = found(&application, &text).await?;
    let refused = if value(&fields, "sure") == "1" {
        match application.store.delete_user(&caller.author("admin"), user.id).await {
            Ok(()) => return Ok(see_other("/admin/users/?done=deleted")),
            Err(error @ AccountError::LastAdmin) => error.to_string(),
            Err(error) => return Err(account_error(error)),
        }
    } else {
        "must be ticked, so that nobody is deleted by mistake".to_owned()
    };
    let mut form = form(&application, &caller, &user).await?;
    form.sure.error = Some(refused);
    page(StatusCode::BAD_REQUEST, &form)
}

async fn found(application: &Application, text: &str) -> Result<User, Error> {
    let nobody = || Error::NotFound(format!("There is no user {text}"));
    application.store.user(id(text).ok_or_else(nobody)?).await?.ok_or_else(nobody)
}

async fn form(application: &Application, caller: &Caller, user: &User) -> Result<UserPage, Error> {
    let sessions = application.store.sessions(user.id, now()).await?;
    let this = match &caller.by {
        By::Session { secret } => secret.session_id(),
        By::Token { .. } => String::new(),
    };
    Ok(UserPage {
        layout: AdminLayout::of(caller, Section::Users, user.username.clone()),
        href: address(user.id),
        username: user.username.clone(),
        created: user.created_at.into(),
        last_login: user.last_login_at.map(Into::into),
        email: Field::new(user.email.clone()),
        role: Field::new(user.role.name()),
        active: Field::new(if user.is_active { "1" } else { "" }),
        password: Field::default(),
        again: Field::default(),
        sure: Field::default(),
        password_rule: password::RULE,
        sessions: sessions.into_iter().map(|session| session_row(session, &this)).collect(),
    })
}

fn session_row(session: Session, this: &str) -> SessionRow {
    SessionRow {
        is_this: session.id == this,
        id: session.id,
        address: session.address,
        agent: session.agent,
        began: session.created_at.into(),
        last_seen: session.last_seen_at.into(),
    }
}
