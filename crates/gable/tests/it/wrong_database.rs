//! Databases that cannot be used: each told in one clear line, and never with the password.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;

use testkit::{Finished, Folder, Postgres};

use crate::answer::Answer;
use crate::database::{Database, draft, gable, over_both_databases};
use crate::site::{address_of, client};

over_both_databases!(
    a_database_of_a_newer_version_is_left_alone,
    a_database_that_another_build_migrated_is_left_alone,
);

const PASSWORD: &str = "s3cret-Pa55word";

async fn a_database_of_a_newer_version_is_left_alone(database: Database) {
    database.store().await.close().await;
    database
        .sql(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             select 9999, 'from the future', true, checksum, 0 from _sqlx_migrations where version = 1",
        )
        .await;
    for command in
        [&["migrate"][..], &["migrate", "--plan"], &["serve"], &["serve", "--no-migrate"], &["seed"]]
    {
        let line = fails(&database.gable(command).run());
        assert!(line.contains("version 9999") && line.contains("newer"), "{command:?}: {line}");
        assert!(line.contains("run the newer gable"), "it says what to do: {line}");
    }
}

async fn a_database_that_another_build_migrated_is_left_alone(database: Database) {
    database.store().await.close().await;
    let other = if database.url.starts_with("sqlite:") { "x'00'" } else { "'\\x00'::bytea" };
    database.sql(&format!("update _sqlx_migrations set checksum = {other}")).await;
    for command in [&["migrate"][..], &["serve"]] {
        let line = fails(&database.gable(command).run());
        assert!(line.contains("another build"), "{command:?}: {line}");
    }
}

#[tokio::test]
async fn a_read_only_file_of_this_version_is_served_and_not_written() {
    let database = Database::sqlite();
    database.add([draft("Home")]).await;
    let url = format!("{}?mode=ro", database.url);
    let program = gable(&database.folder, &["serve"]).environment("DATABASE_URL", &url).start();
    let address = address_of(&program);
    let answer = client().get(format!("http://{address}/api/v1/properties")).send().await.unwrap();
    assert_eq!(Answer::of(answer).await.ids().len(), 1);
    let line = fails(&gable(&database.folder, &["seed"]).environment("DATABASE_URL", &url).run());
    assert!(line.contains("may only be read"), "{line}");
}

#[test]
fn a_read_only_file_without_tables_is_refused_with_what_to_do() {
    let folder = Folder::new();
    fs::write(folder.path().join("empty.db"), "").unwrap();
    for command in ["serve", "migrate", "seed"] {
        let line =
            fails(&gable(&folder, &[command]).environment("DATABASE_URL", "sqlite:empty.db?mode=ro").run());
        assert!(line.contains("may only be read") && line.contains("writable"), "{command}: {line}");
    }
}

#[test]
fn a_file_that_is_not_there_and_may_not_be_made_is_named() {
    for url in ["sqlite:missing.db?mode=ro", "sqlite:missing.db?mode=rw", "sqlite:no/such/folder/listings.db"]
    {
        let line = fails(&gable(&Folder::new(), &["serve"]).environment("DATABASE_URL", url).run());
        assert!(line.contains(url.split('?').next().unwrap()), "{line}");
    }
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = Folder::new();
    fs::write(folder.path().join("letter.db"), "Dear Sir or Madam, this is a letter. ".repeat(100)).unwrap();
    let line = fails(&gable(&folder, &["serve"]).environment("DATABASE_URL", "sqlite:letter.db").run());
    assert!(line.contains("letter.db") && line.contains("not a database"), "{line}");
}

#[test]
fn an_unreachable_server_is_named_without_the_password() {
    let url = format!("postgres://ann:{PASSWORD}@127.0.0.1:1/homes");
    for command in ["serve", "migrate", "seed"] {
        let line = fails(&gable(&Folder::new(), &[command]).environment("DATABASE_URL", &url).run());
        assert!(line.contains("postgres://ann:***@127.0.0.1:1/homes"), "{line}");
        assert!(line.contains("refused"), "{line}");
    }
}

