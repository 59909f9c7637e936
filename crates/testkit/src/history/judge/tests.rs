//! Histories made by hand: one of each kind of violation, and what is none.

use std::time::Duration;

use super::judge;
use crate::history::record::{
    Answer, Change, History, Lane, Outcome, Own, Part, Read, Scope, ServedFrom, Sighting, Write,
};
use crate::history::report::{Report, Wrong};
use crate::history::state::{Filter, State};

/// The bound of these histories.
const BOUND: Duration = ms(100);

/// Two listings that are written together.
const TWINS: [i64; 2] = [11, 12];

/// A listing of another lane.
const OTHER: i64 = 21;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn active(number: u64) -> State {
    State { number, place: 0, is_dear: false, is_active: true }
}

/// Twins and another at number 1; then writes and reads.
fn history(writes: Vec<Write>, reads: Vec<Read>) -> History {
    let lane = |listings: &[i64]| Lane {
        listings: listings.to_vec(),
        number: 1,
        states: vec![Some(active(1)); listings.len()],
    };
    History { since: Duration::ZERO, lanes: vec![lane(&TWINS), lane(&[OTHER])], writes, reads }
}

/// A committed write of the twins, sent and acknowledged at these milliseconds.
fn write(number: u64, sent: u64, acknowledged: u64) -> Write {
    write_of(number, [Some(active(number)); 2], sent, Outcome::Committed(ms(acknowledged)))
}

fn write_of(number: u64, states: [Option<State>; 2], sent: u64, outcome: Outcome) -> Write {
    let change = Change { lane: 0, number, states: states.to_vec() };
    Write { changes: vec![change], sent: ms(sent), outcome }
}

fn other(number: u64) -> Change {
    Change { lane: 1, number, states: vec![Some(active(number))] }
}

/// A read of a page with these listings, at these milliseconds.
fn read(scope: Scope, shown: &[(i64, u64)], begun: u64, ended: u64) -> Read {
    let sighting = |(listing, number): &(i64, u64)| Sighting {
        listing: *listing,
        numbers: vec![*number],
        place: None,
        is_dear: None,
    };
    Read {
        node: 0,
        path: "/".to_owned(),
        begun: ms(begun),
        ended: ms(ended),
        from: ServedFrom::Hit,
        own: None,
        answer: Answer::Shown(vec![Part { scope, sightings: shown.iter().map(sighting).collect() }]),
    }
}

fn one(number: u64, begun: u64, ended: u64) -> Read {
    read(Scope::One(11), &[(11, number)], begun, ended)
}

fn list(shown: &[(i64, u64)], begun: u64, ended: u64) -> Read {
    read(Scope::All(Filter::default()), shown, begun, ended)
}

fn judged(writes: &[Write], reads: &[Read]) -> Report {
    judge(&history(writes.to_vec(), reads.to_vec()), BOUND)
}

fn wrongs(writes: &[Write], reads: &[Read]) -> Vec<Wrong> {
    judged(writes, reads).violations.into_iter().map(|violation| violation.wrong).collect()
}

#[test]
fn what_was_overwritten_may_be_shown_up_to_the_bound_after_the_acknowledgement() {
    assert_eq!(wrongs(&[write(2, 10, 20)], &[one(1, 5, 8), one(1, 15, 18), one(1, 120, 400)]), []);
    assert_eq!(wrongs(&[write(2, 10, 20)], &[one(1, 121, 122)]), [Wrong::Stale(ms(101))]);
}

#[test]
fn what_is_being_committed_may_be_shown_before_it_is_acknowledged() {
    assert_eq!(wrongs(&[write(2, 10, 500)], &[one(2, 5, 10), one(2, 20, 30)]), []);
}

#[test]
fn what_was_not_sent_yet_was_never_committed() {
    assert_eq!(wrongs(&[write(2, 10, 20)], &[one(2, 5, 9)]), [Wrong::NeverCommitted]);
}

#[test]
fn what_was_rolled_back_was_never_committed() {
    let taken_back = write_of(2, [Some(active(2)); 2], 10, Outcome::RolledBack);
    assert_eq!(wrongs(&[taken_back], &[one(2, 20, 30), one(1, 500, 501)]), [Wrong::NeverCommitted]);
}

#[test]
fn a_number_or_a_listing_that_nobody_wrote_was_never_committed() {
    assert_eq!(wrongs(&[], &[one(77, 20, 30)]), [Wrong::NeverCommitted]);
    let stranger = read(Scope::Some, &[(99, 1)], 20, 30);
    assert_eq!(wrongs(&[], &[stranger]), [Wrong::NeverCommitted]);
}

#[test]
fn what_is_older_than_the_history_is_stale() {
    assert_eq!(wrongs(&[], &[one(0, 20, 30)]), [Wrong::Stale(ms(20))]);
}

