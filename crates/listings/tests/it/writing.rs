//! Transactions that write: all or nothing, one after the other, and who did it.

use larder::Reading;
use listings::history::Action;
use listings::store::Author;
use listings::{Draft, NewProperty, Property, Status, Store};
use serde_json::json;

use crate::stores::{TestStore, over_both_stores};

over_both_stores!(
    what_is_committed_is_kept_and_has_a_token,
    what_is_dropped_or_taken_back_is_not_kept,
    who_finds_a_listing_locked_sees_what_the_other_made_of_it,
    to_write_what_is_there_changes_nothing,
    the_history_tells_what_was_done_and_by_whom,
    whoever_writes_past_us_is_in_the_history_too,
    any_earlier_version_can_be_told,
    a_gap_in_the_history_is_no_guess,
    a_change_of_nothing_leaves_no_gap,
    who_sets_the_version_too_is_in_the_history,
    degrees_come_back_with_all_their_digits,
    another_number_is_another_listing,
    a_transaction_that_ended_says_nothing_of_the_next_writer,
);

/// In a file one writes at a time; those who wait take no connection from those who read.
#[tokio::test(flavor = "multi_thread")]
async fn who_waits_to_write_to_a_file_holds_up_no_reader() {
    let test = crate::stores::sqlite().await;
    let made = test.store.insert(&home("Home", "100")).await.unwrap();
    let first = test.store.write(&author("ann")).await.unwrap();
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let store = test.store.clone();
            tokio::spawn(async move { store.write(&author("bob")).await.map(drop) })
        })
        .collect();
    while test.store.pool_use().reads < 20 {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        assert_eq!(kept(&test.store, made.id).await.as_ref(), Some(&made));
    }
    assert!(waiting.iter().any(|writer| !writer.is_finished()), "they still wait");
    first.rollback().await.unwrap();
    for writer in waiting {
        writer.await.unwrap().ok();
    }
}

fn author(name: &str) -> Author {
    Author { name: name.to_owned(), origin: "admin" }
}

fn home(title: &str, price: &str) -> NewProperty {
    let draft = Draft { title: title.into(), location: "Accra".into(), ..Draft::default() };
    Draft { price: Some(price.into()), ..draft }.check().unwrap()
}

async fn kept(store: &Store, id: i64) -> Option<Property> {
    store.property_by_id(&Reading::new(), id).await.unwrap()
}

async fn what_is_committed_is_kept_and_has_a_token(test: TestStore) {
    let mut writing = test.store.write(&author("ann")).await.unwrap();
    let made = writing.insert(&home("Home", "100")).await.unwrap();
    let first = writing.commit().await.unwrap().token.unwrap();
    assert_eq!(kept(&test.store, made.id).await.as_ref(), Some(&made));
    let mut writing = test.store.write(&author("ann")).await.unwrap();
    let changed = writing.replace(made.id, &home("Home", "90")).await.unwrap().unwrap();
    let second = writing.commit().await.unwrap().token.unwrap();
    assert_eq!((changed.version, changed.created_at), (2, made.created_at));
    assert_eq!(kept(&test.store, made.id).await.as_ref(), Some(&changed));
    assert!(second.xid > first.xid && second.incarnation == first.incarnation);
    let mut writing = test.store.write(&author("ann")).await.unwrap();
    assert!(writing.delete(made.id).await.unwrap());
    assert!(!writing.delete(made.id).await.unwrap());
    writing.commit().await.unwrap();
    assert_eq!(kept(&test.store, made.id).await, None);
}

async fn what_is_dropped_or_taken_back_is_not_kept(test: TestStore) {
    let made = test.store.insert(&home("Home", "100")).await.unwrap();
    for is_dropped in [true, false] {
        let mut writing = test.store.write(&author("ann")).await.unwrap();
        writing.replace(made.id, &home("Other", "1")).await.unwrap();
        if is_dropped {
            drop(writing);
        } else {
            writing.rollback().await.unwrap();
        }
        // The next one gets the lock: nothing is left of the one before.
        let mut writing = test.store.write(&author("ann")).await.unwrap();
        assert_eq!(writing.property(made.id).await.unwrap().as_ref(), Some(&made));
        writing.rollback().await.unwrap();
    }
    assert_eq!(test.store.history(made.id, None, 10).await.unwrap().len(), 1);
}

