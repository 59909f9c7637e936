//! What an answer depends on: whatever makes it another one touches it, and little else does.

mod question;
mod random;
mod writer;

use larder::Reading;
use listings::Search;
use listings::read::MOST_COUNTED;
use listings::search::Unknown;

use crate::stores::{TestStore, over_both_stores};
use question::Question;
use writer::{Writer, touch};

over_both_stores!(
    whatever_changes_an_answer_touches_it_and_most_else_does_not,
    a_listing_whose_price_moves_from_one_bracket_to_another_touches_both_and_no_third,
    a_draft_that_is_published_touches_the_lists_that_it_enters,
    an_empty_search_is_touched_by_what_would_end_it,
    a_missing_listing_is_touched_by_its_insert_and_by_no_other,
    a_count_is_not_touched_by_what_stays_in_it,
    an_overview_is_touched_by_the_values_that_it_shows,
    a_page_is_not_touched_by_what_comes_after_it,
    that_another_page_follows_is_touched_when_the_listing_that_says_so_goes,
    a_page_at_the_end_is_touched_by_what_comes_after_it,
    a_page_among_listings_without_a_price_ends_where_it_ends_or_later,
    awkward_coordinates_are_on_the_side_of_an_edge_that_the_database_says,
    where_counting_stopped_older_listings_touch_nothing,
    every_read_is_stamped_with_a_snapshot,
);

async fn whatever_changes_an_answer_touches_it_and_most_else_does_not(test: TestStore) {
    random::run(test).await;
}

/// Some answers that are kept, and somebody who writes.
struct Kept {
    test: TestStore,
    writer: Writer,
    questions: Vec<Question>,
}

impl Kept {
    async fn of(test: TestStore, questions: impl IntoIterator<Item = Question>) -> Kept {
        Kept { writer: Writer::of(&test).await, test, questions: questions.into_iter().collect() }
    }

    /// Which of the answers a write touches. Those that it doesn't are still right.
    async fn touched_by(&mut self, sql: &str) -> Vec<bool> {
        let mut before = Vec::new();
        for question in &self.questions {
            before.push(question.ask(&self.test.store).await);
        }
        let changes = self.writer.write(sql).await;
        assert!(!changes.is_empty(), "{sql} changes something");
        let mut touched = Vec::new();
        for (question, before) in self.questions.iter().zip(before) {
            let is_touched = touch(&changes, &before.dependencies);
            let after = question.ask(&self.test.store).await;
            assert!(is_touched || before.text == after.text, "{question:?} is missed by {sql}");
            touched.push(is_touched);
        }
        touched
    }

    fn price(&self, units: i64) -> String {
        format!("{} = {}", self.writer.price_column(), self.writer.price(units * 100))
    }
}

fn search(query: &str) -> Search {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Search::parse(pairs, Unknown::Refuse).unwrap()
}

fn page(query: &str) -> Question {
    Question::Page(search(query))
}

fn count(query: &str) -> Question {
    Question::Count(search(query))
}

/// A listing to begin with, of id 1.
const ONE: &str = "insert into properties_property (title, location, kind, created_at) \
                   values ('One', 'Accra', 'house', '2026-01-01T00:00:00.000000Z')";

/// Nine listings, ids 1 to 9, each dearer and newer than the one before it.
async fn nine(test: &TestStore) {
    let mut writer = Writer::of(test).await;
    for id in 1..=9 {
        let (price, column) = (writer.price(id * 10_000), writer.price_column());
        let sql = format!(
            "insert into properties_property (title, location, {column}, created_at) \
             values ('One', 'Accra', {price}, '2026-01-0{id}T00:00:00.000000Z')"
        );
        writer.write(&sql).await;
    }
}

async fn a_listing_whose_price_moves_from_one_bracket_to_another_touches_both_and_no_third(test: TestStore) {
    nine(&test).await;
    let brackets = ["min_price=0&max_price=299", "min_price=300&max_price=599", "min_price=600"];
    let questions = brackets.into_iter().flat_map(|bracket| [page(bracket), count(bracket)]);
    let mut kept = Kept::of(test, questions).await;
    let moved = format!("update properties_property set {} where id = 2", kept.price(700));
    assert_eq!(kept.touched_by(&moved).await, [true, true, false, false, true, true]);
    let within = format!("update properties_property set {} where id = 2", kept.price(800));
    assert_eq!(kept.touched_by(&within).await, [false, false, false, false, true, false]);
}

