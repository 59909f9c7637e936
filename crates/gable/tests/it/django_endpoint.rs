//! The Django project's endpoint: the same bytes as Django sends.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use listings::{Draft, Status};

use crate::database::{Database, draft, over_both_databases};
use crate::site::Site;

over_both_databases!(
    it_has_exactly_the_six_fields_of_django_in_their_order,
    it_lists_what_is_active_in_order_of_id,
    a_thousand_listings_are_one_answer,
    more_than_a_thousand_are_led_through_by_link,
    it_ignores_what_django_ignores,
);

const PATH: &str = "/properties/";

async fn it_has_exactly_the_six_fields_of_django_in_their_order(database: Database) {
    let time = |text: &str| Some(text.parse().unwrap());
    let priced = Draft {
        description: "By the \"sea\"\nÅ".into(),
        price: Some("1200".into()),
        created_at: time("2025-08-31T18:45:12.345678Z"),
        ..draft("First")
    };
    let plain = Draft { created_at: time("2025-08-31T18:45:12Z"), ..draft("Second") };
    database.add([priced, plain]).await;
    let answer = database.serve().get(PATH).await;
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.text(),
        "{\"properties\":[{\"id\":1,\"title\":\"First\",\"description\":\"By the \\\"sea\\\"\\nÅ\",\
         \"price\":\"1200.00\",\"location\":\"Accra\",\"created_at\":\"2025-08-31T18:45:12.345678Z\"},\
         {\"id\":2,\"title\":\"Second\",\"description\":\"\",\"price\":null,\"location\":\"Accra\",\
         \"created_at\":\"2025-08-31T18:45:12.000000Z\"}]}"
    );
}

async fn it_lists_what_is_active_in_order_of_id(database: Database) {
    let day = |day: u32| Some(format!("2026-01-{day:02}T00:00:00Z").parse().unwrap());
    let with = |status, created_at| Draft { status, created_at, ..draft("Home") };
    database
        .add([
            with(Status::Active, day(9)),
            with(Status::Draft, day(8)),
            with(Status::Active, day(7)),
            with(Status::Pending, day(6)),
            with(Status::Sold, day(5)),
            with(Status::Withdrawn, day(4)),
            with(Status::Active, day(30)),
        ])
        .await;
    assert_eq!(database.serve().get(PATH).await.ids(), [1, 3, 7]);
}

async fn a_thousand_listings_are_one_answer(database: Database) {
    database.fill(1_000, 1).await;
    let answer = database.serve().get(PATH).await;
    assert_eq!((answer.ids().len(), answer.next_link()), (1_000, None));
}

async fn more_than_a_thousand_are_led_through_by_link(database: Database) {
    database.fill(2_001, 1).await;
    let site = database.serve();
    let mut pages = Vec::new();
    let mut address = Some(PATH.to_owned());
    while let Some(path) = address {
        let answer = site.get(&path).await;
        pages.push(answer.ids());
        address = answer.next_link();
        assert!(pages.len() < 10, "the pages have no end");
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1_000, 1_000, 1]);
    assert_eq!(pages.concat(), (1..=2_001).collect::<Vec<_>>());
}

async fn it_ignores_what_django_ignores(database: Database) {
    database.fill(3, 1).await;
    let site = database.serve();
    for query in ["page=2", "limit=1", "kind=castle", "format=json", "q="] {
        assert_eq!(site.get(&format!("{PATH}?{query}")).await.ids(), [1, 2, 3], "{query}");
    }
    refuses_two_cursors(&site).await;
}

async fn refuses_two_cursors(site: &Site) {
    let answer = site.get(&format!("{PATH}?cursor=a&cursor=b")).await;
    assert_eq!((answer.status, &answer.problem()["errors"][0]["parameter"]), (400, &"cursor".into()));
}
