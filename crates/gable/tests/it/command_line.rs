//! The command line: what each command does, says and exits with.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod settings;
mod starting;

use std::fs;

use listings::{Search, Store};
use testkit::{Finished, Folder};

use crate::database::{Database, draft, gable, over_both_databases};
use crate::site::address_of;

over_both_databases!(
    migrate_says_what_it_would_do_then_does_it_then_finds_nothing_to_do,
    seed_adds_as_many_listings_as_it_is_told,
    seed_makes_the_tables_first,
    seed_flush_leaves_only_its_own,
    the_same_seed_gives_the_same_listings_and_another_gives_others,
    the_flags_of_serve_may_stand_before_it,
);

async fn migrate_says_what_it_would_do_then_does_it_then_finds_nothing_to_do(database: Database) {
    let planned = succeeds(&database.gable(&["migrate", "--plan"]).run());
    assert!(planned.contains("would apply 0001"), "{planned}");
    let planned_again = succeeds(&database.gable(&["migrate", "--plan"]).run());
    assert_eq!(planned, planned_again, "a plan changes nothing");
    let done = succeeds(&database.gable(&["migrate"]).run());
    assert_eq!(done, planned.replace("would apply", "applied"));
    for arguments in [&["migrate"][..], &["migrate", "--plan"]] {
        assert!(succeeds(&database.gable(arguments).run()).contains("nothing to do"));
    }
}

async fn seed_adds_as_many_listings_as_it_is_told(database: Database) {
    assert_eq!(succeeds(&database.gable(&["seed"]).run()), "25 listings added.\n");
    assert_eq!(
        succeeds(&database.gable(&["seed_properties", "--count", "1200"]).run()),
        "1200 listings added.\n"
    );
    assert_eq!(rows(&database).await.len(), 1_225);
}

async fn seed_makes_the_tables_first(database: Database) {
    assert_eq!(succeeds(&database.gable(&["seed", "--count", "0"]).run()), "0 listings added.\n");
    assert!(succeeds(&database.gable(&["migrate"]).run()).contains("nothing to do"));
}

async fn seed_flush_leaves_only_its_own(database: Database) {
    database.add([draft("From before")]).await;
    let said = succeeds(&database.gable(&["seed", "--flush", "--count", "7"]).run());
    assert!(said.contains("in place of those that were there"), "{said}");
    let titles: Vec<String> = rows(&database).await.into_iter().map(|row| row.0).collect();
    assert_eq!(titles.len(), 7);
    assert!(!titles.contains(&"From before".to_owned()));
}

async fn the_same_seed_gives_the_same_listings_and_another_gives_others(database: Database) {
    let mut seen = Vec::new();
    for number in ["7", "7", "8"] {
        succeeds(&database.gable(&["seed", "--flush", "--count", "50", "--seed", number]).run());
        seen.push(rows(&database).await);
    }
    assert_eq!(seen[0], seen[1]);
    assert_ne!(seen[0], seen[2]);
}

async fn the_flags_of_serve_may_stand_before_it(database: Database) {
    let finished = database.gable(&["--no-migrate", "serve"]).run();
    assert!(finished.stderr.contains("--no-migrate was given"), "{}", finished.stderr);
    let program = database.gable(&["--no-sample-data", "serve"]).start();
    address_of(&program);
    assert_eq!(rows(&database).await, []);
}

#[test]
fn the_flags_of_serve_are_refused_before_another_command() {
    let folder = Folder::new();
    for flag in ["--no-migrate", "--no-sample-data"] {
        for command in [&["migrate"][..], &["seed"], &["config", "check"], &["healthcheck"]] {
            let finished = gable(&folder, &[&[flag], command].concat()).run();
            assert_eq!(finished.status.code(), Some(2), "{flag} {command:?}: {}", finished.stdout);
            assert!(
                finished.stderr.contains(flag) && finished.stderr.contains("Usage"),
                "{}",
                finished.stderr
            );
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no database was made");
}

type Row = (String, String, Option<String>, String, String);

/// Every listing of any status in order of id, without its id and without what the database adds.
async fn rows(database: &Database) -> Vec<Row> {
    let store = database.store().await;
    let mut rows = Vec::new();
    for status in listings::Status::ALL {
        rows.extend(rows_of(&store, &Search { status, limit: 10_000, ..Search::default() }).await);
    }
    store.close().await;
    rows
}

async fn rows_of(store: &Store, search: &Search) -> Vec<Row> {
    let page = store
        .page(&larder::Reading::new(), &Search { sort: listings::search::Sort::Id, ..search.clone() })
        .await
        .unwrap();
    let row = |it: listings::Property| {
        let price = it.price.map(|price| price.to_string());
        (it.title, it.description, price, it.location, it.created_at.to_rfc3339())
    };
    page.properties.into_iter().map(row).collect()
}

#[test]
fn the_help_of_every_command_has_an_example() {
    for command in [
        &[][..],
        &["serve"],
        &["migrate"],
        &["seed"],
        &["config"],
        &["config", "check"],
        &["config", "show"],
        &["healthcheck"],
    ] {
        let help = succeeds(&gable(&Folder::new(), &[command, &["--help"]].concat()).run());
        assert!(help.contains("Example"), "{command:?}:\n{help}");
        let name = [&["gable"], command].concat();
        let example = help.split("Example").nth(1).unwrap_or_default();
        assert!(
            example.contains(name[0]) && name.iter().skip(1).all(|word| example.contains(word)),
            "{help}"
        );
    }
}

#[test]
fn the_version_is_told() {
    let said = succeeds(&gable(&Folder::new(), &["--version"]).run());
    assert_eq!(said, format!("gable {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_count_below_zero_or_beyond_all_measure_is_refused_before_anything_is_done() {
    let folder = Folder::new();
    for count in ["-1", "x", "1.5", "10000001", "99999999999999999999", ""] {
        let finished = gable(&folder, &["seed", "--count", count]).run();
        assert_eq!(finished.status.code(), Some(2), "{count}");
        for part in ["--count", "from 0 to 10000000"] {
            assert!(finished.stderr.contains(part), "{}", finished.stderr);
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no database was made");
}

#[test]
fn a_command_that_is_none_is_refused_with_what_there_is() {
    let finished = gable(&Folder::new(), &["sow"]).run();
    assert_eq!(finished.status.code(), Some(2));
    assert!(finished.stderr.contains("sow") && finished.stderr.contains("--help"), "{}", finished.stderr);
    let misspelt = gable(&Folder::new(), &["sed"]).run();
    assert!(misspelt.stderr.contains("seed"), "{}", misspelt.stderr);
}

/// The program ended with 0 and complained about nothing; returns what it said.
fn succeeds(finished: &Finished) -> String {
    assert_eq!(finished.status.code(), Some(0), "{}{}", finished.stdout, finished.stderr);
    assert_eq!(finished.stderr, "");
    finished.stdout.clone()
}
