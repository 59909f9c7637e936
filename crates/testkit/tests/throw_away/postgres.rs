//! Throw-away PostgreSQL.

use std::net::TcpStream;
use std::time::Duration;
use testkit::{Postgres, within};

fn accepts_connections(port: u16) -> bool {
    TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn a_fresh_database_is_empty_and_nobody_elses() {
    let postgres = Postgres::start();
    let (one, other) = (postgres.fresh_database(), postgres.fresh_database());
    postgres.sql(&one, "create table here (id int)");
    assert_eq!(postgres.sql(&other, "select count(*) from pg_class where relname = 'here'"), "0");
}

#[test]
fn two_clusters_do_not_meet() {
    let (one, other) = (Postgres::start(), Postgres::start());
    assert_ne!(one.port(), other.port());
    one.sql(&one.url(), "create table here (id int)");
    assert_eq!(other.sql(&other.url(), "select count(*) from pg_class where relname = 'here'"), "0");
    drop(one);
    assert_eq!(other.sql(&other.url(), "select 1"), "1");
}

#[test]
fn the_shared_cluster_is_one() {
    assert_eq!(Postgres::shared().port(), Postgres::shared().port());
    let (one, other) = (Postgres::shared().fresh_database(), Postgres::shared().fresh_database());
    assert_ne!(one, other);
}

#[test]
fn text_is_utf_8_and_sorted_by_code_point() {
    let postgres = Postgres::start();
    assert_eq!(postgres.sql(&postgres.url(), "show server_encoding"), "UTF8");
    assert_eq!(postgres.sql(&postgres.url(), "show lc_collate"), "C.UTF-8");
}

#[test]
fn a_setting_is_taken() {
    let postgres = Postgres::start_with(&["wal_level=logical"]);
    assert_eq!(postgres.sql(&postgres.url(), "show wal_level"), "logical");
}

#[test]
fn a_stopped_cluster_is_away_and_comes_back_as_it_was() {
    let postgres = Postgres::start();
    let (url, port) = (postgres.url(), postgres.port());
    postgres.sql(&url, "create table kept (id int)");
    postgres.stop();
    assert!(!accepts_connections(port));
    postgres.restart();
    assert_eq!(postgres.url(), url);
    assert_eq!(postgres.sql(&url, "select count(*) from kept"), "0");
}

#[test]
fn a_killed_cluster_keeps_what_was_committed() {
    let postgres = Postgres::start();
    let (url, port) = (postgres.url(), postgres.port());
    postgres.sql(&url, "create table kept (id int); insert into kept values (7)");
    postgres.kill();
    assert!(!accepts_connections(port));
    postgres.restart();
    assert_eq!(postgres.sql(&url, "select id from kept"), "7");
}

#[test]
fn a_killed_cluster_leaves_no_shared_memory() {
    let postgres = Postgres::start();
    let segment = shared_memory_of(&postgres);
    assert!(shared_memory().contains(&segment));
    postgres.kill();
    assert!(!shared_memory().contains(&segment));
}

#[test]
fn a_dropped_cluster_leaves_no_shared_memory() {
    let postgres = Postgres::start();
    let segment = shared_memory_of(&postgres);
    assert!(shared_memory().contains(&segment));
    drop(postgres);
    assert!(!shared_memory().contains(&segment));
}

#[test]
fn a_paused_cluster_answers_when_it_goes_on() {
    let postgres = Postgres::start();
    let url = postgres.url();
    postgres.pause();
    std::thread::scope(|scope| {
        let query = scope.spawn(|| postgres.sql(&url, "select 1"));
        let answered = within(Duration::from_millis(300), || query.is_finished().then_some(()));
        assert_eq!(answered, None);
        postgres.resume();
        assert_eq!(query.join().unwrap(), "1");
    });
}

#[test]
fn a_paused_cluster_can_be_stopped_and_dropped() {
    let postgres = Postgres::start();
    postgres.pause();
    postgres.stop();
    postgres.restart();
    postgres.pause();
    let port = postgres.port();
    drop(postgres);
    assert!(!accepts_connections(port));
}

/// The key of its segment as the server knows it, and as the kernel lists it.
fn shared_memory_of(postgres: &Postgres) -> String {
    let line = "split_part(pg_read_file('postmaster.pid'), e'\\n', 7)";
    postgres
        .sql(&postgres.url(), &format!("select split_part(regexp_replace(trim({line}), ' +', ' '), ' ', 2)"))
}

fn shared_memory() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
    table.lines().skip(1).filter_map(|line| Some(line.split_whitespace().nth(1)?.to_owned())).collect()
}
