//! Every way in which rows change is reported, with what they were and what they became.

use larder::freshness::{Change, Happened, PolledChanges, Value};
use larder::source::postgres;
use testkit::{Django, Postgres as Server};

use crate::site::{COLUMNS, Site};

#[tokio::test]
async fn an_insert_an_update_and_a_delete_are_reported_with_old_and_new() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("insert into properties_property (price) values (100)").await;
    assert_eq!(node.told().await, ["1: none -> 100"]);
    site.run("update properties_property set price = 120").await;
    assert_eq!(node.told().await, ["1: 100 -> 120"]);
    site.run("delete from properties_property").await;
    assert_eq!(node.told().await, ["1: 120 -> none"]);
    assert_eq!(node.told().await, [""; 0]);
    assert_eq!(site.fault().await, "");
}

#[tokio::test]
async fn a_changed_primary_key_is_a_row_less_and_a_row_more() {
    let mut site = Site::watched().await;
    site.run("insert into properties_property (price) values (100)").await;
    let mut node = site.node().await;
    site.run("update properties_property set id = 70").await;
    assert_eq!(node.told().await, ["1: 100 -> none", "70: none -> 100"]);
}

#[tokio::test]
async fn copy_merge_and_on_conflict_are_reported() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    let mut copy = site.admin.copy_in_raw("copy properties_property (id, price) from stdin").await.unwrap();
    copy.send(&b"8\t80\n9\t90\n"[..]).await.unwrap();
    copy.finish().await.unwrap();
    assert_eq!(node.told().await, ["8: none -> 80", "9: none -> 90"]);
    site.run(
        "merge into properties_property p using (values (8, 81), (10, 100)) v (id, price) on p.id = v.id
         when matched then update set price = v.price when not matched then insert (id, price) values (v.id, v.price)",
    )
    .await;
    assert_eq!(node.told().await, ["8: 80 -> 81", "10: none -> 100"]);
    site.run(
        "insert into properties_property (id, price) values (8, 82) on conflict (id) do update set price = 82;
         insert into properties_property (id, price) values (8, 83) on conflict (id) do nothing",
    )
    .await;
    assert_eq!(node.told().await, ["8: 81 -> 82"]);
}

#[tokio::test]
async fn rows_that_a_foreign_key_deletes_are_reported() {
    let mut site = Site::watched().await;
    site.run(
        "create table owner (id int primary key);
         alter table properties_property add owner_id int references owner on delete cascade;
         insert into owner values (1); insert into properties_property (price, owner_id) values (5, 1)",
    )
    .await;
    let mut node = site.node().await;
    site.run("delete from owner").await;
    assert_eq!(node.told().await, ["1: 5 -> none"]);
}

#[tokio::test]
async fn truncate_is_a_change_of_the_whole_table() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("truncate properties_property").await;
    assert_eq!(node.told().await, ["all of properties_property"]);
}

#[tokio::test]
async fn a_session_that_replays_a_replica_reports_all_the_same() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("set session_replication_role = replica; insert into properties_property (price) values (1)")
        .await;
    site.run("truncate properties_property").await;
    assert_eq!(node.told().await, ["1: none -> 1", "all of properties_property"]);
}

#[tokio::test]
async fn what_psql_writes_is_reported() {
    let site = Site::watched().await;
    let mut node = site.node().await;
    Server::shared().sql(&site.url, "insert into properties_property (price) values (1)");
    assert_eq!(node.told().await, ["1: none -> 1"]);
}

#[tokio::test]
async fn what_a_savepoint_took_back_is_not_reported() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run(
        "begin; insert into properties_property (price) values (1); savepoint a;
         insert into properties_property (price) values (2); rollback to a;
         insert into properties_property (price) values (3); commit",
    )
    .await;
    assert_eq!(node.told().await, ["1: none -> 1", "3: none -> 3"]);
    let xids: Vec<_> = match &node.last.changes {
        PolledChanges::All(changes) => changes.iter().map(|change| change.xid).collect(),
        PolledChanges::TooMany => vec![],
    };
    assert_eq!(xids[0], xids[1], "a subtransaction reports as the transaction that it is in");
}

