//! The pages of the admin area: what they have in common.

pub mod confirm;
pub mod history;
pub mod import;
pub mod listing_form;
pub mod listings;
pub mod login;
pub mod password;
pub mod tokens;
pub mod users;

use chrono::{DateTime, SecondsFormat, Utc};

use super::form::Field;
use super::layout::Assets;

/// What a page of the admin area has around its content.
#[derive(Clone, Debug)]
pub struct AdminLayout {
    /// The title without the site's name, which is added.
    pub title: String,
    /// Which part of the navigation it belongs to.
    pub section: Section,
    /// Who has signed in.
    pub username: String,
    /// As what.
    pub role: &'static str,
    /// What every form carries.
    pub csrf_token: String,
    /// Whether to show what only those can do who write listings.
    pub may_write: bool,
    /// Whether to show what only those can do who manage users.
    pub may_manage: bool,
    /// What has just been done.
    pub notice: Option<String>,
    /// Files that every page loads.
    pub assets: Assets,
    /// Address of `static/admin.css`.
    pub css_href: String,
    /// Address of `static/admin.js`.
    pub js_href: String,
}

/// A part of the admin area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Listings.
    Listings,
    /// Import of listings.
    Import,
    /// Users.
    Users,
    /// Tokens.
    Tokens,
    /// One's own account.
    Account,
}

/// What was wrong with a form, for the summary above it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormError {
    /// The `id` of the field that it leads to.
    pub field: &'static str,
    /// A whole sentence: `Password: must be …`.
    pub message: String,
}

impl AdminLayout {
    /// The same, saying what has just been done.
    #[must_use]
    pub fn with_notice(self, notice: impl Into<String>) -> AdminLayout {
        AdminLayout { notice: Some(notice.into()), ..self }
    }

    /// The parts of the admin area that they can do something in: label, address, and whether this page belongs to it.
    fn parts(&self) -> Vec<(&'static str, &'static str, bool)> {
        let parts = [
            ("Listings", "/admin/listings/", Section::Listings, true),
            ("Import", "/admin/import/", Section::Import, self.may_write),
            ("Users", "/admin/users/", Section::Users, self.may_manage),
            ("Tokens", "/admin/tokens/", Section::Tokens, true),
        ];
        let shown = parts.into_iter().filter(|(.., is_shown)| *is_shown);
        shown.map(|(label, href, section, _)| (label, href, section == self.section)).collect()
    }

    /// Whether the page is about one's own account.
    fn is_account(&self) -> bool {
        self.section == Section::Account
    }
}

/// A time as staff read it: `2026-11-21 18:45 UTC`.
#[must_use]
pub fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// The errors of fields, each with its `id` and its label, in the order of the page.
#[must_use]
pub fn errors<'a>(fields: impl IntoIterator<Item = (&'static str, &'a str, &'a Field)>) -> Vec<FormError> {
    let wrong = |(field, label, value): (&'static str, &str, &Field)| {
        value.error.as_ref().map(|rule| FormError { field, message: format!("{label}: {rule}") })
    };
    fields.into_iter().filter_map(wrong).collect()
}

/// A point in time, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct When {
    /// `2026-11-21T18:59:00Z`.
    pub exact: String,
    /// `2026-11-21 18:59 UTC`.
    pub words: String,
}

impl From<DateTime<Utc>> for When {
    fn from(time: DateTime<Utc>) -> When {
        When {
            exact: time.to_rfc3339_opts(SecondsFormat::Secs, true),
            words: time.format("%Y-%m-%d %H:%M UTC").to_string(),
        }
    }
}
