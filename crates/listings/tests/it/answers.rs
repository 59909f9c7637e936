//! What is read is what is there: pages, counts, facets and exports against an oracle without SQL.

use futures::TryStreamExt as _;
use larder::Reading;
use listings::read::MOST_COUNTED;
use listings::samples::samples;
use listings::search::{Parameter, Search, Sort, Unknown};
use listings::{Draft, Property, Status, Store};

use crate::model::expected;
use crate::stores::{TestStore, over_both_stores};

over_both_stores!(
    every_search_finds_what_it_should_in_order_across_its_pages,
    counts_and_facets_agree_with_what_is_found,
    an_export_holds_every_match_once,
    similar_listings_are_others_of_the_kind_with_the_same_place_first,
    words_that_mean_something_to_a_database_mean_nothing_here,
    a_listing_that_comes_while_somebody_pages_moves_nothing,
    counting_stops_at_ten_thousand_and_says_so,
    stretches_of_active_listings_are_full_but_for_the_last,
);

/// Query strings that together use every parameter, each sort, edges, and combinations.
const SEARCHES: [&str; 42] = [
    "",
    "status=sold",
    "status=draft",
    "kind=studio",
    "location=ACCRA",
    "location=Z%C3%BCrich",
    "location=Nowhere",
    "q=sea+view",
    "q=bed",
    "q=S%C3%83O",
    "q=old%20town%20kitchen",
    "q=zzzz",
    "q=diner",
    "q=close+2005",
    "q=5+home",
    "q=view+49+detached",
    "min_price=200000",
    "max_price=90000.50",
    "min_price=100000&max_price=100000",
    "min_price=0",
    "max_price=9999999999.99",
    "min_bedrooms=3&max_bedrooms=3",
    "min_bedrooms=0",
    "max_bedrooms=0",
    "min_bathrooms=3",
    "min_area=100&max_area=150",
    "min_area=1000",
    "max_area=0",
    "bbox=-1,5,0.5,6",
    "bbox=170,-20,-170,-10",
    "bbox=-180,-90,180,90",
    "sort=created_at",
    "sort=price",
    "sort=-price",
    "sort=floor_area",
    "sort=-floor_area",
    "sort=id",
    "sort=price&min_price=100000&max_price=400000",
    "sort=-price&kind=apartment&max_price=400000",
    "sort=floor_area&min_area=50&location=lisbon",
    "sort=-floor_area&max_area=120&status=pending",
    "kind=house&min_bedrooms=2&max_price=500000&q=garden&sort=price",
];

/// 1,500 samples, and such as samples are not: equal keys, no values at all, awkward texts.
async fn furnish(store: &Store) -> Vec<Property> {
    let odd = |title: &str, location: &str| Draft {
        title: title.into(),
        location: location.into(),
        ..Draft::default()
    };
    let awkward = [
        odd("Kitchen/diner, garden.Close by, built 1990-2005", "Tema"),
        odd("3.5 rooms @home, <sea view>, +49, semi_detached", "Tema"),
        odd("Nothing is said of this", "Accra"),
        odd("Nothing is said of that", "accra"),
        Draft {
            price: Some("100000.00".into()),
            floor_area: Some(100),
            ..odd("Equal to its neighbour", "Suva")
        },
        Draft {
            price: Some("100000".into()),
            floor_area: Some(100),
            ..odd("Equal to its neighbour", "Suva")
        },
        Draft { price: Some("0".into()), bedrooms: Some(0), ..odd("As good as a gift", "São Paulo") },
        Draft { latitude: Some(-17.0), longitude: Some(180.0), ..odd("On the line", "Suva") },
        Draft { latitude: Some(-17.0), longitude: Some(-179.9), ..odd("Just beyond the line", "Suva") },
    ];
    let awkward = awkward.into_iter().map(|draft| draft.check().unwrap());
    let all = samples(3).take(1_500).chain(awkward);
    store.insert_many(all, false, "2026-11-01T00:00:00Z".parse().unwrap(), |_| {}).await.unwrap();
    let mut everything = Vec::new();
    for status in Status::ALL {
        let search = Search { status, sort: Sort::Id, ..Search::default() };
        everything.extend(store.export(&search).try_collect::<Vec<_>>().await.unwrap());
    }
    assert_eq!(everything.len(), 1_509);
    everything
}

