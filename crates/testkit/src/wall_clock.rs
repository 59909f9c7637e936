//! A time of day that a test can set wrong, for programs that it starts.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::folder::Folder;
use crate::http::raw;
use crate::installed::missing;
use crate::patience::within;
use crate::program::Program;

/// How long a program may take to notice.
const PATIENCE: Duration = Duration::from_secs(20);

/// The time of day (`CLOCK_REALTIME`) of the programs that were given it, by libfaketime. As where somebody sets the clock of a
/// machine, the clocks that only count (`CLOCK_MONOTONIC`, `CLOCK_BOOTTIME`) go on as they did.
#[derive(Debug)]
pub struct WallClock {
    library: PathBuf,
    folder: Folder,
}

impl WallClock {
    /// A clock that is right.
    ///
    /// # Panics
    ///
    /// When libfaketime is not installed.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "making a folder is no default value")]
    pub fn new() -> Self {
        sweep();
        let clock = Self { library: library(), folder: Folder::new() };
        clock.set(0);
        clock
    }

    /// The same program with this clock.
    #[must_use]
    pub fn given_to(&self, program: Program) -> Program {
        program
            // The library heeds how often it is to look only in a program that was started by one which has it already.
            .started_by("/usr/bin/env")
            .environment("LD_PRELOAD", &self.library)
            .environment("FAKETIME_TIMESTAMP_FILE", self.file())
            .environment("FAKETIME_CACHE_DURATION", "1")
            .environment("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    }

    /// Sets it so many seconds before the right time, or behind it. Programs notice within a second.
    ///
    /// # Panics
    ///
    /// When its folder can't be written to.
    pub fn set(&self, seconds: i64) {
        // In one step, since it may be read at any time.
        let new = self.folder.path().join("new");
        fs::write(&new, format!("{seconds:+}\n")).expect("a folder of ours can be written to");
        fs::rename(&new, self.file()).expect("a folder of ours can be written to");
    }

    /// Waits until a server of that address says in its `Date` that its clock is so many seconds before the right time. To be
    /// asked of a clock that was set forward only: one that was set back has no new `Date` until it has caught up.
    ///
    /// # Panics
    ///
    /// When it never does.
    pub fn is_seen_at(&self, address: SocketAddr, seconds: i64) {
        let is_so = || (ahead(address)? - seconds).abs().le(&5).then_some(());
        assert!(within(PATIENCE, is_so).is_some(), "the server's clock is not {seconds} s before ours");
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("offset")
    }
}

impl Drop for WallClock {
    fn drop(&mut self) {
        sweep();
    }
}

/// libfaketime shares memory with its children, under its process' number; who is killed leaves that behind, in the way of the
/// next process that gets the number.
fn sweep() {
    for left in fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        let name = left.file_name().into_string().unwrap_or_default();
        let number = name.strip_prefix("faketime_shm_").or_else(|| name.strip_prefix("sem.faketime_sem_"));
        if number.is_some_and(|number| !Path::new("/proc").join(number).exists()) {
            // Somebody else may have been as quick.
            let _ = fs::remove_file(left.path());
        }
    }
}

/// How many seconds a server's `Date` is before the right time.
fn ahead(address: SocketAddr) -> Option<i64> {
    let answer = raw(address, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").ok()?;
    let date = httpdate::parse_http_date(answer.header("date")?).ok()?;
    Some(seconds(date) - seconds(now()))
}

#[expect(clippy::disallowed_methods, reason = "what is compared is the time of day itself")]
fn now() -> SystemTime {
    SystemTime::now()
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// Debian has it in a folder for each kind of processor.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let there = folders.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    there
        .into_iter()
        .find(|path| path.is_file())
        .unwrap_or_else(|| missing("libfaketimeMT.so.1", "libfaketime"))
}

#[cfg(test)]
mod tests {
    use super::{WallClock, now, seconds};
    use crate::program::Program;

    #[test]
    fn a_program_with_a_wrong_clock_has_it_wrong_until_it_is_right_again() {
        let clock = WallClock::new();
        let telling = "while :; do printf '%(%s)T\n' -1; sleep 0.05; done";
        let program = clock.given_to(Program::new("/bin/bash")).arguments(["-c", telling]).start();
        for offset in [3_600, -3_600, 0] {
            clock.set(offset);
            let is_wrong_by =
                |line: &str| (line.parse::<i64>().unwrap() - seconds(now()) - offset).abs() < 30;
            program.wait_for_line(is_wrong_by);
        }
    }
}
