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
//! | [`edit`] | changing a listing |
//! | [`desk`] | what staff look at: any status, and many at once |
//! | [`history`] | what was done to a listing, by whom, and from where |
//! | [`record`] | a listing as somebody has written it down |
//! | [`import`] | many listings out of one file |
//! | [`repetition`] | a write that comes twice |
//! | [`accounts`] | who may work here: users, sessions, tokens |
//! | [`migrate`] | bringing a database to this version, adopting Django's |
//! | [`upload`] | a file between being sent and being agreed to |
//! | [`samples`] | realistic listings, the same for the same seed |

pub mod accounts;
pub mod desk;
pub mod edit;
pub mod history;
pub mod import;
pub mod migrate;
pub mod property;
pub mod read;
pub mod record;
pub mod repetition;
pub mod samples;
pub mod search;
pub mod store;
pub mod upload;
mod weigh;
pub mod write;

pub use property::{Draft, Kind, NewProperty, Price, Property, Status};
pub use search::Search;
pub use store::{Store, StoreError};
