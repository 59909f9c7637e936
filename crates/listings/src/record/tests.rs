//! Each member with each kind of wrong value, and with right ones.

use super::*;
use crate::Price;

fn of(json: &str) -> Record {
    Record::of_json(json).unwrap()
}

fn with(member: &str) -> Record {
    of(&format!(r#"{{"title": "Home", "location": "Accra", {member}}}"#))
}

fn home() -> Property {
    let at = "2025-08-31T18:45:12.345678Z".parse().unwrap();
    Property {
        id: 17,
        title: "Home".into(),
        description: "By the sea".into(),
        price: Some(Price::from_cents(120_000)),
        location: "Accra".into(),
        created_at: at,
        updated_at: at,
        version: 3,
        status: Status::Draft,
        kind: Kind::Villa,
        bedrooms: Some(2),
        bathrooms: None,
        floor_area: None,
        latitude: Some(5.5),
        longitude: Some(-0.2),
    }
}

fn fields(faults: Result<NewProperty, Vec<Fault>>) -> Vec<String> {
    faults.unwrap_err().into_iter().map(|fault| fault.field).collect()
}

#[test]
fn the_least_that_a_listing_needs_is_a_title_and_a_location() {
    let new = of(r#"{"title": " Home ", "location": "Accra"}"#).check(Onto::New).unwrap();
    assert_eq!(
        (new.fields().title.as_str(), new.kind(), new.fields().status),
        ("Home", Kind::Other, Status::Active)
    );
    assert_eq!(fields(of("{}").check(Onto::New)), ["title", "location"]);
}

#[test]
fn a_price_is_read_from_its_digits() {
    for (price, kept) in [
        ("\"1200.00\"", "1200.00"),
        ("1200", "1200.00"),
        ("1200.5", "1200.50"),
        ("0.07", "0.07"),
        ("9999999999.99", "9999999999.99"),
    ] {
        let new = with(&format!("\"price\": {price}")).check(Onto::New).unwrap();
        assert_eq!(new.price().unwrap().to_string(), kept);
    }
    assert_eq!(with("\"price\": null").check(Onto::New).unwrap().price(), None);
    for price in [
        "1.001",
        "1.000",
        "\"1.001\"",
        "1e3",
        "-1",
        "-0",
        "10000000000",
        "\"\"",
        "true",
        "[1]",
        "\"1,200\"",
        "\"NaN\"",
    ] {
        assert_eq!(fields(with(&format!("\"price\": {price}")).check(Onto::New)), ["price"], "{price}");
    }
}

#[test]
fn a_value_of_the_wrong_kind_is_refused_wherever_it_is() {
    for (member, right) in [
        ("description", "\"\""),
        ("status", "\"draft\""),
        ("kind", "\"land\""),
        ("bedrooms", "3.0"),
        ("bathrooms", "0"),
        ("floor_area", "1e2"),
    ] {
        assert!(with(&format!("\"{member}\": {right}")).check(Onto::New).is_ok(), "{member}");
        for wrong in ["true", "[]", "{}", "1.5", "\"three\"", "99999999999999999999"] {
            if (member, wrong) != ("description", "\"three\"") {
                assert_eq!(
                    fields(with(&format!("\"{member}\": {wrong}")).check(Onto::New)),
                    [member],
                    "{wrong}"
                );
            }
        }
    }
    for title in ["null", "1", "[]", "false"] {
        assert_eq!(
            fields(of(&format!(r#"{{"title": {title}, "location": "Accra"}}"#)).check(Onto::New)),
            ["title"]
        );
    }
}

#[test]
fn coordinates_are_numbers_and_come_together() {
    let at = |latitude: &str, longitude: &str| {
        with(&format!("\"latitude\": {latitude}, \"longitude\": {longitude}"))
    };
    assert!(at("5.55", "-0.2").check(Onto::New).is_ok());
    assert_eq!(fields(at("1e400", "0").check(Onto::New)), ["latitude"]);
    assert_eq!(fields(at("90.1", "-180.1").check(Onto::New)), ["latitude", "longitude"]);
    assert_eq!(fields(at("\"5\"", "0").check(Onto::New)), ["latitude"]);
    assert_eq!(fields(with("\"longitude\": 1").check(Onto::New)), ["latitude"]);
}

#[test]
fn an_unknown_member_is_named_with_those_that_are_known() {
    let faults = with("\"colour\": \"red\"").check(Onto::New).unwrap_err();
    assert_eq!((faults[0].field.as_str(), faults[0].value.as_str()), ("colour", "red"));
    assert!(faults[0].rule.contains("floor_area"), "{}", faults[0].rule);
}

#[test]
fn what_the_database_gives_can_be_given_back_and_nothing_else() {
    let home = home();
    let back = r#""id": 17, "version": 3, "created_at": "2025-08-31T20:45:12.345678+02:00",
        "updated_at": "2025-08-31T18:45:12.345678Z", "status": "sold""#;
    for onto in [Onto::Whole(&home), Onto::Part(&home)] {
        assert!(with(back).check(onto).is_ok());
    }
    assert_eq!(fields(with(back).check(Onto::New)), READ_ONLY);
    for (member, other) in [
        ("id", "18"),
        ("version", "2"),
        ("version", "\"3\""),
        ("created_at", "\"2025-08-31\""),
        ("updated_at", "null"),
    ] {
        let faults = of(&format!("{{\"{member}\": {other}}}")).check(Onto::Part(&home)).unwrap_err();
        assert_eq!(faults[0].field, member);
        assert!(faults[0].rule.contains("it is "), "{}", faults[0].rule);
    }
}

#[test]
fn a_part_leaves_the_rest_as_it_is_and_null_takes_away() {
    let home = home();
    let part = of(r#"{"price": null, "bedrooms": 4}"#).check(Onto::Part(&home)).unwrap();
    assert_eq!(part.fields(), &Draft { price: None, bedrooms: Some(4), ..Draft::from(&home) });
    assert_eq!(fields(of(r#"{"latitude": null}"#).check(Onto::Part(&home))), ["latitude"]);
    assert_eq!(
        fields(of(r#"{"title": null, "kind": null, "status": null}"#).check(Onto::Part(&home))),
        ["title", "status", "kind"]
    );
}

#[test]
fn a_whole_has_its_defaults_but_for_the_status() {
    let home = home();
    assert_eq!(fields(with("\"price\": null").check(Onto::Whole(&home))), ["status"]);
    let whole = with("\"status\": \"draft\"").check(Onto::Whole(&home)).unwrap();
    assert_eq!((whole.kind(), whole.fields().bedrooms, whole.price()), (Kind::Other, None, None));
}

#[test]
fn a_time_may_come_with_what_was_made_elsewhere() {
    let made = with("\"created_at\": \"2020-01-01T00:00:00Z\"");
    assert!(made.check(Onto::Imported).unwrap().fields().created_at.is_some());
    assert_eq!(fields(made.check(Onto::New)), ["created_at"]);
    for wrong in ["\"yesterday\"", "null", "\"2020-01-01\"", "\"0000-01-01T00:00:00Z\"", "1577836800"] {
        assert_eq!(
            fields(with(&format!("\"created_at\": {wrong}")).check(Onto::Imported)),
            ["created_at"],
            "{wrong}"
        );
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_in_the_order_of_a_record() {
    let record = of(r#"{"x": 1, "id": 5, "longitude": 999, "price": "1.001", "bedrooms": -1, "title": ""}"#);
    assert_eq!(
        fields(record.check(Onto::New)),
        ["title", "price", "location", "bedrooms", "latitude", "longitude", "id", "x"]
    );
}
