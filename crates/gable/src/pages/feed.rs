//! The Atom feed (RFC 4287) of a search.

use askama::Template;

/// A feed; its content type is `application/atom+xml; charset=utf-8`.
#[derive(Clone, Debug, Template)]
#[template(path = "feed.xml")]
pub struct Feed {
    /// Identity of the feed: a permanent IRI, such as its canonical absolute address.
    pub id: String,
    /// `Houses in Accra`.
    pub title: String,
    /// Absolute address of the feed.
    pub self_href: String,
    /// Absolute address of the search page that it follows.
    pub alternate_href: String,
    /// RFC 3339; the latest change among the entries.
    pub updated: String,
    /// Latest first.
    pub entries: Vec<FeedEntry>,
}

/// One listing in the feed.
#[derive(Clone, Debug, Default)]
pub struct FeedEntry {
    /// Identity of the entry: a permanent IRI, such as the listing's absolute address.
    pub id: String,
    /// Title as written by the owner.
    pub title: String,
    /// Absolute address of the listing's page.
    pub href: String,
    /// RFC 3339.
    pub updated: String,
    /// RFC 3339.
    pub published: String,
    /// `250,000 · Accra · 3 bed`, or as much of the description as is wanted.
    pub summary: String,
}

/// Filters that the template uses.
#[expect(
    unreachable_pub,
    clippy::inline_always,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "the methods that askama generates for a filter"
)]
mod filters {
    /// Drops the characters that XML 1.0 can't hold, escaped or not.
    #[askama::filter_fn]
    pub(super) fn legal(text: &str, _: &dyn askama::Values) -> askama::Result<String> {
        Ok(text.chars().filter(|c| super::is_legal(*c)).collect())
    }
}

/// True for the characters of XML 1.0 (production 2, `Char`).
fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