#[tokio::test]
async fn points_in_time_are_microseconds_since_1970() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("set timezone = 'Asia/Kolkata'; insert into properties_property (price) values (1)").await;
    assert_eq!(value(&node.news().await[0], "created_at"), Value::from(1_704_164_645_678_901_i64));
}

#[tokio::test]
async fn no_value_keeps_a_row_from_being_written() {
    let mut site = Site::watched().await;
    site.run(
        "create type mood as enum ('glad'); create domain place as text;
         create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
         create table odd (id uuid primary key default gen_random_uuid(), n numeric, f float8, r float4, t timestamptz,
             d date, m mood, p place, b bytea, j json, i interval, a int[], c text collate blind, \"long \"\"one\" text)",
    )
    .await;
    let columns = ["n", "f", "r", "t", "d", "m", "p", "b", "j", "i", "a", "c", "long \"one"];
    postgres::watch(&mut site.admin, "odd", &columns).await.unwrap();
    let mut node = site.node().await;
    site.run(
        "insert into odd values (default, 'NaN', 'NaN', 0.1, 'infinity', '-infinity', 'glad', 'Accra', '\\x00', '{}',
             '1 day', '{1}', 'x', repeat('y', 2000));
         insert into odd (n, f, t) values ('-Infinity', 0.1::float8 + 0.2, '-infinity'), (1e300, 1e300, '4713-01-01 BC')",
    )
    .await;
    let changes = node.news().await;
    let row: Vec<Value> = columns.iter().map(|column| value(&changes[0], column)).collect();
    let text = |text: &str| Value::from(text);
    let unknown = || Value::Unknown;
    assert_eq!(row[..3], [text("NaN"), text("NaN"), Value::from(f64::from(0.1_f32))]);
    assert_eq!(row[3..7], [text("Infinity"), text("-infinity"), text("glad"), text("Accra")]);
    assert_eq!(row[7..], [unknown(), unknown(), unknown(), unknown(), unknown(), unknown()]);
    assert_eq!(value(&changes[1], "f"), Value::from(0.1 + 0.2));
    assert_eq!(value(&changes[2], "n"), Value::Unknown);
    assert_eq!(value(&changes[1], "p"), Value::Null);
    // Such a session would have other floats reported than there are.
    site.run("set extra_float_digits = -10; insert into odd (f) values (0.1::float8 + 0.2); reset extra_float_digits").await;
    assert_eq!(node.told().await, ["all of odd"]);
}

#[tokio::test]
async fn the_words_of_a_document_are_told_unless_they_are_too_many() {
    let mut site = Site::watched().await;
    site.run(
        "create table papers (id integer primary key, body text, words tsvector generated always as
             (to_tsvector('simple', body)) stored)",
    )
    .await;
    postgres::watch(&mut site.admin, "papers", &["words"]).await.unwrap();
    let mut node = site.node().await;
    site.run(
        "insert into papers values (1, 'The Garden, quiet'), (2, null), (3, ''),
             (4, (select string_agg('word' || n, ' ') from generate_series(1, 501) n))",
    )
    .await;
    let told = node.news().await.iter().map(|change| value(change, "words")).collect::<Vec<_>>();
    let Value::Words(words) = &told[0] else { panic!("{told:?}") };
    assert_eq!(
        ["gard", "the", "quiet", "q", "pool"].map(|it| words.any_begins_with(it)),
        [true, true, true, true, false]
    );
    assert_eq!(told[1..], [Value::Null, Value::Unknown, Value::Unknown]);
}

