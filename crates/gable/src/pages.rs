//! The pages for people: display-ready values in, HTML (or Atom) out. Nothing here knows a database or HTTP.
//!
//! Each page is a struct that derives [`askama::Template`]: fill it and call [`askama::Template::render`].
//! Every text is escaped by the template; give plain text, never HTML.

pub mod admin;
pub mod card;
pub mod docs;
pub mod error;
pub mod feed;
pub mod form;
pub mod layout;
pub mod listing;
pub mod search;
pub mod structured;
pub mod wording;
