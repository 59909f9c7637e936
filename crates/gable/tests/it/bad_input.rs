//! Input that is wrong: each kind with its answer to a program, and its answer to a person.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use crate::database::{Database, draft, over_both_databases};
use crate::site::Site;

mod addresses;

over_both_databases!(
    a_parameter_that_no_search_has_is_named_to_programs_and_ignored_for_people,
    a_limit_outside_1_to_100_is_refused,
    a_page_number_is_no_cursor,
    a_cursor_of_another_search_is_refused,
    a_tampered_cursor_is_refused,
    a_lowest_price_above_the_highest_is_refused,
    a_price_with_three_places_is_refused,
    a_price_beyond_all_numbers_is_refused,
    a_box_off_the_map_is_refused,
    a_word_that_is_no_kind_is_refused,
    a_count_that_is_neither_yes_nor_no_is_refused,
    words_without_a_letter_are_refused,
    a_parameter_given_twice_is_refused,
    everything_that_is_wrong_is_said_at_once,
    an_empty_value_is_as_good_as_none,
);

const LIST: &str = "/api/v1/properties";

async fn a_parameter_that_no_search_has_is_named_to_programs_and_ignored_for_people(database: Database) {
    let id = database.add([draft("Home")]).await[0].id;
    let site = database.serve();
    let problem = told_to_programs(&site, "colour=red", "colour").await;
    assert!(problem.contains("unknown parameter"), "{problem}");
    assert!(problem.contains("min_price"), "the known ones are listed: {problem}");
    let answer = site.get("/?colour=red&utm_source=mail").await;
    assert_eq!((answer.status, answer.page().listings()), (200, vec![id]));
}

async fn a_limit_outside_1_to_100_is_refused(database: Database) {
    let site = database.serve();
    for limit in ["0", "101", "x", "-1", "+5", "1.5", "99999999999999999999"] {
        let query = format!("limit={}", limit.replace('+', "%2B"));
        assert!(told_to_programs(&site, &query, "limit").await.contains("whole number from 1 to 100"));
        assert!(told_above_the_form(&site, &query).await.contains("whole number from 1 to 100"), "{limit}");
    }
}

async fn a_page_number_is_no_cursor(database: Database) {
    database.add_samples(30).await;
    let site = database.serve();
    let cursor = cursor(&site, "").await;
    let problem = told_to_programs(&site, &format!("cursor={cursor}&page=2"), "page").await;
    assert!(problem.contains("cursor"), "it says what to use: {problem}");
    let answer = site.get(&format!("/?cursor={cursor}&page=2")).await;
    assert_eq!(answer.status, 200, "on the site the page number is one more unknown parameter");
    assert!(!answer.page().listings().is_empty());
}

async fn a_cursor_of_another_search_is_refused(database: Database) {
    database.add_samples(60).await;
    let site = database.serve();
    let foreign = cursor(&site, "sort=price").await;
    for query in [format!("cursor={foreign}"), format!("sort=-price&cursor={foreign}")] {
        assert!(told_to_programs(&site, &query, "cursor").await.contains("this same search"), "{query}");
        assert!(told_above_the_form(&site, &query).await.contains("this same search"), "{query}");
    }
    let of_another_kind = cursor(&site, "max_price=100000000").await;
    told_to_programs(&site, &format!("max_price=1000&cursor={of_another_kind}"), "cursor").await;
    let django = site.get(&format!("/properties/?cursor={foreign}")).await;
    assert_eq!((django.status, &django.problem()["errors"][0]["parameter"]), (400, &"cursor".into()));
}

async fn a_tampered_cursor_is_refused(database: Database) {
    database.add_samples(30).await;
    let site = database.serve();
    let cursor = cursor(&site, "").await;
    assert_eq!(site.get(&format!("{LIST}?cursor={cursor}")).await.status, 200);
    let other = if cursor.starts_with('A') { "B" } else { "A" };
    let changed = format!("{other}{}", &cursor[1..]);
    for tampered in [&changed, &cursor[1..], &format!("{cursor}A"), "nonsense", "%F0%9F%8F%A1", "."] {
        told_to_programs(&site, &format!("cursor={tampered}"), "cursor").await;
        told_above_the_form(&site, &format!("cursor={tampered}")).await;
    }
}

async fn a_lowest_price_above_the_highest_is_refused(database: Database) {
    let site = database.serve();
    let query = "min_price=300&max_price=200";
    assert!(told_to_programs(&site, query, "min_price").await.contains("max_price=200.00"));
    told_beside_the_field(&site, query, "min_price", "300").await;
    let page = site.get(&format!("/?{query}")).await.page();
    assert_eq!(page.field("max_price").value, "200", "what was right is kept too");
}

async fn a_price_with_three_places_is_refused(database: Database) {
    let site = database.serve();
    for name in ["min_price", "max_price"] {
        let query = format!("{name}=1200.505");
        assert!(told_to_programs(&site, &query, name).await.contains("two places"));
        let rule = told_beside_the_field(&site, &query, name, "1200.505").await;
        assert!(rule.contains("two places"), "{rule}");
    }
}

