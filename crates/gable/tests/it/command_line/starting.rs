//! `gable serve` and `gable healthcheck`: how a node starts, and whether it answers.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use testkit::{Folder, Running, Signal};

use crate::answer::Answer;
use crate::database::{Database, gable, over_both_databases};
use crate::site::{address_of, client};

over_both_databases!(
    a_new_database_stays_empty_where_that_is_asked_for,
    an_emptied_database_stays_empty,
    without_migrations_an_empty_database_is_refused_and_left_empty,
    without_migrations_a_database_of_this_version_is_served,
);

async fn listings(program: &Running) -> usize {
    let address = address_of(program);
    let answer = client().get(format!("http://{address}/properties/")).send().await.unwrap();
    Answer::of(answer).await.ids().len()
}

async fn counted(program: &Running) -> u64 {
    let mut total = 0;
    for status in ["active", "pending", "sold"] {
        let url = format!("http://{}/api/v1/properties?count=1&status={status}", address_of(program));
        let answer = Answer::of(client().get(url).send().await.unwrap()).await;
        total += answer.json()["count"].as_u64().unwrap();
    }
    total
}

#[tokio::test]
async fn a_new_and_empty_file_gets_forty_samples_and_is_told_so() {
    let database = Database::sqlite();
    let program = database.gable(&["serve"]).start();
    assert!(listings(&program).await > 20, "most of them are active");
    assert!(counted(&program).await <= 40);
    assert!(program.stdout().contains("40 sample listings were added"), "{}", program.stdout());
    assert!(program.stdout().contains("--no-sample-data"), "it says how to avoid that");
    drop(program);
    let again = database.gable(&[]).start();
    assert!(counted(&again).await <= 40, "they are added once");
    assert!(!again.stdout().contains("sample"), "{}", again.stdout());
}

#[tokio::test]
async fn nodes_that_start_at_once_on_a_new_file_add_the_samples_once() {
    let database = Database::sqlite();
    let programs: Vec<_> = (0..4).map(|_| database.gable(&["serve"]).start()).collect();
    for program in &programs {
        assert!(counted(program).await <= 40, "{}", program.stdout());
        assert!(listings(program).await > 20);
    }
    let said = programs.iter().filter(|program| program.stdout().contains("were added")).count();
    assert_eq!(said, 1);
}

#[tokio::test]
async fn a_new_postgresql_database_gets_no_samples_and_is_told_how_it_could() {
    let program = Database::postgres().gable(&["serve"]).start();
    assert_eq!(listings(&program).await, 0);
    assert!(!program.stdout().contains("sample"), "{}", program.stdout());
    assert!(program.stderr().contains("gable seed"), "{}", program.stderr());
}

async fn a_new_database_stays_empty_where_that_is_asked_for(database: Database) {
    let program = database.gable(&["--no-sample-data"]).start();
    assert_eq!(listings(&program).await, 0);
    assert!(!program.stdout().contains("sample"));
}

async fn an_emptied_database_stays_empty(database: Database) {
    database.add_samples(5).await;
    database.sql("delete from properties_property").await;
    let program = database.gable(&["serve"]).start();
    assert_eq!(listings(&program).await, 0);
    assert!(!program.stdout().contains("sample"));
}

async fn without_migrations_an_empty_database_is_refused_and_left_empty(database: Database) {
    for _ in 0..2 {
        let finished = database.gable(&["serve", "--no-migrate"]).run();
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stdout);
        assert!(finished.stderr.contains("run gable migrate"), "{}", finished.stderr);
    }
    let plan = database.gable(&["migrate", "--plan"]).run();
    assert!(plan.stdout.contains("would apply 0001"), "nothing was made: {}", plan.stdout);
}

async fn without_migrations_a_database_of_this_version_is_served(database: Database) {
    database.store().await.close().await;
    let program = database.gable(&["serve", "--no-migrate"]).start();
    assert_eq!(listings(&program).await, 0, "and it gets no samples");
}

#[tokio::test]
async fn with_no_settings_at_all_a_file_in_the_folder_is_served() {
    let program = gable(&Folder::new(), &[]).start();
    assert!(listings(&program).await > 20);
    assert!(program.folder().path().join("gable.db").is_file());
    assert!(program.stdout().contains("Listings from sqlite:gable.db"), "{}", program.stdout());
}

#[test]
fn a_port_in_use_is_told_before_the_database_is_touched() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let finished = gable(&folder, &["serve", "--bind", &address]).run();
    assert_eq!(finished.status.code(), Some(1));
    for part in ["BIND", &address, "in use"] {
        assert!(finished.stderr.contains(part), "{}", finished.stderr);
    }
    assert!(!folder.path().join("gable.db").exists());
}

#[test]
fn the_health_check_succeeds_while_the_node_answers_and_fails_when_it_does_not() {
    let folder = Folder::new();
    let program = gable(&folder, &["serve", "--allowed-hosts", "homes.example"]).start();
    let address = address_of(&program).to_string();
    let check = gable(&folder, &["healthcheck", "--bind", &address]);
    let finished = check.run();
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(0), "ok\n"), "{}", finished.stderr);
    drop(program);
    let finished = check.run();
    assert_eq!(finished.status.code(), Some(1));
    assert!(finished.stderr.contains(&address), "{}", finished.stderr);
}

#[test]
fn the_health_check_fails_where_something_else_answers() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    let answering = std::thread::spawn(move || {
        let (mut client, _) = other.accept().unwrap();
        client.write_all(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        // Closed with its request unread, the connection would be reset.
        client.read_to_end(&mut Vec::new()).unwrap();
    });
    let finished = gable(&Folder::new(), &["healthcheck", "--bind", &address]).run();
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stdout);
    assert!(finished.stderr.contains("404"), "{}", finished.stderr);
    answering.join().unwrap();
}

#[tokio::test]
async fn a_signal_ends_a_node_that_still_waits_for_its_database() {
    for signal in [Signal::TERM, Signal::INT] {
        let database = Database::postgres();
        database.store().await.close().await;
        let mut keeper = PgConnection::connect(&database.url).await.unwrap();
        let mut lock = keeper.begin().await.unwrap();
        sqlx::query("lock table _sqlx_migrations").execute(&mut *lock).await.unwrap();
        let program = database.gable(&["serve"]).start();
        someone_waits(&mut lock).await;
        program.signal(signal);
        let ended = program.wait_within(Duration::from_secs(10));
        assert_eq!(ended.and_then(|status| status.code()), Some(0), "{}", program.output());
        assert!(program.stderr().contains("stopped before the database was ready"), "{}", program.stderr());
    }
}

/// Returns when somebody waits for a lock in this database.
async fn someone_waits(connection: &mut PgConnection) {
    let waiting = "select count(*) from pg_locks where not granted and database = \
                   (select oid from pg_database where datname = current_database())";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *connection).await.unwrap() == 0 {
        tokio::task::yield_now().await;
    }
}
