//! What a ledger says of an entry, held against all that has happened.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use larder::clock::Moment;
use larder::freshness::{
    Change, Columns, Condition, Dependency, Happened, Ledger, LedgerLimits, Part, Poll, PollRefused,
    PolledChanges, Query, RowValues, Snapshot, Value, Verdict, Xid,
};
use larder::incarnation::Incarnation;
use proptest::prelude::*;

fn snapshot(text: &str) -> Snapshot {
    text.parse().unwrap()
}

fn at(seconds: u64) -> Moment {
    Moment::default().plus(Duration::from_secs(seconds))
}

fn change(xid: u64, id: i64) -> Change {
    priced(xid, id, None, Some(1))
}

fn priced(xid: u64, id: i64, old: Option<i64>, new: Option<i64>) -> Change {
    let values = |price: Option<i64>| price.map(|price| RowValues::new([("price", Value::from(price))]));
    let happened = Happened::Row { id: id.into(), old: values(old), new: values(new) };
    Change { xid: Xid(xid), table: "homes".into(), happened }
}

fn poll(seen: &str, changes: Vec<Change>) -> Poll {
    poll_of(snapshot(seen), PolledChanges::All(changes))
}

fn poll_of(snapshot: Snapshot, changes: PolledChanges) -> Poll {
    Poll { incarnation: Incarnation::of(["this"]), snapshot, floor: Xid(0), changes }
}

fn ledger(seen: &str) -> Ledger {
    Ledger::new(poll(seen, Vec::new()), at(0), LedgerLimits::default())
}

fn row(id: i64) -> Dependency {
    Dependency::Row { table: "homes".into(), id: id.into() }
}

fn part(seen: &str, dependency: Dependency) -> Arc<Part> {
    Arc::new(Part { snapshot: snapshot(seen), dependencies: vec![dependency] })
}

fn verdict(ledger: &Ledger, seen: &str, id: i64) -> Verdict {
    ledger.verdict(&[part(seen, row(id))], ledger.generation(), 0)
}

#[test]
fn a_poll_from_before_is_refused_and_changes_nothing() {
    let mut ledger = ledger("9:9:");
    let refused = ledger.take(poll("8:8:", vec![change(8, 1)]), at(5));
    assert!(matches!(refused, Err(PollRefused::Backwards { .. })));
    assert_eq!((ledger.asked_at(), ledger.size().0), (at(0), 0));
    assert_eq!(*ledger.snapshot(), snapshot("9:9:"));
}

#[test]
fn a_poll_of_another_life_ends_all_that_was_kept() {
    let mut ledger = ledger("9:9:");
    let generation = ledger.generation();
    let other = Poll { incarnation: Incarnation::of(["other"]), ..poll("5:5:", vec![change(4, 1)]) };
    ledger.take(other, at(1)).unwrap();
    assert_ne!(ledger.generation(), generation);
    assert_eq!(ledger.verdict(&[part("9:9:", row(1))], generation, 0), Verdict::Forgotten);
}

#[test]
fn below_the_floor_nothing_is_true() {
    let mut ledger = ledger("5:5:");
    ledger.take(Poll { floor: Xid(8), ..poll("9:9:", Vec::new()) }, at(1)).unwrap();
    assert_eq!(verdict(&ledger, "7:7:", 1), Verdict::Forgotten);
    assert_eq!(verdict(&ledger, "8:8:", 1), Verdict::Forgotten, "what was deleted unheard could be anything");
    assert_eq!(verdict(&ledger, "9:9:", 1), Verdict::True(ledger.head()));
}

#[test]
fn what_the_first_poll_saw_and_an_entry_did_not_cannot_be_compared() {
    let ledger = ledger("5:8:5");
    assert_eq!(
        verdict(&ledger, "5:6:5", 1),
        Verdict::Forgotten,
        "6 and 7 have ended, and may have touched it"
    );
    assert_eq!(verdict(&ledger, "5:8:5", 1), Verdict::True(ledger.head()));
}

#[test]
fn after_too_many_changes_nothing_from_before_is_true_here_or_in_redis() {
    let mut ledger = ledger("5:5:");
    let head = ledger.head();
    ledger.take(poll_of(snapshot("5:9:5"), PolledChanges::TooMany), at(1)).unwrap();
    assert!(ledger.head() > head, "nothing counts as compared up to here");
    assert_eq!(ledger.asked_at(), at(1));
    assert_eq!(verdict(&ledger, "5:8:5", 1), Verdict::Forgotten);
    assert_eq!(verdict(&ledger, "5:9:5", 1), Verdict::True(ledger.head()));
}

