//! PostgreSQL away in every way under traffic: each answer is right, says that it is old, or is a 503; and then all is right again.

use std::thread;
use std::time::Duration;

use testkit::Postgres;
use testkit::history::{PostgresTrouble, Question, Reader, Report, Round, Stopwatch, Trouble};

use super::rig::{BOUND, Rig, is_right, say};
use crate::database::Database;

const LENGTH: Duration = Duration::from_secs(6);

/// How long an outage lasts.
const AWAY: Duration = Duration::from_secs(2);

/// After this a test has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// An id that no listing has.
const NOBODY: i64 = 5_001;

/// How soon everything must be right again.
const SOON: Duration = Duration::from_secs(2);

/// Traffic over a server with these settings, to which this happens after a second.
fn survives(settings: &[&str], outage: impl Fn(&PostgresTrouble<'_>) + Sync) -> Report {
    let postgres = Postgres::start_with(settings);
    let rig = Rig::over(Database::on(&postgres), 1, BOUND);
    let postgres = PostgresTrouble { postgres: &postgres, database_url: &rig.scene.database_url };
    let trouble: Trouble<'_> = &|round: &Round<'_>| {
        thread::sleep(Duration::from_secs(1));
        // What the same questions take when all is well, on a machine as busy as this one is now.
        let usual = rig.scene.is_back_within(PATIENCE).expect("a site without troubles answers");
        outage(&postgres);
        let back = rig.scene.is_back_within(SOON + 3 * usual);
        let back = back.unwrap_or_else(|| panic!("not right again:\n{}", rig.scene.nodes[0].output()));
        say(format!("back after {back:?}, {:?} into the round", round.elapsed()));
        Vec::new()
    };
    let report = rig.scene.round(LENGTH, 7, &[trouble]);
    is_right(&report);
    assert!(report.failed.is_empty(), "a node that lives answers everybody: {report}");
    assert!(report.committed > 5 && report.answers() > 20, "{report}");
    report
}

/// Whoever asked during the outage was told of it.
fn was_noticed(report: &Report) {
    assert!(report.refused + report.stale_answers() > 0, "{report}");
}

#[test]
fn a_database_that_was_stopped_at_once_lets_nothing_old_through() {
    was_noticed(&survives(&[], |postgres| postgres.stop_at_once(AWAY)));
}

#[test]
fn a_database_that_was_killed_lets_nothing_old_through() {
    was_noticed(&survives(&[], |postgres| postgres.kill(AWAY)));
}

#[test]
fn a_database_that_stands_still_lets_nothing_old_through() {
    survives(&[], |postgres| postgres.pause(2 * AWAY));
}

#[test]
fn a_database_without_a_free_connection_lets_nothing_old_through() {
    survives(&["max_connections=30"], |postgres| postgres.take_connections(AWAY));
}

#[test]
fn a_table_that_is_locked_lets_nothing_old_through() {
    survives(&[], |postgres| postgres.lock_listings(AWAY));
}

#[test]
fn sessions_that_are_ended_let_nothing_old_through() {
    survives(&[], |postgres| (0..20).for_each(|_| postgres.end_sessions()));
}

#[test]
fn a_table_that_is_altered_lets_nothing_old_through() {
    survives(&[], |postgres| (0..5).for_each(|_| postgres.alter_table()));
}

/// The listing comes while the node stands still, and the database goes before the node can hear of it.
#[test]
fn an_absence_that_may_be_over_is_not_told_as_news() {
    let postgres = Postgres::start();
    let rig = Rig::over(Database::on(&postgres), 1, BOUND);
    let stopwatch = Stopwatch::start();
    let (node, mut reader) = (&rig.scene.nodes[0], Reader::new(stopwatch));
    let questions = [Question::Record(NOBODY), Question::Page(NOBODY)];
    for question in questions.iter().cycle().take(6) {
        assert!(reader.ask(0, node.door(), question, None).is_fresh(), "nobody has this number yet");
    }
    node.pause();
    let insert = format!(
        "insert into properties_property (id, title, location, created_at) values ({NOBODY}, 'New', 'Accra', now())"
    );
    postgres.sql(&rig.scene.database_url, &insert);
    let inserted = stopwatch.elapsed();
    postgres.stop_at_once();
    node.resume();
    // Until the bound is over, what was known before may still be told.
    while stopwatch.elapsed() <= inserted + BOUND {
        reader.ask(0, node.door(), &questions[0], None);
    }
    for question in questions.iter().cycle().take(20) {
        let read = reader.ask(0, node.door(), question, None);
        assert!(!read.is_fresh(), "{} is silently old: {:?}", read.path, read.answer);
    }
}