async fn a_draft_that_is_published_touches_the_lists_that_it_enters(test: TestStore) {
    test.elsewhere(ONE).await;
    test.elsewhere("update properties_property set status = 'draft'").await;
    let questions = [
        page(""),
        page("kind=house&location=ACCRA"),
        count(""),
        Question::Overview(search("")),
        Question::Id(1),
        Question::ActiveAfter(0, 10),
        Question::Stretches(1),
        page("kind=villa"),
        page("status=sold"),
        Question::ActiveAfter(1, 10),
        Question::Id(2),
    ];
    let mut kept = Kept::of(test, questions).await;
    let touched = kept.touched_by("update properties_property set status = 'active'").await;
    assert_eq!(touched, [true, true, true, true, true, true, true, false, false, false, false]);
}

async fn an_empty_search_is_touched_by_what_would_end_it(test: TestStore) {
    let questions = [page("kind=house&location=accra"), count("kind=house"), page("kind=villa")];
    let mut kept = Kept::of(test, questions).await;
    assert_eq!(kept.touched_by(ONE).await, [true, true, false]);
}

async fn a_missing_listing_is_touched_by_its_insert_and_by_no_other(test: TestStore) {
    let mut kept = Kept::of(test, [Question::Id(1), Question::Id(2)]).await;
    assert_eq!(kept.touched_by(ONE).await, [true, false]);
    assert_eq!(kept.touched_by("delete from properties_property").await, [true, false]);
}

async fn a_count_is_not_touched_by_what_stays_in_it(test: TestStore) {
    nine(&test).await;
    let mut kept = Kept::of(test, [count("location=accra"), count("location=tema")]).await;
    let spelt_otherwise = "update properties_property set location = 'ACCRA' where id = 3";
    assert_eq!(kept.touched_by(spelt_otherwise).await, [false, false]);
    let moved = "update properties_property set location = 'Tema' where id = 3";
    assert_eq!(kept.touched_by(moved).await, [true, true]);
}

async fn an_overview_is_touched_by_the_values_that_it_shows(test: TestStore) {
    nine(&test).await;
    let overviews = ["", "kind=villa", "min_bedrooms=1"].map(|query| Question::Overview(search(query)));
    let mut kept = Kept::of(test, overviews).await;
    let set = |what: &str| format!("update properties_property set {what} where id = 3");
    assert_eq!(kept.touched_by(&set("title = 'Renamed'")).await, [false; 3]);
    assert_eq!(kept.touched_by(&set("floor_area = 80")).await, [false; 3]);
    // What happens elsewhere is nothing to an overview that is narrowed.
    assert_eq!(kept.touched_by(&set("kind = 'studio'")).await, [true, false, false]);
    assert_eq!(kept.touched_by(&set("bedrooms = 0")).await, [true, false, false]);
    assert_eq!(kept.touched_by(&set("bedrooms = 2")).await, [true, false, true]);
}

async fn a_page_is_not_touched_by_what_comes_after_it(test: TestStore) {
    nine(&test).await;
    let mut kept = Kept::of(test, [page("sort=price&limit=3"), page("sort=-price&limit=3")]).await;
    let set = |id: i64, what: &str| format!("update properties_property set {what} where id = {id}");
    assert_eq!(kept.touched_by(&set(2, "title = 'Renamed'")).await, [true, false]);
    assert_eq!(kept.touched_by(&set(4, "title = 'Renamed'")).await, [false, false]);
    // Between the last listing of the page and the one that says that another page follows.
    let between = kept.price(350);
    assert_eq!(kept.touched_by(&set(5, &between)).await, [false, false]);
    let onto_it = kept.price(150);
    assert_eq!(kept.touched_by(&set(9, &onto_it)).await, [true, true]);
}

async fn that_another_page_follows_is_touched_when_the_listing_that_says_so_goes(test: TestStore) {
    nine(&test).await;
    let mut kept = Kept::of(test, [page("sort=id&limit=8"), page("sort=created_at&limit=8")]).await;
    assert_eq!(kept.touched_by("delete from properties_property where id = 9").await, [true, true]);
}

async fn a_page_at_the_end_is_touched_by_what_comes_after_it(test: TestStore) {
    nine(&test).await;
    let orders =
        ["id", "created_at", "price", "floor_area"].map(|sort| page(&format!("sort={sort}&limit=9")));
    let mut kept = Kept::of(test, orders).await;
    let later = "insert into properties_property (title, location) values ('Later', 'Accra')";
    assert_eq!(kept.touched_by(later).await, [true; 4]);
}

/// In PostgreSQL a price may be `NaN`, which is shown like none and is the largest of all.
async fn a_page_among_listings_without_a_price_ends_where_it_ends_or_later(test: TestStore) {
    nine(&test).await;
    let mut kept = Kept::of(test, [page("sort=price&limit=3"), page("sort=price&limit=8")]).await;
    let column = kept.writer.price_column();
    let without = |ids: &str| format!("update properties_property set {column} = null where id in ({ids})");
    assert_eq!(kept.touched_by(&without("6, 8, 9")).await, [false, true]);
    assert_eq!(kept.touched_by(&without("4")).await, [true, true]);
    if kept.writer.has_odd_prices() {
        let no_number = "update properties_property set price = 'NaN' where id in (1, 2)";
        assert_eq!(kept.touched_by(no_number).await, [true, true]);
        let before_it = "insert into properties_property (id, title, location) values (20, 'New', 'Accra')";
        assert_eq!(kept.touched_by(before_it).await, [false, true]);
    }
}