#[test]
fn an_old_answer_that_says_so_is_right_and_a_false_one_is_not() {
    let labelled = |number| Read { from: ServedFrom::Stale, ..one(number, 900, 901) };
    let report = judged(&[write(2, 10, 20)], &[labelled(1), labelled(77)]);
    assert_eq!(report.violations.len(), 1);
    assert_eq!(report.violations[0].wrong, Wrong::NeverCommitted);
    assert_eq!(report.stale_answers(), 2);
}

/// A list that was kept while the twins were gone, and is shown when a later round knows them only as they came back.
#[test]
fn what_says_that_it_is_old_may_be_older_than_all_reads() {
    let gone = write_of(2, [None, None], 10, Outcome::Committed(ms(20)));
    let back = write(3, 500, 510);
    let kept = Read { from: ServedFrom::Stale, ..list(&[(OTHER, 1)], 2_000, 2_001) };
    let history = history(vec![gone, back], vec![kept, one(3, 2_100, 2_101)]);
    let report = judge(&History { since: ms(1_000), ..history }, BOUND);
    assert!(report.violations.is_empty(), "{report}");
    assert_eq!((report.committed, report.lags.len()), (0, 0), "what was before is not of this round");
}

#[test]
fn twins_with_different_numbers_are_torn() {
    let torn = list(&[(11, 2), (12, 1), (OTHER, 1)], 15, 30);
    assert_eq!(wrongs(&[write(2, 10, 20)], &[torn]), [Wrong::Torn]);
    let gone = write_of(2, [None, None], 10, Outcome::Committed(ms(20)));
    let half = list(&[(11, 1), (OTHER, 1)], 15, 30);
    assert_eq!(wrongs(&[gone], &[half]), [Wrong::Torn]);
}

#[test]
fn a_listing_with_two_numbers_on_one_page_is_torn() {
    let mut torn = one(2, 15, 30);
    let Answer::Shown(parts) = &mut torn.answer else { unreachable!() };
    parts[0].sightings[0].numbers.push(1);
    assert_eq!(wrongs(&[write(2, 10, 20)], &[torn]), [Wrong::Torn]);
}

#[test]
fn a_listing_with_the_place_of_another_write_is_torn() {
    let moved = State { place: 1, ..active(2) };
    let write = write_of(2, [Some(moved); 2], 10, Outcome::Committed(ms(20)));
    let mut torn = one(2, 15, 30);
    let Answer::Shown(parts) = &mut torn.answer else { unreachable!() };
    parts[0].sightings[0].place = Some(0);
    assert_eq!(wrongs(&[write], &[torn]), [Wrong::Torn]);
}

#[test]
fn lanes_that_were_never_true_together_are_torn() {
    // The twins' second write was acknowledged before the other's was sent: whoever sees this one sees that one.
    let later = Write { changes: vec![other(2)], sent: ms(30), outcome: Outcome::Committed(ms(40)) };
    let writes = [write(2, 10, 20), later];
    assert_eq!(wrongs(&writes, &[list(&[(11, 1), (12, 1), (OTHER, 2)], 35, 50)]), [Wrong::Torn]);
    assert_eq!(wrongs(&writes, &[list(&[(11, 2), (12, 2), (OTHER, 1)], 35, 50)]), []);
}

#[test]
fn lanes_that_one_transaction_changed_are_shown_both_before_or_both_after() {
    let mut bulk = write(2, 10, 40);
    bulk.changes.push(other(2));
    let page = |twins, other| list(&[(11, twins), (12, twins), (OTHER, other)], 15, 20);
    assert_eq!(wrongs(&[bulk.clone()], &[page(1, 1), page(2, 2)]), []);
    assert_eq!(wrongs(&[bulk.clone()], &[page(1, 2)]), [Wrong::Torn]);
    assert_eq!(wrongs(&[bulk], &[page(2, 1)]), [Wrong::Torn]);
}

#[test]
fn a_listing_that_moved_out_of_the_filter_may_not_stay() {
    let moved = State { place: 1, ..active(2) };
    let write = write_of(2, [Some(moved); 2], 10, Outcome::Committed(ms(20)));
    let filter = Scope::All(Filter { place: Some(0), is_dear: None });
    let with = |number, begun| read(filter, &[(11, number), (12, number), (OTHER, 1)], begun, begun + 5);
    assert_eq!(wrongs(std::slice::from_ref(&write), &[with(1, 50)]), []);
    assert_eq!(wrongs(std::slice::from_ref(&write), &[with(1, 150)]), [Wrong::Stale(ms(130))]);
    assert_eq!(wrongs(&[write], &[with(2, 150)]), [Wrong::WronglyShown]);
}

#[test]
fn a_listing_that_moved_into_the_filter_may_not_stay_away() {
    let hidden = State { is_active: false, ..active(2) };
    let hide = write_of(2, [Some(hidden); 2], 10, Outcome::Committed(ms(20)));
    let writes = [hide, write(3, 200, 210)];
    let without = |begun| list(&[(OTHER, 1)], begun, begun + 5);
    assert_eq!(wrongs(&writes, &[without(50), without(300)]), []);
    assert_eq!(wrongs(&writes, &[without(311)]), [Wrong::Stale(ms(101))]);
}

