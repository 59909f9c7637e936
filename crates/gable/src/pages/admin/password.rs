//! The page to change one's password.

use askama::Template;

use super::{AdminLayout, FormError, errors};
use crate::pages::form::Field;

/// The page at `/admin/password/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/password.html")]
pub struct PasswordPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The password that is in use; never shown again.
    pub current: Field,
    /// The one to come.
    pub new: Field,
    /// The same once more.
    pub again: Field,
    /// What it must be.
    pub rule: &'static str,
}

impl PasswordPage {
    fn errors(&self) -> Vec<FormError> {
        errors([
            ("current", "Present password", &self.current),
            ("new", "New password", &self.new),
            ("again", "New password again", &self.again),
        ])
    }
}