/// Numbers that need 16 or 17 digits, or none of the usual ones, as the edges of boxes and the places of listings.
async fn awkward_coordinates_are_on_the_side_of_an_edge_that_the_database_says(test: TestStore) {
    test.elsewhere(ONE).await;
    let awkward = [
        0.1 + 0.2,
        1.0 / 3.0,
        89.999_999_999_999_99,
        -0.0,
        1e-7,
        5e-324,
        -17.123_456_789_012_345,
        4.35,
        f64::EPSILON,
    ];
    let next = awkward.map(f64::next_up);
    let edges: Vec<f64> = awkward.into_iter().chain(next).collect();
    let questions = edges.iter().flat_map(|&edge| {
        let bbox = |south: f64, north: f64| {
            let bbox = listings::search::BoundingBox { west: -180.0, south, east: 180.0, north };
            Question::Count(Search { bbox: Some(bbox), ..Search::default() })
        };
        [bbox(-90.0, edge), bbox(edge, edge), bbox(edge, 90.0)]
    });
    let mut kept = Kept::of(test, questions).await;
    for latitude in edges {
        let sql = format!("update properties_property set latitude = {latitude:e}, longitude = 1");
        let touched = kept.touched_by(&sql).await;
        assert!(touched.contains(&true), "{latitude}");
    }
    kept.touched_by("update properties_property set latitude = 45").await;
    let far_from_all = kept.touched_by("update properties_property set latitude = 46").await;
    assert!(!far_from_all.contains(&true), "what is far from an edge is told from it");
}

async fn where_counting_stopped_older_listings_touch_nothing(test: TestStore) {
    test.elsewhere(
        "with recursive number(n) as (select 1 union all select n + 1 from number where n < 10010) \
         insert into properties_property (title, location, bedrooms, created_at) \
         select 'Home', 'Accra', case when n % 2 = 0 then 1 end, '2026-01-01T00:00:00.000000Z' from number",
    )
    .await;
    test.elsewhere(
        "update properties_property set created_at = '2025-01-01T00:00:00.000000Z' where id <= 20",
    )
    .await;
    test.elsewhere("update properties_property set created_at = '2024-01-01T00:00:00.000000Z' where id <= 5")
        .await;
    let questions = [count(""), Question::Overview(search("")), count("min_bedrooms=1")];
    let mut kept = Kept::of(test, questions).await;
    let set = |id: i64, what: &str| format!("update properties_property set {what} where id = {id}");
    assert_eq!(kept.touched_by(&set(3, "location = 'Tema'")).await, [false, false, false]);
    assert_eq!(kept.touched_by("delete from properties_property where id = 5").await, [false, false, false]);
    assert_eq!(kept.touched_by("delete from properties_property where id = 4").await, [false, false, true]);
    // Of the listings of one and the same time, nobody asked which was the last that was counted.
    assert_eq!(kept.touched_by(&set(7, "location = 'Tema'")).await, [false, true, false]);
    assert_eq!(kept.touched_by("delete from properties_property where id = 9000").await, [true, true, true]);
    let newer = set(3, "created_at = '2026-06-01T00:00:00.000000Z'");
    assert_eq!(
        kept.touched_by(&newer).await,
        [false, true, false],
        "more than ten thousand are no fewer for it"
    );
}

async fn every_read_is_stamped_with_a_snapshot(test: TestStore) {
    test.elsewhere(ONE).await;
    let (store, reading) = (&test.store, Reading::new());
    let nothing = search("kind=villa");
    store.page(&reading, &nothing).await.unwrap();
    store.count(&reading, &nothing, MOST_COUNTED).await.unwrap();
    store.overview(&reading, &nothing).await.unwrap();
    assert_eq!(store.property_by_id(&reading, 99).await.unwrap(), None);
    let property = store.property_by_id(&reading, 1).await.unwrap().unwrap();
    store.similar(&reading, &property, 3).await.unwrap();
    store.active_after(&reading, 5, 10).await.unwrap();
    store.active_stretches(&reading, 5, 10).await.unwrap();
    let notes = reading.noted();
    assert_eq!((notes.parts.len(), notes.unkeepable), (9, None));
    assert_eq!(reading.statements(), 9);
    assert!(notes.parts.iter().all(|part| !part.dependencies.is_empty()));
}
