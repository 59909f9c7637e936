//! What can be watched, what watching notices, and what DDL makes of it.

use std::pin::Pin;

use larder::source::postgres::{self, InstallError, Installed};
use larder::source::{Source as _, SourceError};
use sqlx::PgConnection;

use crate::site::{COLUMNS, Site, eventually, run, text};

async fn refusal(site: &mut Site, table: &str, columns: &[&str]) -> String {
    match postgres::watch(&mut site.admin, table, columns).await {
        Err(InstallError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused_with_the_reason() {
    let mut site = Site::installed().await;
    site.run(
        "create view v as select 1 as id; create table keyless (a int); create table pair (a int, b int, primary key (a, b));
         create table parent (id int primary key); create table child () inherits (parent);
         create temp table passing (id int primary key); create table bits (id bytea primary key);
         create foreign data wrapper w; create server s foreign data wrapper w; create foreign table far (id int) server s",
    )
    .await;
    let key = "has no primary key of one column, of a type that can be carried \
               (a whole number, numeric, uuid or text)";
    for (table, why) in [
        ("nowhere", "there is no table nowhere"),
        ("v", "public.v is a view, and only tables can be watched"),
        ("far", "public.far is a foreign table, and only tables can be watched"),
        ("keyless", &format!("public.keyless {key}")),
        ("pair", &format!("public.pair {key}")),
        ("bits", &format!("public.bits {key}")),
        ("parent", "tables inherit from public.parent, and what is written to them fires no trigger here"),
    ] {
        assert_eq!(refusal(&mut site, table, &[]).await, why);
    }
    assert!(refusal(&mut site, "passing", &[]).await.contains("is a temporary table"));
    assert_eq!(
        refusal(&mut site, "properties_property", &["price", "cost"]).await,
        "public.properties_property has no column cost (or its values are not stored)"
    );
}

#[tokio::test]
async fn a_table_is_called_in_changes_as_the_search_path_calls_it() {
    let mut site = Site::installed().await;
    site.run("create schema \"Other\"; create table \"Other\".\"Mixed 'one'\" (id int primary key)").await;
    postgres::watch(&mut site.admin, "\"Other\".\"Mixed 'one'\"", &[]).await.unwrap();
    let mut node = site.node().await;
    site.run("insert into \"Other\".\"Mixed 'one'\" values (1)").await;
    assert_eq!(&*node.news().await[0].table, "Other.Mixed 'one'");
    site.run("set search_path = \"Other\", public").await;
    postgres::watch(&mut site.admin, "\"Mixed 'one'\"", &[]).await.unwrap();
    site.run("insert into \"Mixed 'one'\" values (2)").await;
    let news = node.news().await;
    let names: Vec<&str> = news.iter().map(|change| &*change.table).collect();
    assert_eq!(names, ["Mixed 'one'"]);
    assert_eq!(site.fault().await, "");
}

#[tokio::test]
async fn two_tables_of_one_name_are_not_confused() {
    let mut site = Site::watched().await;
    site.run(
        "create schema other; create table other.properties_property (id int primary key); set search_path = other",
    )
    .await;
    let why = refusal(&mut site, "properties_property", &[]).await;
    assert_eq!(why, "changes of public.properties_property are already reported as `properties_property`");
}

#[tokio::test]
async fn watching_again_with_other_columns_replaces() {
    let mut site = Site::watched().await;
    postgres::watch(&mut site.admin, "properties_property", &["title"]).await.unwrap();
    let mut node = site.node().await;
    site.run("insert into properties_property (price) values (1)").await;
    assert_eq!(node.told().await, ["1: none -> ?"]);
}

#[tokio::test]
async fn watching_makes_what_was_kept_before_worthless_and_watching_the_same_again_does_not() {
    let mut site = Site::installed().await;
    let mut node = site.node().await;
    postgres::watch(&mut site.admin, "properties_property", &COLUMNS).await.unwrap();
    assert!(node.begins_anew().await);
    postgres::watch(&mut site.admin, "properties_property", &COLUMNS).await.unwrap();
    postgres::install(&mut site.admin).await.unwrap();
    assert!(!node.begins_anew().await);
    postgres::unwatch(&mut site.admin, "properties_property").await.unwrap();
    assert!(node.begins_anew().await);
    site.run("insert into properties_property (price) values (1); truncate properties_property").await;
    assert_eq!(node.told().await, [""; 0]);
    assert_eq!(site.fault().await, "");
}

/// As version 1 left it, as far as this version differs.
const VERSION_1: &str = "
    drop table larder.change;
    create unlogged table larder.change (xid xid8 not null, relation text not null, id jsonb, old jsonb, new jsonb,
        at timestamptz not null default clock_timestamp());
    alter table larder.watched drop seconds;
    update larder.installation set version = 1, script = 'of version 1';
    do $do$ begin
        execute format('create or replace function larder.%I() returns trigger language plpgsql security definer as %L',
            (select function_name from larder.watched), 'begin insert into larder.change (xid, relation, id) values
            (pg_current_xact_id(), ''properties_property'', to_jsonb(new.id)); return null; end');
        update larder.watched w set version = 1,
            body = (select md5(prosrc) from pg_proc where proname = w.function_name);
    end $do$";

#[tokio::test]
async fn an_older_installation_is_brought_to_this_version_and_its_tables_stay_watched() {
    let mut site = Site::watched().await;
    site.run("create role asks").await;
    site.run("select larder.grant_to('asks')").await;
    site.run(VERSION_1).await;
    site.run("insert into properties_property (price) values (1)").await;
    assert!(site.fault().await.contains("version 1"));
    postgres::install(&mut site.admin).await.unwrap();
    assert_eq!(site.fault().await, "");
    let mut node = site.node().await;
    site.run("insert into properties_property (price) values (2)").await;
    assert_eq!(node.told().await, ["2: none -> 2"]);
    let rights =
        "select has_function_privilege('asks', 'larder.poll(xid8, xid8[], integer)', 'execute')::text";
    assert_eq!(site.text(rights).await, "true");
    site.run("drop owned by asks; drop role asks").await;
}

/// Whoever came to the table before holds the upgrade up; whoever comes later finds the new function, although it has run the
/// old one before.
#[tokio::test]
async fn an_upgrade_lets_no_writer_fail() {
    let mut site = Site::watched().await;
    site.run(VERSION_1).await;
    let (mut early, mut late, mut watcher) =
        (site.connect().await, site.connect().await, site.connect().await);
    let write = "insert into properties_property (price) values (1)";
    run(&mut late, write).await;
    run(&mut early, "begin").await;
    run(&mut early, write).await;
    {
        let mut installing = std::pin::pin!(postgres::install(&mut site.admin));
        wait_for_locks(&mut watcher, "1", installing.as_mut()).await;
        let mut both = std::pin::pin!(async { tokio::join!(installing, run(&mut late, write)) });
        wait_for_locks(&mut watcher, "2", both.as_mut()).await;
        run(&mut early, write).await;
        run(&mut early, "commit").await;
        both.await.0.unwrap();
    }
    assert_eq!(site.text("select new ->> 1 from larder.change").await, "1.00", "what the late one wrote");
    let mut node = site.node().await;
    run(&mut early, "update properties_property set price = 5 where id = 1").await;
    assert_eq!(node.told().await, ["1: 1 -> 5"]);
    assert_eq!(site.fault().await, "");
}

/// Until so many locks of this database are waited for, while this goes on.
async fn wait_for_locks(watcher: &mut PgConnection, number: &str, mut going: Pin<&mut impl Future>) {
    eventually(async || {
        let done = tokio::select! { biased; _ = &mut going => true, () = tokio::task::yield_now() => false };
        assert!(!done, "a lock holds it up");
        let waiting = "select count(*)::text from pg_locks where not granted
                       and database = (select oid from pg_database where datname = current_database())";
        (text(watcher, waiting).await == number).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_upgrade_blinds_what_can_no_longer_be_watched() {
    let mut site = Site::watched().await;
    site.run(VERSION_1).await;
    site.run("drop event trigger larder_ddl; drop event trigger larder_drop; alter table properties_property drop price").await;
    postgres::install(&mut site.admin).await.unwrap();
    let mut node = site.node().await;
    site.run("insert into properties_property default values").await;
    assert_eq!(node.told().await, ["all of properties_property"]);
    assert!(site.fault().await.contains("the columns that are watched are not what they were"));
}

#[tokio::test]
async fn what_was_told_before_a_table_was_watched_anew_is_read_with_nobody_elses_names() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("insert into properties_property (price) values (1)").await;
    site.run("begin").await;
    postgres::watch(&mut site.admin, "properties_property", &["location", "price"]).await.unwrap();
    let mut before = site.node().await;
    let (mut started, known) = (site.source(), node.snapshot().clone());
    assert_eq!(before.told().await, [""; 0]);
    // The watch is not committed: a poll reads the columns of before.
    let polled = started.poll(Some(&known)).await.unwrap().changes;
    let larder::freshness::PolledChanges::All(changes) = polled else { panic!("too many") };
    assert_eq!(changes.iter().map(crate::site::told).collect::<Vec<_>>(), ["1: none -> 1"]);
    site.run("commit").await;
    let incarnation = node.last.incarnation;
    assert_eq!(node.told().await, ["all of properties_property"], "it has other columns");
    assert_ne!(node.last.incarnation, incarnation, "and nobody relies on it");
    site.run("update properties_property set price = 2").await;
    assert_eq!(node.told().await, ["1: 1 -> 2"]);
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let mut site = Site::watched().await;
    site.run("update larder.installation set version = 99").await;
    let refused = postgres::install(&mut site.admin).await.unwrap_err();
    assert!(matches!(refused, InstallError::Newer { installed: 99, .. }), "{refused}");
    assert!(site.fault().await.contains("version 99"));
}

#[tokio::test]
async fn a_database_without_the_schema_is_unwatched() {
    let site = Site::bare().await;
    let refused = site.source().poll(None).await.unwrap_err();
    assert!(matches!(&refused, SourceError::Unwatched(why) if why.contains("not installed")), "{refused}");
    assert!(site.fault().await.contains("not installed"));
}

#[tokio::test]
async fn ddl_on_a_watched_table_makes_what_was_kept_worthless() {
    let mut site = Site::watched().await;
    site.run("create type mood as enum ('glad'); alter table properties_property add mood mood").await;
    let mut node = site.node().await;
    for ddl in [
        "alter table properties_property add column area int",
        "alter table properties_property alter price type numeric(14, 2)",
        "alter table properties_property disable trigger larder_rows",
        "alter table properties_property enable always trigger larder_rows",
        "alter table properties_property enable row level security",
        "create policy all_of_it on properties_property using (true)",
        "drop policy all_of_it on properties_property",
        "alter type mood rename value 'glad' to 'happy'",
        "drop trigger larder_truncate on properties_property",
        "begin; savepoint a; alter table properties_property add b int; release a; alter table properties_property drop b; commit",
        "drop table properties_property",
    ] {
        site.run(ddl).await;
        assert!(node.begins_anew().await, "{ddl}");
    }
}

#[tokio::test]
async fn other_ddl_leaves_the_caches_alone() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    for ddl in [
        "create temp table scratch (id int primary key); drop table scratch",
        "create table other (id int primary key); alter table other add a int; drop table other",
        "create index concurrently on properties_property (title)",
        "create view shown as select * from properties_property; drop view shown",
        "alter table properties_property add b int; rollback",
    ] {
        let ddl = if ddl.ends_with("rollback") { format!("begin; {ddl}") } else { ddl.to_owned() };
        site.run(&ddl).await;
        assert!(!node.begins_anew().await, "{ddl}");
    }
}

#[tokio::test]
async fn open_ddl_keeps_nobody_from_ddl_or_from_polling() {
    let mut site = Site::watched().await;
    site.run("create table second (id int primary key)").await;
    postgres::watch(&mut site.admin, "second", &[]).await.unwrap();
    let mut node = site.node().await;
    let mut other = site.connect().await;
    crate::site::run(&mut other, "begin; alter table second add a int").await;
    site.run("set lock_timeout = '5s'; alter table properties_property add a int").await;
    assert!(node.begins_anew().await);
    crate::site::run(&mut other, "commit").await;
    assert!(node.begins_anew().await, "in whatever order they commit");
}

#[tokio::test]
async fn the_schema_can_be_dropped_and_put_up_again() {
    let mut site = Site::watched().await;
    site.run("drop schema larder cascade; create table after_it (id int)").await;
    postgres::install(&mut site.admin).await.unwrap();
    postgres::watch(&mut site.admin, "properties_property", &COLUMNS).await.unwrap();
    assert_eq!(site.fault().await, "");
}

#[tokio::test]
async fn the_check_says_what_keeps_changes_from_being_reported() {
    let on = "on the table properties_property, the trigger larder_";
    for (damage, fault) in [
        ("alter table properties_property disable trigger larder_rows", format!("{on}rows is disabled")),
        ("alter table properties_property enable trigger larder_truncate", format!("{on}truncate is not enabled ALWAYS")),
        ("drop trigger larder_rows on properties_property", format!("{on}rows is missing")),
        ("drop trigger larder_truncate on properties_property", format!("{on}truncate is missing")),
        ("drop event trigger larder_drop", "the event trigger larder_drop is missing".into()),
        ("alter event trigger larder_ddl enable", "the event trigger larder_ddl is not enabled ALWAYS".into()),
        ("alter table larder.change set logged", "the table larder.change is not UNLOGGED".into()),
        ("alter table larder.epoch disable trigger stamp", "the trigger that stamps the epoch is missing".into()),
        ("alter table properties_property rename to houses", "it was renamed, dropped or restored".into()),
        ("drop table properties_property", "it was renamed, dropped or restored".into()),
        ("alter table properties_property drop constraint properties_property_pkey", "has no primary key".into()),
        (
            "drop trigger larder_rows on properties_property;
             create trigger larder_rows after insert or update or delete on properties_property
                 for each row execute function larder.report_truncate('x');
             alter table properties_property enable always trigger larder_rows",
            format!("{on}rows is not as `watch` made it"),
        ),
        (
            "do $$ begin execute format('create or replace function larder.%I() returns trigger language plpgsql '
             'as ''begin return null; end''', (select function_name from larder.watched)); end $$",
            "is not as `watch` made it".into(),
        ),
    ] {
        let mut site = Site::watched().await;
        assert_eq!(site.fault().await, "");
        site.run(damage).await;
        // The name is shown with its schema where the search_path is fixed.
        let found = site.fault().await.replace("public.", "");
        assert!(found.contains(&fault), "{damage}: {found}");
    }
}

#[tokio::test]
async fn partitions_are_watched_those_that_come_later_too() {
    let mut site = Site::installed().await;
    site.run(
        "create table visit (id int primary key, price int) partition by range (id);
         create table visit_1 partition of visit for values from (0) to (10)",
    )
    .await;
    postgres::watch(&mut site.admin, "visit", &["price"]).await.unwrap();
    let mut node = site.node().await;
    site.run(
        "create table visit_2 (price int, id int not null); alter table visit attach partition visit_2 for values from (10) to (20);
         create table visit_3 partition of visit for values from (20) to (30)",
    )
    .await;
    assert!(node.begins_anew().await, "the rows of a partition come without an insert");
    assert_eq!(site.fault().await, "");
    site.run("insert into visit (id, price) values (1, 1), (11, 11), (21, 21)").await;
    assert_eq!(node.told().await, ["1: none -> 1", "11: none -> 11", "21: none -> 21"]);
    site.run("update visit set id = 22 where id = 1; truncate visit_2").await;
    assert_eq!(node.told().await, ["1: 1 -> none", "22: none -> 1", "all of visit"]);
    site.run("alter table visit detach partition visit_2").await;
    assert!(node.begins_anew().await);
    site.run("drop table visit_3").await;
    assert!(node.begins_anew().await);
}

#[tokio::test]
async fn without_event_triggers_the_check_misses_no_partition() {
    let mut site = Site::installed().await;
    site.run("create table visit (id int primary key) partition by range (id)").await;
    postgres::watch(&mut site.admin, "visit", &[]).await.unwrap();
    site.run(
        "drop event trigger larder_ddl; create table visit_1 partition of visit for values from (0) to (10)",
    )
    .await;
    let fault = site.fault().await;
    assert!(fault.contains("on the table public.visit_1, the trigger larder_truncate is missing"), "{fault}");
}

#[tokio::test]
async fn two_installers_at_once_both_succeed() {
    let site = Site::bare().await;
    let (mut one, mut other) = (site.connect().await, site.connect().await);
    let (one, other) = tokio::join!(postgres::install(&mut one), postgres::install(&mut other));
    let changed = |installed: Result<Installed, InstallError>| installed.unwrap().changed;
    assert!(changed(one) != changed(other));
}
