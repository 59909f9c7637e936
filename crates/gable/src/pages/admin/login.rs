//! The page to sign in.

use askama::Template;

use super::super::layout::Assets;

/// The page at `/admin/login/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/login.html")]
pub struct LoginPage {
    /// Files that every page loads.
    pub assets: Assets,
    /// Address of `static/admin.css`.
    pub css_href: String,
    /// The name as it was typed.
    pub username: String,
    /// Where to go afterwards; empty for the beginning.
    pub next: String,
    /// What was wrong.
    pub error: Option<&'static str>,
}