fn search(query: &str) -> Search {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Search::parse(pairs, Unknown::Refuse).unwrap()
}

async fn all_pages(store: &Store, search: &Search) -> Vec<i64> {
    let mut found = Vec::new();
    let mut search = Search { limit: 7, ..search.clone() };
    loop {
        let page = store.page(&Reading::new(), &search).await.unwrap();
        found.extend(page.properties.iter().map(|property| property.id));
        let Some(next) = page.next else { return found };
        // The way that a reader goes: over the text of the cursor.
        let canonical = search.after(next).canonical();
        search = self::search(&canonical);
        assert_eq!(search.canonical(), canonical);
    }
}

async fn every_search_finds_what_it_should_in_order_across_its_pages(test: TestStore) {
    let everything = furnish(&test.store).await;
    for query in SEARCHES {
        let search = search(query);
        let expected = expected(&everything, &search);
        // Cursors are tried on the first 200: the rest is more of the same.
        let most = expected.len().min(200);
        if expected.len() > 200 {
            let page =
                test.store.page(&Reading::new(), &Search { limit: 100, ..search.clone() }).await.unwrap();
            let found: Vec<i64> = page.properties.iter().map(|property| property.id).collect();
            assert_eq!(found, expected[..100], "{query}");
        }
        if expected.len() <= 400 {
            let found = all_pages(&test.store, &search).await;
            assert_eq!(found[..most], expected[..most], "{query}");
            assert_eq!(found.len(), expected.len(), "{query}");
        }
    }
}

async fn counts_and_facets_agree_with_what_is_found(test: TestStore) {
    let everything = furnish(&test.store).await;
    for query in SEARCHES {
        let search = search(query);
        let count = test.store.count(&Reading::new(), &search, MOST_COUNTED).await.unwrap();
        assert_eq!(count.listings, i64::try_from(expected(&everything, &search).len()).unwrap(), "{query}");
        assert!(count.is_exact);
        let overview = test.store.overview(&Reading::new(), &search).await.unwrap();
        assert_eq!(overview.count, count, "{query}");
        for facet in overview.facets {
            for (value, listings) in facet.values.into_iter().take(3) {
                let narrowed = match facet.parameter {
                    Parameter::Kind => Search { kind: listings::Kind::named(&value), ..search.clone() },
                    Parameter::Location => search.at(&value).unwrap(),
                    _ => {
                        let bedrooms = value.parse().ok();
                        Search { min_bedrooms: bedrooms, max_bedrooms: bedrooms, ..search.clone() }
                    }
                };
                let found = expected(&everything, &narrowed);
                // A place in two spellings is two values, and one search.
                let spelt_so = |id: &&i64| {
                    facet.parameter != Parameter::Location
                        || everything.iter().any(|property| property.id == **id && property.location == value)
                };
                let found = found.iter().filter(spelt_so).count();
                assert_eq!(listings, i64::try_from(found).unwrap(), "{query} {value}");
            }
        }
    }
}

async fn an_export_holds_every_match_once(test: TestStore) {
    let everything = furnish(&test.store).await;
    for query in ["", "kind=house", "q=zzzz", "sort=-price&location=accra"] {
        let search = search(query);
        let exported: Vec<Property> = test.store.export(&search).try_collect().await.unwrap();
        let exported: Vec<i64> = exported.into_iter().map(|property| property.id).collect();
        assert_eq!(exported, expected(&everything, &Search { sort: Sort::Id, ..search }), "{query}");
    }
}