async fn who_finds_a_listing_locked_sees_what_the_other_made_of_it(test: TestStore) {
    let made = test.store.insert(&home("Home", "100")).await.unwrap();
    let mut first = test.store.write(&author("ann")).await.unwrap();
    first.property(made.id).await.unwrap();
    let store = test.store.clone();
    let second = tokio::spawn(async move {
        let mut second = store.write(&author("bob")).await.unwrap();
        let seen = second.property(made.id).await.unwrap().unwrap();
        second.rollback().await.unwrap();
        seen
    });
    first.replace(made.id, &home("Changed", "100")).await.unwrap();
    first.commit().await.unwrap();
    let seen = second.await.unwrap();
    assert_eq!((seen.title.as_str(), seen.version), ("Changed", 2));
}

async fn to_write_what_is_there_changes_nothing(test: TestStore) {
    let made = test.store.insert(&home("Home", "100")).await.unwrap();
    let mut writing = test.store.write(&author("ann")).await.unwrap();
    assert_eq!(writing.replace(made.id, &home("Home", "100.0")).await.unwrap().as_ref(), Some(&made));
    assert_eq!(writing.replace(made.id + 1, &home("Home", "1")).await.unwrap(), None);
    writing.commit().await.unwrap();
    assert_eq!(kept(&test.store, made.id).await, Some(made));
}

async fn the_history_tells_what_was_done_and_by_whom(test: TestStore) {
    let mut writing = test.store.write(&author("ann")).await.unwrap();
    let id = writing.insert(&home("Home", "100")).await.unwrap().id;
    writing.commit().await.unwrap();
    let mut writing = test.store.write(&author("bob")).await.unwrap();
    writing.replace(id, &home("Big home", "99.90")).await.unwrap();
    let token = writing.commit().await.unwrap().token.unwrap();
    let mut writing = test.store.write(&author("ann")).await.unwrap();
    writing.delete(id).await.unwrap();
    writing.commit().await.unwrap();

    let history = test.store.history(id, None, 10).await.unwrap();
    let told: Vec<_> =
        history.iter().map(|it| (it.action, it.version, it.author.as_str(), it.origin.as_str())).collect();
    assert_eq!(
        told,
        [
            (Action::Deleted, 2, "ann", "admin"),
            (Action::Changed, 2, "bob", "admin"),
            (Action::Created, 1, "ann", "admin"),
        ]
    );
    let changes: Vec<_> = history[1].changes.clone().into_iter().collect();
    assert_eq!(
        changes,
        [
            ("price".to_owned(), (json!("100.00"), json!("99.90"))),
            ("title".to_owned(), (json!("Home"), json!("Big home"))),
        ]
    );
    assert_eq!(history[0].changes["price"].0, json!("99.90"));
    if !test.is_sqlite() {
        assert_eq!(history[1].number.as_deref(), Some(token.xid.0.to_string().as_str()));
    }
    let before = test.store.history(id, Some(history[1].id), 10).await.unwrap();
    assert_eq!(before, history[2..]);
}

async fn whoever_writes_past_us_is_in_the_history_too(test: TestStore) {
    let made = test.store.insert(&home("Home", "100")).await.unwrap();
    test.elsewhere("update properties_property set title = 'Theirs', status = 'sold'").await;
    let history = test.store.history(made.id, None, 10).await.unwrap();
    let changed: Vec<_> = history[0].changes.keys().map(String::as_str).collect();
    assert_eq!((history[0].action, changed), (Action::Changed, vec!["status", "title"]));
    let expected = if test.is_sqlite() { ("", "another program") } else { ("postgres", "psql") };
    assert_eq!((history[0].author.as_str(), history[0].origin.as_str()), expected);
    // Who has not said who they are is told by the program's name, where the database knows it.
    assert_eq!(history[1].origin, if test.is_sqlite() { "another program" } else { "gable" });
}

