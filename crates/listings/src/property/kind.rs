//! What kind of building or land a listing is.

use serde::{Deserialize, Serialize};

/// What kind of building or land a listing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A detached house.
    House,
    /// A flat in a larger building.
    Apartment,
    /// One room to live and sleep in.
    Studio,
    /// A large house with grounds.
    Villa,
    /// A house in a row.
    Townhouse,
    /// Ground without a building.
    Land,
    /// Anything else, and what Django's rows are until somebody says otherwise.
    Other,
}

impl Kind {
    /// Every kind, in the order in which people are shown them.
    pub const ALL: [Kind; 7] =
        [Kind::House, Kind::Apartment, Kind::Studio, Kind::Villa, Kind::Townhouse, Kind::Land, Kind::Other];

    /// The word that URLs, JSON and the database use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::House => "house",
            Kind::Apartment => "apartment",
            Kind::Studio => "studio",
            Kind::Villa => "villa",
            Kind::Townhouse => "townhouse",
            Kind::Land => "land",
            Kind::Other => "other",
        }
    }

    /// The kind of that name, exactly as [`Kind::name`] spells it.
    #[must_use]
    pub fn named(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}
