//! The program as it is run: its end, its table, its exit code.

use std::time::Duration;

use testkit::{Program, Running, Signal};

/// After this a test has failed.
const PATIENCE: Duration = Duration::from_mins(4);

fn torment(arguments: &[&str]) -> Running {
    Program::new(env!("CARGO_BIN_EXE_torment")).arguments(arguments.iter().copied()).start()
}

/// Its exit code and what it wrote, once it has ended.
fn outcome(running: &Running) -> (Option<i32>, String) {
    let status = running.wait_within(PATIENCE).expect("it ends by itself");
    (status.code(), running.output())
}

#[test]
fn forty_seconds_of_everything_show_nothing_wrong() {
    let running = torment(&["--nodes", "2", "--minutes", "0.7", "--seed", "7", "--longest", "2"]);
    let (code, output) = outcome(&running);
    assert_eq!(code, Some(0), "{output}");
    for part in ["requests", "writes", "hit in Redis", "lag", "errors", "violations in all: 0"] {
        assert!(output.contains(part), "{part} in\n{output}");
    }
}

#[test]
fn a_cache_that_lies_is_found_out_and_the_exit_code_says_so() {
    let lying = ["--liar-ms", "500", "--nodes", "1", "--minutes", "0.1", "--faults", "redis-flushall"];
    let (code, output) = outcome(&torment(&lying));
    assert_eq!(code, Some(1), "{output}");
    assert!(output.contains("stale ("), "{output}");
}

#[test]
fn an_interrupted_run_ends_in_order_with_its_table() {
    let running = torment(&["--nodes", "1", "--longest", "1"]);
    running.wait_for_line(|line| line == "all nodes serve");
    running.signal(Signal::INT);
    let (code, output) = outcome(&running);
    assert_eq!(code, Some(0), "{output}");
    assert!(output.contains("violations in all: 0"), "{output}");
}

#[test]
fn a_fault_that_there_is_not_is_refused() {
    let (code, output) = outcome(&torment(&["--faults", "redis-killed,earthquake"]));
    assert_eq!(code, Some(2), "{output}");
    assert!(output.contains("earthquake is no fault"), "{output}");
    let (code, list) = outcome(&torment(&["--list", "--cluster"]));
    assert_eq!(code, Some(0), "{list}");
    assert!(list.contains("cluster-slots-moved") && !list.contains("redis-killed"), "{list}");
}
