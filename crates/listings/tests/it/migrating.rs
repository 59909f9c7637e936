//! Bringing a database to this version, whatever is there.

use larder::Reading;
use listings::migrate::MigrateError;
use listings::store::Options;
use listings::{Search, Store};
use sqlx::AssertSqlSafe;
use testkit::{Folder, Postgres};

use crate::stores::{TestStore, over_both_stores};

over_both_stores!(
    a_migrated_database_has_nothing_pending,
    a_database_of_a_newer_program_is_refused_and_left_alone,
    a_migration_of_another_build_is_refused,
    a_database_whose_changes_nobody_writes_down_is_not_done,
);

async fn a_migrated_database_has_nothing_pending(test: TestStore) {
    let plan = test.store.migrate().await.unwrap();
    assert!(plan.is_done() && !plan.adopts, "{plan:?}");
    assert!(test.store.is_empty().await.unwrap());
}

async fn a_database_of_a_newer_program_is_refused_and_left_alone(test: TestStore) {
    test.elsewhere("update _sqlx_migrations set version = 9001 where version = 1").await;
    for outcome in [test.store.migrate().await, test.store.migration_plan().await] {
        let error = outcome.unwrap_err();
        assert!(matches!(error, MigrateError::Newer { found: 9001, .. }), "{error}");
        assert!(error.to_string().contains("version 9001, newer than this program"), "{error}");
    }
}

async fn a_migration_of_another_build_is_refused(test: TestStore) {
    test.elsewhere("update _sqlx_migrations set checksum = 'xx'").await;
    assert!(matches!(test.store.migrate().await.unwrap_err(), MigrateError::Altered(1)));
}

async fn forget_watching(test: &TestStore) {
    if !test.is_sqlite() {
        return test.elsewhere("drop schema larder cascade").await;
    }
    let pool = sqlx::SqlitePool::connect(&test.url).await.unwrap();
    for (kind, condition) in [("trigger", "sql like '%larder%'"), ("table", "name like 'larder%'")] {
        let names = format!("select name from sqlite_schema where type = '{kind}' and {condition}");
        let names: Vec<String> = sqlx::query_scalar(AssertSqlSafe(names)).fetch_all(&pool).await.unwrap();
        for name in names {
            sqlx::query(AssertSqlSafe(format!("drop {kind} {name}"))).execute(&pool).await.unwrap();
        }
    }
    pool.close().await;
}

/// As a version of gable without caches left it.
async fn a_database_whose_changes_nobody_writes_down_is_not_done(test: TestStore) {
    forget_watching(&test).await;
    for _ in 0..2 {
        let plan = test.store.migration_plan().await.unwrap();
        assert!(plan.watches && plan.pending.is_empty() && !plan.is_done(), "{plan:?}");
    }
    assert!(test.store.migrate().await.unwrap().watches);
    assert!(test.store.migration_plan().await.unwrap().is_done());
    test.store.page(&Reading::new(), &Search::default()).await.unwrap();
}

#[tokio::test]
async fn who_may_not_alter_the_database_can_serve_it_once_it_is_migrated() {
    let postgres = Postgres::shared();
    let url = postgres.fresh_database();
    connected(&url).await.migrate().await.unwrap();
    let role = format!("reader_of_{}", url.rsplit('/').next().unwrap());
    postgres.sql(&url, &format!("create role {role} login"));
    postgres.sql(&url, &format!("grant select on properties_property, _sqlx_migrations to {role}"));
    let (before, rest) = url.split_once("://").unwrap();
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let store = connected(&format!("{before}://{role}@{host}")).await;
    assert!(store.migrate().await.unwrap().is_done());
    assert!(store.page(&Reading::new(), &Search::default()).await.unwrap().properties.is_empty());
    postgres.sql(&url, "drop schema larder cascade");
    let error = store.migrate().await.unwrap_err().to_string();
    assert!(
        error.contains("properties_property cannot be watched") && error.contains("permission"),
        "{error}"
    );
}

async fn connected(url: &str) -> Store {
    Store::connect(url, &Options::default()).await.unwrap()
}

#[tokio::test]
async fn several_programs_may_migrate_at_once() {
    let url = Postgres::shared().fresh_database();
    let programs =
        futures::future::join_all((0..6).map(|_| async { connected(&url).await.migrate().await })).await;
    assert!(programs.iter().all(Result::is_ok), "{programs:?}");
}

