//! What readers ask, and what they make of the answer.

use std::collections::BTreeMap;

use serde_json::Value;

use super::dice::Dice;
use super::record::{Part, Scope, ServedFrom, Sighting};
use super::state::{DEAR, Filter, PLACES};

/// A page of the site holds so many listings: one that is full may lack some.
const FULL_PAGE: usize = 20;

/// So many listings are asked for more often than the others.
const USUAL: usize = 3;

/// Something to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// `/properties/<id>/`
    Page(i64),
    /// `/api/v1/properties/<id>`
    Record(i64),
    /// `/api/v1/properties?…`
    Api(Filter),
    /// `/properties/`
    Django,
    /// `/?…`
    Site(Filter),
    /// `/feed.atom?…`
    Feed(Filter),
}

impl Question {
    /// Any question about these listings; most are about a few, so that the same is asked often.
    pub fn any(dice: &mut Dice, listings: &[i64]) -> Self {
        let is_usual = !dice.once_in(4);
        let (all, some) = (listings.len(), listings.len().min(USUAL));
        let listing = listings[dice.below(if is_usual { some } else { all })];
        let usual_filter = Filter { place: Some(0), is_dear: None };
        let filter = if is_usual { usual_filter } else { any_filter(dice) };
        match dice.below(8) {
            0 | 1 => Self::Page(listing),
            2 | 3 => Self::Record(listing),
            4 => Self::Api(filter),
            5 => Self::Django,
            6 => Self::Site(filter),
            _ => Self::Feed(filter),
        }
    }

    /// One question of each kind about a listing.
    #[must_use]
    pub fn each_kind(listing: i64) -> [Self; 6] {
        let filter = Filter { place: Some(0), is_dear: None };
        [
            Self::Page(listing),
            Self::Record(listing),
            Self::Api(filter),
            Self::Django,
            Self::Site(Filter::default()),
            Self::Feed(filter),
        ]
    }

    /// Path and query.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Page(listing) => format!("/properties/{listing}/"),
            Self::Record(listing) => format!("/api/v1/properties/{listing}"),
            Self::Api(filter) => format!("/api/v1/properties?{}", parameters(filter, "limit=100")),
            Self::Django => "/properties/".to_owned(),
            Self::Site(filter) => format!("/?{}", filter.query()).trim_end_matches('?').to_owned(),
            Self::Feed(filter) => format!("/feed.atom?{}", filter.query()).trim_end_matches('?').to_owned(),
        }
    }

    /// What an answer with status 200 shows.
    ///
    /// # Errors
    ///
    /// What is wrong with it, when it can't be understood.
    pub fn parts(&self, body: &str) -> Result<Vec<Part>, String> {
        match self {
            Self::Page(listing) => parts_of_page(*listing, body),
            Self::Record(listing) => part_of_record(*listing, body),
            Self::Api(filter) => list(body, *filter),
            Self::Django => list(body, Filter::default()),
            Self::Site(filter) | Self::Feed(filter) => {
                let sightings = sightings_in(body);
                let scope = if sightings.len() < FULL_PAGE { Scope::All(*filter) } else { Scope::Some };
                Ok(vec![Part { scope, sightings }])
            }
        }
    }
}

/// What a value of `Cache-Status` says, as far as it is gable's.
#[must_use]
pub fn served_from(cache_status: Option<&str>) -> ServedFrom {
    let Some(value) = cache_status else { return ServedFrom::Unsaid };
    let last = value.rsplit(',').next().unwrap_or_default();
    let says = |what: &str| last.split(';').skip(1).any(|parameter| parameter.trim() == what);
    if says("detail=stale") {
        ServedFrom::Stale
    } else if says("hit") && says("detail=redis") {
        ServedFrom::Redis
    } else if says("hit") {
        ServedFrom::Hit
    } else if says("fwd=bypass") {
        ServedFrom::Bypass
    } else {
        ServedFrom::Miss
    }
}

fn any_filter(dice: &mut Dice) -> Filter {
    let place = (!dice.once_in(4)).then(|| dice.below(PLACES.len()));
    let is_dear = dice.once_in(3).then(|| dice.once_in(2));
    Filter { place, is_dear }
}

fn parameters(filter: &Filter, more: &str) -> String {
    let query = filter.query();
    if query.is_empty() { more.to_owned() } else { format!("{query}&{more}") }
}

/// The listing itself, and those like it below: they are found by several queries, each of them true at a moment of its own,
/// and which card is whose does not show.
fn parts_of_page(listing: i64, body: &str) -> Result<Vec<Part>, String> {
    let (own, others): (Vec<_>, Vec<_>) =
        sightings_in(body).into_iter().partition(|sighting| sighting.listing == listing);
    if own.is_empty() {
        return Err("a page of another listing".to_owned());
    }
    let card = |sighting| Part { scope: Scope::Some, sightings: vec![sighting] };
    let page = Part { scope: Scope::One(listing), sightings: own };
    Ok([page].into_iter().chain(others.into_iter().map(card)).collect())
}

fn part_of_record(listing: i64, body: &str) -> Result<Vec<Part>, String> {
    let record = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let sighting = sighting(&record)?;
    if sighting.listing != listing {
        return Err(format!("a record of another listing: {}", sighting.listing));
    }
    Ok(vec![Part { scope: Scope::One(listing), sightings: vec![sighting] }])
}

