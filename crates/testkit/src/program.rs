//! A binary that was built here, run by a test.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use rustix::process::Signal;

use crate::folder::Folder;
use crate::patience::within;
use crate::process::Process;

/// How long a program may take to print what is waited for, or to run to its end.
const PATIENCE: Duration = Duration::from_mins(1);

/// How a program is to be run. It gets none of this process' environment but `PATH`.
#[derive(Clone, Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    folder: Option<Folder>,
}

/// A program that was started. It is killed when this is dropped or the test process dies.
#[derive(Debug)]
pub struct Running {
    process: Process,
    // Held for its drop, and after the process, which works in it.
    folder: Folder,
}

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Finished {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote on standard output.
    pub stdout: String,
    /// What it wrote on standard error.
    pub stderr: String,
}

impl Program {
    /// A program by its path: inside a package's own tests, `env!("CARGO_BIN_EXE_gable")`.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), arguments: Vec::new(), environment: Vec::new(), folder: None }
    }

    /// Adds an argument.
    #[must_use]
    pub fn argument(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn arguments<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Lets another program start it, which gets its path and its arguments, and becomes it.
    pub(crate) fn started_by(self, starter: &str) -> Self {
        let arguments = [self.path.into_os_string()].into_iter().chain(self.arguments).collect();
        Self { path: starter.into(), arguments, ..self }
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn environment(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Lets the program work in this folder, with what lies there; without, in a new and empty one.
    #[must_use]
    pub fn in_folder(mut self, folder: &Folder) -> Self {
        self.folder = Some(folder.clone());
        self
    }

    /// Starts it.
    ///
    /// # Panics
    ///
    /// When there is no such program.
    #[must_use]
    pub fn start(&self) -> Running {
        let folder = self.folder.clone().unwrap_or_else(Folder::new);
        let process = Process::spawn(&mut self.command(folder.path()), folder.path());
        Running { process, folder }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// When there is no such program, or it runs for more than a minute.
    #[must_use]
    pub fn run(&self) -> Finished {
        let running = self.start();
        let status = running.wait_within(PATIENCE);
        let status =
            status.unwrap_or_else(|| panic!("{} does not end:\n{}", self.path.display(), running.output()));
        Finished { status, stdout: running.stdout(), stderr: running.stderr() }
    }

    /// Whatever the tests' own environment has (a database, a language) must not decide a test.
    fn command(&self, folder: &Path) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).env_clear().env("HOME", folder);
        if let Some(path) = std::env::var_os("PATH") {
            command.env("PATH", path);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

impl Running {
    /// The folder that it works in.
    #[must_use]
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.process.id().as_raw_nonzero().get().unsigned_abs()
    }

    /// What it has written on standard output so far.
    #[must_use]
    pub fn stdout(&self) -> String {
        self.process.stdout()
    }

    /// What it has written on standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }

    /// Both, standard output first.
    #[must_use]
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// The first line of either stream that matches, as soon as it is there.
    ///
    /// # Panics
    ///
    /// When the program ends without such a line, or a minute has passed. The message holds the output.
    pub fn wait_for_line(&self, matches: impl Fn(&str) -> bool) -> String {
        let seen = within(PATIENCE, || {
            // Asked before the output is looked at: a line may be the program's last act.
            let ended = self.process.exit_status();
            let line =
                complete_line(&self.stdout(), &matches).or_else(|| complete_line(&self.stderr(), &matches));
            line.map(Ok).or(ended.map(Err))
        });
        match seen {
            Some(Ok(line)) => line,
            Some(Err(status)) => panic!("it ended ({status}) without the line:\n{}", self.output()),
            None => panic!("the line does not come:\n{}", self.output()),
        }
    }

    /// Sends a signal; nothing when it has ended.
    ///
    /// # Panics
    ///
    /// When the system refuses.
    pub fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    /// How it ended, or `None` when it still runs.
    ///
    /// # Panics
    ///
    /// When the system can't tell.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.process.exit_status()
    }

    /// Waits for its end; `None` when it still runs after the limit.
    ///
    /// # Panics
    ///
    /// When the system can't tell.
    #[must_use]
    pub fn wait_within(&self, limit: Duration) -> Option<ExitStatus> {
        self.process.exit_within(limit)
    }

    /// Its memory in RAM now (the kernel's `VmRSS`), in bytes.
    ///
    /// # Panics
    ///
    /// When it has ended.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        self.memory_bytes("VmRSS:")
    }

    /// The most memory that it has had in RAM at any time (the kernel's `VmHWM`), in bytes.
    ///
    /// # Panics
    ///
    /// When it has ended.
    #[must_use]
    pub fn peak_resident_bytes(&self) -> u64 {
        self.memory_bytes("VmHWM:")
    }

    fn memory_bytes(&self, field: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap_or_default();
        kibibytes(&status, field).expect("a process that runs has memory") * 1024
    }
}

/// A line counts once its end is there: the program may be in the middle of writing it.
fn complete_line(output: &str, matches: impl Fn(&str) -> bool) -> Option<String> {
    let lines = output.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    lines.map(|line| line.trim_end_matches('\r')).find(|line| matches(line)).map(str::to_owned)
}

fn kibibytes(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{complete_line, kibibytes};

    #[test]
    fn half_a_line_is_no_line() {
        let starts = |line: &str| line.starts_with("listening");
        assert_eq!(complete_line("hello\nlistening on 127.0", starts), None);
        assert_eq!(complete_line("hello\nlistening on 1\n", starts).as_deref(), Some("listening on 1"));
    }

    #[test]
    fn memory_is_read_in_kibibytes() {
        assert_eq!(kibibytes("VmHWM:\t   9 kB\nVmRSS:\t  1234 kB\n", "VmRSS:"), Some(1234));
    }
}
