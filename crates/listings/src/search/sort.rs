//! The orders in which listings can be asked for.

/// The order of a list. A leading `-` in its name means descending, as in Django; ties are broken by id in the same
/// direction. Listings without the value (`null`) come last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// Cheapest first.
    Cheapest,
    /// Dearest first.
    Dearest,
    /// Smallest floor area first.
    Smallest,
    /// Largest floor area first.
    Largest,
    /// By id, ascending: the order in which rows were made.
    Id,
}

impl Sort {
    /// Every order.
    pub const ALL: [Sort; 7] =
        [Sort::Newest, Sort::Oldest, Sort::Cheapest, Sort::Dearest, Sort::Smallest, Sort::Largest, Sort::Id];

    /// The name in query strings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Sort::Newest => "-created_at",
            Sort::Oldest => "created_at",
            Sort::Cheapest => "price",
            Sort::Dearest => "-price",
            Sort::Smallest => "floor_area",
            Sort::Largest => "-floor_area",
            Sort::Id => "id",
        }
    }

    /// Whether values grow along the list.
    #[must_use]
    pub fn is_ascending(self) -> bool {
        matches!(self, Sort::Oldest | Sort::Cheapest | Sort::Smallest | Sort::Id)
    }
}
