//! The table of all listings: filtered, sorted, page by page, and counted honestly.

use listings::accounts::Role;
use listings::{Draft, Status};

use crate::answer::Page;
use crate::database::{Database, draft, over_both_databases};
use crate::staff::Session;

over_both_databases!(
    every_status_is_there_and_can_be_filtered_by,
    pages_follow_one_another_without_gap_or_repetition,
    what_was_typed_wrongly_is_told_beside_its_field,
    what_is_too_much_to_count_is_told_as_such,
);

fn numbers(page: &Page) -> Vec<i64> {
    let hrefs = page.attributes("table.listings th a[href^='/admin/listings/']", "href");
    let number = |href: &String| href.split('/').nth(3).unwrap().parse().ok();
    hrefs.iter().filter_map(number).collect()
}

async fn shown(session: &Session, query: &str) -> Vec<i64> {
    let answer = session.get(&format!("/admin/listings/{query}")).await;
    assert_eq!(answer.status, 200, "{query}");
    numbers(&answer.page())
}

async fn every_status_is_there_and_can_be_filtered_by(database: Database) {
    let homes = Status::ALL.map(|status| Draft { status, ..draft(&format!("A {} home", status.name())) });
    database.add(homes).await;
    let site = database.serve();
    let viewer = site.signed_in(Role::Viewer).await;
    assert_eq!(shown(&viewer, "").await.len(), 5);
    for (status, id) in Status::ALL.into_iter().zip(1..) {
        assert_eq!(shown(&viewer, &format!("?status={}", status.name())).await, [id]);
        assert_eq!(shown(&viewer, &format!("?q={}", status.name())).await, [id]);
    }
    assert_eq!(shown(&viewer, "?location=accra&kind=other&max_price=").await.len(), 5);
    assert!(
        viewer.get("/admin/listings/?q=nowhere").await.page().text(".empty").contains("No listing matches")
    );
    let page = viewer.get("/admin/listings/").await.page();
    let public: Vec<_> = page.attributes("table.listings td a", "href");
    assert_eq!(public.len(), 3, "only what the public sees can be viewed on the site: {public:?}");
}

async fn pages_follow_one_another_without_gap_or_repetition(database: Database) {
    let homes = (0..120).map(|number: i32| Draft {
        status: Status::ALL[usize::try_from(number).unwrap() % 5],
        price: (number % 7 != 0).then(|| format!("{}", (number % 13) * 100)),
        ..draft(&format!("Home {number}"))
    });
    database.add(homes).await;
    let site = database.serve();
    let viewer = site.signed_in(Role::Viewer).await;
    for sort in ["", "created_at", "price", "-price", "floor_area", "-floor_area"] {
        let (mut path, mut seen) = (format!("/admin/listings/?sort={sort}"), Vec::new());
        loop {
            let page = viewer.get(&path).await.page();
            seen.extend(numbers(&page));
            match page.attributes("a[rel=next]", "href").pop() {
                Some(next) => path = next,
                None => break,
            }
        }
        let mut distinct = seen.clone();
        distinct.sort_unstable();
        assert_eq!(distinct, (1..=120).collect::<Vec<_>>(), "{sort}");
    }
    let dearest = viewer.get("/admin/listings/?sort=-price").await.page();
    assert!(dearest.attributes("th[aria-sort=descending] a", "href")[0].contains("sort=price"));
}

async fn what_was_typed_wrongly_is_told_beside_its_field(database: Database) {
    let site = database.serve();
    let viewer = site.signed_in(Role::Viewer).await;
    let answer = viewer.get("/admin/listings/?min_price=cheap&status=gone&cursor=x").await;
    assert_eq!(answer.status, 400);
    let page = answer.page();
    for (name, value) in [("min_price", "cheap"), ("status", "gone")] {
        assert!(!page.text(&format!("#{name}-error")).is_empty());
        assert_eq!(page.field(name).value, value);
    }
}

async fn what_is_too_much_to_count_is_told_as_such(database: Database) {
    database.fill(10_300, 20).await;
    database.sql("analyze").await;
    let site = database.serve();
    let viewer = site.signed_in(Role::Viewer).await;
    let summary = viewer.get("/admin/listings/").await.page().text(".summary");
    assert!(summary.starts_with('≈') || summary.starts_with("more than 10,000"), "{summary}");
    let some = viewer.get("/admin/listings/?q=Home+77").await.page().text(".summary");
    assert!(some.is_ascii(), "{some}");
}