#[tokio::test]
async fn a_table_that_is_not_djangos_is_refused_and_left_alone() {
    let postgres = Postgres::shared();
    for (table, column) in [
        ("id bigint, title text, description text, price numeric(12,2), location text", "created_at"),
        (
            "id uuid, title text, description text, price numeric(12,2), location text, created_at timestamptz",
            "id",
        ),
        (
            "id bigint, title text, description text, price numeric(12,4), location text, created_at timestamptz",
            "price",
        ),
        (
            "id bigint, title text, description text, price float8, location text, created_at timestamptz",
            "price",
        ),
        (
            "id bigint, title text, description text, price numeric(9,2), location text, created_at timestamp",
            "created_at",
        ),
        (
            "id bigint, title text, description text, price numeric(14,2), location text, created_at timestamptz",
            "price",
        ),
        (
            "id bigint, title text, description text, price numeric(9,2), location text, created_at timestamptz, \
             bedrooms smallint",
            "bedrooms",
        ),
        (
            "id bigint, title text, description text, price numeric(9,2), location text, created_at timestamptz, \
             status text default 'available'",
            "status",
        ),
    ] {
        let url = postgres.fresh_database();
        postgres.sql(&url, &format!("create table properties_property ({table})"));
        let columns =
            "select count(*) from information_schema.columns where table_name = 'properties_property'";
        let before = postgres.sql(&url, columns);
        match connected(&url).await.migrate().await.unwrap_err() {
            MigrateError::Foreign { column: refused, .. } => assert_eq!(refused, column),
            other => panic!("{table}: {other}"),
        }
        assert_eq!(postgres.sql(&url, columns), before);
    }
}

#[tokio::test]
async fn a_read_only_file_is_told_as_such() {
    let folder = Folder::new();
    let file = folder.path().join("listings.db");
    connected(&format!("sqlite:{}", file.display())).await.close().await;
    let error = connected(&format!("sqlite:{}?mode=ro", file.display())).await.migrate().await.unwrap_err();
    assert!(error.to_string().contains("may only be read"), "{error}");
}

#[tokio::test]
async fn a_migrated_file_can_be_read_without_the_right_to_write() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("listings.db").display());
    let store = connected(&url).await;
    store.migrate().await.unwrap();
    store.close().await;
    let store = connected(&format!("{url}?mode=ro")).await;
    assert!(store.migration_plan().await.unwrap().pending.is_empty());
    assert!(store.page(&Reading::new(), &Search::default()).await.unwrap().properties.is_empty());
}

const DJANGOS: &str = "(id serial primary key, title varchar(200) not null, description text not null, \
                       price numeric(10,2) not null, location varchar(100) not null, created_at timestamptz not null)";

#[tokio::test]
async fn an_old_table_with_small_ids_and_a_view_over_its_prices_is_adopted() {
    let postgres = Postgres::shared();
    let url = postgres.fresh_database();
    postgres.sql(&url, &format!("create table properties_property {DJANGOS}"));
    postgres.sql(&url, "create view dear as select title from properties_property where price > 1000000");
    postgres.sql(&url, "insert into properties_property values (7, 'A', '', 'NaN', 'Accra', now())");
    let store = connected(&url).await;
    store.migrate().await.unwrap();
    let page = store.page(&Reading::new(), &Search::default()).await.unwrap();
    assert_eq!((page.properties[0].id, page.properties[0].price), (7, None));
    assert_eq!(store.active_after(&Reading::new(), 0, 10).await.unwrap()[0].0, 7);
    assert_eq!(store.active_stretches(&Reading::new(), 10, 10).await.unwrap(), [0]);
}

#[tokio::test]
async fn a_table_in_a_later_schema_of_the_search_path_is_not_hidden_by_a_new_one() {
    let postgres = Postgres::shared();
    let url = postgres.fresh_database();
    postgres.sql(&url, &format!("create table public.properties_property {DJANGOS}"));
    postgres.sql(&url, "insert into properties_property values (1, 'A', '', 1, 'Accra', now())");
    let user = postgres.sql(&url, "select current_user");
    postgres.sql(&url, &format!("create schema {}", user.trim()));
    let store = connected(&url).await;
    assert!(store.migrate().await.unwrap().adopts);
    assert!(!store.is_empty().await.unwrap());
}

#[tokio::test]
async fn several_programs_may_make_one_file_at_once() {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("listings.db").display());
    let programs =
        futures::future::join_all((0..6).map(|_| async { connected(&url).await.migrate().await })).await;
    assert!(programs.iter().all(Result::is_ok), "{programs:?}");
}

#[tokio::test]
async fn who_only_looks_makes_no_file() {
    let folder = Folder::new();
    let file = folder.path().join("listings.db");
    let options = Options { creates_file: false, ..Options::default() };
    let store = Store::connect(&format!("sqlite:{}", file.display()), &options).await.unwrap();
    assert_eq!(store.migration_plan().await.unwrap().pending.len(), 2);
    assert!(!file.exists());
}