#[test]
fn a_listing_that_was_always_due_is_missing() {
    assert_eq!(wrongs(&[write(2, 10, 20)], &[list(&[(11, 2), (12, 2)], 30, 40)]), [Wrong::Missing]);
    assert_eq!(wrongs(&[], &[read(Scope::One(11), &[], 30, 40)]), [Wrong::Missing]);
    assert_eq!(wrongs(&[], &[read(Scope::Some, &[], 30, 40)]), []);
}

#[test]
fn a_listing_that_is_gone_may_not_stay() {
    let gone = write_of(2, [None, None], 10, Outcome::Committed(ms(20)));
    assert_eq!(wrongs(std::slice::from_ref(&gone), &[one(1, 130, 140)]), [Wrong::Stale(ms(110))]);
    assert_eq!(wrongs(&[gone], &[read(Scope::One(11), &[], 130, 140)]), []);
}

#[test]
fn nobody_goes_back_behind_what_somebody_saw() {
    // Seen at 30, although the acknowledgement took until 1,000.
    let writes = [write(2, 10, 1_000)];
    assert_eq!(wrongs(&writes, &[one(2, 20, 30), one(1, 130, 140)]), []);
    assert_eq!(wrongs(&writes, &[one(2, 20, 30), one(1, 131, 140)]), [Wrong::Backwards(ms(101))]);
    // Whoever saw a later write has seen this one, too.
    let writes = [write(2, 10, 1_000), write(3, 1_010, 2_000)];
    assert_eq!(wrongs(&writes, &[one(3, 1_020, 1_030), one(1, 1_131, 1_140)]), [Wrong::Stale(ms(131))]);
}

#[test]
fn with_bound_zero_reads_are_linearizable() {
    let at_once = |reads: &[Read]| judge(&history(vec![write(2, 10, 20)], reads.to_vec()), Duration::ZERO);
    assert!(at_once(&[one(1, 15, 30), one(2, 15, 30)]).violations.is_empty());
    assert_eq!(at_once(&[one(1, 21, 30)]).violations[0].wrong, Wrong::Stale(ms(1)));
    assert_eq!(at_once(&[one(2, 11, 14), one(1, 15, 16)]).violations[0].wrong, Wrong::Backwards(ms(1)));
}

#[test]
fn an_own_write_is_seen_at_once() {
    let mine = |number| Read { own: Some(Own { lane: 0, number: 2 }), ..one(number, 30, 40) };
    assert_eq!(wrongs(&[write(2, 10, 20)], &[one(1, 30, 40), mine(2)]), []);
    assert_eq!(wrongs(&[write(2, 10, 20)], &[mine(1)]), [Wrong::OwnWriteUnseen]);
    let labelled = Read { from: ServedFrom::Stale, ..mine(1) };
    assert_eq!(wrongs(&[write(2, 10, 20)], &[labelled]), []);
}

#[test]
fn a_refusal_says_when_to_come_back_and_other_answers_are_odd() {
    let with = |answer| Read { answer, ..one(1, 5, 6) };
    let refused = |says_when| with(Answer::Refused { says_when });
    let odd = with(Answer::Odd("500".to_owned()));
    let lost = with(Answer::Failed("connection reset".to_owned()));
    let report = judged(&[], &[refused(true), refused(false), odd, lost]);
    let found: Vec<Wrong> = report.violations.iter().map(|violation| violation.wrong.clone()).collect();
    assert_eq!(found, [Wrong::NoRetryAfter, Wrong::Odd("500".to_owned())]);
    assert_eq!((report.refused, report.failed["connection reset"], report.answers()), (2, 1, 0));
}

#[test]
fn a_lag_is_from_the_acknowledgement_to_the_first_sight_on_each_node() {
    let elsewhere = Read { node: 1, ..one(2, 50, 60) };
    let report = judged(&[write(2, 10, 20)], &[one(2, 20, 27), one(2, 90, 91), elsewhere]);
    let mut lags = report.lags.clone();
    lags.sort_unstable();
    assert_eq!(lags, [ms(7), ms(40)]);
    assert_eq!(report.ages.iter().max(), Some(&Duration::ZERO));
}

#[test]
fn the_table_says_everything_in_a_few_lines() {
    let mut report = judged(&[write(2, 10, 20)], &[one(2, 20, 27), one(1, 300, 301)]);
    report.add(judged(&[], &[one(1, 5, 6)]));
    let table = report.to_string();
    for line in
        ["writes      1 (committed 1, rolled back 0)", "answers     3 (hit 3)", "violations  1 (stale 1)"]
    {
        assert!(table.contains(line), "{table}");
    }
    assert!(table.contains("stale (280ms old): / at node 0"), "{table}");
}
