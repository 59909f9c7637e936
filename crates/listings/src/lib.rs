//! Property listings: what one is, how they are searched, and where they are kept.
//!
//! This crate knows nothing of HTTP. It reads and writes two databases behind one [`Store`]: SQLite, the embedded
//! default, and PostgreSQL. What is asked of a list of listings is always one typed, normalised [`Search`]: the SQL and
//! the canonical query string both come from it and from nothing else; so does what its answer depends on, which every read
//! notes in a [`larder::Reading`] for whoever keeps the answer.
//!
//! | folder | subject |
//! |---|---|
//! | [`property`] | one listing, and what makes one valid |
//! | [`search`] | the question: parameters, canonical form, cursors |
//! | [`store`] | the two databases: connecting, SQL, what answers depend on, errors |
//! | [`mod@read`] | the answers: a page, a listing, counts, an export |
//! | [`mod@write`] | keeping new listings, one or a million |
//! | [`migrate`] | bringing a database to this version, adopting Django's |
//! | [`samples`] | realistic listings, the same for the same seed |

pub mod migrate;
pub mod property;
pub mod read;
pub mod samples;
pub mod search;
pub mod store;
mod weigh;
pub mod write;

pub use property::{Draft, Kind, NewProperty, Price, Property, Status};
pub use search::Search;
pub use store::{Store, StoreError};
