//! PostgreSQL's own rule of what is seen, and the traps around it, as facts.

use larder::freshness::{Snapshot, Xid};
use larder::source::postgres::{STAMP, stamped};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::site::{Site, run, text};

fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    (1..2_000_u64, 0..60_u64, proptest::collection::vec(0..60_u64, 0..20)).prop_map(|(xmin, length, xip)| {
        let xip = xip.into_iter().filter(|&xid| xid < length).map(|xid| Xid(xmin + xid));
        Snapshot::new(Xid(xmin), Xid(xmin + length), xip.collect()).unwrap()
    })
}

#[tokio::test]
async fn a_snapshot_sees_what_postgresql_says_it_sees() {
    let mut site = Site::bare().await;
    let mut runner = TestRunner::default();
    let snapshots: Vec<Snapshot> =
        (0..400).map(|_| any_snapshot().new_tree(&mut runner).unwrap().current()).collect();
    let values: Vec<String> = snapshots.iter().map(|snapshot| format!("('{snapshot}')")).collect();
    let answers = site
        .text(&format!(
            "select string_agg(line, '|') from (
                 select (select string_agg(case when pg_visible_in_snapshot(x::text::xid8, s::pg_snapshot) then '1' else '0' end,
                         '' order by x)
                         from generate_series(greatest(3, pg_snapshot_xmin(s::pg_snapshot)::text::bigint - 3),
                                              pg_snapshot_xmax(s::pg_snapshot)::text::bigint + 3) x) as line
                 from (values {}) v (s)) lines",
            values.join(",")
        ))
        .await;
    for (snapshot, answer) in snapshots.iter().zip(answers.split('|')) {
        let numbers = snapshot.xmin().0.saturating_sub(3).max(3)..=snapshot.xmax().0 + 3;
        let ours: String = numbers.map(|xid| if snapshot.sees(Xid(xid)) { '1' } else { '0' }).collect();
        assert_eq!(ours, answer, "{snapshot}");
    }
}

#[tokio::test]
async fn a_stamp_taken_after_the_data_is_a_lie() {
    let mut site = Site::watched().await;
    site.run("insert into properties_property (price) values (1)").await;
    let mut node = site.node().await;
    let mut reader = site.connect().await;
    run(&mut reader, "begin").await;
    let read = text(&mut reader, "select price::int::text from properties_property").await;
    site.run("update properties_property set price = 2").await;
    let late: Snapshot = text(&mut reader, &format!("select {STAMP}")).await.parse().unwrap();
    let change = &node.news().await[0];
    assert!(read == "1" && late.sees(change.xid), "the old price, with a stamp that sees the new one");
}

#[tokio::test]
async fn a_stamp_in_the_statement_itself_does_not_see_what_the_data_does_not_show() {
    let mut site = Site::watched().await;
    site.run("insert into properties_property (price) values (1)").await;
    let mut node = site.node().await;
    let mut reader = site.connect().await;
    run(&mut reader, "begin isolation level repeatable read read only; select 1").await;
    site.run("update properties_property set price = 2").await;
    let query = stamped("select price::int::text as price from properties_property");
    let stamp = text(&mut reader, &format!("select larder_stamp from ({query}) r where price = '1'")).await;
    assert!(!stamp.parse::<Snapshot>().unwrap().sees(node.news().await[0].xid));
}

#[tokio::test]
async fn a_writing_transaction_is_not_among_those_it_calls_open_so_it_gets_no_stamp() {
    let mut site = Site::watched().await;
    site.run("begin; insert into properties_property (price) values (1)").await;
    let own = site.text("select pg_current_xact_id()::text").await;
    let snapshot: Snapshot = site.text("select pg_current_snapshot()::text").await.parse().unwrap();
    assert!(!snapshot.xip().contains(&Xid(own.parse().unwrap())));
    assert_eq!(site.text(&format!("select coalesce({STAMP}, 'none')")).await, "none");
    site.run("rollback").await;
    assert_ne!(site.text(&format!("select coalesce({STAMP}, 'none')")).await, "none");
}

#[tokio::test]
async fn a_cursor_by_number_loses_what_the_snapshot_finds() {
    let mut site = Site::watched().await;
    site.run("create table log (number bigint generated always as identity, what text)").await;
    let mut node = site.node().await;
    let mut slow = site.connect().await;
    run(
        &mut slow,
        "begin; insert into log (what) values ('slow'); insert into properties_property (price) values (1)",
    )
    .await;
    site.run("insert into log (what) values ('quick'); insert into properties_property (price) values (2)")
        .await;
    let cursor = site.text("select max(number)::text from log").await;
    assert_eq!(node.told().await, ["2: none -> 2"]);
    run(&mut slow, "commit").await;
    assert_eq!(site.text(&format!("select count(*)::text from log where number > {cursor}")).await, "0");
    assert_eq!(node.told().await, ["1: none -> 1"]);
}

#[tokio::test]
async fn a_long_open_writer_is_reported_once_when_it_commits_and_nothing_else_twice() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    let mut long = site.connect().await;
    run(&mut long, "begin; insert into properties_property (id, price) values (500, 5)").await;
    for n in 1..=20 {
        site.run(&format!("insert into properties_property (id, price) values ({n}, {n})")).await;
        assert_eq!(node.told().await, [format!("{n}: none -> {n}")]);
    }
    run(&mut long, "commit").await;
    assert_eq!(node.told().await, ["500: none -> 5"]);
    assert_eq!(node.told().await, [""; 0]);
}

#[tokio::test]
async fn the_number_of_a_crashed_transaction_is_given_out_again() {
    let server = testkit::Postgres::start();
    let mut site = Site::watched_on(&server).await;
    // Not flushed: a transaction that does not commit waits for no disk.
    let lost = site.text("begin; select pg_current_xact_id()::text").await;
    server.kill();
    server.restart();
    let mut after = crate::site::connect(&site.url).await;
    let next = text(&mut after, "select pg_current_xact_id()::text").await;
    assert!(next.parse::<u64>().unwrap() <= lost.parse().unwrap(), "{next} after {lost}");
}
