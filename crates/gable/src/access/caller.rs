//! Who asks: a person who has signed in, or a program on somebody's behalf; and what that lets them do.

use listings::accounts::{Role, Scope, Scopes, Secret};
use listings::store::Author;

use super::csrf;
use crate::application::Application;
use crate::error::Error;

/// Who asks.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub user_id: i64,
    /// The user's name.
    pub username: String,
    /// What the user may do.
    pub role: Role,
    /// How we know.
    pub by: By,
}

/// How we know who asks.
#[derive(Debug, Clone)]
pub enum By {
    /// By a browser's cookie.
    Session {
        /// The cookie's value.
        secret: Secret,
    },
    /// By a token, which may do no more than it is for.
    Token {
        /// What it is for.
        scopes: Scopes,
    },
}

impl Caller {
    /// Whether they see what is not published: everybody who works here does.
    #[must_use]
    pub fn may_read_all(&self) -> bool {
        self.has(Role::Viewer, Scope::Read)
    }

    /// Whether they may write listings.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.has(Role::Editor, Scope::Write)
    }

    /// Whether they may manage users: by no token.
    #[must_use]
    pub fn may_manage(&self) -> bool {
        self.role >= Role::Admin && matches!(self.by, By::Session { .. })
    }

    /// Whether they may look into the cache and empty it.
    #[must_use]
    pub fn may_manage_cache(&self) -> bool {
        self.has(Role::Admin, Scope::Cache)
    }

    /// [`Caller::may_read_all`], or the error that says what is missing.
    pub fn need_read_all(&self) -> Result<(), Error> {
        self.need(Role::Viewer, Scope::Read)
    }

    /// [`Caller::may_write`], or the error that says what is missing.
    pub fn need_write(&self) -> Result<(), Error> {
        self.need(Role::Editor, Scope::Write)
    }

    /// [`Caller::may_manage`], or the error that says what is missing.
    pub fn need_manage(&self) -> Result<(), Error> {
        if self.may_manage() { Ok(()) } else { Err(self.lacks(Role::Admin)) }
    }

    /// [`Caller::may_manage_cache`], or the error that says what is missing.
    pub fn need_manage_cache(&self) -> Result<(), Error> {
        self.need(Role::Admin, Scope::Cache)
    }

    fn has(&self, role: Role, scope: Scope) -> bool {
        self.need(role, scope).is_ok()
    }

    fn need(&self, role: Role, scope: Scope) -> Result<(), Error> {
        match &self.by {
            By::Token { scopes } if !scopes.has(scope) => Err(Error::InsufficientScope(scope)),
            _ if self.role < role => Err(self.lacks(role)),
            _ => Ok(()),
        }
    }

    fn lacks(&self, role: Role) -> Error {
        let (own, needed) = (self.role.name(), role.name());
        Error::Forbidden(format!("This needs the role {needed}; {} has the role {own}", self.username))
    }

    /// For the history of what they write, from there.
    #[must_use]
    pub fn author(&self, origin: &'static str) -> Author {
        Author { name: self.username.clone(), origin }
    }

    /// What every form of theirs carries; programs have no forms.
    #[must_use]
    pub fn csrf_token(&self) -> Option<String> {
        match &self.by {
            By::Session { secret } => Some(csrf::token(secret)),
            By::Token { .. } => None,
        }
    }

    /// Whether a form carries what theirs do.
    #[must_use]
    pub fn accepts_csrf_token(&self, given: &str) -> bool {
        matches!(&self.by, By::Session { secret } if csrf::is_token(secret, given))
    }
}

/// Whose session that is, if it counts.
pub async fn of_session(application: &Application, secret: Secret) -> Result<Option<Caller>, Error> {
    let now = super::now();
    let Some(owner) = application.store.session_owner(&secret, now).await? else { return Ok(None) };
    if owner.is_note_due {
        noted(application.store.note_session(&secret, now).await);
    }
    let by = By::Session { secret };
    Ok(Some(Caller { user_id: owner.user_id, username: owner.username, role: owner.role, by }))
}

/// Whose token that is, if it counts.
pub async fn of_token(application: &Application, secret: &Secret) -> Result<Option<Caller>, Error> {
    let now = super::now();
    let Some(owner) = application.store.token_owner(secret, now).await? else { return Ok(None) };
    if owner.is_note_due {
        noted(application.store.note_token(owner.token_id, now).await);
    }
    let by = By::Token { scopes: owner.scopes };
    Ok(Some(Caller { user_id: owner.user_id, username: owner.username, role: owner.role, by }))
}

/// That somebody was here could not be written down: no reason to turn them away.
fn noted(outcome: Result<(), listings::StoreError>) {
    if let Err(error) = outcome {
        tracing::debug!(%error, "when a session or token was used is not written down");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(role: Role) -> Caller {
        let by = By::Session { secret: Secret::of_session([1; 32]) };
        Caller { user_id: 1, username: "ann".into(), role, by }
    }

    fn token(role: Role, scopes: &[Scope]) -> Caller {
        Caller { by: By::Token { scopes: scopes.iter().copied().collect() }, ..session(role) }
    }

    fn powers(caller: &Caller) -> [bool; 4] {
        [caller.may_read_all(), caller.may_write(), caller.may_manage_cache(), caller.may_manage()]
    }

    #[test]
    fn a_person_may_do_what_their_role_lets_them() {
        assert_eq!(powers(&session(Role::Viewer)), [true, false, false, false]);
        assert_eq!(powers(&session(Role::Editor)), [true, true, false, false]);
        assert_eq!(powers(&session(Role::Admin)), [true, true, true, true]);
    }

    #[test]
    fn a_token_may_do_what_it_is_for_and_its_owner_may_too() {
        let all = Scope::ALL;
        assert_eq!(powers(&token(Role::Viewer, &all)), [true, false, false, false]);
        assert_eq!(powers(&token(Role::Editor, &all)), [true, true, false, false]);
        assert_eq!(powers(&token(Role::Admin, &all)), [true, true, true, false]);
        assert_eq!(powers(&token(Role::Admin, &[])), [false; 4]);
        assert_eq!(powers(&token(Role::Admin, &[Scope::Write])), [false, true, false, false]);
    }

    #[test]
    fn a_token_has_no_forms() {
        let form = session(Role::Admin).csrf_token().unwrap();
        assert!(session(Role::Viewer).accepts_csrf_token(&form), "one session, one token");
        assert_eq!(token(Role::Admin, &Scope::ALL).csrf_token(), None);
        assert!(!token(Role::Admin, &Scope::ALL).accepts_csrf_token(&form));
        assert!(!session(Role::Admin).accepts_csrf_token(""));
    }
}
