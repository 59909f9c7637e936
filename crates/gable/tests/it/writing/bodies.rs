//! Bodies that are wrong: each kind with its answer, and nothing kept.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use reqwest::Method;
use serde_json::{Value, json};

use super::{LIST, Writer, home, path};
use crate::answer::Answer;
use crate::database::{Database, over_both_databases, villa};

over_both_databases!(
    every_value_that_breaks_a_rule_is_named_with_the_rule,
    every_right_value_is_kept_as_it_was_given,
    all_that_is_wrong_is_said_at_once,
    what_the_database_gives_cannot_be_given,
    a_member_that_is_unknown_or_there_twice_is_named,
    a_body_that_is_no_json_is_told_from_one_with_wrong_values,
    a_body_of_another_kind_is_refused_before_it_is_read,
);

/// What was wrong with a body: status, and the pointer of each error.
fn wrong(answer: &Answer) -> (u16, Vec<String>) {
    let problem = answer.problem();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    for error in &errors {
        let (pointer, field) = (error["pointer"].as_str().unwrap(), error["field"].as_str().unwrap());
        assert!(
            pointer.strip_prefix('/').is_some_and(|it| it == field || field.contains(['/', '~'])),
            "{error}"
        );
        assert!(!error["rule"].as_str().unwrap().is_empty() && error["value"].is_string());
        assert!(problem["detail"].as_str().unwrap().contains(field));
    }
    (answer.status, errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect())
}

/// A new listing in which one member is this JSON.
fn with(member: &str, json: &str) -> String {
    let mut members = vec![("title", "\"Home\"".to_owned()), ("location", "\"Accra\"".to_owned())];
    if member == "longitude" {
        members.push(("latitude", "1".to_owned()));
    }
    if member == "latitude" {
        members.push(("longitude", "1".to_owned()));
    }
    members.retain(|(name, _)| *name != member);
    members.push((member, json.to_owned()));
    let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", members.join(", "))
}

async fn posts(writer: &Writer, body: impl Into<String>) -> Answer {
    writer.sends(Method::POST, LIST, &[], body.into()).await
}

