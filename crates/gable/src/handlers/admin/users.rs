//! The list of users, and new ones.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use hyper::{StatusCode, Uri};
use listings::accounts::rules::{EMAIL_RULE, USERNAME_RULE, is_email, is_username};
use listings::accounts::{AccountError, NewUser, Role, User};

use super::{done, page, see_other};
use crate::access::login::account_error;
use crate::access::{Caller, Posted, Staff, now, password, value};
use crate::application::Application;
use crate::error::Error;
use crate::pages::admin::users::{NewUserPage, UserRow, UsersPage};
use crate::pages::admin::{AdminLayout, Section};
use crate::pages::form::Field;

pub(super) const ROLE_RULE: &str = "must be viewer, editor or admin";

/// All users.
pub async fn list(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    uri: Uri,
) -> Result<Response, Error> {
    caller.need_manage()?;
    let users = application.store.users().await?.into_iter().map(row).collect();
    let mut layout = AdminLayout::of(&caller, Section::Users, "Users");
    if done(&uri) == "deleted" {
        layout = layout.with_notice("The user was deleted.");
    }
    page(StatusCode::OK, &UsersPage { layout, users })
}

fn row(user: User) -> UserRow {
    UserRow {
        href: address(user.id),
        username: user.username,
        email: user.email,
        role: user.role.name(),
        is_active: user.is_active,
        last_login: user.last_login_at.map(Into::into),
    }
}

/// The address of a user's page.
pub(super) fn address(id: i64) -> String {
    format!("/admin/users/{id}/")
}

/// The form for a new user.
pub async fn new(Staff(caller): Staff) -> Result<Response, Error> {
    caller.need_manage()?;
    page(StatusCode::OK, &form(&caller, &[]))
}

/// Makes a user, or shows the form again with all that is wrong.
pub async fn create(
    State(application): State<Arc<Application>>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_manage()?;
    let mut form = checked(form(&caller, &fields), &fields);
    let (password, role) = (value(&fields, "password"), Role::named(&form.role.value));
    let Some(role) = role.filter(|_| form.errors().is_empty()) else {
        return page(StatusCode::BAD_REQUEST, &form);
    };
    let password_hash = application.passwords.hash(password).await?;
    let (username, email) = (form.username.value.clone(), form.email.value.clone());
    let new = NewUser { username, email, role, password_hash };
    match application.store.create_user(&new, now()).await {
        Ok(user) => Ok(see_other(&format!("{}?done=created", address(user.id)))),
        Err(error @ AccountError::Taken) => {
            form.username.error = Some(error.to_string());
            page(StatusCode::BAD_REQUEST, &form)
        }
        Err(error) => Err(account_error(error)),
    }
}

fn form(caller: &Caller, fields: &[(String, String)]) -> NewUserPage {
    let role = Field::new(value(fields, "role"));
    NewUserPage {
        layout: AdminLayout::of(caller, Section::Users, "New user"),
        username: Field::new(value(fields, "username")),
        email: Field::new(value(fields, "email")),
        role: if role.is_set() { role } else { Field::new(Role::Editor.name()) },
        password: Field::default(),
        again: Field::default(),
        username_rule: USERNAME_RULE,
        password_rule: password::RULE,
    }
}

fn checked(mut form: NewUserPage, fields: &[(String, String)]) -> NewUserPage {
    let broken = |is_right: bool, rule: &str| (!is_right).then(|| rule.to_owned());
    form.username.error = broken(is_username(&form.username.value), USERNAME_RULE);
    form.email.error = broken(is_email(&form.email.value), EMAIL_RULE);
    form.role.error = broken(Role::named(&form.role.value).is_some(), ROLE_RULE);
    (form.password.error, form.again.error) = password_errors(fields, &form.username.value);
    form
}

/// What is wrong with a new password, and with its repetition.
pub(super) fn password_errors(
    fields: &[(String, String)],
    username: &str,
) -> (Option<String>, Option<String>) {
    let (password, again) = (value(fields, "password"), value(fields, "again"));
    match password::broken_rule(password, username) {
        Some(rule) => (Some(rule.to_owned()), None),
        None => (None, (again != password).then(|| "must be the same as the password".to_owned())),
    }
}