async fn any_earlier_version_can_be_told(test: TestStore) {
    let made = test.store.insert(&home("One", "100")).await.unwrap();
    for (title, price) in [("Two", "100"), ("Two", "200.50"), ("Four", "1")] {
        let mut writing = test.store.write(&author("ann")).await.unwrap();
        writing.replace(made.id, &home(title, price)).await.unwrap();
        writing.commit().await.unwrap();
    }
    test.elsewhere("update properties_property set bedrooms = 3, latitude = 5.5, longitude = 0, kind = 'villa', status = 'draft'")
        .await;
    let now = kept(&test.store, made.id).await.unwrap();
    let told = |version| test.store.at_version(&now, version);
    assert_eq!(told(1).await.unwrap(), Some(Draft::from(&made)));
    assert_eq!(told(3).await.unwrap().unwrap().price.as_deref(), Some("200.50"));
    let fourth = told(4).await.unwrap().unwrap();
    assert_eq!((fourth.title.as_str(), fourth.bedrooms, fourth.status), ("Four", None, Status::Active));
    assert_eq!(told(5).await.unwrap(), Some(Draft::from(&now)));
    assert_eq!(told(0).await.unwrap(), None);
    assert_eq!(told(6).await.unwrap(), None);
}

async fn a_change_of_nothing_leaves_no_gap(test: TestStore) {
    let made = test.store.insert(&home("One", "100")).await.unwrap();
    test.elsewhere("update properties_property set title = title").await;
    test.elsewhere("update properties_property set updated_at = created_at").await;
    test.elsewhere("update properties_property set title = 'Two'").await;
    let now = kept(&test.store, made.id).await.unwrap();
    assert_eq!(now.version, 4);
    assert_eq!(test.store.at_version(&now, 1).await.unwrap(), Some(Draft::from(&made)));
}

async fn who_sets_the_version_too_is_in_the_history(test: TestStore) {
    let made = test.store.insert(&home("One", "100")).await.unwrap();
    test.elsewhere("update properties_property set title = 'Two', version = 7").await;
    let history = test.store.history(made.id, None, 1).await.unwrap();
    assert_eq!(history[0].version, kept(&test.store, made.id).await.unwrap().version);
    assert_eq!(history[0].changes["title"].1, json!("Two"));
}

async fn degrees_come_back_with_all_their_digits(test: TestStore) {
    let exact = Draft {
        latitude: Some(5.603_716_800_000_001),
        longitude: Some(-0.186_964_400_000_000_02),
        ..home("One", "1").fields().clone()
    };
    let made = test.store.insert(&exact.check().unwrap()).await.unwrap();
    test.elsewhere("update properties_property set latitude = 6, longitude = null where title = 'One'").await;
    let now = kept(&test.store, made.id).await.unwrap();
    let told = test.store.at_version(&now, 1).await.unwrap().unwrap();
    assert_eq!((told.latitude, told.longitude), (made.latitude, made.longitude));
}

async fn another_number_is_another_listing(test: TestStore) {
    let made = test.store.insert(&home("One", "100")).await.unwrap();
    test.elsewhere("update properties_property set id = 1000").await;
    let told = async |id| {
        test.store.history(id, None, 10).await.unwrap().iter().map(|it| it.action).collect::<Vec<_>>()
    };
    assert_eq!(told(made.id).await, [Action::Deleted, Action::Created]);
    assert_eq!(told(1_000).await, [Action::Created]);
}

async fn a_gap_in_the_history_is_no_guess(test: TestStore) {
    let made = test.store.insert(&home("One", "100")).await.unwrap();
    test.elsewhere("update properties_property set title = 'Two'").await;
    test.elsewhere("update properties_property set title = 'Three'").await;
    test.elsewhere("delete from gable_history where version = 2").await;
    let now = kept(&test.store, made.id).await.unwrap();
    assert_eq!(test.store.at_version(&now, 1).await.unwrap(), None);
    assert_eq!(test.store.at_version(&now, 2).await.unwrap().unwrap().title, "Two");
}

