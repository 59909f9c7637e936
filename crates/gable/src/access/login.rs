//! Coming in: from a name and a password to a session.

use listings::accounts::{AccountError, NewSession, Secret};

use super::{ClientAddress, throttle};
use crate::application::Application;
use crate::error::Error;

/// What somebody shows to come in.
#[derive(Debug)]
pub struct Login<'a> {
    /// The name, as it was typed.
    pub username: &'a str,
    /// The password.
    pub password: &'a str,
    /// Where they are.
    pub address: ClientAddress,
    /// What their browser calls itself.
    pub agent: &'a str,
    /// The session that the browser has already, right or wrong: it ends, and is never gone on with.
    pub replaced: Option<Secret>,
}

/// The secret of a new session; none where name and password don't belong to anybody who may come in. To say no takes as
/// long whoever is not there, has another password, or may not come in.
pub async fn log_in(application: &Application, login: &Login<'_>) -> Result<Option<Secret>, Error> {
    let attempt = throttle::count(application, login.username, login.address).await?;
    let tried = try_to_log_in(application, login).await;
    if tried.is_err() {
        // Nobody has looked at the password: that is no failure of theirs.
        application.store.take_back_attempt(attempt).await?;
    }
    tried
}

async fn try_to_log_in(application: &Application, login: &Login<'_>) -> Result<Option<Secret>, Error> {
    let found = application.store.user_named(login.username).await?;
    let found = found.filter(|(user, _)| user.is_active);
    let hash = found.as_ref().map(|(_, hash)| hash.as_str());
    if !application.passwords.is_right(login.password, hash).await? {
        return Ok(None);
    }
    let Some((user, hash)) = found else { return Ok(None) };
    let secret = Secret::of_session(rand::random());
    let address = login.address.0.to_string();
    let session = NewSession { secret: &secret, address: &address, agent: login.agent };
    let replaced = login.replaced.as_ref();
    let begun = application.store.begin_session((&user, &hash), &session, replaced, super::now()).await;
    if !begun.map_err(account_error)? {
        return Ok(None);
    }
    if let Err(error) = application.store.forget_attempts(login.username).await {
        tracing::warn!(%error, "a login succeeded, and what failed before it still counts");
    }
    Ok(Some(secret))
}

/// Of what can be wrong with an account, what nobody can do anything about here.
#[must_use]
pub fn account_error(error: AccountError) -> Error {
    match error {
        AccountError::Store(error) => Error::from(error),
        AccountError::NoUser => Error::NotFound("There is no such user".to_owned()),
        AccountError::Taken | AccountError::LastAdmin => Error::Forbidden(error.to_string()),
    }
}

/// Where to go after the login: a page of the admin area, or its beginning. Nothing else may send people anywhere.
#[must_use]
pub fn next(asked_for: &str) -> &str {
    let is_inside = asked_for.starts_with("/admin/")
        && asked_for.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if is_inside { asked_for } else { "/admin/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_into_the_admin_area_and_nowhere_else() {
        for inside in ["/admin/", "/admin/listings/?q=a%20b&page=2", "/admin/users/7/"] {
            assert_eq!(next(inside), inside);
        }
        for outside in [
            "",
            "/",
            "/admin",
            "//evil.example",
            "//evil.example/admin/",
            "/\\evil.example",
            "\\\\evil.example/admin/",
            "/admin/\\evil.example",
            "https://evil.example/admin/",
            "javascript:alert(1)",
            "/administration/",
            " /admin/",
            "/\t/evil.example",
            "/admin/\r\nSet-Cookie: a=b",
            "/admin/\u{0}",
            "/admin/ä",
        ] {
            assert_eq!(next(outside), "/admin/", "{outside:?}");
        }
    }
}