async fn a_price_beyond_all_numbers_is_refused(database: Database) {
    let site = database.serve();
    for price in ["1e400", "-1", "NaN", "inf", "10000000000", "1,200", "0x10", "£5"] {
        let query = format!("min_price={price}");
        assert!(told_to_programs(&site, &query, "min_price").await.contains("9999999999.99"), "{price}");
        told_beside_the_field(&site, &query, "min_price", price).await;
    }
}

async fn a_box_off_the_map_is_refused(database: Database) {
    let site = database.serve();
    for bbox in
        ["-181,0,0,1", "0,-91,1,0", "0,0,181,1", "0,0,1,90.1", "0,1,1,0", "1,2,3", "a,b,c,d", "0,0,1e1,1"]
    {
        let query = format!("bbox={bbox}");
        assert!(told_to_programs(&site, &query, "bbox").await.contains("west,south,east,north"), "{bbox}");
        assert!(told_above_the_form(&site, &query).await.contains("west,south,east,north"), "{bbox}");
    }
}

async fn a_word_that_is_no_kind_is_refused(database: Database) {
    let site = database.serve();
    for (name, right) in [("kind", "townhouse"), ("status", "pending"), ("sort", "-price")] {
        let query = format!("{name}=castle");
        assert!(told_to_programs(&site, &query, name).await.contains(right), "it says what would be right");
        let rule = told_beside_the_field(&site, &query, name, "castle").await;
        assert!(rule.contains(right), "{rule}");
    }
}

async fn a_count_that_is_neither_yes_nor_no_is_refused(database: Database) {
    let site = database.serve();
    assert!(told_to_programs(&site, "count=many", "count").await.contains("true or false"));
    assert!(told_above_the_form(&site, "count=many").await.contains("true or false"));
}

async fn words_without_a_letter_are_refused(database: Database) {
    let site = database.serve();
    for words in ["!!!", "%20", "%27%22--"] {
        assert!(told_to_programs(&site, &format!("q={words}"), "q").await.contains("letter or a digit"));
    }
    told_beside_the_field(&site, "q=!!!", "q", "!!!").await;
    let long = "a".repeat(201);
    told_beside_the_field(&site, &format!("q={long}"), "q", &long).await;
}

async fn a_parameter_given_twice_is_refused(database: Database) {
    let site = database.serve();
    assert!(told_to_programs(&site, "kind=villa&kind=house", "kind").await.contains("once"));
    told_beside_the_field(&site, "kind=villa&kind=house", "kind", "villa").await;
}

async fn everything_that_is_wrong_is_said_at_once(database: Database) {
    let site = database.serve();
    let query = "limit=0&kind=castle&min_price=x";
    let problem = site.get(&format!("{LIST}?{query}")).await.problem();
    let named: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|it| &it["parameter"]).collect();
    assert_eq!(named, ["limit", "kind", "min_price"]);
    let page = site.get(&format!("/?{query}")).await.page();
    assert!(!page.field("kind").error.is_empty() && !page.field("min_price").error.is_empty());
    let links = page.attributes("[role=alert] a", "href");
    assert_eq!(links, ["#kind", "#min_price"], "the summary leads to the fields");
}

async fn an_empty_value_is_as_good_as_none(database: Database) {
    let id = database.add([draft("Home")]).await[0].id;
    let site = database.serve();
    let query = "q=&location=&kind=&min_price=&max_price=&bbox=&sort=&limit=&cursor=&count=";
    assert_eq!(site.get(&format!("{LIST}?{query}")).await.ids(), [id]);
    assert_eq!(site.get(&format!("/?{query}")).await.page().listings(), [id]);
}

/// Asks the API, which refuses one parameter; returns the rule that it names.
async fn told_to_programs(site: &Site, query: &str, parameter: &str) -> String {
    let answer = site.get(&format!("{LIST}?{query}")).await;
    assert_eq!(answer.status, 400, "{query}");
    let problem = answer.problem();
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!((errors.len(), errors[0]["parameter"].as_str()), (1, Some(parameter)), "{problem}");
    assert!(problem["detail"].as_str().unwrap().contains(parameter), "{problem}");
    errors[0]["rule"].as_str().unwrap().to_owned()
}

/// Asks the site, which refuses a field, keeps what was typed, and says the rule beside it; returns the rule.
async fn told_beside_the_field(site: &Site, query: &str, name: &str, typed: &str) -> String {
    let answer = site.get(&format!("/?{query}")).await;
    assert_eq!((answer.status, answer.header("cache-control")), (400, "no-store"), "{query}");
    let page = answer.page();
    let field = page.field(name);
    assert_eq!(field.value, typed, "{query}");
    assert!(!field.error.is_empty(), "{query}");
    assert!(page.text("[role=alert]").contains(&field.error), "the summary says it too");
    field.error
}

/// Asks the site, which refuses a parameter that has no field; returns what the summary above the form says.
async fn told_above_the_form(site: &Site, query: &str) -> String {
    let answer = site.get(&format!("/?{query}")).await;
    assert_eq!(answer.status, 400, "{query}");
    answer.page().text("[role=alert]")
}

async fn cursor(site: &Site, query: &str) -> String {
    let page = site.get(&format!("{LIST}?limit=5&{query}")).await.json();
    page["next"].as_str().unwrap().to_owned()
}
