//! Two have changed the same listing: what each did, and what both together would be.

use listings::history::Event;
use listings::property::FIELDS;

use crate::pages::admin::listing_form::{Conflict, Disagreement, ListingForm, label};
use crate::pages::admin::moment;

/// A listing in three states.
pub(super) struct Sides<'a> {
    /// What both started from, where that is known.
    pub(super) base: Option<&'a ListingForm>,
    /// What was typed.
    pub(super) yours: &'a ListingForm,
    /// What is kept now.
    pub(super) theirs: &'a ListingForm,
}

impl Sides<'_> {
    /// Every field in which the three are not all the same.
    pub(super) fn disagreements(&self) -> Vec<Disagreement> {
        FIELDS.into_iter().map(|name| self.of_field(name)).filter(Disagreement::is_one).collect()
    }

    /// What was typed, and where only they have changed a field, theirs.
    pub(super) fn merged(&self) -> ListingForm {
        let pairs: Vec<_> = FIELDS
            .into_iter()
            .map(|name| {
                let is_untouched = self.base.is_some_and(|base| base.value(name) == self.yours.value(name));
                let side = if is_untouched { self.theirs } else { self.yours };
                (name.to_owned(), side.text(name).to_owned())
            })
            .collect();
        ListingForm::typed(&pairs)
    }

    fn of_field(&self, name: &'static str) -> Disagreement {
        let (yours, theirs) = (self.yours.value(name), self.theirs.value(name));
        let base = self.base.map(|base| base.value(name));
        let is_contested =
            yours != theirs && base.as_ref().is_none_or(|base| *base != yours && *base != theirs);
        Disagreement { name, label: label(name), base, yours, theirs, is_contested }
    }
}

impl Disagreement {
    fn is_one(&self) -> bool {
        self.yours != self.theirs || self.base.as_ref().is_some_and(|base| *base != self.yours)
    }
}

/// Who was quicker.
pub(super) fn by(event: Option<&Event>) -> Conflict {
    match event {
        Some(event) => Conflict {
            author: event.author.clone(),
            origin: event.origin.clone(),
            at: moment(event.at),
            rows: Vec::new(),
        },
        None => Conflict { origin: "nobody wrote down who".to_owned(), ..Conflict::default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::form::Field;

    fn form(title: &str, price: &str, location: &str) -> ListingForm {
        ListingForm {
            title: Field::new(title),
            price: Field::new(price),
            location: Field::new(location),
            ..ListingForm::default()
        }
    }

    #[test]
    fn what_only_one_of_two_has_changed_is_taken_from_whoever_did() {
        let base = form("Home", "100.00", "Accra");
        let (yours, theirs) = (form("Big home", "100.0", "Accra"), form("Home", "90.00", "Accra"));
        let sides = Sides { base: Some(&base), yours: &yours, theirs: &theirs };
        let merged = sides.merged();
        assert_eq!((merged.text("title"), merged.text("price")), ("Big home", "90.00"));
        let names: Vec<_> = sides.disagreements().iter().map(|row| (row.name, row.is_contested)).collect();
        assert_eq!(names, [("title", false), ("price", false)]);
    }

    #[test]
    fn what_both_have_changed_stays_as_it_was_typed_and_is_marked() {
        let base = form("Home", "100.00", "Accra");
        let (yours, theirs) = (form("Home", "80", "Accra"), form("Home", "90.00", "Accra"));
        let sides = Sides { base: Some(&base), yours: &yours, theirs: &theirs };
        assert_eq!(sides.merged().text("price"), "80");
        assert!(sides.disagreements()[0].is_contested);
    }

    #[test]
    fn without_a_base_nothing_of_what_was_typed_is_given_up() {
        let (yours, theirs) = (form("Home", "80", "Accra"), form("Home", "90.00", "Kumasi"));
        let sides = Sides { base: None, yours: &yours, theirs: &theirs };
        assert_eq!(sides.merged().text("location"), "Accra");
        assert_eq!(sides.disagreements().len(), 2);
    }
}
