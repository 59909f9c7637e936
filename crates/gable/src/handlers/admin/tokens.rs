//! Tokens: one's own; for those who manage users, everybody's.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use hyper::{StatusCode, Uri};
use listings::accounts::{NewToken, Role, Scope, Scopes, Secret, Token};

use super::{done, page, see_other};
use crate::access::{Caller, Posted, Staff, now, value};
use crate::application::Application;
use crate::error::Error;
use crate::handlers::id;
use crate::pages::admin::tokens::{LIVES, MadeTokenPage, NewTokenPage, ScopeChoice, TokenRow, TokensPage};
use crate::pages::admin::{AdminLayout, Section};
use crate::pages::form::Field;

/// So many tokens one user may have.
const MOST: usize = 100;

/// The tokens that somebody may see.
pub async fn list(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    uri: Uri,
) -> Result<Response, Error> {
    let now = now();
    let tokens = application.store.tokens(whose(&caller)).await?;
    let mut layout = AdminLayout::of(&caller, Section::Tokens, "Tokens");
    if done(&uri) == "revoked" {
        layout = layout.with_notice("The token was revoked.");
    }
    let tokens = tokens.into_iter().map(|token| row(token, now)).collect();
    page(StatusCode::OK, &TokensPage { layout, tokens })
}

/// Whose tokens somebody may see and revoke; everybody's where that is none.
fn whose(caller: &Caller) -> Option<i64> {
    (!caller.may_manage()).then_some(caller.user_id)
}

fn row(token: Token, now: DateTime<Utc>) -> TokenRow {
    TokenRow {
        revoke_href: format!("/admin/tokens/{}/revoke/", token.id),
        owner: token.username,
        name: token.name,
        prefix: token.prefix,
        scopes: token.scopes.to_string(),
        created: token.created_at.into(),
        last_used: token.last_used_at.map(Into::into),
        has_ended: token.expires_at.is_some_and(|end| end <= now),
        expires: token.expires_at.map(Into::into),
    }
}

/// The form for a new token.
pub async fn new(Staff(caller): Staff) -> Result<Response, Error> {
    page(StatusCode::OK, &form(&caller, &[]))
}

/// Makes a token and shows it, this once; or the form again with all that is wrong.
pub async fn create(
    State(application): State<Arc<Application>>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    let now = now();
    let mut form = checked(form(&caller, &fields));
    if application.store.tokens(Some(caller.user_id)).await?.len() >= MOST {
        form.name.error = Some(format!("you have {MOST} tokens already: revoke one first"));
    }
    if !form.errors().is_empty() {
        return page(StatusCode::BAD_REQUEST, &form);
    }
    let secret = Secret::of_token(rand::random());
    let new = NewToken {
        user_id: caller.user_id,
        name: &form.name.value,
        secret: &secret,
        scopes: chosen(&form),
        expires_at: form.life.value.parse().ok().map(|days| now + TimeDelta::days(days)),
    };
    application.store.create_token(&new, now).await?;
    let made = MadeTokenPage {
        layout: AdminLayout::of(&caller, Section::Tokens, "Your new token"),
        secret: secret.reveal().to_owned(),
        name: form.name.value,
    };
    page(StatusCode::OK, &made)
}

/// Ends a token.
pub async fn revoke(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, _): Posted,
) -> Result<Response, Error> {
    let nothing = || Error::NotFound(format!("There is no token {text} of yours"));
    let id = id(&text).ok_or_else(nothing)?;
    if !application.store.delete_token(id, whose(&caller)).await? {
        return Err(nothing());
    }
    Ok(see_other("/admin/tokens/?done=revoked"))
}

fn form(caller: &Caller, fields: &[(String, String)]) -> NewTokenPage {
    let life = Field::new(value(fields, "life"));
    NewTokenPage {
        layout: AdminLayout::of(caller, Section::Tokens, "New token"),
        name: Field::new(value(fields, "name").trim()),
        scopes: offered(caller.role).iter().map(|scope| choice(*scope, fields)).collect(),
        scope: Field::default(),
        life: if life.is_set() { life } else { Field::new(LIVES[1].0) },
    }
}

/// What a token of somebody of that role can be for: more would give it nothing.
fn offered(role: Role) -> &'static [Scope] {
    match role {
        Role::Viewer => &[Scope::Read],
        Role::Editor => &[Scope::Read, Scope::Write],
        Role::Admin => &[Scope::Read, Scope::Write, Scope::Cache],
    }
}

fn choice(scope: Scope, fields: &[(String, String)]) -> ScopeChoice {
    let words = match scope {
        Scope::Read => "see all listings, drafts and withdrawn ones too",
        Scope::Write => "write listings",
        Scope::Cache => "look into the cache and empty it, with commands that are to come",
    };
    let is_chosen = fields.iter().any(|(name, value)| name == "scope" && value == scope.name());
    ScopeChoice { name: scope.name(), words, is_chosen }
}

fn chosen(form: &NewTokenPage) -> Scopes {
    form.scopes
        .iter()
        .filter(|choice| choice.is_chosen)
        .filter_map(|choice| Scope::named(choice.name))
        .collect()
}

fn checked(mut form: NewTokenPage) -> NewTokenPage {
    let name = &form.name.value;
    let is_name = (1..=100).contains(&name.chars().count()) && !name.contains(char::is_control);
    form.name.error = (!is_name).then(|| "must be 1 to 100 characters in one line".to_owned());
    form.scope.error = chosen(&form).is_empty().then(|| "choose at least one".to_owned());
    form.life.error = form.life.is_foreign(&LIVES).then(|| "must be 30, 90, 365 or never".to_owned());
    form
}
