//! The pages about users.

use askama::Template;

use super::{AdminLayout, FormError, When, errors};
use crate::pages::form::{Choice, Field};

/// The roles, the least first, as a form offers them.
pub const ROLES: [Choice; 3] = [
    ("viewer", "Viewer: sees all listings"),
    ("editor", "Editor: writes listings"),
    ("admin", "Admin: manages users too"),
];

/// The page at `/admin/users/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users.html")]
pub struct UsersPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The users by name.
    pub users: Vec<UserRow>,
}

/// A user in the list.
#[derive(Clone, Debug)]
pub struct UserRow {
    /// The page of the user.
    pub href: String,
    /// The name.
    pub username: String,
    /// The address; empty for none.
    pub email: String,
    /// What they may do.
    pub role: &'static str,
    /// Whether they may come in.
    pub is_active: bool,
    /// When they last did.
    pub last_login: Option<When>,
}

/// The page at `/admin/users/new/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/user_new.html")]
pub struct NewUserPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The name.
    pub username: Field,
    /// The address.
    pub email: Field,
    /// One of [`ROLES`].
    pub role: Field,
    /// The password; never shown again.
    pub password: Field,
    /// The same once more.
    pub again: Field,
    /// What a name must be.
    pub username_rule: &'static str,
    /// What a password must be.
    pub password_rule: &'static str,
}

impl NewUserPage {
    /// What is wrong with it.
    #[must_use]
    pub fn errors(&self) -> Vec<FormError> {
        errors([
            ("username", "Username", &self.username),
            ("email", "Email", &self.email),
            ("role", "Role", &self.role),
            ("password", "Password", &self.password),
            ("again", "Password again", &self.again),
        ])
    }
}

/// The page of one user.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/user.html")]
pub struct UserPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The address of the page.
    pub href: String,
    /// The name, for good.
    pub username: String,
    /// When the account was made.
    pub created: When,
    /// When they last came in.
    pub last_login: Option<When>,
    /// The address.
    pub email: Field,
    /// One of [`ROLES`].
    pub role: Field,
    /// `1` while they may come in.
    pub active: Field,
    /// Another password; never shown again.
    pub password: Field,
    /// The same once more.
    pub again: Field,
    /// `1` to delete the user.
    pub sure: Field,
    /// What a password must be.
    pub password_rule: &'static str,
    /// Where they have signed in.
    pub sessions: Vec<SessionRow>,
}

/// A session in a list.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Names it in a form.
    pub id: String,
    /// Where it began.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
    /// When it began.
    pub began: When,
    /// When it was last used.
    pub last_seen: When,
    /// Whether it is the one that looks at this page.
    pub is_this: bool,
}

impl UserPage {
    /// What is wrong with it.
    #[must_use]
    pub fn errors(&self) -> Vec<FormError> {
        errors([
            ("email", "Email", &self.email),
            ("role", "Role", &self.role),
            ("active", "Active", &self.active),
            ("password", "New password", &self.password),
            ("again", "New password again", &self.again),
            ("sure", "Delete", &self.sure),
        ])
    }
}
