//! Random questions and random changes: an answer that has become another one was touched, whatever changed.

use std::collections::BTreeMap;
use std::fmt;

use futures::StreamExt as _;
use futures::stream;
use larder::Reading;
use larder::freshness::Change;
use listings::search::{Position, Unknown};
use listings::{Search, Store};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::question::{Answer, Question};
use super::writer::{Writer, touch};
use crate::stores::TestStore;

const TABLES: u64 = 12;
const QUESTIONS: usize = 40;
const CHANGES: usize = 12;

/// Of the answers that stayed as they were, how many of a hundred may have been touched at the most: by what is so near an edge of
/// the map, or so odd a price, that a change cannot tell on which side it is.
const SPARED: [(&str, usize); 7] = [
    ("page", 4),
    ("count", 4),
    ("overview", 5),
    ("id", 0),
    ("similar", 15),
    ("active after", 2),
    ("stretches", 15),
];
/// The same for answers with words: SQLite's changes tell none, so whatever meets their other conditions touches them.
const SPARED_WITH_WORDS: usize = 6;
const SPARED_WITH_WORDS_UNTOLD: usize = 40;

/// What became of the answers of one kind.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    changed: usize,
    touched_in_vain: usize,
    spared: usize,
}

impl Tally {
    fn in_vain_of_a_hundred(self) -> usize {
        100 * self.touched_in_vain / (self.touched_in_vain + self.spared).max(1)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { changed, touched_in_vain, spared } = self;
        let of_a_hundred = self.in_vain_of_a_hundred();
        write!(
            formatter,
            "{changed:>5} changed, {touched_in_vain:>5} touched in vain ({of_a_hundred:>2} %), {spared:>5} spared"
        )
    }
}

#[expect(clippy::print_stdout, reason = "how well it spares is half of what this test is for")]
pub(super) async fn run(test: TestStore) {
    let with_words = if test.is_sqlite() { SPARED_WITH_WORDS_UNTOLD } else { SPARED_WITH_WORDS };
    let mut tallies = BTreeMap::new();
    let mut writer = Writer::of(&test).await;
    for seed in 0..TABLES {
        let random = ChaCha8Rng::seed_from_u64(seed);
        Table { store: &test.store, writer: &mut writer, random, seed }.try_changes(&mut tallies).await;
    }
    for (name, tally) in &tallies {
        println!("{name:>12}: {tally}");
    }
    for (name, most) in SPARED.into_iter().chain([("with words", with_words)]) {
        let tally = tallies[name];
        assert!(tally.changed > 0 && tally.in_vain_of_a_hundred() <= most, "{name}: {tally}");
    }
}

struct Table<'a> {
    store: &'a Store,
    writer: &'a mut Writer,
    random: ChaCha8Rng,
    seed: u64,
}