#[test]
fn what_others_read_while_changes_went_unreported_is_not_judged() {
    let mut ledger = ledger("5:5:");
    let of_others = |ledger: &Ledger, seen: &str| {
        ledger.verdict_of_foreign(&[part(seen, row(1))], Incarnation::of(["this"]))
    };
    assert_eq!(of_others(&ledger, "5:5:"), Verdict::True(ledger.head()));
    ledger.distrust(at(3));
    assert_eq!(of_others(&ledger, "9:9:"), Verdict::Forgotten);
    // It was sent before the reports were seen to stand.
    ledger.take(poll("7:7:", Vec::new()), at(2)).unwrap();
    assert_eq!(of_others(&ledger, "7:7:"), Verdict::Forgotten);
    ledger.take(poll("9:9:", Vec::new()), at(4)).unwrap();
    assert_eq!(of_others(&ledger, "8:8:"), Verdict::Forgotten, "nobody knows what went unreported after 7");
    assert_eq!(of_others(&ledger, "9:9:"), Verdict::True(ledger.head()));
    ledger.take(poll("10:10:", vec![change(9, 1)]), at(5)).unwrap();
    assert_eq!(of_others(&ledger, "9:9:"), Verdict::Changed);
}

#[test]
fn over_its_bytes_it_gives_up_everything_rather_than_a_change() {
    let limits = LedgerLimits { bytes: 2 * change(5, 1).bytes(), ..LedgerLimits::default() };
    let mut ledger = Ledger::new(poll("5:5:", Vec::new()), at(0), limits);
    ledger.take(poll("7:7:", vec![change(5, 1), change(6, 2)]), at(1)).unwrap();
    assert_eq!(verdict(&ledger, "6:6:", 3), Verdict::True(ledger.head()));
    ledger.take(poll("8:8:", vec![change(7, 3)]), at(2)).unwrap();
    assert_eq!(ledger.size(), (0, 0));
    assert_eq!(verdict(&ledger, "7:7:", 4), Verdict::Forgotten);
    assert_eq!(verdict(&ledger, "8:8:", 4), Verdict::True(ledger.head()));
}

#[test]
fn old_changes_are_forgotten_but_not_those_that_an_open_writer_keeps_from_being_seen() {
    let mut ledger = ledger("5:5:");
    ledger.take(poll("6:6:", vec![change(5, 1)]), at(1)).unwrap();
    ledger.take(poll("6:8:6", vec![change(7, 2)]), at(2)).unwrap();
    ledger.forget(at(9));
    assert_eq!(ledger.size().0, 1);
    assert_eq!(verdict(&ledger, "5:5:", 3), Verdict::Forgotten);
    assert_eq!(verdict(&ledger, "6:7:6", 2), Verdict::Changed);
}

#[test]
fn what_was_found_true_is_compared_only_with_what_is_new() {
    let limits = LedgerLimits { comparisons: 2, ..LedgerLimits::default() };
    let mut ledger = Ledger::new(poll("5:5:", Vec::new()), at(0), limits);
    let whole = [part("5:5:", bracket(50))];
    ledger.take(poll("7:7:", vec![change(5, 1), change(6, 2)]), at(1)).unwrap();
    let checked = Verdict::True(ledger.head());
    assert_eq!(ledger.verdict(&whole, 0, 0), checked);
    ledger.take(poll("8:8:", vec![change(7, 3)]), at(2)).unwrap();
    assert_eq!(ledger.verdict(&whole, 0, 0), Verdict::TooMuch);
    assert_eq!(ledger.verdict(&whole, 0, 2), Verdict::True(ledger.head()));
}

#[test]
fn two_readings_are_of_one_moment_where_nothing_between_them_touched_the_older() {
    let mut ledger = ledger("5:5:");
    let parts = [part("5:5:", row(1)), part("7:7:", row(2))];
    assert_eq!(ledger.are_of_one_moment(&parts, 0), None, "it has not heard so far");
    ledger.take(poll("8:8:", vec![change(6, 2), change(7, 1)]), at(1)).unwrap();
    assert_eq!(ledger.are_of_one_moment(&parts, 0), Some(true), "7 came after both");
    let torn = [part("5:5:", row(2)), part("7:7:", row(1))];
    assert_eq!(ledger.are_of_one_moment(&torn, 0), Some(false));
}

/// Rows with a price of at least so much.
fn bracket(least: i64) -> Dependency {
    let conditions = vec![Condition::Range("price".into(), Some(least.into()), None)];
    Dependency::Query(Query { table: "homes".into(), conditions, window: None, columns: Columns::All })
}

