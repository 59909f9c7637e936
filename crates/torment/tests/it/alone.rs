//! Each fault by itself: nothing wrong is shown, nothing old that does not say so, no own write is missing, no error that the
//! fault does not excuse, and all is well again soon after.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use testkit::Program;
use testkit::history::Wrong;
use torment::{Chosen, Course, Fleet, Plan, Subject, Tally, faults};

/// Long enough for every reader to ask some dozen times, and for what waits to be given up.
const LONGEST: Duration = Duration::from_millis(1_500);

/// The default lease.
const BOUND: Duration = Duration::from_millis(100);

fn gable() -> Program {
    Program::new(env!("CARGO_BIN_EXE_torment")).arguments(["serve", "--no-sample-data"])
}

fn fleet(is_cluster: bool) -> Fleet {
    Fleet::start(&Plan { program: gable(), nodes: 2, is_cluster, bound: BOUND, seed: 1, liar: None })
}

/// Causes every such fault that such a fleet can have, one after the other, each in a round of its own.
fn each_is_survived(is_cluster: bool, is_such: impl Fn(&Chosen) -> bool) {
    let fleet = fleet(is_cluster);
    let mut faults = faults::possible(is_cluster, true);
    faults.retain(is_such);
    let (stop, tell) = (AtomicBool::new(false), say);
    let course = Course::of(&fleet, &faults, LONGEST, &stop, &tell);
    for chosen in &faults {
        is_right(chosen.fault.name(), &course.alone(*chosen, 1));
    }
}

fn is_right(name: &str, tally: &Tally) {
    assert_eq!(tally.violations(), 0, "{name}\n{tally}");
    assert_eq!(tally.faults[name].times, 1, "{name}\n{tally}");
    assert!(tally.report.answers() > 20, "{name}: hardly anybody was answered\n{tally}");
}

/// Nodes that ask the database rarely unless somebody needs to know more: the judge must notice who is not believed.
#[test]
fn write_tokens_that_mean_nothing_are_found_out() {
    let program = gable().environment("CACHE_POLL_MS", "1000");
    let bound = Duration::from_secs(2);
    let plan = Plan { program, nodes: 2, is_cluster: false, bound, seed: 1, liar: None };
    let mut fleet = Fleet::start(&plan);
    fleet.scene.token_of = Box::new(|_| Some("nonsense".to_owned()));
    let mut faults = faults::possible(false, false);
    faults.retain(|chosen| chosen.fault.name() == "redis-flushall");
    let (stop, tell) = (AtomicBool::new(false), say);
    let course = Course::of(&fleet, &faults, LONGEST, &stop, &tell);
    let tally = course.at_random(Duration::from_secs(6), 2);
    assert!(tally.report.count_of(&Wrong::OwnWriteUnseen) > 2, "{tally}");
}

#[expect(clippy::print_stdout, reason = "shown by the runner where it is asked for")]
fn say(line: &str) {
    println!("{line}");
}

#[test]
fn whatever_happens_to_redis_costs_no_error_and_no_true_answer() {
    each_is_survived(false, |chosen| chosen.subject == Subject::Redis);
}

#[test]
fn whatever_happens_to_a_redis_cluster_costs_no_error_and_no_true_answer() {
    let is_of_the_way = |chosen: &Chosen| chosen.fault.name().starts_with("network-redis");
    each_is_survived(true, |chosen| chosen.subject == Subject::Redis || is_of_the_way(chosen));
}

#[test]
fn without_postgres_an_answer_says_that_it_is_old_or_is_a_503() {
    each_is_survived(false, |chosen| chosen.subject == Subject::Postgres);
}

#[test]
fn a_node_that_stands_still_or_dies_harms_no_other() {
    each_is_survived(false, |chosen| chosen.subject == Subject::Node);
}

#[test]
fn a_link_that_is_cut_or_swallows_what_is_sent_lets_nothing_old_through() {
    each_is_survived(false, |chosen| chosen.subject == Subject::Network);
}

#[test]
fn whoever_writes_past_the_program_is_seen_at_once() {
    each_is_survived(false, |chosen| chosen.subject == Subject::Writers);
}
