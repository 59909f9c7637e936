//! What is kept comes back as it was, whoever writes.

use futures::future::join_all;
use larder::Reading;
use listings::read::MOST_COUNTED;
use listings::samples::samples;
use listings::search::Unknown;
use listings::{Draft, Kind, NewProperty, Search, Status};

use crate::stores::{TestStore, over_both_stores};

over_both_stores!(
    a_listing_comes_back_as_it_was_kept,
    what_is_not_said_is_filled_in,
    any_change_by_anybody_moves_version_and_time,
    many_listings_are_kept_all_or_none,
    flush_replaces_everything_at_once,
    of_several_that_fill_an_empty_table_one_does,
    several_that_add_to_an_empty_table_all_do,
    the_same_seed_gives_the_same_rows,
    an_id_is_never_used_twice,
    a_word_that_is_no_status_cannot_be_written_by_anybody,
);

fn full() -> NewProperty {
    Draft {
        title: "Tab\there? No: “quotes”, \\backslash, 'apostrophe', emoji 🏡".replace('\t', " "),
        description: "Two\nlines\r\nand a\ttab, \\N and \\. and a % sign".into(),
        price: Some("9999999999.99".into()),
        location: "Tórshavn".into(),
        created_at: Some("2025-08-31T18:45:12.345678Z".parse().unwrap()),
        status: Status::Pending,
        kind: Some(Kind::Villa),
        bedrooms: Some(0),
        bathrooms: Some(1_000),
        floor_area: Some(10_000_000),
        latitude: Some(-90.0),
        longitude: Some(179.999_99),
    }
    .check()
    .unwrap()
}

async fn a_listing_comes_back_as_it_was_kept(test: TestStore) {
    let one = test.store.insert(&full()).await.unwrap();
    test.store.insert_many([full()].into_iter(), false, one.updated_at, |_| {}).await.unwrap();
    let many = test.store.property_by_id(&Reading::new(), one.id + 1).await.unwrap().unwrap();
    for property in [&one, &many] {
        let (fields, new) = (full().fields().clone(), full());
        assert_eq!((&property.title, &property.description), (&fields.title, &fields.description));
        assert_eq!((property.price, &property.location), (new.price(), &fields.location));
        assert_eq!((Some(property.created_at), property.version), (fields.created_at, 1));
        assert_eq!((property.status, property.kind), (fields.status, new.kind()));
        assert_eq!((property.bedrooms, property.bathrooms), (fields.bedrooms, fields.bathrooms));
        assert_eq!(property.floor_area, fields.floor_area);
        assert_eq!((property.latitude, property.longitude), (fields.latitude, fields.longitude));
    }
    assert_eq!(test.store.property_by_id(&Reading::new(), one.id).await.unwrap().unwrap(), one);
    assert_eq!(test.store.property_by_id(&Reading::new(), i64::MAX).await.unwrap(), None);
}

async fn what_is_not_said_is_filled_in(test: TestStore) {
    let draft = Draft { title: "A home".into(), location: "Accra".into(), ..Draft::default() };
    let property = test.store.insert(&draft.check().unwrap()).await.unwrap();
    assert_eq!((property.price, property.kind, property.status), (None, Kind::Other, Status::Active));
    assert_eq!((property.version, property.bedrooms, property.latitude), (1, None, None));
    assert_eq!(property.description, "");
}

async fn any_change_by_anybody_moves_version_and_time(test: TestStore) {
    let before = test.store.insert(&full()).await.unwrap();
    test.elsewhere("update properties_property set title = 'Changed elsewhere'").await;
    let after = test.store.property_by_id(&Reading::new(), before.id).await.unwrap().unwrap();
    assert_eq!((after.title.as_str(), after.version), ("Changed elsewhere", 2));
    assert!(after.updated_at >= before.updated_at);
    assert_eq!(after.created_at, before.created_at);
    let search = Search::parse([("q", "elsewhere"), ("status", "pending")], Unknown::Refuse).unwrap();
    assert_eq!(test.store.page(&Reading::new(), &search).await.unwrap().properties.len(), 1);
}

async fn many_listings_are_kept_all_or_none(test: TestStore) {
    let before = test.store.insert(&full()).await.unwrap();
    let store = test.store.clone();
    let breaks_off = samples(1).take(2_500).enumerate().map(|(number, sample)| {
        assert!(number < 2_400, "a writer that dies half way");
        sample
    });
    let outcome =
        tokio::spawn(async move { store.insert_many(breaks_off, true, before.created_at, |_| {}).await })
            .await;
    assert!(outcome.is_err(), "the writer died");
    assert_eq!(
        test.store.property_by_id(&Reading::new(), before.id).await.unwrap().unwrap().title,
        before.title
    );
    assert_eq!(
        test.store.count(&Reading::new(), &Search::default(), MOST_COUNTED).await.unwrap().listings,
        0
    );
}

async fn flush_replaces_everything_at_once(test: TestStore) {
    let before = test.store.insert(&full()).await.unwrap();
    let kept = test.store.insert_many(samples(1).take(30), true, before.created_at, |_| {}).await.unwrap();
    assert_eq!(kept, 30);
    assert_eq!(test.store.property_by_id(&Reading::new(), before.id).await.unwrap(), None);
}

async fn of_several_that_fill_an_empty_table_one_does(test: TestStore) {
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    let fill = || test.store.insert_into_empty(samples(1).take(30), now);
    let mut kept = join_all((0..4).map(|_| fill())).await.into_iter().map(Result::unwrap).collect::<Vec<_>>();
    kept.sort_unstable();
    assert_eq!(kept, [0, 0, 0, 30]);
    assert_eq!(fill().await.unwrap(), 0);
}

async fn several_that_add_to_an_empty_table_all_do(test: TestStore) {
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    let add = || test.store.insert_many(samples(1).take(30), false, now, |_| {});
    for kept in join_all((0..4).map(|_| add())).await {
        assert_eq!(kept.unwrap(), 30);
    }
}

async fn the_same_seed_gives_the_same_rows(test: TestStore) {
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        test.store.insert_many(samples(5).take(100), true, now, |_| {}).await.unwrap();
        let page =
            test.store.page(&Reading::new(), &Search { limit: 100, ..Search::default() }).await.unwrap();
        let row = |property: listings::Property| {
            format!(
                "{:?}",
                Draft {
                    title: property.title,
                    description: property.description,
                    price: property.price.map(|price| price.to_string()),
                    location: property.location,
                    created_at: Some(property.created_at),
                    ..Draft::default()
                }
            )
        };
        seen.push(page.properties.into_iter().map(row).collect::<Vec<_>>());
    }
    assert!(seen[0].len() > 80);
    assert_eq!(seen[0], seen[1]);
}

async fn an_id_is_never_used_twice(test: TestStore) {
    let first = test.store.insert(&full()).await.unwrap();
    test.elsewhere("delete from properties_property").await;
    assert!(test.store.insert(&full()).await.unwrap().id > first.id);
}

async fn a_word_that_is_no_status_cannot_be_written_by_anybody(test: TestStore) {
    test.store.insert(&full()).await.unwrap();
    let attempt =
        tokio::spawn(async move { test.elsewhere("update properties_property set status = 'secret'").await });
    assert!(attempt.await.is_err(), "the check constraint refuses it");
}
