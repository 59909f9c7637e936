//! What was done to one listing.

use askama::Template;

use super::AdminLayout;

/// The page at `/admin/listings/<id>/history/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/history.html")]
pub struct HistoryPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The listing's number.
    pub id: i64,
    /// Its title, or what stands for it once it is gone.
    pub title: String,
    /// The version that is kept now; none once it is gone.
    pub version: Option<i64>,
    /// What was done, the latest first.
    pub events: Vec<EventRow>,
    /// What was done before that, if there is more.
    pub older_href: Option<String>,
    /// Whether who looks may write.
    pub is_writable: bool,
}

/// One thing that was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventRow {
    /// `Changed`, `Created`, `Deleted`.
    pub action: &'static str,
    /// The version that it made.
    pub version: i64,
    /// By whom.
    pub author: String,
    /// From where.
    pub origin: String,
    /// When, for machines and for people.
    pub at: (String, String),
    /// The transaction, where it has a number.
    pub number: Option<String>,
    /// Field, before, after.
    pub changes: Vec<(&'static str, String, String)>,
    /// Whether the listing can go back to how it was after this.
    pub is_revertible: bool,
}