async fn similar_listings_are_others_of_the_kind_with_the_same_place_first(test: TestStore) {
    let everything = furnish(&test.store).await;
    for property in everything.iter().filter(|property| property.status == Status::Active).take(20) {
        let similar = test.store.similar(&Reading::new(), property, 4).await.unwrap();
        assert_eq!(similar.len(), 4);
        assert!(similar.iter().all(|other| other.id != property.id && other.kind == property.kind));
        let near = similar.iter().take_while(|other| other.location == property.location).count();
        assert!(similar[near..].iter().all(|other| other.location != property.location));
    }
}

async fn words_that_mean_something_to_a_database_mean_nothing_here(test: TestStore) {
    furnish(&test.store).await;
    for text in [
        "AND",
        "sea OR view",
        "NEAR(sea view)",
        "sea*",
        "\"sea",
        "title:sea",
        "%",
        "_ _ x",
        "a & b | !c",
        "';--x",
        "(x",
        "x <-> y",
        "\\x",
    ] {
        let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let pairs = [("q", text)];
        if let Ok(search) = Search::parse(pairs, Unknown::Refuse) {
            test.store
                .page(&Reading::new(), &search)
                .await
                .unwrap_or_else(|error| panic!("{encoded}: {error}"));
        }
    }
}

async fn a_listing_that_comes_while_somebody_pages_moves_nothing(test: TestStore) {
    let everything = furnish(&test.store).await;
    let search = Search { limit: 50, ..search("kind=apartment") };
    let expected = expected(&everything, &search);
    let first = test.store.page(&Reading::new(), &search).await.unwrap();
    let newest = Draft {
        title: "Newest of all".into(),
        location: "Accra".into(),
        kind: Some(listings::Kind::Apartment),
        ..Draft::default()
    };
    test.store.insert(&newest.check().unwrap()).await.unwrap();
    let second = test.store.page(&Reading::new(), &search.after(first.next.unwrap())).await.unwrap();
    let seen: Vec<i64> =
        first.properties.iter().chain(&second.properties).map(|property| property.id).collect();
    assert_eq!(seen, expected[..seen.len()]);
}

async fn counting_stops_at_ten_thousand_and_says_so(test: TestStore) {
    test.elsewhere(
        "with recursive number(n) as (select 1 union all select n + 1 from number where n < 10000) \
         insert into properties_property (title, location, bedrooms) \
         select 'Home', 'Accra', case when n % 2 = 0 then 1 end from number",
    )
    .await;
    let all = Search::default();
    let overview = test.store.overview(&Reading::new(), &all).await.unwrap();
    assert!(overview.count.listings == MOST_COUNTED && overview.count.is_exact);
    assert!(overview.facets.iter().all(|facet| facet.is_exact));
    test.elsewhere("insert into properties_property (title, location) values ('One more', 'Accra')").await;
    let overview = test.store.overview(&Reading::new(), &all).await.unwrap();
    assert!(overview.count.listings == MOST_COUNTED && !overview.count.is_exact);
    assert!(overview.facets.iter().all(|facet| !facet.is_exact), "even where most say no bedrooms");
    assert!(!test.store.count(&Reading::new(), &all, MOST_COUNTED).await.unwrap().is_exact);
    let few = test.store.overview(&Reading::new(), &search("min_bedrooms=1")).await.unwrap();
    assert!(few.count.is_exact, "what the filter leaves is counted in full");
    assert!(few.facets.iter().all(|facet| facet.is_exact));
}

async fn stretches_of_active_listings_are_full_but_for_the_last(test: TestStore) {
    test.elsewhere(
        "insert into properties_property (title, location, status) values ('1', 'x', 'active'), ('2', 'x', 'sold'), \
         ('3', 'x', 'active'), ('4', 'x', 'active'), ('5', 'x', 'active')",
    )
    .await;
    for (step, lengths) in
        [(1, vec![1, 1, 1, 1]), (2, vec![2, 2]), (3, vec![3, 1]), (4, vec![4]), (5, vec![4])]
    {
        let starts = test.store.active_stretches(&Reading::new(), step, 100).await.unwrap();
        let mut found = Vec::new();
        for start in starts {
            found.push(test.store.active_after(&Reading::new(), start, step).await.unwrap().len());
        }
        assert_eq!(found, lengths, "in steps of {step}");
    }
}
