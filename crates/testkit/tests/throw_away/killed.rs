//! Nothing outlives a test process that was killed.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use testkit::{Browser, Folder, Postgres, Program, Redis, within};

/// Set for the one that is to be killed: where it writes the paths and ports that it uses.
const REPORT: &str = "TESTKIT_REPORT";

/// Not a test when it runs by itself: the one below runs it in another process, to kill that.
#[tokio::test]
async fn a_process_that_uses_everything() {
    let Some(report) = std::env::var_os(REPORT) else { return };
    let (postgres, redis, browser) = (Postgres::start(), Redis::start(), Browser::start().await);
    let program = Program::new("/bin/sh").arguments(["-c", "setsid sleep 600 & sleep 600"]).start();
    let folders = [postgres.folder(), redis.folder(), browser.folder(), program.folder()];
    let lines: Vec<String> = folders.map(|folder| folder.path().display().to_string()).into();
    let unfinished = Path::new(&report).with_extension("unfinished");
    fs::write(&unfinished, lines.join("\n")).unwrap();
    fs::rename(&unfinished, &report).unwrap();
    std::future::pending::<()>().await;
}

#[test]
fn everything_is_gone_after_the_test_process_was_killed() {
    let folder = Folder::new();
    let report = folder.path().join("report");
    let mut process = start_the_one_to_be_killed(&report);
    let folders = within(Duration::from_mins(1), || fs::read_to_string(&report).ok()).expect("a report");
    let folders: Vec<&Path> = folders.lines().map(Path::new).collect();
    assert!(folders.iter().all(|folder| folder.is_dir() && works_in(folder)));
    process.kill().unwrap();
    process.wait().unwrap();
    let is_gone = |folder: &&Path| !folder.exists() && !works_in(folder);
    let gone = within(Duration::from_secs(20), || folders.iter().all(is_gone).then_some(()));
    assert_eq!(gone, Some(()), "{folders:?}");
}

fn start_the_one_to_be_killed(report: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::a_process_that_uses_everything", "--nocapture"])
        .env(REPORT, report)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// True when a process has its current directory there.
fn works_in(folder: &Path) -> bool {
    fs::read_dir("/proc").unwrap().flatten().any(|process| {
        let place = fs::read_link(process.path().join("cwd")).unwrap_or_default();
        place.display().to_string().starts_with(&folder.display().to_string())
    })
}