impl Table<'_> {
    async fn try_changes(&mut self, tallies: &mut BTreeMap<&'static str, Tally>) {
        self.writer.write("delete from properties_property").await;
        let rows = self.random.random_range(20..150);
        let rows: Vec<String> = (0..rows).map(|_| self.row()).collect();
        let insert = self.insert(&rows);
        self.writer.write(&insert).await;
        let mut questions = Vec::new();
        for _ in 0..QUESTIONS {
            questions.push(self.question().await);
        }
        let mut before = ask_all(self.store, &questions).await;
        for _ in 0..CHANGES {
            let sql = self.change();
            let changes = self.writer.write(&sql).await;
            let after = ask_all(self.store, &questions).await;
            for ((question, before), after) in questions.iter().zip(&before).zip(&after) {
                let tally = tallies.entry(question.name()).or_default();
                self.judge(question, (before, after), (&sql, &changes), tally);
            }
            before = after;
        }
    }

    fn judge(
        &self,
        question: &Question,
        (before, after): (&Answer, &Answer),
        (sql, changes): (&str, &[Change]),
        tally: &mut Tally,
    ) {
        let seed = self.seed;
        match (before.text == after.text, touch(changes, &before.dependencies)) {
            (false, true) => tally.changed += 1,
            (true, true) => tally.touched_in_vain += 1,
            (true, false) => tally.spared += 1,
            (false, false) => panic!(
                "table {seed}: {question:?}\nwas not touched by: {sql}\n{changes:?}\ndepends on {:?}\nwas {}\nis {}",
                before.dependencies, before.text, after.text
            ),
        }
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.random.random_range(0..choices.len())]
    }

    fn one_in(&mut self, number: u32) -> bool {
        self.random.random_ratio(1, number)
    }

    fn price(&mut self) -> String {
        match self.pick(&PRICES) {
            None if self.writer.has_odd_prices() => self.pick(&["null", "null", "'NaN'", "-5"]).to_owned(),
            None => "null".to_owned(),
            Some(cents) => self.writer.price(cents),
        }
    }

    /// A random value for each column that a writer sets.
    fn row(&mut self) -> String {
        let columns = self.columns();
        let values: Vec<String> = columns.iter().map(|column| self.value(column)).collect();
        format!("({})", values.join(", "))
    }

    fn columns(&self) -> [&'static str; 12] {
        [
            "title",
            "description",
            self.writer.price_column(),
            "location",
            "created_at",
            "status",
            "kind",
            "bedrooms",
            "bathrooms",
            "floor_area",
            "latitude",
            "longitude",
        ]
    }

    fn value(&mut self, column: &str) -> String {
        let quoted = |text: &str| format!("'{text}'");
        match column {
            "title" | "description" => quoted(self.pick(&TEXTS)),
            "price" | "price_cents" => self.price(),
            "location" => quoted(self.pick(&PLACES)),
            "created_at" => quoted(self.pick(&TIMES)),
            "status" => quoted(self.pick(&STATUSES)),
            "kind" => quoted(self.pick(&KINDS)),
            "bedrooms" | "bathrooms" => self.pick(&["null", "0", "1", "2", "3"]).to_owned(),
            "floor_area" => self.pick(&AREAS).to_owned(),
            "latitude" => self.pick(&LATITUDES).to_owned(),
            _ => self.pick(&LONGITUDES).to_owned(),
        }
    }

    fn insert(&self, rows: &[String]) -> String {
        format!("insert into properties_property ({}) values {}", self.columns().join(", "), rows.join(", "))
    }

    /// One row more, one less, or some column of one row or of a few.
    fn change(&mut self) -> String {
        let ids = self.writer.ids();
        let id = if ids.is_empty() { 0 } else { self.pick(&ids) };
        match self.random.random_range(0..10) {
            0 | 1 => {
                let row = self.row();
                self.insert(&[row])
            }
            2 | 3 => format!("delete from properties_property where id = {id}"),
            chance => {
                let whose = if chance == 4 { format!("id % 7 = {}", id % 7) } else { format!("id = {id}") };
                let columns = self.columns();
                let column = self.pick(&columns);
                let value = self.value(column);
                format!("update properties_property set {column} = {value} where {whose}")
            }
        }
    }

    async fn question(&mut self) -> Question {
        let ids = self.writer.ids();
        match self.random.random_range(0..14) {
            0 => Question::Id(self.pick(&ids)),
            1 => {
                let property = self.store.property_by_id(&Reading::new(), self.pick(&ids)).await.unwrap();
                Question::Similar(Box::new(property.unwrap()))
            }
            2 => Question::ActiveAfter(self.pick(&ids), self.random.random_range(1..8)),
            3 => Question::Stretches(self.random.random_range(1..20)),
            4 | 5 => Question::Count(self.search()),
            6 | 7 => Question::Overview(self.search()),
            _ => Question::Page(self.paged().await),
        }
    }

    /// A search at its beginning, a page or two further, or at a place that nothing need stand at.
    async fn paged(&mut self) -> Search {
        let mut search = self.search();
        if self.one_in(4) {
            let key = self.pick(&[0, 1, 50, 51, 100, 10_000, 1_767_225_600_000_000, -100, 1_000_000_000_000]);
            search.after = Some(Position { key, id: self.random.random_range(0..2_000) });
            return search;
        }
        for _ in 0..self.random.random_range(0..3) {
            let page = self.store.page(&Reading::new(), &search).await.unwrap();
            search.after = page.next.or(search.after);
        }
        search
    }

    fn search(&mut self) -> Search {
        loop {
            let pairs = self.parameters();
            let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
            if let Ok(search) = Search::parse(pairs, Unknown::Refuse) {
                return search;
            }
        }
    }

    fn parameters(&mut self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("limit", self.random.random_range(1..9).to_string())];
        let choices: [(&'static str, &[&str], u32); 12] = [
            ("sort", &SORTS, 1),
            ("status", &STATUSES, 8),
            ("location", &PLACES, 6),
            ("kind", &KINDS, 6),
            ("min_price", &["0", "100", "100.01", "200"], 7),
            ("max_price", &["0", "100", "100.01", "9999999999.99"], 7),
            ("min_bedrooms", &["0", "1", "2"], 10),
            ("max_bedrooms", &["0", "2", "3"], 10),
            ("min_bathrooms", &["0", "1", "3"], 10),
            ("min_area", &["0", "50", "51"], 10),
            ("max_area", &["50", "51", "100"], 10),
            ("q", &["sea", "view garden", "nowhere", "accra", "qui&", "2nd sea", "são home"], 6),
        ];
        for (name, values, in_how_many) in choices {
            if self.one_in(in_how_many) {
                pairs.push((name, self.pick(values).to_owned()));
            }
        }
        if self.one_in(6) {
            pairs.push(("bbox", self.bbox()));
        }
        pairs
    }

    /// Edges where listings stand, so that they are inside by a hair's breadth or not.
    fn bbox(&mut self) -> String {
        let (west, east) = (self.pick(&LONGITUDES[1..]), self.pick(&LONGITUDES[1..]));
        let (south, north) = (self.pick(&LATITUDES[1..]), self.pick(&LATITUDES[1..]));
        format!("{west},{south},{east},{north}")
    }
}

