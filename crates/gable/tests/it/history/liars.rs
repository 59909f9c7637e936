//! The judge is not to be fooled: caches that lie, put before a site that does not.

use std::time::Duration;

use testkit::history::{Liar, Report, Wrong};

use super::rig::{BOUND, Rig, is_right, say};
use crate::database::Database;

const LENGTH: Duration = Duration::from_secs(4);

/// What the judge says of a site behind a liar.
fn judged(keeps: Duration, key: fn(&str) -> &str) -> Report {
    let rig = Rig::over(Database::postgres(), 1, BOUND);
    let door = Liar::before(rig.scene.nodes[0].door().address(), keeps, key);
    let report = rig.scene.traffic(&[&door]).round(LENGTH, 6, &[]);
    say(&report);
    report
}

#[test]
fn a_cache_that_keeps_pages_for_half_a_second_is_found_out() {
    let report = judged(Duration::from_millis(500), |path| path);
    assert!(report.count_of(&Wrong::Stale(Duration::ZERO)) > 2, "{report}");
    let oldest = report.ages.iter().max().unwrap();
    assert!(*oldest <= BOUND, "what counts as right is within the bound: {oldest:?}");
}

#[test]
fn a_cache_that_takes_one_listing_for_another_is_found_out() {
    let report =
        judged(Duration::from_millis(500), |path| path.trim_end_matches(|it: char| it.is_ascii_digit()));
    assert!(report.count_of(&Wrong::Odd(String::new())) > 2, "{report}");
}

#[test]
fn a_cache_that_forgets_the_query_is_found_out() {
    let report = judged(Duration::from_millis(500), |path| path.split('?').next().unwrap());
    let wrong = [Wrong::WronglyShown, Wrong::Missing, Wrong::Torn, Wrong::Stale(Duration::ZERO)];
    assert!(wrong.iter().map(|wrong| report.count_of(wrong)).sum::<usize>() > 2, "{report}");
}

/// The site's own cache, told to rely on what it knows for longer than is promised.
#[test]
fn a_site_with_a_lease_is_found_out_by_whoever_allows_none() {
    let slow = [("CACHE_POLL_MS", "1000")];
    let mut rig = Rig::with(Database::postgres(), 1, Duration::from_secs(2), &slow);
    rig.scene.bound = Duration::ZERO;
    let report = rig.scene.round(LENGTH, 8, &[]);
    say(&report);
    let old = [Wrong::Stale(Duration::ZERO), Wrong::Backwards(Duration::ZERO), Wrong::OwnWriteUnseen];
    assert!(old.iter().map(|wrong| report.count_of(wrong)).sum::<usize>() > 2, "{report}");
}

#[test]
fn a_proxy_that_keeps_nothing_is_not_accused() {
    is_right(&judged(Duration::ZERO, |path| path));
}
