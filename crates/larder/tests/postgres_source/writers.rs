//! Many writers at once, and many who poll.

use std::collections::BTreeMap;

use larder::freshness::{Change, Happened, Value};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use sqlx::Row as _;

use crate::site::{Node, Site, run};

const WRITERS: i64 = 4;
const TRANSACTIONS: u16 = 200;

/// One transaction: a row kept, one that a savepoint takes back, one after it; then commit or not. Between, others run.
async fn write(site: &Site, writer: i64, fates: Vec<(bool, bool)>) {
    let mut connection = site.connect().await;
    for (number, (savepoint, commit)) in (0..).zip(fates) {
        let id = (writer * i64::from(TRANSACTIONS) + number) * 10;
        run(&mut connection, &format!("begin; insert into properties_property (id, price) values ({id}, 1)"))
            .await;
        if savepoint {
            run(
                &mut connection,
                &format!(
                    "savepoint a; insert into properties_property (id, price) values ({id} + 1, 1); rollback to a;
                     savepoint b; insert into properties_property (id, price) values ({id} + 2, 1); release b"
                ),
            )
            .await;
        }
        run(&mut connection, if commit { "commit" } else { "rollback" }).await;
    }
}

fn count(seen: &mut BTreeMap<i64, u32>, changes: &[Change]) {
    for change in changes {
        let Happened::Row { id: Value::Number(id), .. } = &change.happened else { panic!("{change:?}") };
        *seen.entry(id.to_string().parse().unwrap()).or_default() += 1;
    }
}

async fn poll_while(node: &mut Node, going: &std::cell::Cell<bool>) -> BTreeMap<i64, u32> {
    let mut seen = BTreeMap::new();
    while going.get() {
        count(&mut seen, &node.news().await);
    }
    count(&mut seen, &node.news().await);
    seen
}

#[tokio::test]
async fn whatever_is_committed_is_polled_by_each_node_exactly_once() {
    let mut site = Site::watched().await;
    let (mut one, mut other) = (site.node().await, site.node().await);
    let mut runner = TestRunner::default();
    let mut fates = || {
        let fates =
            proptest::collection::vec(proptest::prelude::any::<(bool, bool)>(), usize::from(TRANSACTIONS));
        fates.new_tree(&mut runner).unwrap().current()
    };
    let plans: Vec<_> = (0..WRITERS).map(|_| fates()).collect();
    let going = std::cell::Cell::new(true);
    let writing = async {
        let [a, b, c, d] = plans.try_into().unwrap();
        tokio::join!(write(&site, 0, a), write(&site, 1, b), write(&site, 2, c), write(&site, 3, d));
        going.set(false);
    };
    let ((), one, other) =
        tokio::join!(writing, poll_while(&mut one, &going), poll_while(&mut other, &going));
    let rows = sqlx::raw_sql("select id from properties_property").fetch_all(&mut site.admin).await.unwrap();
    let committed: BTreeMap<i64, u32> = rows.iter().map(|row| (row.get(0), 1)).collect();
    assert!(committed.len() > 100);
    assert!(one == committed && other == committed);
}

#[tokio::test]
async fn more_changes_than_a_poll_carries_are_called_too_many() {
    use larder::freshness::PolledChanges;
    use larder::source::Source as _;
    let mut site = Site::watched().await;
    let node = site.node().await;
    let report = "insert into larder.change (xid, relation, new) select pg_current_xact_id(), 'properties_property', json_build_array(n)
                  from generate_series(1, 20000) n";
    site.run(report).await;
    let mut source = site.source();
    let polled = source.poll(Some(node.snapshot())).await.unwrap().changes;
    assert!(matches!(polled, PolledChanges::All(changes) if changes.len() == 20_000));
    site.run("insert into properties_property (price) values (1)").await;
    assert_eq!(source.poll(Some(node.snapshot())).await.unwrap().changes, PolledChanges::TooMany);
}

#[tokio::test]
async fn a_poll_reads_nothing_that_was_seen_before() {
    let mut site = Site::watched().await;
    site.run("insert into larder.change (xid, relation, new) select pg_current_xact_id(), 'properties_property', json_build_array(n)
              from generate_series(1, 20000) n")
        .await;
    site.run("analyze larder.change").await;
    // In one transaction, so that the server does not take the sum over in between.
    site.run("begin").await;
    let fetched = "select pg_stat_get_xact_tuples_fetched('larder.change_xid'::regclass)::text";
    let before = site.text(fetched).await;
    site.run("select larder.poll(pg_snapshot_xmax(pg_current_snapshot()), '{}', 20000)").await;
    assert_eq!(site.text(fetched).await, before);
    site.run("rollback").await;
}

#[tokio::test]
async fn a_poll_that_was_given_up_does_no_harm() {
    use larder::source::Source as _;
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("insert into properties_property (price) values (1); begin; lock table larder.change in access exclusive mode")
        .await;
    let seen = node.last.snapshot.clone();
    {
        let mut poll = std::pin::pin!(node.source.poll(Some(&seen)));
        let mut watcher = site.connect().await;
        crate::site::eventually(async || {
            let polled = tokio::select! { biased; polled = &mut poll => Some(polled), () = tokio::task::yield_now() => None };
            assert!(polled.is_none(), "the lock holds it up");
            let waiting = "select count(*)::text from pg_stat_activity where wait_event_type = 'Lock' and query ~ 'larder.poll'
                           and datname = current_database() and pid <> pg_backend_pid()";
            (crate::site::text(&mut watcher, waiting).await == "1").then_some(())
        })
        .await;
    }
    site.run("rollback; insert into properties_property (id, price) values (7, 7)").await;
    assert_eq!(node.told().await, ["7: none -> 7"]);
}
