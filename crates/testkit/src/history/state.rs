//! What a listing is at one moment as far as readers can tell, and how that is written into a row.

/// The places that listings are in.
pub const PLACES: [&str; 3] = ["Accra", "Bergen", "Cusco"];

/// From this price on a listing is dear. Below it, the price is the number of the write.
pub(crate) const DEAR: u64 = 10_000_000;

/// A listing after one of the numbered writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The number of the write.
    pub number: u64,
    /// Which of [`PLACES`] it is in.
    pub place: usize,
    /// In which of two price brackets it is.
    pub is_dear: bool,
    /// Whether the public may see it; otherwise it is a draft.
    pub is_active: bool,
}

/// What a reader asks for. Drafts are never shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this one of [`PLACES`].
    pub place: Option<usize>,
    /// Only this price bracket.
    pub is_dear: Option<bool>,
}

/// What stands in a listing's title and description, so that readers can tell whose number they see.
#[must_use]
pub fn mark(listing: i64, number: u64) -> String {
    format!("[h{listing}n{number}]")
}

impl State {
    pub(crate) fn title(&self, listing: i64) -> String {
        format!("Home {} in {}", mark(listing, self.number), PLACES[self.place])
    }

    /// Long enough that nobody writes or reads it in one piece.
    pub(crate) fn description(&self, listing: i64) -> String {
        let mark = mark(listing, self.number);
        format!("{mark} {} {mark}", "Quiet and bright. ".repeat(20))
    }

    pub(crate) fn price(&self) -> u64 {
        self.number + if self.is_dear { DEAR } else { 0 }
    }

    pub(crate) fn status(&self) -> &'static str {
        if self.is_active { "active" } else { "draft" }
    }
}

impl Filter {
    /// Whether it lets this state through.
    #[must_use]
    pub fn shows(&self, state: &State) -> bool {
        state.is_active
            && self.place.is_none_or(|place| place == state.place)
            && self.is_dear.is_none_or(|is_dear| is_dear == state.is_dear)
    }

    /// As a query string without its question mark; empty for everything.
    #[must_use]
    pub fn query(&self) -> String {
        let place = self.place.map(|place| format!("location={}", PLACES[place].to_lowercase()));
        let price = self.is_dear.map(|is_dear| {
            if is_dear { format!("min_price={DEAR}") } else { format!("max_price={}", DEAR - 1) }
        });
        place.into_iter().chain(price).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, State};

    #[test]
    fn a_filter_shows_its_place_and_bracket_and_no_draft() {
        let state = State { number: 3, place: 1, is_dear: true, is_active: true };
        let filter = Filter { place: Some(1), is_dear: Some(true) };
        assert!(filter.shows(&state) && Filter::default().shows(&state));
        assert!(!filter.shows(&State { place: 0, ..state }));
        assert!(!filter.shows(&State { is_dear: false, ..state }));
        assert!(!Filter::default().shows(&State { is_active: false, ..state }));
        assert_eq!(filter.query(), "location=bergen&min_price=10000000");
    }
}
