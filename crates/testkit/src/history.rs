//! The history checker: numbered writes past the program, reads through it, and a judge who compares the two.
//!
//! Writers change listings in the database, some of them always together in one transaction; every write has a number that grows.
//! Readers ask one or several nodes over HTTP, and note what numbers they were shown and when. [`judge()`] then asks of every page:
//! what is the latest moment at which all that it shows was true? There must be one, and it must not lie more than the bound
//! before the request. Nothing is known here of caches: whatever stands between database and reader is judged alike.
//!
//! ```text
//! Population ──▶ Traffic::round ──▶ History ──▶ judge ──▶ Report
//!  (listings)    writers, readers,  (writes,   (pure)    (a table)
//!                troubles            reads)
//! ```
//!
//! All times are durations since the start of one round, taken from one monotonic clock.

mod database;
mod dice;
mod judge;
mod liar;
mod nodes;
mod page;
mod population;
mod postgres_trouble;
mod reader;
mod record;
mod report;
mod scene;
mod state;
mod stopwatch;
mod timeline;
mod traffic;
mod writer;

pub use dice::Dice;
pub use judge::judge;
pub use liar::Liar;
pub use nodes::{Door, Node};
pub use page::{Question, served_from};
pub use population::{LaneNow, Population};
pub use postgres_trouble::{Bulk, Held, PostgresTrouble, Row};
pub use reader::Reader;
pub use record::{
    Answer, Change, History, Lane, Outcome, Own, Part, Read, Scope, ServedFrom, Sighting, Write,
};
pub use report::{Report, Violation, Wrong, spread_in_ms};
pub use scene::{Scene, TokenOf};
pub use state::{Filter, PLACES, State, mark};
pub use stopwatch::Stopwatch;
pub use traffic::{Round, Traffic, Trouble};