async fn a_transaction_that_ended_says_nothing_of_the_next_writer(test: TestStore) {
    let made = test.store.insert(&home("One", "100")).await.unwrap();
    let mut writing = test.store.write(&author("ann")).await.unwrap();
    writing.replace(made.id, &home("Two", "100")).await.unwrap();
    writing.commit().await.unwrap();
    // Through each connection of the same pool, and past it.
    for _ in 0..20 {
        test.store.insert(&home("Other", "1")).await.unwrap();
    }
    test.elsewhere("update properties_property set title = 'Three' where title = 'Two'").await;
    for id in [made.id + 1, made.id + 20] {
        assert_eq!(
            test.store.history(id, None, 1).await.unwrap()[0].origin,
            if test.is_sqlite() { "another program" } else { "gable" }
        );
    }
    assert_ne!(test.store.history(made.id, None, 1).await.unwrap()[0].author, "ann");
}

/// What only PostgreSQL has.
mod in_postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn each_way_to_write_is_in_the_history() {
        let test = crate::stores::postgres().await;
        for statements in [
            "insert into properties_property (id, title, description, location, created_at) values (1, 'a', '', 'x', now())",
            "insert into properties_property (id, title, location, created_at) values (1, 'b', 'x', now()), (2, 'c', 'x', now())
             on conflict (id) do update set title = excluded.title",
            "merge into properties_property p using (values (2, 'd'), (3, 'e')) v (id, title) on p.id = v.id
             when matched then update set title = v.title
             when not matched then insert (id, title, description, location, created_at) values (v.id, v.title, '', 'x', now())",
            "update properties_property set id = 30 where id = 3",
            "alter table properties_property add column extra text; update properties_property set extra = 'x' where id = 2",
            "truncate properties_property cascade",
        ] {
            test.elsewhere(statements).await;
        }
        let told = async |id: i64| {
            let history = test.store.history(id, None, 10).await.unwrap();
            history.into_iter().rev().map(|it| it.action).collect::<Vec<_>>()
        };
        assert_eq!(told(1).await, [Action::Created, Action::Changed]);
        assert_eq!(told(2).await, [Action::Created, Action::Changed, Action::Changed]);
        assert_eq!(told(3).await, [Action::Created, Action::Deleted]);
        assert_eq!(told(30).await, [Action::Created]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_comes_by_replication_is_in_the_history_once() {
        let test = crate::stores::postgres().await;
        test.elsewhere(
            "set session_replication_role = replica;
             insert into properties_property (id, title, description, location, created_at) values (1, 'a', '', 'x', now());
             update properties_property set title = 'b', version = 2;
             delete from properties_property",
        )
        .await;
        let history = test.store.history(1, None, 10).await.unwrap();
        let told: Vec<_> = history.iter().map(|it| (it.action, it.version, it.origin.as_str())).collect();
        assert_eq!(
            told,
            [
                (Action::Deleted, 2, "replication"),
                (Action::Changed, 2, "replication"),
                (Action::Created, 1, "replication"),
            ]
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_may_write_listings_need_not_may_write_history() {
        let test = crate::stores::postgres().await;
        test.elsewhere(
            "create role clerk; grant select, insert, update, delete on properties_property to clerk;
             grant usage on all sequences in schema public to clerk;
             set role clerk;
             insert into properties_property (title, description, location, created_at) values ('a', '', 'x', now());
             set search_path = pg_catalog;
             update public.properties_property set title = 'b'; reset role; drop owned by clerk; drop role clerk",
        )
        .await;
        let history = test.store.history(1, None, 10).await.unwrap();
        assert_eq!(history.len(), 2);
        assert_eq!(history[0].author, "postgres", "whoever has logged in");
    }
}
