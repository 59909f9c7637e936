//! What readers are shown while others write: judged from outside, whatever goes wrong meanwhile.
//!
//! Nothing here knows how answers are made. A site without a cache passes; a cache that lies does not (`liars`).

mod liars;
mod outages;
mod paused;
mod rig;

use std::time::Duration;

use testkit::Postgres;

use crate::database::Database;
use rig::{BOUND, Rig, is_right};

/// Long enough for some hundred writes and some thousand reads, on a machine that has nothing else to do.
const LENGTH: Duration = Duration::from_secs(5);

#[test]
fn nothing_is_older_than_the_lease() {
    let rig = Rig::over(Database::postgres(), 1, BOUND);
    is_busy_and_right(&rig, 1);
}

#[test]
fn nothing_is_old_at_all_with_a_lease_of_zero() {
    let rig = Rig::over(Database::postgres(), 1, Duration::ZERO);
    is_busy_and_right(&rig, 2);
}

#[test]
fn nothing_is_old_at_all_over_sqlite() {
    let rig = Rig::over(Database::sqlite(), 1, Duration::ZERO);
    is_busy_and_right(&rig, 3);
}

#[test]
fn two_nodes_agree_within_the_lease() {
    let rig = Rig::over(Database::postgres(), 2, BOUND);
    is_busy_and_right(&rig, 4);
}

/// With nothing failing, nobody is turned away, and hardly anything says that it is old: nothing would, but for a machine that
/// is so busy that asking the database takes longer than somebody who waits is made to wait.
fn is_busy_and_right(rig: &Rig, seed: u64) {
    let report = rig.scene.round(LENGTH, seed, &[]);
    is_right(&report);
    assert!(report.committed > 10 && report.rolled_back > 0 && report.answers() > 30, "{report}");
    assert_eq!((report.refused, report.failed.len()), (0, 0), "{report}");
    assert!(report.stale_answers() * 5 < report.answers(), "{report}");
}

/// A minute of it. An hour: `cargo run --release -p gable --example history -- --minutes 60`.
#[test]
fn a_minute_of_random_kills_and_pauses_shows_nothing_that_is_silently_old() {
    let postgres = Postgres::start();
    let rig = Rig::over(Database::on(&postgres), 2, BOUND);
    let report = rig.scene.torment(&postgres, Duration::from_mins(1), 5);
    is_right(&report);
    assert!(report.committed > 50 && report.answers() > 200, "{report}");
    assert!(rig.scene.is_back_within(Duration::from_secs(20)).is_some(), "it is whole afterwards");
}
