//! One process that a test started: its output, its end.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::capture::Capture;
use crate::patience::within;

/// A running or ended process. Dropping it kills it, but not what it started: that is its folder's affair.
#[derive(Debug)]
pub(crate) struct Process {
    child: Mutex<Child>,
    id: Pid,
    stdout: Capture,
    stderr: Capture,
}

impl Process {
    /// Starts the command in the folder, with nothing to read and its output captured.
    pub(crate) fn spawn(command: &mut Command, folder: &Path) -> Self {
        let (stdout, stderr) = (Capture::new(), Capture::new());
        command
            .current_dir(folder)
            // A Ctrl-C is for the test runner: the process ends with its folder.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(stdout.writer())
            .stderr(stderr.writer());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} can't be started: {error}", command.get_program().display()));
        Self { id: Pid::from_child(&child), child: Mutex::new(child), stdout, stderr }
    }

    pub(crate) fn id(&self) -> Pid {
        self.id
    }

    pub(crate) fn stdout(&self) -> String {
        self.stdout.text()
    }

    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Both streams, one after the other.
    pub(crate) fn output(&self) -> String {
        self.stdout() + &self.stderr()
    }

    /// How it ended, or `None` when it still runs.
    pub(crate) fn exit_status(&self) -> Option<ExitStatus> {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        child.try_wait().expect("a child of this process can be waited for")
    }

    pub(crate) fn exit_within(&self, limit: Duration) -> Option<ExitStatus> {
        within(limit, || self.exit_status())
    }

    /// Sends a signal; to a process that has ended, nothing.
    pub(crate) fn signal(&self, signal: Signal) {
        // Once the end is known, the number may be another process'.
        if self.exit_status().is_none() {
            kill_process(self.id, signal).expect("a child that was not waited for can be signalled");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        // An error says that it has ended already.
        let _ = child.kill();
        let _ = child.wait();
    }
}