/// One step of a random history. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Step {
    Write { id: i64, price: Option<i64> },
    End { which: usize, commits: bool },
    Poll { is_too_many: bool },
    Read(Dependency),
    Forget,
}

fn step() -> impl Strategy<Value = Step> {
    let dependency = prop_oneof![
        (0..4_i64).prop_map(row),
        (0..9_i64).prop_map(bracket),
        Just(Dependency::Table("homes".into())),
    ];
    prop_oneof![
        4 => (0..4_i64, proptest::option::of(0..9_i64)).prop_map(|(id, price)| Step::Write { id, price }),
        4 => (0..8_usize, prop::bool::weighted(0.8)).prop_map(|(which, commits)| Step::End { which, commits }),
        4 => prop::bool::weighted(0.05).prop_map(|is_too_many| Step::Poll { is_too_many }),
        3 => dependency.prop_map(Step::Read),
        1 => Just(Step::Forget),
    ]
}

/// Everything that happened, which a ledger never knows.
struct Oracle {
    next: u64,
    open: Vec<Change>,
    committed: Vec<Change>,
}

impl Oracle {
    fn snapshot(&self) -> Snapshot {
        let xip: Vec<Xid> = self.open.iter().map(|change| change.xid).collect();
        let xmin = xip.iter().min().copied().unwrap_or(Xid(self.next));
        Snapshot::new(xmin, Xid(self.next), xip).unwrap()
    }

    /// Committed changes that `now` sees and `then` does not.
    fn between(&self, then: &Snapshot, now: &Snapshot) -> Vec<Change> {
        let is_between = |change: &&Change| now.sees(change.xid) && !then.sees(change.xid);
        self.committed.iter().filter(is_between).cloned().collect()
    }

    fn has_changed(&self, part: &Part, now: &Snapshot) -> bool {
        let between = self.between(&part.snapshot, now);
        part.dependencies
            .iter()
            .any(|dependency| between.iter().any(|change| dependency.is_touched_by(change)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_a_ledger_calls_true_no_change_that_it_could_have_heard_of_has_touched(
        steps in proptest::collection::vec(step(), 1..60),
    ) {
        let mut oracle = Oracle { next: 3, open: Vec::new(), committed: Vec::new() };
        let mut ledger = Ledger::new(poll_of(oracle.snapshot(), PolledChanges::All(Vec::new())), at(0), LedgerLimits::default());
        let mut read: Vec<(Arc<Part>, u64)> = Vec::new();
        let mut has_given_up = false;
        for (second, step) in steps.into_iter().enumerate() {
            match step {
                Step::Write { id, price } => {
                    oracle.open.push(priced(oracle.next, id, Some(5), price));
                    oracle.next += 1;
                }
                Step::End { which, commits } if which < oracle.open.len() => {
                    let change = oracle.open.remove(which);
                    oracle.committed.extend(commits.then_some(change));
                }
                Step::Poll { is_too_many } => {
                    let now = oracle.snapshot();
                    let changes = oracle.between(ledger.snapshot(), &now);
                    let changes = if is_too_many { PolledChanges::TooMany } else { PolledChanges::All(changes) };
                    ledger.take(poll_of(now, changes), at(second as u64)).unwrap();
                    has_given_up |= is_too_many;
                }
                Step::Read(dependency) => {
                    read.push((Arc::new(Part { snapshot: oracle.snapshot(), dependencies: vec![dependency] }), 0));
                }
                Step::Forget => {
                    ledger.forget(at((second as u64).saturating_sub(20)));
                    has_given_up |= ledger.floor() > Xid(3);
                }
                Step::End { .. } => {}
            }
            for (part, checked) in &mut read {
                let has_changed = oracle.has_changed(part, ledger.snapshot());
                // As from Redis, which knows no generation; and as from memory, compared only with what is new.
                let anew = ledger.verdict(&[Arc::clone(part)], ledger.generation(), 0);
                let further = ledger.verdict(&[Arc::clone(part)], ledger.generation(), *checked);
                prop_assert_eq!(anew, further, "{:?}", part);
                match anew {
                    Verdict::True(position) => {
                        prop_assert!(!has_changed, "{:?}", part);
                        *checked = position;
                    }
                    Verdict::Changed => prop_assert!(has_changed, "{:?}", part),
                    Verdict::Forgotten => prop_assert!(has_given_up, "{:?}", part),
                    Verdict::TooMuch => prop_assert!(false, "so few are not too much"),
                }
            }
        }
    }
}