async fn every_value_that_breaks_a_rule_is_named_with_the_rule(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let long = |characters: usize| format!("\"{}\"", "é".repeat(characters));
    let (too_long_a_title, too_long_a_location) = (long(201), long(101));
    let too_long_a_description = long(100_001);
    let of_any = ["true", "[]", "{}", "[\"x\"]"];
    let of_lines = [
        "\"\"",
        "\"   \"",
        "null",
        "7",
        r#""a\nb""#,
        r#""a\u0000b""#,
        r#""a\u202eb""#,
        r#""a\u2066b""#,
        r#""a\u2028b""#,
        r#""a\u0085b""#,
    ];
    let of_counts = ["-1", "1001", "1.5", "1e9", "\"3\"", "99999999999999999999", "-0.5"];
    let of_degrees = ["90.01", "-181", "1e400", "\"1\"", "-1e308", "180.00001"];
    let cases: [(&str, Vec<&str>); 11] = [
        ("title", [&of_lines[..], &[&too_long_a_title]].concat()),
        ("description", vec!["null", "7", r#""a\u0000b""#, &too_long_a_description]),
        (
            "price",
            vec![
                "-1",
                "1.001",
                "\"1.001\"",
                "\"1.000\"",
                "1e3",
                "10000000000",
                "\"\"",
                "\"x\"",
                "\"1,5\"",
                "\" 1\"",
                "\"NaN\"",
                "1e400",
                "-0",
            ],
        ),
        ("location", [&of_lines[..], &[&too_long_a_location]].concat()),
        ("status", vec!["null", "\"\"", "\"Active\"", "\"deleted\"", "1"]),
        ("kind", vec!["null", "\"\"", "\"castle\"", "1"]),
        ("bedrooms", of_counts.to_vec()),
        ("bathrooms", of_counts.to_vec()),
        ("floor_area", vec!["0", "-1", "10000001", "80.5", "\"80\""]),
        ("latitude", of_degrees.to_vec()),
        ("longitude", of_degrees.iter().copied().filter(|degrees| *degrees != "90.01").collect()),
    ];
    for (member, values) in cases {
        for value in values.iter().chain(&of_any) {
            let expected = (422, vec![format!("/{member}")]);
            assert_eq!(wrong(&posts(&writer, with(member, value)).await), expected, "{member}: {value}");
            let patch = format!("{{\"{member}\": {value}}}");
            let fields = [("if-match", "*"), ("content-type", "application/merge-patch+json")];
            let answer = writer.sends(Method::PATCH, &path(listing.id), &fields, patch).await;
            assert_eq!(wrong(&answer), expected, "{member}: {value}");
        }
    }
    assert_eq!(site.get(LIST).await.ids(), [listing.id]);
    assert_eq!(site.get(&path(listing.id)).await.json()["version"], 1);
}

async fn every_right_value_is_kept_as_it_was_given(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let (title, location) = ("é".repeat(200), "ü".repeat(100));
    // As many words as fit, none twice: PostgreSQL's index of a listing's words has its limit.
    let words: String = ('\u{4e00}'..).flat_map(|letter| [letter, ' ']).take(40_000).collect();
    let words = words + &"é".repeat(60_000);
    for (member, given, kept) in [
        ("title", json!(title), json!(title)),
        ("title", json!("🏡 e\u{301} שלום \u{200f}"), json!("🏡 e\u{301} שלום \u{200f}")),
        ("title", json!("é"), json!("é")),
        ("location", json!(location), json!(location)),
        ("description", json!("a\r\n\tb\u{202e}c"), json!("a\r\n\tb\u{202e}c")),
        ("description", json!(words), json!(words)),
        ("price", json!("9999999999.99"), json!("9999999999.99")),
        ("price", json!(0), json!("0.00")),
        ("price", json!(0.07), json!("0.07")),
        ("price", json!(1_234_567_890.12), json!("1234567890.12")),
        ("price", Value::Null, Value::Null),
        ("bedrooms", json!(1000), json!(1000)),
        ("bathrooms", json!(0.0), json!(0)),
        ("floor_area", json!(10_000_000), json!(10_000_000)),
        ("floor_area", Value::Null, Value::Null),
        ("latitude", json!(-90), json!(-90.0)),
        ("longitude", json!(0.1), json!(0.1)),
        ("longitude", json!(-179.999_999_999_999_97), json!(-179.999_999_999_999_97)),
    ] {
        let answer = posts(&writer, with(member, &given.to_string())).await;
        assert_eq!(answer.status, 201, "{member}: {}", answer.text());
        assert_eq!(answer.json()[member], kept, "{member}");
        let read = site.get(answer.header("location")).await;
        assert_eq!(read.json(), answer.json());
    }
}

async fn all_that_is_wrong_is_said_at_once(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let answer = writer
        .creates(&json!({"title": "", "price": "1.001", "bedrooms": -1, "latitude": 1, "x/y~z": 1, "id": 7}))
        .await;
    let expected = ["/title", "/price", "/location", "/bedrooms", "/latitude", "/id", "/x~1y~0z"];
    assert_eq!(wrong(&answer), (422, expected.map(str::to_owned).to_vec()));
}

async fn what_the_database_gives_cannot_be_given(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    for (member, value) in [
        ("id", json!(99)),
        ("version", json!(7)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("updated_at", json!("2020-01-01T00:00:00Z")),
    ] {
        let mut new = home();
        new[member] = value.clone();
        let answer = writer.creates(&new).await;
        assert_eq!(wrong(&answer), (422, vec![format!("/{member}")]));
        assert!(answer.problem()["errors"][0]["rule"].as_str().unwrap().contains("given by the database"));
        let answer = writer.changes(listing.id, &json!({ member: value })).await;
        assert_eq!(wrong(&answer), (422, vec![format!("/{member}")]));
        new["status"] = json!("active");
        assert_eq!(wrong(&writer.replaces(listing.id, &new).await), (422, vec![format!("/{member}")]));
    }
    assert_eq!(wrong(&writer.replaces(listing.id, &home()).await), (422, vec!["/status".to_owned()]));
    assert_eq!(site.get(&path(listing.id)).await.json()["version"], 1);
}

async fn a_member_that_is_unknown_or_there_twice_is_named(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for member in
        ["owner", "is_admin", "Title", "title ", "price_cents", "search_text", "__proto__", "reference"]
    {
        let mut new = home();
        new[member] = json!("x");
        let answer = writer.creates(&new).await;
        assert_eq!(wrong(&answer), (422, vec![format!("/{member}")]));
        assert!(
            answer.problem()["errors"][0]["rule"].as_str().unwrap().contains("floor_area"),
            "the known ones are listed"
        );
    }
    let twice = posts(&writer, r#"{"title": "A", "location": "Accra", "title": "B"}"#).await;
    assert_eq!(twice.status, 400);
    assert!(twice.problem()["detail"].as_str().unwrap().contains("title"));
    assert_eq!(site.get(LIST).await.ids(), [0; 0]);
}

async fn a_body_that_is_no_json_is_told_from_one_with_wrong_values(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    for body in [
        "",
        " ",
        "{",
        "{}x",
        "{'title': 'x'}",
        "{\"title\": \"\\ud800\"}",
        "\u{feff}{}",
        "title=Home&location=Accra",
        "NaN",
    ] {
        let answer = posts(&writer, body).await;
        assert_eq!(answer.status, 400, "{body}");
        answer.problem();
    }
    let latin = writer
        .sends(Method::POST, LIST, &[], &b"{\"title\": \"caf\xe9\", \"location\": \"Accra\"}"[..])
        .await;
    assert_eq!(latin.status, 400);
    assert!(latin.problem()["detail"].as_str().unwrap().contains("UTF-8 from byte 14"), "{}", latin.text());
    for body in ["null", "[]", "[{}]", "\"x\"", "7"] {
        let answer = posts(&writer, body).await;
        assert_eq!(answer.status, 422, "{body}");
        assert!(answer.problem()["detail"].as_str().unwrap().contains("object"));
    }
    let deep = format!("{{\"title\": {}", "[".repeat(1_000_000));
    assert_eq!(posts(&writer, deep).await.status, 400);
    let large = posts(&writer, format!("{{\"title\": \"{}\"}}", "x".repeat(1 << 20))).await;
    assert_eq!(large.status, 413);
}

async fn a_body_of_another_kind_is_refused_before_it_is_read(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let body = r#"{"title": "Home", "location": "Accra"}"#;
    for fields in [
        &[("content-type", "-")][..],
        &[("content-type", "text/plain")],
        &[("content-type", "application/x-www-form-urlencoded")],
        &[("content-type", "application/json; charset=iso-8859-1")],
        &[("content-type", "application/merge-patch+json")],
        &[("content-encoding", "gzip")],
        &[("content-encoding", "deflate, br")],
    ] {
        let answer = writer.sends(Method::POST, LIST, fields, body).await;
        assert_eq!(answer.status, 415, "{fields:?}");
        answer.problem();
    }
    let fields = [("if-match", "*"), ("content-type", "application/json-patch+json")];
    assert_eq!(writer.sends(Method::PATCH, &path(listing.id), &fields, "[]").await.status, 415);
    let deleted = writer.sends(Method::DELETE, &path(listing.id), &[("if-match", "*")], "{}").await;
    assert_eq!(deleted.status, 400, "a body says something that would not be heard");
    assert_eq!(site.get(LIST).await.ids(), [listing.id]);
}