/// Several at a time: most of it is waiting for the database.
async fn ask_all(store: &Store, questions: &[Question]) -> Vec<Answer> {
    stream::iter(questions).map(|question| question.ask(store)).buffered(4).collect().await
}

const PRICES: [Option<i64>; 7] =
    [None, None, Some(0), Some(10_000), Some(10_001), Some(20_000), Some(999_999_999_999)];
const TEXTS: [&str; 3] = ["sea view", "garden home", "quiet seaside"];
const PLACES: [&str; 6] = ["Accra", "accra", "ACCRA", "Tema", "Ärla", "ärla"];
const TIMES: [&str; 5] = [
    "2025-12-31T23:59:59.999999Z",
    "2026-01-01T00:00:00.000000Z",
    "2026-01-01T00:00:00.000001Z",
    "2026-01-01T00:00:00.100000Z",
    "2026-10-01T12:00:00.000000Z",
];
const STATUSES: [&str; 6] = ["active", "active", "active", "active", "pending", "sold"];
const KINDS: [&str; 3] = ["house", "studio", "villa"];
const AREAS: [&str; 6] = ["null", "null", "1", "50", "51", "10000000"];
const LATITUDES: [&str; 5] = ["null", "-17", "0.30000000000000004", "0.3", "89.99999999999999"];
const LONGITUDES: [&str; 7] =
    ["null", "180", "-180", "-179.9", "179.99999000000001", "0.30000000000000004", "0.3"];
const SORTS: [&str; 7] = ["-created_at", "created_at", "price", "-price", "floor_area", "-floor_area", "id"];