#[tokio::test]
async fn floats_keep_every_digit() {
    let mut site = Site::watched().await;
    site.run("create table measured (id int primary key, f float8)").await;
    postgres::watch(&mut site.admin, "measured", &["f"]).await.unwrap();
    let mut node = site.node().await;
    let floats = [
        1e15,
        1e16,
        1.5e20,
        -2.5e-7,
        0.1 + 0.2,
        1.234_567_890_123_456_7e25,
        1e28,
        1e29,
        1e-28,
        1e-40,
        -0.0,
        5e-324,
    ];
    for (id, float) in floats.iter().enumerate() {
        site.run(&format!("insert into measured values ({id}, '{float:e}')")).await;
    }
    let told: Vec<Value> = node.news().await.iter().map(|change| value(change, "f")).collect();
    assert_eq!(told, floats.map(Value::from));
}

#[tokio::test]
async fn moments_before_1970_and_without_a_zone_are_microseconds_too() {
    let mut site = Site::watched().await;
    site.run("create table happened (id int primary key, t timestamptz, plain timestamp, s numeric)").await;
    postgres::watch(&mut site.admin, "happened", &["s", "plain", "t"]).await.unwrap();
    let mut node = site.node().await;
    site.run(
        "insert into happened values (1, '1969-12-31 23:59:59.999999Z', '2024-01-02 03:04:05.678901', 7),
             (2, '9999-12-31 23:59:59.999999Z', '-infinity', null)",
    )
    .await;
    let news = node.news().await;
    let all = |change| ["t", "plain", "s"].map(|column| value(change, column));
    assert_eq!(all(&news[0]), [Value::from(-1), Value::from(1_704_164_645_678_901_i64), Value::from(7)]);
    assert_eq!(
        all(&news[1]),
        [Value::from(253_402_300_799_999_999_i64), Value::from("-Infinity"), Value::Null]
    );
}

#[tokio::test]
async fn fifty_columns_are_told_each_by_its_name() {
    let mut site = Site::watched().await;
    let names: Vec<String> = (1..=50).rev().map(|n| format!("c{n}")).collect();
    let columns = names.iter().map(|name| format!("{name} int")).collect::<Vec<_>>().join(", ");
    site.run(&format!("create table wide (id text primary key, {columns})")).await;
    let watched: Vec<&str> = names.iter().map(String::as_str).rev().collect();
    postgres::watch(&mut site.admin, "wide", &watched).await.unwrap();
    let mut node = site.node().await;
    site.run("insert into wide (id, c1, c50) values ('a', 1, 50)").await;
    let news = node.news().await;
    assert_eq!(["c1", "c2", "c50"].map(|column| value(&news[0], column)), [1.into(), Value::Null, 50.into()]);
    assert!(matches!(&news[0].happened, Happened::Row { id, .. } if *id == Value::from("a")));
}

fn value(change: &Change, column: &str) -> Value {
    let Happened::Row { new: Some(new), .. } = &change.happened else { panic!("no new row") };
    new.value(column).unwrap().clone()
}

#[tokio::test]
async fn a_column_that_was_renamed_or_retyped_fails_no_write_and_changes_the_whole_table() {
    for event_triggers in [true, false] {
        a_column_is_renamed_or_retyped(event_triggers).await;
    }
}

