//! A listing in a list: the card on the search page and under "Similar homes".

/// One listing as a card.
#[derive(Clone, Debug, Default)]
pub struct Card {
    /// Address of the listing's page.
    pub href: String,
    /// Address of its drawing, from [`crate::drawing::href`].
    pub drawing_href: String,
    /// Title as written by the owner.
    pub title: String,
    /// `250,000`, from [`super::wording::price`]; None reads "Price on request".
    pub price: Option<String>,
    /// Place as written by the owner.
    pub location: String,
    /// `3 bed`, `2 bath`, `120 m²`, from [`super::wording::short_facts`]. What is not known is left out.
    pub facts: Vec<String>,
    /// A word over the drawing.
    pub badge: Option<Badge>,
}

/// A word over a drawing that says what is special about a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Badge {
    /// An offer was accepted, the sale is not done.
    Pending,
    /// Gone.
    Sold,
}

impl Badge {
    /// The word itself.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Sold => "Sold",
        }
    }

    /// The class that colours it.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Pending => "badge-pending",
            Self::Sold => "badge-sold",
        }
    }

    /// The class of the card that carries it.
    #[must_use]
    pub fn card_class(&self) -> &'static str {
        match self {
            Self::Pending => "card-pending",
            Self::Sold => "card-sold",
        }
    }
}
