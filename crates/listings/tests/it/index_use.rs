//! Every kind of search answers from an index: PostgreSQL's own account of what it read, over 100,000 listings.

use larder::Reading;
use listings::read::MOST_COUNTED;
use listings::samples::samples;
use listings::search::{Search, Sort, Unknown};
use listings::store::{Bind, Dialect, Statement, dialects, statement};
use serde_json::Value;
use testkit::Postgres;

use crate::stores;

const LISTINGS: usize = 100_000;

/// Rows that a page may read at the most: a twentieth of the table.
const PAGED: i64 = 5_000;
/// Rows that a batch of an export may read at the most: it may walk the ids, but goes on where the one before it ended, so
/// that all batches together pass each row once.
const EXPORTED: i64 = 50_000;
/// Rows that a count or facets may read at the most: the most that is counted, and half of it again for what a filter
/// without an index of its own in the right order drops.
const COUNTED: i64 = MOST_COUNTED * 3 / 2 + MOST_COUNTED / 10;

/// Each filter, combinations, each sort; the words are a frequent, a rare and an absent one, and two together.
const SEARCHES: [&str; 32] = [
    "",
    "status=sold",
    "kind=villa",
    "location=accra",
    "location=nowhere",
    "q=sea",
    "q=suva",
    "q=zzzz",
    "q=s",
    "q=quiet+street+kitchen+dining+bus",
    "q=orchard+kampala",
    "min_price=9000000",
    "max_price=20000",
    "min_price=100000&max_price=101000",
    "min_bedrooms=9",
    "min_bedrooms=3&max_bedrooms=3",
    "max_bedrooms=0",
    "min_bathrooms=5",
    "min_area=3900",
    "max_area=19",
    "bbox=-0.2,5.55,-0.15,5.6",
    "bbox=-180,-90,180,90",
    "bbox=170,-20,-170,-10",
    "sort=created_at",
    "sort=price",
    "sort=-price",
    "sort=floor_area",
    "sort=-floor_area",
    "sort=id",
    "kind=house&location=tartu&min_bedrooms=4",
    "q=garden&kind=apartment&max_price=300000&sort=price",
    "sort=price&min_price=500000&location=lisbon",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_search_scans_the_table() {
    let test = stores::postgres().await;
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    test.store.insert_many(samples(11).take(LISTINGS), false, now, |_| {}).await.unwrap();
    // As autovacuum does sooner or later: index-only scans need the visibility map.
    Postgres::shared().sql(&test.url, "vacuum analyze properties_property");

    for query in SEARCHES {
        let search = search(query);
        let deep = deep(&test.store, &search).await;
        for (what, statement) in asked(&search).into_iter().chain(deep.map(|search| ("deep", page(&search))))
        {
            check(&test.url, &format!("{what} {query}"), &statement);
        }
    }
}

fn search(query: &str) -> Search {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Search::parse(pairs, Unknown::Refuse).unwrap()
}

fn postgres() -> &'static Dialect {
    dialects()[1]
}

fn page(search: &Search) -> Statement {
    statement::page(postgres(), search)
}

/// What is asked for a search: its page, how many match, how they divide, and a batch of its export.
fn asked(search: &Search) -> Vec<(&'static str, Statement)> {
    let columns = ["kind", "location", "bedrooms"];
    let export = Search { sort: Sort::Id, limit: 1_000, ..search.clone() };
    vec![
        ("page", page(search)),
        ("count", statement::count(postgres(), search, MOST_COUNTED + 1)),
        ("facets", statement::tally(postgres(), search, &columns, MOST_COUNTED + 1)),
        ("export", page(&export)),
    ]
}

/// The same search from far down its list: the page after the 40th of 100.
async fn deep(store: &listings::Store, search: &Search) -> Option<Search> {
    let mut deep = Search { limit: 100, ..search.clone() };
    for _ in 0..40 {
        deep.after = Some(store.page(&Reading::new(), &deep).await.unwrap().next?);
    }
    Some(Search { limit: search.limit, ..deep })
}

#[expect(clippy::print_stdout, reason = "the table of what was read is half of what this test is for")]
fn check(url: &str, name: &str, statement: &Statement) {
    let explain = format!("explain (analyze, buffers, format json) {}", literal(statement));
    let answer = Postgres::shared().sql(url, &explain);
    let plan: Value = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{name}: {answer}"));
    let plan = &plan[0]["Plan"];
    let read = rows_read(plan, name, &answer);
    println!("{read:>8} {:>8}  {name}", plan["Actual Rows"]);
    let bound = match name.split(' ').next() {
        Some("page" | "deep") => PAGED,
        Some("export") => EXPORTED,
        _ => COUNTED,
    };
    assert!(read <= bound, "{name} read {read} rows:\n{answer}");
}

/// Rows of the table that the scans came upon, those that a filter dropped included.
fn rows_read(node: &Value, name: &str, plan: &str) -> i64 {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    assert_ne!(kind, "Seq Scan", "{name} scans the table:\n{plan}");
    let number = |field: &str| node[field].as_i64().unwrap_or_default();
    let own = if node["Relation Name"] == "properties_property" {
        let met = number("Actual Rows")
            + number("Rows Removed by Filter")
            + number("Rows Removed by Index Recheck");
        met * number("Actual Loops")
    } else {
        0
    };
    let below = node["Plans"]
        .as_array()
        .map_or(0, |plans| plans.iter().map(|plan_below| rows_read(plan_below, name, plan)).sum());
    own + below
}

/// The statement as the store sends it, with its values in place of the placeholders, as PostgreSQL plans one that is not
/// kept prepared.
fn literal(statement: &Statement) -> String {
    let values = statement.binds.iter().enumerate().rev();
    values.fold((postgres().stamped)(&statement.sql), |sql, (index, bind)| {
        let value = match bind {
            Bind::Text(text) => format!("'{}'", text.replace('\'', "''")),
            Bind::Integer(number) => format!("{number}::bigint"),
            Bind::Float(number) => format!("{number}::float8"),
            Bind::Decimal(number) => format!("{number}::numeric"),
            Bind::Timestamp(time) => format!("'{}'::timestamptz", time.to_rfc3339()),
            Bind::Bytes(_) => panic!("no search is for bytes"),
        };
        sql.replace(&format!("${}", index + 1), &value)
    })
}
