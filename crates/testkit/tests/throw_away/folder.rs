//! A folder and what works in it.

use std::fs;
use testkit::{Folder, Program};

#[test]
fn a_folder_is_removed_with_its_last_clone() {
    let folder = Folder::new();
    let path = folder.path().to_path_buf();
    fs::write(path.join("file"), "content").unwrap();
    let clone = folder.clone();
    drop(folder);
    assert!(path.is_dir());
    drop(clone);
    assert!(!path.exists());
}

#[test]
fn what_a_program_left_running_ends_with_the_folder() {
    let folder = Folder::new();
    let script = "setsid sleep 600 & echo $!";
    let child = Program::new("/bin/sh").arguments(["-c", script]).in_folder(&folder).run().stdout;
    // Until the system's first process has buried it, it still has a number, but works nowhere any more.
    let place = format!("/proc/{}/cwd", child.trim());
    assert!(fs::read_link(&place).is_ok());
    drop(folder);
    assert!(fs::read_link(&place).is_err());
}

#[test]
fn what_ignores_the_farewell_is_killed() {
    let script = "(trap '' TERM; echo up; while :; do sleep 0.1; done) & wait";
    let running = Program::new("/bin/sh").arguments(["-c", script]).start();
    running.wait_for_line(|line| line == "up");
    let path = running.folder().path().to_path_buf();
    drop(running);
    assert!(!path.exists());
}
