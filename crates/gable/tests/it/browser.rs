//! What a visitor does, in a browser.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use serde_json::{Value, json};

use crate::database::{Database, draft, over_both_databases};
use crate::site::Site;
use crate::visitor::Visitor;

pub(crate) mod appearance;
mod keyboard;

over_both_databases!(a_visitor_searches_looks_through_the_pages_opens_a_listing_and_comes_back);

/// A town with 45 homes by the lake, and one elsewhere.
async fn town(database: Database) -> Site {
    let home = |number: i64| listings::Draft {
        description: format!("Number {number}, by the lake."),
        price: Some(format!("{}00", 50 - number)),
        created_at: chrono::DateTime::from_timestamp(1_800_000_000 - number, 0),
        location: if number == 45 { "Lagos".into() } else { "Accra".into() },
        ..draft(&format!("Home {number}"))
    };
    database.add((0..46).map(home)).await;
    database.serve()
}

async fn a_visitor_searches_looks_through_the_pages_opens_a_listing_and_comes_back(database: Database) {
    let site = town(database).await;
    let visitor = Visitor::of(&site).await;
    visitor.goes_to("/").await;
    visitor.types("#q", "lake").await;
    visitor.types("#location", "Accra").await;
    visitor.clicks("form button[type=submit]").await;
    assert_eq!(visitor.arrives(|place| place != "/").await, "/?q=lake&location=Accra");
    assert!(visitor.reads("h1").await.contains("Accra"));
    looks_through_the_pages(&visitor).await;
    opens_a_listing_and_comes_back(&visitor).await;
    changes_the_order(&visitor).await;
    removes_a_filter(&visitor).await;
    leaves_a_search_without_result(&visitor).await;
    visitor.met_no_trouble().await;
    reads_the_documentation(&visitor).await;
    notices_what_the_policy_forbids(&visitor).await;
}

async fn looks_through_the_pages(visitor: &Visitor<'_>) {
    for (clicks, shown) in [(0, 20), (1, 40), (2, 45)] {
        visitor.waits_for(&format!("document.querySelectorAll('#results > li').length === {shown}")).await;
        if clicks > 0 {
            assert_eq!(
                visitor.evaluates("document.activeElement.closest('#results > li') !== null").await,
                true
            );
            assert!(visitor.reads("[role=status]").await.contains(&format!("{shown} shown")));
            assert!(visitor.place().await.contains("cursor="), "the address leads here again");
        }
        if shown < 45 {
            visitor.clicks("a[rel=next]").await;
        }
    }
    let results = visitor.results().await;
    assert_eq!(results.len(), 45, "each listing once");
    assert_eq!(results.iter().collect::<std::collections::BTreeSet<_>>().len(), 45);
    assert_eq!(visitor.evaluates("document.querySelector('a[rel=next]')").await, Value::Null);
}

async fn opens_a_listing_and_comes_back(visitor: &Visitor<'_>) {
    let place = visitor.place().await;
    let last = visitor.results().await.pop().unwrap();
    visitor.clicks(&format!("#results a[href='{last}']")).await;
    assert_eq!(visitor.arrives(|place| place.starts_with("/properties/")).await, last);
    assert_eq!(visitor.reads("h1").await, "Home 44");
    visitor.goes_back().await;
    assert_eq!(visitor.arrives(|place| !place.starts_with("/properties/")).await, place);
    visitor.finds(&format!("#results a[href='{last}']")).await;
}

async fn changes_the_order(visitor: &Visitor<'_>) {
    visitor.goes_to("/?q=lake").await;
    visitor.clicks("select[name=sort] option[value=price]").await;
    assert_eq!(visitor.arrives(|place| place.contains("sort")).await, "/?q=lake&sort=price");
    visitor.finds_link("Home 45").await;
}

async fn removes_a_filter(visitor: &Visitor<'_>) {
    visitor.goes_to("/?q=lake&location=lagos").await;
    assert_eq!(visitor.results().await.len(), 1);
    visitor.clicks("[aria-label='Applied filters'] a[href='/?q=lake']").await;
    visitor.arrives(|place| place == "/?q=lake").await;
    assert_eq!(visitor.results().await.len(), 20);
}

async fn leaves_a_search_without_result(visitor: &Visitor<'_>) {
    visitor.goes_to("/?location=lagos&min_price=4000").await;
    assert_eq!(visitor.results().await.len(), 0);
    visitor.clicks_link("Without the lowest price").await;
    visitor.arrives(|place| place == "/?location=lagos").await;
    assert_eq!(visitor.results().await.len(), 1);
}

async fn reads_the_documentation(visitor: &Visitor<'_>) {
    visitor.goes_to("/api/docs").await;
    visitor
        .waits_for("document.querySelector('rapi-doc').shadowRoot.textContent.includes('Search listings')")
        .await;
    visitor.met_no_trouble().await;
}

/// Shows that trouble would be seen.
async fn notices_what_the_policy_forbids(visitor: &Visitor<'_>) {
    visitor.goes_to("/").await;
    let inline =
        "document.body.append(Object.assign(document.createElement('script'), { textContent: 'x = 1' }))";
    visitor.evaluates(inline).await;
    let console = visitor.browser.console().await;
    assert!(console.iter().any(|line| line.contains("Content Security Policy")), "{console:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript_everything_can_be_done_as_well() {
    let site = town(Database::sqlite()).await;
    let visitor = Visitor::without_javascript(&site).await;
    visitor.goes_to("/").await;
    visitor.types("#q", "lake").await;
    visitor.types("#location", "Accra").await;
    visitor.clicks("form button[type=submit]").await;
    visitor.arrives(|place| place.contains("location=Accra")).await;
    let mut seen = visitor.results().await;
    for more in [20, 5] {
        let before = visitor.place().await;
        visitor.clicks("a[rel=next]").await;
        visitor.arrives(|place| place != before).await;
        assert_eq!(visitor.results().await.len(), more);
        seen.extend(visitor.results().await);
    }
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 45);
    visitor.clicks("a[rel=start]").await;
    visitor.arrives(|place| !place.contains("cursor")).await;
    sorts_and_narrows_by_hand(&visitor).await;
}

async fn sorts_and_narrows_by_hand(visitor: &Visitor<'_>) {
    visitor.clicks("select[name=sort] option[value=price]").await;
    visitor.clicks("button[form=search]").await;
    visitor.arrives(|place| place.contains("sort=price")).await;
    visitor.finds_link("Home 44").await;
    visitor.clicks("details summary").await;
    visitor.types("#max_price", "x").await;
    visitor.clicks("form button[type=submit]").await;
    visitor.arrives(|place| place.contains("max_price=x")).await;
    assert!(visitor.reads("#max_price-error").await.contains("number"));
    assert_eq!(json!(visitor.finds("#max_price").await.prop("value").await.unwrap()), json!("x"));
}
