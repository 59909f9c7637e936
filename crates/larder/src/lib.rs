#![doc = include_str!("../README.md")]
//!
//! | module | |
//! |---|---|
//! | [`cache`] | **what** is kept: pages and data |
//! | [`tier`] | **where** it is kept: memory |
//! | [`flow`] | **how** it moves: the path of a read, the polls |
//! | [`freshness`] | **when** it is true: pure rules |
//! | [`source`] | **who** says so: PostgreSQL, SQLite |

pub mod cache;
pub mod clock;
mod counts;
mod entry;
pub mod flow;
pub mod freshness;
pub mod incarnation;
mod key;
mod larder;
mod lifetime;
mod reading;
mod single_flight;
pub mod source;
pub mod tier;
mod token;

pub use cache::data::DataCache;
pub use cache::page::{Page, PageCache, PageRule};
pub use counts::{KindFigures, Missed, NotKept};
pub use entry::{Entry, Kept, Weigh};
pub use flow::follow::{Health, LedgerFigures, Pace};
pub use flow::read::{Answer, Failed, How};
pub use key::{Key, Kind};
pub use larder::{Figures, Larder, Options};
pub use lifetime::Policy;
pub use reading::{Asked, Notes, Reading};
pub use token::{TokenKey, WriteToken};
