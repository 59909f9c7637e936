//! A real Django on a throw-away database.

use serde_json::json;
use testkit::{Django, Postgres};

#[test]
fn django_writes_in_each_of_its_ways() {
    let postgres = Postgres::start();
    let database = postgres.fresh_database();
    let django = Django::new(&database);
    django.migrate();
    let price_of =
        |id: &str| postgres.sql(&database, &format!("select price from properties_property where id = {id}"));

    let created = django.exercise(&["create", "2"]);
    assert_eq!(created[0]["title"], "House 1");
    assert_eq!(django.exercise(&["bulk", "3"]).as_array().map(Vec::len), Some(3));
    assert_eq!(django.exercise(&["update", "1", "77.5"])["price"], "77.50");
    assert_eq!(price_of("1"), "77.50");
    assert_eq!(django.exercise(&["raw-update", "2", "88"]), json!({ "changed": 1 }));
    assert_eq!(price_of("2"), "88.00");
    assert_eq!(django.exercise(&["queryset-update", "99"]), json!({ "changed": 5 }));
    assert_eq!(price_of("5"), "99.00");
    assert_eq!(django.exercise(&["admin-edit", "3", "Villa by the sea"])["title"], "Villa by the sea");
    assert_eq!(django.exercise(&["delete", "4"]), json!({ "deleted": 1 }));

    let rows = django.exercise(&["dump"]);
    let ids: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids, [1, 2, 3, 5]);
    assert_eq!(rows[2]["title"], "Villa by the sea");
    assert!(rows[2]["created_at"].as_str().unwrap().ends_with('Z'));
}

#[test]
#[should_panic(expected = "matching query does not exist")]
fn what_django_says_is_shown_when_it_fails() {
    let postgres = Postgres::start();
    let django = Django::new(&postgres.url());
    django.migrate();
    django.exercise(&["delete", "1"]);
}
