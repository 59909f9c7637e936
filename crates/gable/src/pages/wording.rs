//! Numbers and searches in words, the same on every page.

use rust_decimal::Decimal;

use super::listing::Fact;

/// `250,000`, or `1,200.50` where there are cents. No currency: none is known.
#[must_use]
pub fn price(price: Decimal) -> String {
    let text = format!("{price:.2}");
    let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
    let whole = grouped(whole);
    if cents == "00" { whole } else { format!("{whole}.{cents}") }
}

/// `1,234`, or `10,000+` when counting stopped there.
#[must_use]
pub fn number(number: u64, and_more: bool) -> String {
    format!("{}{}", grouped(&number.to_string()), if and_more { "+" } else { "" })
}

/// `1 home`, `1,234 homes`, `10,000+ homes`; with a kind, `12 villas`, `3 plots of land`.
#[must_use]
pub fn count(listings: u64, and_more: bool, kind: Option<&str>) -> String {
    let (one, many) = nouns(kind);
    let noun = if listings == 1 && !and_more { one } else { many };
    if listings == 0 { format!("No {many}") } else { format!("{} {noun}", number(listings, and_more)) }
}

/// `Villas in Accra`; without a place or a kind, `Homes`.
#[must_use]
pub fn search_heading(kind: Option<&str>, location: Option<&str>) -> String {
    let noun = capitalised(nouns(kind).1);
    match location {
        Some(location) => format!("{noun} in {location}"),
        None => noun,
    }
}

/// `House` for `house`, the same word for a kind that is not known here.
#[must_use]
pub fn kind_label(kind: &str) -> String {
    capitalised(kind)
}

/// The facts of a card: `3 bed`, `2 bath`, `120 m²`. What is not known is left out.
#[must_use]
pub fn short_facts(
    bedrooms: Option<u32>,
    bathrooms: Option<u32>,
    floor_area: Option<Decimal>,
) -> Vec<String> {
    [
        bedrooms.filter(|number| *number > 0).map(|number| format!("{number} bed")),
        bathrooms.map(|number| format!("{number} bath")),
        floor_area.map(area),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The facts of a listing's page. What is not known is left out.
#[must_use]
pub fn facts(bedrooms: Option<u32>, bathrooms: Option<u32>, floor_area: Option<Decimal>) -> Vec<Fact> {
    let fact = |name, value: Option<String>| value.map(|value| Fact { name, value });
    [
        fact("Bedrooms", bedrooms.map(|number| number.to_string())),
        fact("Bathrooms", bathrooms.map(|number| number.to_string())),
        fact("Floor area", floor_area.map(area)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// `120 m²`, `87.5 m²`.
#[must_use]
pub fn area(square_metres: Decimal) -> String {
    let text = square_metres.normalize().to_string();
    match text.split_once('.') {
        Some((whole, rest)) => format!("{}.{rest} m²", grouped(whole)),
        None => format!("{} m²", grouped(&text)),
    }
}

/// `5.60372° N, 0.18696° W`: five places, which is about a metre.
#[must_use]
pub fn coordinates(latitude: f64, longitude: f64) -> String {
    let north = if latitude < 0.0 { 'S' } else { 'N' };
    let east = if longitude < 0.0 { 'W' } else { 'E' };
    format!("{:.5}° {north}, {:.5}° {east}", latitude.abs(), longitude.abs())
}

/// The paragraphs of a text, which are divided by empty lines; lines within a paragraph stay lines.
#[must_use]
pub fn paragraphs(text: &str) -> Vec<String> {
    let unix = text.replace("\r\n", "\n");
    unix.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()).map(str::to_owned).collect()
}

/// One and several of a kind.
fn nouns(kind: Option<&str>) -> (&'static str, &'static str) {
    match kind {
        Some("house") => ("house", "houses"),
        Some("apartment") => ("apartment", "apartments"),
        Some("studio") => ("studio", "studios"),
        Some("villa") => ("villa", "villas"),
        Some("townhouse") => ("townhouse", "townhouses"),
        Some("land") => ("plot of land", "plots of land"),
        Some("other") => ("other listing", "other listings"),
        _ => ("home", "homes"),
    }
}

/// Digits in groups of three.
fn grouped(number: &str) -> String {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let leading = digits.len() % 3;
    let mut groups = Vec::new();
    if leading > 0 {
        groups.push(&digits[..leading]);
    }
    groups.extend((leading..digits.len()).step_by(3).map(|start| &digits[start..start + 3]));
    format!("{sign}{}", groups.join(","))
}

/// The word with its first letter large.
fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
