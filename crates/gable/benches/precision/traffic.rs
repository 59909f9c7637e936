//! Who asks for what.

use std::collections::BTreeSet;

use bytes::Bytes;
use listings::Search;
use listings::search::{Parameter, Sort, Unknown};
use testkit::history::Dice;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// The search page, by its query string.
    Search(String),
    /// The page of a listing.
    Listing(usize),
    /// The API's list, by its query string.
    List(String),
    /// The API's record.
    Record(usize),
    /// The feed, by its query string.
    Feed(String),
    /// The Django project's list.
    Django,
}

/// A kind of page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Search,
    DeeperSearch,
    Listing,
    List,
    Record,
    Feed,
    Django,
    Text,
}

impl Kind {
    pub(crate) const ALL: [(Kind, &str); 8] = [
        (Kind::Search, "search page, first"),
        (Kind::DeeperSearch, "search page, deeper"),
        (Kind::Listing, "listing"),
        (Kind::List, "API list"),
        (Kind::Record, "API record"),
        (Kind::Feed, "feed"),
        (Kind::Django, "Django's list"),
        (Kind::Text, "all that have words"),
    ];
}

impl Question {
    pub(crate) fn uri(&self) -> String {
        let with = |path: &str, query: &str| {
            if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
        };
        match self {
            Question::Search(query) => with("/", query),
            Question::Listing(id) => format!("/properties/{id}/"),
            Question::List(query) => with("/api/v1/properties", query),
            Question::Record(id) => format!("/api/v1/properties/{id}"),
            Question::Feed(query) => with("/feed.atom", query),
            Question::Django => "/properties/".to_owned(),
        }
    }

    pub(crate) fn kind(&self) -> Kind {
        match self {
            Question::Search(query) | Question::List(query) | Question::Feed(query)
                if query.starts_with("q=") =>
            {
                Kind::Text
            }
            Question::Search(query) if query.contains("cursor=") => Kind::DeeperSearch,
            Question::Search(_) => Kind::Search,
            Question::Listing(_) => Kind::Listing,
            Question::List(_) => Kind::List,
            Question::Record(_) => Kind::Record,
            Question::Feed(_) => Kind::Feed,
            Question::Django => Kind::Django,
        }
    }
}

/// Places by the rule of Zipf, with an exponent of one.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(places: usize) -> Zipf {
        let shares = (1..=places).map(|place| 1.0 / f64::from(u32::try_from(place).unwrap()));
        Zipf(
            shares
                .scan(0.0, |sum, share| {
                    *sum += share;
                    Some(*sum)
                })
                .collect(),
        )
    }

    fn place(&self, dice: &mut Dice) -> usize {
        const STEPS: u32 = 1 << 30;
        let share = f64::from(u32::try_from(dice.below(STEPS as usize)).unwrap()) / f64::from(STEPS);
        let wanted = share * self.0.last().unwrap();
        self.0.partition_point(|&sum| sum <= wanted).min(self.0.len() - 1)
    }
}

/// Visitors, as one row of questions.
pub(crate) struct Traffic {
    pub(crate) dice: Dice,
    searches: Vec<String>,
    by_search: Zipf,
    by_listing: Zipf,
    /// What the visitor who has just seen a page of a search goes on with.
    next_page: Option<String>,
}

/// Searches that visitors make.
const SEARCHES: usize = 2_000;

impl Traffic {
    pub(crate) fn new(seed: u64, listings: usize) -> Traffic {
        Traffic {
            searches: searches(&mut Dice::new(seed, 1)),
            dice: Dice::new(seed, 2),
            by_search: Zipf::new(SEARCHES),
            by_listing: Zipf::new(listings),
            next_page: None,
        }
    }

    pub(crate) fn next(&mut self) -> Question {
        if let Some(next) = self.next_page.take() {
            return Question::Search(next);
        }
        match self.dice.below(100) {
            0..45 => Question::Search(self.search()),
            45..83 => Question::Listing(self.listing()),
            83..90 => Question::List(self.search()),
            90..94 => Question::Record(self.listing()),
            94..98 => Question::Feed(self.feed()),
            _ => Question::Django,
        }
    }

