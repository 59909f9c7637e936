//! Where a listing stands in its life.

use serde::{Deserialize, Serialize};

/// Where a listing stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being written; for staff only.
    Draft,
    /// On the market.
    #[default]
    Active,
    /// An offer is accepted, the contract is not signed.
    Pending,
    /// Gone to somebody.
    Sold,
    /// Taken off the market; for staff only.
    Withdrawn,
}

impl Status {
    /// Every status, in the order of a listing's life.
    pub const ALL: [Status; 5] =
        [Status::Draft, Status::Active, Status::Pending, Status::Sold, Status::Withdrawn];

    /// What anybody may see.
    pub const PUBLIC: [Status; 3] = [Status::Active, Status::Pending, Status::Sold];

    /// The word that URLs, JSON and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Draft => "draft",
            Status::Active => "active",
            Status::Pending => "pending",
            Status::Sold => "sold",
            Status::Withdrawn => "withdrawn",
        }
    }

    /// The status of that name, exactly as [`Status::name`] spells it.
    #[must_use]
    pub fn named(name: &str) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Whether anybody may see a listing of this status, signed in or not.
    #[must_use]
    pub fn is_public(self) -> bool {
        Status::PUBLIC.contains(&self)
    }
}
