//! Realistic listings, the same for the same seed: for a first look, for demonstrations and for tests of scale.

mod places;
mod words;

use chrono::{DateTime, Duration};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Draft, Kind, NewProperty, Status};
use places::{PLACES, Place};

/// The latest time of a sample, 31 October 2026 18:00 UTC: a fixed one, so that the same seed gives the same bytes on
/// any day. The samples reach three years back.
const LATEST: i64 = 1_793_469_600;
const SPAN_SECONDS: i64 = 3 * 365 * 24 * 3600;

/// An endless row of listings; the same for the same `seed`, in any order of taking them.
///
/// Prices have no currency; they are what a home of that size in that place might cost where one euro is one unit.
///
/// # Panics
/// Never: a test makes 20,000 of them.
pub fn samples(seed: u64) -> impl Iterator<Item = NewProperty> + Send {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    std::iter::repeat_with(move || sample(&mut random).check().expect("samples keep the rules"))
}

fn sample(random: &mut ChaCha8Rng) -> Draft {
    let place = place(random);
    let kind = kind(random);
    let bedrooms = bedrooms(random, kind);
    let floor_area = floor_area(random, kind, bedrooms);
    let bathrooms = bedrooms.map(|bedrooms| random.random_range(1..=1 + bedrooms / 2));
    let features = if kind == Kind::Land { words::FEATURES_OF_LAND } else { words::FEATURES.len() };
    let (feature, praise) = pick(random, &words::FEATURES[..features]);
    Draft {
        title: title(kind, bedrooms, feature),
        description: description(random, kind, place, praise),
        price: (!random.random_bool(0.04)).then(|| price(random, kind, place, floor_area)),
        location: place.name.to_owned(),
        created_at: DateTime::from_timestamp(LATEST, 0).map(|latest| latest - age(random)),
        status: status(random),
        kind: Some(kind),
        bedrooms,
        bathrooms,
        floor_area: Some(floor_area),
        latitude: Some(scattered(random, place.latitude)),
        longitude: Some(scattered(random, place.longitude)),
    }
}

fn pick<T: Copy>(random: &mut ChaCha8Rng, choices: &[T]) -> T {
    choices[random.random_range(0..choices.len())]
}

/// The earlier of two draws: places at the head of the list have more listings, as cities do.
fn place(random: &mut ChaCha8Rng) -> &'static Place {
    let (first, second) = (random.random_range(0..PLACES.len()), random.random_range(0..PLACES.len()));
    &PLACES[first.min(second)]
}

fn kind(random: &mut ChaCha8Rng) -> Kind {
    match random.random_range(0..100) {
        0..34 => Kind::Apartment,
        34..60 => Kind::House,
        60..72 => Kind::Studio,
        72..84 => Kind::Townhouse,
        84..91 => Kind::Villa,
        91..98 => Kind::Land,
        _ => Kind::Other,
    }
}

fn status(random: &mut ChaCha8Rng) -> Status {
    match random.random_range(0..100) {
        0..88 => Status::Active,
        88..93 => Status::Pending,
        93..98 => Status::Sold,
        98 => Status::Draft,
        _ => Status::Withdrawn,
    }
}

fn bedrooms(random: &mut ChaCha8Rng, kind: Kind) -> Option<i32> {
    match kind {
        Kind::Studio => Some(0),
        Kind::Apartment => Some(random.random_range(1..=4)),
        Kind::House | Kind::Townhouse => Some(random.random_range(2..=6)),
        Kind::Villa => Some(random.random_range(3..=9)),
        Kind::Land | Kind::Other => None,
    }
}

fn floor_area(random: &mut ChaCha8Rng, kind: Kind, bedrooms: Option<i32>) -> i32 {
    match kind {
        Kind::Land => random.random_range(30..=400) * 10,
        Kind::Studio => random.random_range(18..=48),
        Kind::Villa => 90 + bedrooms.unwrap_or(3) * random.random_range(28..=60),
        _ => 30 + bedrooms.unwrap_or(2) * random.random_range(14..=34),
    }
}

fn price(random: &mut ChaCha8Rng, kind: Kind, place: &Place, floor_area: i32) -> String {
    let per_metre = match kind {
        Kind::Land => place.price_per_metre / 8,
        Kind::Villa => place.price_per_metre * 3 / 2,
        _ => place.price_per_metre,
    };
    let exact = floor_area * per_metre * random.random_range(65..=150) / 100;
    // Sellers like round numbers, and now and then one just below.
    let rounded = (exact / 500).max(4) * 500;
    if random.random_bool(0.2) { format!("{}.99", rounded - 1) } else { format!("{rounded}.00") }
}

fn age(random: &mut ChaCha8Rng) -> Duration {
    Duration::microseconds(random.random_range(0..SPAN_SECONDS * 1_000_000))
}

/// Within about 17 km of the middle, on a grid of 0.00001° (a metre).
fn scattered(random: &mut ChaCha8Rng, middle: f64) -> f64 {
    let offset = random.random_range(-15_000..=15_000);
    ((middle * 100_000.0).round() + f64::from(offset)) / 100_000.0
}

fn title(kind: Kind, bedrooms: Option<i32>, feature: &str) -> String {
    let noun = words::noun(kind);
    if let Some(bedrooms @ 1..) = bedrooms {
        let number = usize::try_from(bedrooms).ok().and_then(|bedrooms| words::NUMBERS.get(bedrooms));
        format!("{}-bedroom {noun} {feature}", number.unwrap_or(&"Many"))
    } else {
        let (first, rest) = noun.split_at(1);
        format!("{}{rest} {feature}", first.to_uppercase())
    }
}

fn description(random: &mut ChaCha8Rng, kind: Kind, place: &Place, praise: &str) -> String {
    let openings = if kind == Kind::Land { words::OPENINGS_OF_LAND } else { words::OPENINGS.len() };
    let opening = pick(random, &words::OPENINGS[..openings])
        .replace("{noun}", words::noun(kind))
        .replace("{place}", place.name);
    let inside =
        if kind == Kind::Land { pick(random, &words::GROUNDS) } else { pick(random, &words::INSIDES) };
    let around = pick(random, &words::SURROUNDINGS);
    let closing = pick(random, &words::CLOSINGS);
    format!("{opening} {praise}\n\n{inside} {around}\n\n{closing}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use chrono::Utc;

    use super::*;

    #[test]
    fn samples_keep_the_rules() {
        assert_eq!(samples(7).take(20_000).count(), 20_000);
    }

    #[test]
    fn the_same_seed_gives_the_same_listings_and_another_gives_others() {
        let first: Vec<_> = samples(1).take(50).collect();
        assert_eq!(first, samples(1).take(50).collect::<Vec<_>>());
        assert_ne!(first, samples(2).take(50).collect::<Vec<_>>());
    }

    #[test]
    fn a_first_look_shows_many_kinds_and_places() {
        let samples: Vec<_> = samples(1).take(40).collect();
        let kinds: HashSet<_> = samples.iter().map(NewProperty::kind).collect();
        let places: HashSet<_> = samples.iter().map(|sample| sample.fields().location.clone()).collect();
        assert!(kinds.len() >= 5, "{kinds:?}");
        assert!(places.len() >= 10, "{places:?}");
    }

    #[test]
    fn the_latest_time_is_the_one_that_is_documented() {
        let latest: DateTime<Utc> = DateTime::from_timestamp(LATEST, 0).unwrap();
        assert_eq!(latest.to_rfc3339(), "2026-10-31T18:00:00+00:00");
    }
}