    /// One visitor in six goes on to the next page, and one in three of these to the page after.
    pub(crate) fn note(&mut self, question: &Question, body: &Bytes) {
        if let Question::Search(query) = question
            && self.dice.once_in(if query.contains("cursor=") { 3 } else { 6 })
        {
            let page = String::from_utf8_lossy(body);
            let href = page.split_once("rel=\"next\" href=\"/?").and_then(|(_, rest)| rest.split_once('"'));
            self.next_page = href.map(|(query, _)| query.replace("&amp;", "&").replace("&#38;", "&"));
        }
    }

    fn search(&mut self) -> String {
        self.searches[self.by_search.place(&mut self.dice)].clone()
    }

    /// Feeds have no order of their own.
    fn feed(&mut self) -> String {
        let query = self.search();
        parsed(&query).filters_only().canonical()
    }

    fn listing(&mut self) -> usize {
        let place = self.by_listing.place(&mut self.dice);
        self.popular(place)
    }

    pub(crate) fn popular_listing(&self, dice: &mut Dice) -> usize {
        self.popular(self.by_listing.place(dice))
    }

    /// The id of the listing at that place of the order by popularity, which has nothing to do with age.
    fn popular(&self, place: usize) -> usize {
        const STRIDE: usize = 7_919;
        place * STRIDE % self.by_listing.0.len() + 1
    }
}

pub(crate) fn parsed(query: &str) -> Search {
    let pairs = form_urlencoded::parse(query.as_bytes());
    Search::parse(pairs, Unknown::Ignore).unwrap()
}

/// From the plainest to those with several conditions: by the rule of Zipf the first are asked for most.
fn searches(dice: &mut Dice) -> Vec<String> {
    let kinds = listings::Kind::ALL.map(|kind| format!("kind={}", kind.name()));
    let places = PLACES.map(|(place, ..)| format!("location={place}"));
    let plain = std::iter::once(String::new()).chain(kinds).chain(places);
    let mut seen = BTreeSet::new();
    let several = std::iter::repeat_with(|| several(dice));
    let all = plain.chain(several).map(|query| parsed(&query).canonical());
    all.filter(|query| seen.insert(query.clone())).take(SEARCHES).collect()
}

fn several(dice: &mut Dice) -> String {
    let mut pairs = Vec::new();
    let &(place, latitude, longitude) = dice.one_of(&PLACES);
    match dice.below(100) {
        0..55 => pairs.push(format!("location={place}")),
        55..65 => pairs.push(format!(
            "bbox={:.2},{:.2},{:.2},{:.2}",
            longitude - 0.1,
            latitude - 0.1,
            longitude + 0.1,
            latitude + 0.1
        )),
        65..73 => pairs.push(format!("q={}", dice.one_of(&WORDS))),
        _ => {}
    }
    if dice.once_in(2) {
        pairs.push(format!("kind={}", dice.one_of(&listings::Kind::ALL).name()));
    }
    if dice.once_in(3) {
        let least = dice.below(8) * 50_000;
        pairs.push(format!("min_price={least}&max_price={}", least + 100_000));
    }
    if dice.once_in(3) {
        pairs.push(format!("min_bedrooms={}", dice.below(5)));
    }
    if dice.once_in(4) {
        let sort = dice.one_of(&[Sort::Cheapest, Sort::Dearest, Sort::Largest]);
        pairs.push(format!("{}={}", Parameter::Sort.name(), sort.name()));
    }
    pairs.join("&")
}

/// Places of the samples.
const PLACES: [(&str, f64, f64); 16] = [
    ("Accra", 5.6037, -0.187),
    ("Lisbon", 38.7223, -9.1393),
    ("Nairobi", -1.2864, 36.8172),
    ("Berlin", 52.52, 13.405),
    ("Lagos", 6.5244, 3.3792),
    ("São Paulo", -23.5505, -46.6333),
    ("Cape Town", -33.9249, 18.4241),
    ("Porto", 41.1579, -8.6291),
    ("Toronto", 43.6532, -79.3832),
    ("Kumasi", 6.6885, -1.6244),
    ("Valencia", 39.4699, -0.3763),
    ("Kigali", -1.9441, 30.0619),
    ("Leeds", 53.8008, -1.5491),
    ("Athens", 37.9838, 23.7275),
    ("Hobart", -42.8821, 147.3272),
    ("Tórshavn", 62.0107, -6.7741),
];
const WORDS: [&str; 12] = [
    "garden", "view", "sea", "terrace", "balcony", "quiet", "bright", "school", "garage", "station", "park",
    "old",
];
