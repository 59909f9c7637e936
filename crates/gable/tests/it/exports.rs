//! Exports: everything that matches, once, in either format, in bounded memory.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeMap;

use listings::accounts::Scope;
use serde_json::Value;

use crate::database::{Database, draft, over_both_databases, villa};
use crate::site::Site;

over_both_databases!(
    both_formats_hold_every_match_exactly_once_in_order_of_id,
    a_line_of_ndjson_is_the_record_of_the_api,
    a_row_of_csv_has_the_record_s_values_whatever_they_hold,
    an_export_with_credentials_is_kept_by_nobody,
    an_export_is_filtered_as_a_search_is,
    an_export_of_nothing_is_empty,
    no_cell_is_a_formula_to_a_spreadsheet,
    what_would_take_a_part_of_an_export_is_refused,
    an_export_that_the_database_breaks_off_does_not_look_whole,
    an_export_that_cannot_begin_says_so,
    an_export_of_more_than_memory_is_read_at_the_client_s_own_pace,
);

const NDJSON: &str = "/api/v1/properties/export.ndjson";
const CSV: &str = "/api/v1/properties/export.csv";
const MEBIBYTE: u64 = 1 << 20;

fn lines(ndjson: &str) -> Vec<Value> {
    assert!(ndjson.is_empty() || ndjson.ends_with('\n'), "the last line is whole");
    ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(csv.as_bytes()).deserialize().map(Result::unwrap).collect()
}

async fn no_cell_is_a_formula_to_a_spreadsheet(database: Database) {
    let evil = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "'=1", "=1"];
    let homes = evil.map(|text| listings::Draft {
        location: text.into(),
        description: format!("\t{text}"),
        ..draft(text)
    });
    database.add(homes).await;
    let site = database.serve();
    for (row, text) in rows(site.get(CSV).await.text()).iter().zip(evil) {
        for column in ["title", "location", "description"] {
            assert!(!row[column].starts_with(['=', '+', '-', '@', '\t', '\r']), "{column}: {}", row[column]);
        }
        assert_eq!((&row["title"], &row["description"]), (&format!("'{text}"), &format!("'\t{text}")));
    }
    let first = &lines(site.get(NDJSON).await.text())[0];
    assert_eq!(first["title"], evil[0], "JSON calculates nothing");
}

