//! When a cached answer is true: pure rules, without any input or output.
//!
//! An entry remembers the [`Snapshot`] that it was read in and its [`Dependency`]s. A [`Change`] remembers the transaction
//! that made it. The [`Ledger`] holds the changes that a node has heard of. An entry is true as long as every change that
//! touches one of its dependencies is one that its snapshot sees.

pub mod change;
pub mod dependency;
pub mod ledger;
pub mod part;
pub mod snapshot;
pub mod value;

pub use change::{Change, Happened, RowValues};
pub use dependency::{Columns, Condition, Dependency, Order, Place, Query, Window};
pub use ledger::{Ledger, LedgerLimits, Poll, PollRefused, PolledChanges, Verdict};
pub use part::{Part, agree};
pub use snapshot::{Snapshot, SnapshotError, Xid};
pub use value::{Value, Words};
