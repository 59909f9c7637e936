#![doc = include_str!("../README.md")]
//!
//! | module | |
//! |---|---|
//! | [`cache`] | **what** is kept: pages and data |
//! | [`tier`] | **where** it is kept: memory, and what all nodes share |
//! | [`flow`] | **how** it moves: the path of a read, from node to node, the polls |
//! | [`freshness`] | **when** it is true: pure rules |
//! | [`source`] | **who** says so: PostgreSQL, SQLite |

pub mod cache;
pub mod clock;
mod counts;
mod entry;
mod envelope;
pub mod flow;
pub mod freshness;
pub mod incarnation;
mod key;
mod larder;
mod lifetime;
mod reading;
mod shelve;
mod single_flight;
pub mod source;
pub mod tier;
mod token;

pub use cache::data::DataCache;
pub use cache::page::{Page, PageCache, PageRule};
pub use counts::{KindFigures, Missed, NotKept, SharedFigures};
pub use entry::{Entry, Kept, Weigh};
pub use envelope::{Envelope, Seal, Unsound};
pub use flow::follow::{Health, LedgerFigures, Pace};
pub use flow::read::{Answer, Failed, How, Level};
pub use key::{Key, Kind};
pub use larder::{Figures, Larder, Options, SharedOptions};
pub use lifetime::Policy;
pub use reading::{Asked, Notes, Reading};
pub use shelve::Shelve;
pub use token::{TokenKey, WriteToken};
