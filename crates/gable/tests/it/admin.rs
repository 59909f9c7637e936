//! What staff do with listings at `/admin/`.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod appearance;
mod bulk;
mod editing;
mod history;
mod import;
mod in_a_browser;
mod table;

/// The fields of a form that a listing is written with.
fn fields<'a>(others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("title", "Two rooms by the lagoon"),
        ("description", "Light.\n\nQuiet."),
        ("price", "1200.50"),
        ("location", "Accra"),
        ("status", "active"),
        ("kind", "apartment"),
        ("bedrooms", "1"),
        ("bathrooms", ""),
        ("floor_area", "54"),
        ("latitude", ""),
        ("longitude", ""),
    ];
    for (name, value) in others {
        match fields.iter_mut().find(|(known, _)| known == name) {
            Some(field) => field.1 = value,
            None => fields.push((name, value)),
        }
    }
    fields
}