#[test]
fn a_scheme_that_is_none_of_ours_is_refused_without_the_password() {
    for url in [
        format!("mysql://ann:{PASSWORD}@localhost/homes"),
        format!("postgres:ann:{PASSWORD}@localhost/homes"),
        PASSWORD.to_owned(),
        format!(" postgres://ann:{PASSWORD}@localhost/homes"),
    ] {
        for command in [&["serve"][..], &["migrate"], &["config", "check"]] {
            let finished = gable(&Folder::new(), command).environment("DATABASE_URL", &url).run();
            let line = fails(&finished);
            assert!(line.contains("DATABASE_URL") && line.contains("sqlite: or postgres://"), "{line}");
        }
    }
}

#[test]
fn a_wrong_password_or_database_is_named_without_the_password() {
    let postgres = Postgres::start();
    let (url, port) = (postgres.url(), postgres.port());
    postgres.sql(&url, &format!("create role ann login password '{PASSWORD}'; create role eve login"));
    ask_for_passwords(&postgres);
    for (url, reason) in [
        (
            format!("postgres://ann:not-{PASSWORD}@127.0.0.1:{port}/postgres"),
            "password authentication failed",
        ),
        (format!("postgres://ann:{PASSWORD}@127.0.0.1:{port}/no_such_database"), "no_such_database"),
        (format!("postgres://ann@127.0.0.1:{port}/postgres"), "password"),
        (
            format!("postgres://127.0.0.1:{port}/postgres?user=ann&password=not-{PASSWORD}"),
            "password authentication",
        ),
    ] {
        for command in ["serve", "migrate"] {
            let line = fails(&gable(&Folder::new(), &[command]).environment("DATABASE_URL", &url).run());
            assert!(line.contains(reason), "{line}");
        }
    }
}

/// Everybody but the tests' own user needs a password from now on.
fn ask_for_passwords(postgres: &Postgres) {
    let file = postgres.folder().path().join("data/pg_hba.conf");
    let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    fs::write(file, rules).unwrap();
    postgres.restart();
}

#[test]
fn the_password_is_in_no_setting_that_is_shown() {
    let postgres = "postgres://ann:s3cret-Pa55word@127.0.0.1:1/homes?sslpassword=s3cret-Pa55word";
    let redis = "redis://:s3cret-Pa55word@127.0.0.1:1/0";
    let program = gable(&Folder::new(), &["config", "show"])
        .environment("DATABASE_URL", postgres)
        .environment("REDIS_URL", redis)
        .environment("POSTGRES_PASSWORD", PASSWORD)
        .environment("DJANGO_SECRET_KEY", PASSWORD);
    let finished = program.run();
    assert!(finished.status.success());
    assert!(finished.stdout.contains("postgres://ann:***@127.0.0.1:1/homes"), "{}", finished.stdout);
    assert!(!(finished.stdout + &finished.stderr).contains(PASSWORD));
}

#[test]
fn a_dotenv_that_cannot_be_read_is_told_by_its_line_without_the_password() {
    let folder = Folder::new();
    fs::write(folder.path().join(".env"), format!("DEBUG=1\nPOSTGRES_PASSWORD='{PASSWORD}\n")).unwrap();
    for command in [&["serve"][..], &["config", "show"]] {
        let line = fails(&gable(&folder, command).run());
        assert!(line.contains(".env"), "{line}");
    }
}

/// The program ended with 1, after one line on standard error that says why, and no password anywhere.
fn fails(finished: &Finished) -> String {
    let (stdout, stderr) = (&finished.stdout, &finished.stderr);
    assert_eq!(finished.status.code(), Some(1), "{stdout}{stderr}");
    for output in [stdout, stderr] {
        assert!(!output.contains(PASSWORD), "{output}");
    }
    let message: Vec<&str> = stderr.lines().collect();
    assert!(message.first().is_some_and(|line| line.starts_with("gable: ")), "{stderr}");
    assert!(message.len() <= 2, "one clear line:\n{stderr}");
    message.join(" ")
}