/// With event triggers another function is put up in time; without, the function itself looks before it touches a column.
async fn a_column_is_renamed_or_retyped(event_triggers: bool) {
    let mut site = Site::watched().await;
    if !event_triggers {
        site.run("drop event trigger larder_ddl; drop event trigger larder_drop; update larder.installation set event_triggers = false;
                  select larder.watch('properties_property', array['price', 'location', 'created_at'])").await;
    }
    for ddl in ["rename price to cost", "alter created_at type text", "drop location"] {
        site.run(&format!("alter table properties_property {ddl}")).await;
        let mut node = site.node().await;
        site.run("insert into properties_property default values").await;
        assert_eq!(node.told().await, ["all of properties_property"]);
        assert!(site.fault().await.contains("the columns that are watched are not what they were"));
    }
}

#[tokio::test]
async fn above_a_thousand_rows_the_whole_table_is_reported_once() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("insert into properties_property (price) select generate_series(1, 1000)").await;
    assert_eq!(node.told().await.len(), 1000);
    site.run("insert into properties_property (price) select generate_series(1, 1001)").await;
    let told = node.told().await;
    assert_eq!((told.len(), told.last().unwrap().as_str()), (1001, "all of properties_property"));
    site.run("begin; update properties_property set price = 1 where id <= 600; update properties_property set price = 2;
              update properties_property set price = 3; commit")
        .await;
    let told = node.told().await;
    assert_eq!((told.len(), told.last().unwrap().as_str()), (1001, "all of properties_property"));
    site.run("update properties_property set price = 4 where id = 1").await;
    assert_eq!(node.told().await, ["1: 3 -> 4"], "the next transaction counts anew");
}

#[tokio::test]
async fn rows_that_a_savepoint_took_back_are_not_counted() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run(
        "begin; insert into properties_property (price) select generate_series(1, 990); savepoint a;
         insert into properties_property (price) select generate_series(1, 20); rollback to a;
         insert into properties_property (price) select generate_series(1, 10); commit",
    )
    .await;
    let told = node.told().await;
    assert_eq!((told.len(), told.last().unwrap().as_str()), (1000, "1020: none -> 10"));
}

#[tokio::test]
async fn rows_of_earlier_transactions_and_of_other_tables_are_not_counted() {
    let mut site = Site::watched().await;
    site.run(
        "select larder.watch('properties_property', array['price'], 3); create table b (id int primary key, price int);
         select larder.watch('b', array['price'])",
    )
    .await;
    let mut node = site.node().await;
    for _ in 0..5 {
        site.run("insert into properties_property (price) values (1), (1)").await;
    }
    assert_eq!(node.told().await.iter().filter(|told| told.ends_with("none -> 1")).count(), 10);
    site.run("begin; insert into b select n, n from generate_series(1, 10) n; insert into properties_property (price) values (2), (2), (2); commit")
        .await;
    assert!(node.told().await.iter().all(|told| !told.starts_with("all")));
    site.run("begin; insert into b select n, n from generate_series(11, 20) n; insert into properties_property (price) values (2), (2), (2), (2); commit")
        .await;
    assert_eq!(node.told().await.iter().filter(|told| told.starts_with("all")).count(), 1);
}

/// Otherwise whoever writes a thousand rows a second, one at a time, would have each counted in the dearest way.
#[tokio::test]
async fn after_much_was_reported_the_servers_sum_begins_anew() {
    let mut site = Site::watched().await;
    site.run("insert into properties_property (price) select generate_series(1, 1001)").await;
    let sum = "select pg_stat_get_xact_tuples_inserted('larder.change'::regclass)::text";
    assert_eq!(site.text(sum).await, "0");
}

#[tokio::test]
async fn a_whole_table_that_a_savepoint_took_back_does_not_hide_the_rows_after_it() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run(
        "begin; savepoint a; insert into properties_property (id, price) select n, n from generate_series(1, 3000) n;
         rollback to a; insert into properties_property (id, price) values (9000, 7); commit",
    )
    .await;
    assert_eq!(node.told().await, ["9000: none -> 7"]);
}

#[tokio::test]
async fn djangos_update_and_bulk_create_are_reported() {
    let mut site = Site::bare().await;
    let django = Django::new(&site.url);
    django.migrate();
    postgres::install(&mut site.admin).await.unwrap();
    postgres::watch(&mut site.admin, "properties_property", &COLUMNS).await.unwrap();
    let mut node = site.node().await;
    django.exercise(&["bulk", "2"]);
    assert_eq!(node.told().await, ["1: none -> 1001.5", "2: none -> 1002.5"]);
    django.exercise(&["queryset-update", "7.00"]);
    assert_eq!(node.told().await, ["1: 1001.5 -> 7", "2: 1002.5 -> 7"]);
    django.exercise(&["delete", "1"]);
    assert_eq!(node.told().await, ["1: 7 -> none"]);
}