/// Every listing that the text has a mark of, with all numbers that stand beside it.
fn sightings_in(text: &str) -> Vec<Sighting> {
    let mut numbers: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
    for (listing, number) in marks(text) {
        let seen = numbers.entry(listing).or_default();
        if !seen.contains(&number) {
            seen.push(number);
        }
    }
    let sighting = |(listing, numbers)| Sighting { listing, numbers, place: None, is_dear: None };
    numbers.into_iter().map(sighting).collect()
}

/// `[h12n34]`
fn marks(text: &str) -> impl Iterator<Item = (i64, u64)> {
    text.split("[h").skip(1).filter_map(|rest| {
        let (listing, number) = rest.split_once(']')?.0.split_once('n')?;
        Some((listing.parse().ok()?, number.parse().ok()?))
    })
}

fn list(body: &str, filter: Filter) -> Result<Vec<Part>, String> {
    let list: Value = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let records = list["properties"].as_array().ok_or("there is no list")?;
    let sightings = records.iter().map(sighting).collect::<Result<Vec<_>, _>>()?;
    let scope = if list["next"].is_null() { Scope::All(filter) } else { Scope::Some };
    Ok(vec![Part { scope, sightings }])
}

fn sighting(record: &Value) -> Result<Sighting, String> {
    let text = |name: &str| record[name].as_str().ok_or_else(|| format!("{name} is missing in {record}"));
    let listing = record["id"].as_i64().ok_or("a record has no id")?;
    let price = text("price")?.split('.').next().and_then(|whole| whole.parse::<u64>().ok());
    let price = price.ok_or_else(|| format!("the price in {record} is none"))?;
    let (title, description) = (text("title")?, text("description")?);
    let marks: Vec<(i64, u64)> = marks(title).chain(marks(description)).collect();
    if marks.len() != 3 || marks.iter().any(|(id, _)| *id != listing) {
        return Err(format!("a record with words of another listing: {listing}"));
    }
    let numbers = marks.into_iter().map(|(_, number)| number).chain([price % DEAR]).collect();
    let place = PLACES.iter().position(|place| record["location"] == *place);
    Ok(Sighting { listing, numbers, place, is_dear: Some(price >= DEAR) })
}

#[cfg(test)]
mod tests {
    use super::{Question, served_from, sightings_in};
    use crate::history::record::{Scope, ServedFrom};
    use crate::history::state::{Filter, State};

    const STATE: State = State { number: 17, place: 1, is_dear: true, is_active: true };

    fn record_of(state: &State, listing: i64) -> String {
        let (title, description) = (state.title(listing), state.description(listing));
        format!(
            r#"{{"id":{listing},"title":"{title}","description":"{description}","price":"{}.00","location":"Bergen"}}"#,
            state.price()
        )
    }

    #[test]
    fn a_record_shows_what_was_written() {
        let parts = Question::Record(12).parts(&record_of(&STATE, 12)).unwrap();
        assert_eq!(parts[0].scope, Scope::One(12));
        assert!(parts[0].agrees(12, Some(&STATE)));
        assert!(!parts[0].agrees(12, Some(&State { number: 18, ..STATE })));
        assert!(!parts[0].agrees(12, Some(&State { place: 0, ..STATE })));
        assert!(!parts[0].agrees(12, None));
    }

    #[test]
    fn a_record_with_another_listings_words_is_refused() {
        let mixed = record_of(&STATE, 12).replace("\"id\":12", "\"id\":13");
        for body in [mixed, record_of(&STATE, 12)] {
            assert!(Question::Record(13).parts(&body).unwrap_err().contains("of another listing"));
            assert!(Question::Page(13).parts(&body).unwrap_err().contains("of another listing"));
        }
    }

    #[test]
    fn a_list_with_more_pages_lacks_some() {
        let filter = Filter { place: Some(1), is_dear: None };
        let body = |next| format!(r#"{{"properties":[{}],"next":{next}}}"#, record_of(&STATE, 12));
        assert_eq!(Question::Api(filter).parts(&body("null")).unwrap()[0].scope, Scope::All(filter));
        assert_eq!(Question::Api(filter).parts(&body("\"x\"")).unwrap()[0].scope, Scope::Some);
    }

    #[test]
    fn every_number_on_a_page_counts() {
        let seen = sightings_in("<h1>Home [h12n17]</h1><p>[h12n18] and [h13n1] [x] [h1]</p>");
        assert_eq!((seen[0].listing, seen[0].numbers.as_slice()), (12, &[17, 18][..]));
        assert_eq!((seen[1].listing, seen[1].numbers.as_slice()), (13, &[1][..]));
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn the_cache_status_says_where_an_answer_is_from() {
        for (value, from) in [
            (None, ServedFrom::Unsaid),
            (Some("gable; hit; ttl=871; detail=memory"), ServedFrom::Hit),
            (Some("gable; hit; ttl=871; detail=redis"), ServedFrom::Redis),
            (Some("gable; fwd=uri-miss; stored"), ServedFrom::Miss),
            (Some("gable; fwd=stale; detail=changed"), ServedFrom::Miss),
            (Some("gable; hit; detail=stale"), ServedFrom::Stale),
            (Some("gable; fwd=bypass; detail=session"), ServedFrom::Bypass),
        ] {
            assert_eq!(served_from(value), from, "{value:?}");
        }
    }
}