async fn both_formats_hold_every_match_exactly_once_in_order_of_id(database: Database) {
    database.fill(2_345, 10).await;
    let site = database.serve();
    let ndjson = site.get(NDJSON).await;
    assert_eq!(ndjson.header("content-type"), "application/x-ndjson");
    let ids: Vec<i64> = lines(ndjson.text()).iter().map(|line| line["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, (1..=2_345).collect::<Vec<_>>());
    let csv = site.get(CSV).await;
    assert!(csv.header("content-type").starts_with("text/csv"));
    assert!(csv.header("content-disposition").starts_with("attachment"));
    let ids: Vec<i64> = rows(csv.text()).iter().map(|row| row["id"].parse().unwrap()).collect();
    assert_eq!(ids, (1..=2_345).collect::<Vec<_>>());
}

async fn a_line_of_ndjson_is_the_record_of_the_api(database: Database) {
    let added = database.add([villa(), draft("Plain")]).await;
    let site = database.serve();
    for (line, property) in lines(site.get(NDJSON).await.text()).iter().zip(&added) {
        assert_eq!(line, &site.get(&format!("/api/v1/properties/{}", property.id)).await.json());
    }
}

async fn a_row_of_csv_has_the_record_s_values_whatever_they_hold(database: Database) {
    let nasty = listings::Draft { description: "a, \"b\";\r\nc\n\n'd' \t é 🏡 =1+1".into(), ..villa() };
    let added = database.add([nasty, draft("Plain, \"or\" not")]).await;
    let site = database.serve();
    let csv = site.get(CSV).await;
    for (row, property) in rows(csv.text()).iter().zip(&added) {
        let record = site.get(&format!("/api/v1/properties/{}", property.id)).await.json();
        assert_eq!(row.len(), record.as_object().unwrap().len());
        for (name, value) in record.as_object().unwrap() {
            assert_eq!(row[name], cell(value), "{name}");
        }
    }
    assert!(
        csv.text().starts_with("id,title,description,price,location,created_at,"),
        "Django's six come first"
    );
}

/// A value as a cell: texts as they are, null as nothing.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

async fn an_export_with_credentials_is_kept_by_nobody(database: Database) {
    let site = database.serve();
    let token = format!("Bearer {}", site.token(&[Scope::Read]).await);
    for path in [NDJSON, CSV] {
        let none = site.get_with(path, &[("authorization", "Bearer x")]).await;
        assert_eq!((none.status, none.header("cache-control")), (401, "no-store"), "{path}");
        let own = site.get_with(path, &[("authorization", &token)]).await;
        assert_eq!(own.header("cache-control"), "private, no-store", "{path}");
        let public = site.get(path).await;
        assert_eq!(
            (public.header("cache-control"), public.header("etag")),
            ("public, no-cache", ""),
            "{path}"
        );
    }
}

async fn an_export_is_filtered_as_a_search_is(database: Database) {
    let added = database.add([villa(), draft("Plain")]).await;
    let site = database.serve();
    for query in ["q=view", "kind=villa&max_price=1200.50", "location=T%C3%B3rshavn"] {
        let found = lines(site.get(&format!("{NDJSON}?{query}")).await.text());
        assert_eq!((found.len(), found[0]["id"].as_i64()), (1, Some(added[0].id)), "{query}");
        assert_eq!(rows(site.get(&format!("{CSV}?{query}")).await.text()).len(), 1, "{query}");
    }
}

async fn an_export_of_nothing_is_empty(database: Database) {
    let site = database.serve();
    let ndjson = site.get(NDJSON).await;
    assert_eq!((ndjson.status, ndjson.text()), (200, ""));
    let csv = site.get(CSV).await;
    assert_eq!((csv.text().lines().count(), rows(csv.text()).len()), (1, 0), "the header line is there");
}

async fn what_would_take_a_part_of_an_export_is_refused(database: Database) {
    let site = database.serve();
    for path in [NDJSON, CSV] {
        for (parameter, value) in
            [("limit", "5"), ("cursor", "x"), ("sort", "price"), ("count", "true"), ("page", "2")]
        {
            let answer = site.get(&format!("{path}?{parameter}={value}")).await;
            assert_eq!(answer.status, 400, "{parameter}");
            assert_eq!(answer.problem()["errors"][0]["parameter"], parameter);
        }
        assert_eq!(site.get(&format!("{path}?limit=&sort=")).await.status, 200, "as a form sends them");
    }
}

async fn an_export_that_the_database_breaks_off_does_not_look_whole(database: Database) {
    database.fill(6_000, 8_000).await;
    let site = database.serve();
    for path in [NDJSON, CSV] {
        let mut response = site.begin(path).await;
        assert_eq!(response.status(), 200);
        assert!(response.chunk().await.unwrap().is_some());
        site.database.sql("alter table properties_property rename to taken_away").await;
        let mut ended = response.chunk().await;
        while let Ok(Some(_)) = ended {
            ended = response.chunk().await;
        }
        assert!(ended.is_err(), "a clean end would say that this was everything");
        site.database.sql("alter table taken_away rename to properties_property").await;
    }
    assert!(site.program.stderr().contains("an export broke off"), "{}", site.program.stderr());
}

async fn an_export_that_cannot_begin_says_so(database: Database) {
    let site = database.serve();
    assert_eq!(site.get(NDJSON).await.status, 200);
    site.database.sql("alter table properties_property rename to taken_away").await;
    for path in [NDJSON, CSV] {
        let answer = site.get(path).await;
        assert_eq!(answer.status, 500);
        let problem = answer.problem();
        assert!(
            !problem.to_string().contains("taken_away")
                && !problem.to_string().contains("properties_property")
        );
    }
}

async fn an_export_of_more_than_memory_is_read_at_the_client_s_own_pace(database: Database) {
    database.fill(20_000, 4_000).await;
    let site = database.serve();
    assert_eq!(site.get("/").await.status, 200);
    let before = site.program.resident_bytes();
    let (bytes, records) = read_slowly(&site, NDJSON).await;
    assert_eq!(records, 20_000);
    assert!(bytes > 75 * MEBIBYTE, "kept in memory it would show: {bytes}");
    let growth = site.program.peak_resident_bytes().saturating_sub(before);
    assert!(growth < 64 * MEBIBYTE, "{} MiB", growth / MEBIBYTE);
}

/// Reads an export with other requests between its pieces; returns its bytes and lines.
async fn read_slowly(site: &Site, path: &str) -> (u64, usize) {
    let mut response = site.begin(path).await;
    let (mut bytes, mut lines, mut asked) = (0, 0, 0);
    while let Some(chunk) = response.chunk().await.unwrap() {
        bytes += chunk.len() as u64;
        lines += chunk.split(|byte| *byte == b'\n').count() - 1;
        if bytes / (4 * MEBIBYTE) >= asked {
            asked += 1;
            assert_eq!(site.get("/api/v1/properties?limit=1").await.status, 200, "the others are answered");
        }
    }
    (bytes, lines)
}
