//! Programs: what they print, how they end, what they weigh.

use std::fs;
use std::time::Duration;
use testkit::{Folder, Program, Signal};

const SOON: Duration = Duration::from_secs(20);

fn shell(script: &str) -> Program {
    Program::new("/bin/sh").arguments(["-c", script])
}

#[test]
fn output_and_status_are_told_apart() {
    let finished = shell("echo out; echo err >&2; exit 3").run();
    assert_eq!((finished.stdout.as_str(), finished.stderr.as_str()), ("out\n", "err\n"));
    assert_eq!(finished.status.code(), Some(3));
}

#[test]
fn the_environment_is_what_the_test_says() {
    let finished = shell("env").environment("DATABASE_URL", "sqlite:here.db").run();
    assert!(finished.stdout.contains("DATABASE_URL=sqlite:here.db\n"));
    assert!(!finished.stdout.contains("CARGO_MANIFEST_DIR="));
}

#[test]
fn a_program_works_in_its_folder() {
    let folder = Folder::new();
    fs::write(folder.path().join("note"), "read").unwrap();
    assert_eq!(shell("cat note").in_folder(&folder).run().stdout, "read");
    assert_eq!(shell("ls -A").run().stdout, "");
}

#[test]
fn a_line_is_waited_for_on_either_stream() {
    let running = shell("echo one; echo listening on 4711 >&2; sleep 600").start();
    assert_eq!(running.wait_for_line(|line| line.starts_with("listening")), "listening on 4711");
}

#[test]
#[should_panic(expected = "without the line:\nsorry")]
fn a_program_that_ends_without_the_line_shows_its_output() {
    shell("echo sorry").start().wait_for_line(|line| line.contains("listening"));
}

#[test]
fn a_signal_ends_a_program_in_its_own_way() {
    let running = shell("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.01; done").start();
    running.wait_for_line(|line| line == "up");
    running.signal(Signal::TERM);
    assert_eq!(running.wait_within(SOON).unwrap().code(), Some(5));
    assert_eq!(running.stdout(), "up\nbye\n");
}

#[test]
fn waiting_has_an_end() {
    let running = shell("sleep 600").start();
    assert_eq!(running.wait_within(Duration::from_millis(20)), None);
    assert_eq!(running.exit_status(), None);
}

#[test]
fn a_dropped_program_is_gone() {
    let running = shell("sleep 600").start();
    let entry = format!("/proc/{}", running.id());
    assert!(fs::exists(&entry).unwrap());
    drop(running);
    assert!(!fs::exists(&entry).unwrap());
}

#[test]
fn memory_is_that_of_the_process() {
    let running = shell("echo up; sleep 600").start();
    running.wait_for_line(|line| line == "up");
    let bytes = running.resident_bytes();
    assert!((100_000..50_000_000).contains(&bytes), "{bytes}");
    assert!(running.peak_resident_bytes() >= bytes);
}
