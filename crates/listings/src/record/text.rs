//! Texts, one a member, as the cells of a table or the fields of a form have them.

use super::{Given, REFERENCE, Record};

impl Record {
    /// The record that these texts mean. White space around one does not count, but in those that are texts themselves.
    #[must_use]
    pub fn of_texts<'a>(members: impl IntoIterator<Item = (&'a str, &'a str)>) -> Record {
        let members =
            members.into_iter().filter_map(|(name, text)| Some((name.to_owned(), given(name, text)?)));
        Record(members.collect())
    }
}

/// What a text says of its member. An empty one is null where a listing may have that, an empty text where it may be empty, and
/// says nothing elsewhere.
fn given(name: &str, text: &str) -> Option<Given> {
    let trimmed = text.trim();
    match name {
        "title" | "description" | "location" => Some(Given::Text(text.to_owned())),
        "price" if trimmed.is_empty() => Some(Given::Null),
        "bedrooms" | "bathrooms" | "floor_area" | "latitude" | "longitude" if trimmed.is_empty() => {
            Some(Given::Null)
        }
        _ if trimmed.is_empty() => None,
        "price" | "status" | "kind" | "created_at" | "updated_at" | REFERENCE => {
            Some(Given::Text(trimmed.to_owned()))
        }
        _ => Some(Given::Number(trimmed.to_owned())),
    }
}
