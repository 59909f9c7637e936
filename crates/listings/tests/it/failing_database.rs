//! What a reader hears when the database is busy, slow, gone or back.

use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use larder::Reading;
use listings::samples::samples;
use listings::store::{Options, PoolUse};
use listings::{Search, Store, StoreError};
use testkit::Postgres;
use tokio::task::JoinHandle;

/// A store with little patience, over a PostgreSQL of its own.
async fn impatient(postgres: &Postgres, options: &Options) -> Store {
    let url = postgres.fresh_database();
    // To make the tables may take longer than it is to wait for anything.
    let patient = Store::connect(&url, &Options::default()).await.unwrap();
    patient.migrate().await.unwrap();
    patient.close().await;
    Store::connect(&url, options).await.unwrap()
}

fn options() -> Options {
    Options {
        connections: 2,
        waiting_room: 8,
        acquire_timeout: Duration::from_millis(300),
        statement_timeout: Some(Duration::from_millis(300)),
        ..Options::default()
    }
}

async fn read(store: &Store) -> Result<usize, StoreError> {
    store.page(&Reading::new(), &Search::default()).await.map(|page| page.properties.len())
}

async fn use_becomes(store: &Store, right: impl Fn(PoolUse) -> bool) {
    while !right(store.pool_use()) {
        tokio::task::yield_now().await;
    }
}

/// One read alone would use the connection of the one before it.
async fn open_both_connections(store: &Store) {
    while store.pool_use().open < 2 {
        join_all((0..4).map(|_| read(store))).await;
    }
    use_becomes(store, |pool| pool.idle == 2 && pool.reads == 0).await;
}

fn readers(store: &Store, number: usize) -> Vec<JoinHandle<Result<usize, StoreError>>> {
    let reader = |store: Store| tokio::spawn(async move { read(&store).await });
    (0..number).map(|_| reader(store.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_read_after_a_restart_of_the_database_works() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &options()).await;
    open_both_connections(&store).await;
    postgres.restart();
    read(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_survives_that_its_connection_was_ended() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &options()).await;
    read(&store).await.unwrap();
    let end_all = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'gable'";
    postgres.sql(&postgres.url(), end_all);
    read(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_is_unavailable_and_works_again_once_it_is_back() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &options()).await;
    read(&store).await.unwrap();
    postgres.stop();
    let error = read(&store).await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Busy), "{error}");
    postgres.restart();
    read(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_stands_still_turns_readers_away_beyond_its_waiting_room() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &options()).await;
    open_both_connections(&store).await;
    postgres.pause();
    let readers = readers(&store, 8);
    // Those without a connection hear of it; the two that have one wait for the database itself.
    while readers.iter().filter(|reader| reader.is_finished()).count() < 6 {
        tokio::task::yield_now().await;
    }
    postgres.resume();
    let outcomes = join_all(readers).await;
    let busy = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Err(StoreError::Busy)))).count();
    assert_eq!(busy, 6, "{outcomes:?}");
    read(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_says_nothing_is_given_up_and_works_again_once_it_goes_on() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &options()).await;
    open_both_connections(&store).await;
    postgres.pause();
    for outcome in join_all((0..8).map(|_| read(&store))).await {
        assert!(matches!(outcome, Err(StoreError::Busy | StoreError::TooSlow)), "{outcome:?}");
    }
    assert_eq!(store.pool_use().reads, 0);
    postgres.resume();
    read(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_who_go_away_leave_no_connection_behind_that_nobody_can_use() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &options()).await;
    open_both_connections(&store).await;
    postgres.pause();
    let readers = readers(&store, 2);
    use_becomes(&store, |pool| pool.idle == 0).await;
    readers.iter().for_each(JoinHandle::abort);
    // Given up with the two connections that they had, while the database still says nothing.
    use_becomes(&store, |pool| pool.reads == 0 && pool.open == 0).await;
    postgres.resume();
    read(&store).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_who_go_away_while_they_wait_leave_the_queue() {
    let postgres = Postgres::start();
    let patient = Options { acquire_timeout: Duration::from_hours(1), statement_timeout: None, ..options() };
    let store = impatient(&postgres, &patient).await;
    open_both_connections(&store).await;
    postgres.pause();
    let readers = readers(&store, 8);
    use_becomes(&store, |pool| pool.reads == 8).await;
    readers.iter().for_each(JoinHandle::abort);
    // The two that were sent are seen to their end; the six that waited are gone at once.
    use_becomes(&store, |pool| pool.reads == 2).await;
    postgres.resume();
    use_becomes(&store, |pool| pool.reads == 0).await;
    assert_eq!(store.pool_use().open, 2, "both connections are whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_the_waiting_room_full_is_turned_away_at_once() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &Options { acquire_timeout: Duration::from_mins(1), ..options() }).await;
    open_both_connections(&store).await;
    postgres.pause();
    let waiting = readers(&store, 8);
    use_becomes(&store, |pool| pool.reads == 8).await;
    assert!(matches!(read(&store).await.unwrap_err(), StoreError::Busy));
    postgres.resume();
    assert!(join_all(waiting).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_readers_does_not_hide_that_the_database_lives() {
    let postgres = Postgres::start();
    let crowded = Options { waiting_room: 2, statement_timeout: None, ..options() };
    let url = postgres.fresh_database();
    let store = Store::connect(&url, &crowded).await.unwrap();
    store.migrate().await.unwrap();
    let mut lock = sqlx::PgPool::connect(&url).await.unwrap().begin().await.unwrap();
    sqlx::query("lock table properties_property in access exclusive mode").execute(&mut *lock).await.unwrap();
    let readers = [(); 2].map(|()| {
        let store = store.clone();
        tokio::spawn(async move { read(&store).await })
    });
    use_becomes(&store, |pool| pool.reads == 2).await;
    assert!(matches!(read(&store).await.unwrap_err(), StoreError::Busy));
    store.ping().await.unwrap();
    lock.rollback().await.unwrap();
    assert!(join_all(readers).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    postgres.restart();
    store.ping().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_survives_that_the_database_is_busy_for_a_moment() {
    let postgres = Postgres::start();
    let store = impatient(&postgres, &options()).await;
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    store.insert_many(samples(1).take(2_000), false, now, |_| {}).await.unwrap();
    let mut export = Box::pin(store.export(&Search::default()));
    for _ in 0..1_000 {
        export.next().await.unwrap().unwrap();
    }
    open_both_connections(&store).await;
    postgres.pause();
    let crowd: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { read(&store).await })
        })
        .collect();
    use_becomes(&store, |pool| pool.reads == 8).await;
    let turned_away = tokio::time::timeout(Duration::from_millis(50), export.next()).await;
    assert!(turned_away.is_err(), "it waits to ask again: {turned_away:?}");
    postgres.resume();
    join_all(crowd).await;
    let rest: Vec<_> = export.collect().await;
    assert!(rest.len() > 500 && rest.iter().all(Result::is_ok), "{:?}", rest.last());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_takes_too_long_is_ended_by_the_database() {
    let postgres = Postgres::start();
    let url = postgres.fresh_database();
    let store = Store::connect(&url, &options()).await.unwrap();
    store.migrate().await.unwrap();
    let mut lock = sqlx::PgPool::connect(&url).await.unwrap().begin().await.unwrap();
    sqlx::query("lock table properties_property in access exclusive mode").execute(&mut *lock).await.unwrap();
    assert!(matches!(read(&store).await.unwrap_err(), StoreError::TooSlow));
    lock.rollback().await.unwrap();
    read(&store).await.unwrap();
}
