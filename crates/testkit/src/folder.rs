//! A throw-away folder and everything that works in it.

use std::env;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;

use crate::account::Account;

/// A cluster takes 30 MiB, and one with a hundred thousand listings 200 MiB.
const PLENTY_BYTES: u64 = 4 << 30;

/// A new, empty folder that is removed, and every process in it stopped, when its last clone is dropped or the
/// test process dies.
///
/// A process is in the folder when its current directory is. Both are seen to by a watchdog, a small shell
/// process that waits at the end of a pipe from this one: the kernel closes the pipe however we end.
#[derive(Clone, Debug)]
pub struct Folder {
    shared: Arc<Watched>,
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    watchdog: Mutex<Watchdog>,
}

#[derive(Debug)]
struct Watchdog {
    process: Child,
    /// Closing it is what lets the watchdog act; `None` only while being dropped.
    leash: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Folder {
    /// A new folder, for programs that end on SIGTERM.
    ///
    /// # Panics
    ///
    /// When the system's temporary folder can't be written to.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "making a folder and a process is no default value")]
    pub fn new() -> Self {
        Self::for_server(None, Signal::TERM)
    }

    /// A folder that belongs to the server's account, and the signal that ends that server at once.
    pub(crate) fn for_server(account: Option<Account>, farewell: Signal) -> Self {
        Self::in_place(&place(), account, farewell)
    }

    /// The same, but never in memory: where the server must wait for a disk.
    pub(crate) fn on_disk_for_server(account: Option<Account>, farewell: Signal) -> Self {
        Self::in_place(&env::temp_dir(), account, farewell)
    }

    fn in_place(place: &Path, account: Option<Account>, farewell: Signal) -> Self {
        let path = empty_folder(place);
        if let Some(account) = account {
            account.owns(&path);
        }
        let watchdog = Mutex::new(Watchdog::start(&path, account, farewell));
        Self { shared: Arc::new(Watched { path, watchdog }) }
    }

    /// Its absolute path, without symbolic links.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Sends a signal to every process in the folder; after [`Signal::KILL`], returns when they are gone.
    ///
    /// The watchdog sends it, because it runs under the servers' account: root without `CAP_SYS_PTRACE`, as in
    /// a container, can't see where another user's processes work.
    pub(crate) fn signal_all(&self, signal: Signal) {
        self.shared.watchdog.lock().unwrap_or_else(PoisonError::into_inner).signal_all(signal);
    }
}

impl Watchdog {
    fn start(folder: &Path, account: Option<Account>, farewell: Signal) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", include_str!("watchdog.sh"), "watchdog"])
            .arg(folder)
            .arg(farewell.as_raw().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Out of reach of what a terminal or a test runner does to the group of the test process.
            .process_group(0);
        if let Some(account) = account {
            account.runs(&mut command);
        }
        let mut process = command.spawn().expect("every Unix has `sh`");
        let leash = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().expect("standard output is piped"));
        Self { process, leash, answers }
    }

    fn signal_all(&mut self, signal: Signal) {
        let leash = self.leash.as_mut().expect("the leash is held until the drop");
        writeln!(leash, "{}", signal.as_raw()).expect("the watchdog lives as long as its leash");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("the watchdog answers");
        assert_eq!(answer.trim(), "signalled", "the watchdog ended early");
    }

    /// Lets it stop the processes and remove the folder, and waits for that.
    fn let_go(&mut self) {
        self.leash = None;
        // Waiting for a child of one's own does not fail, and a drop must not panic.
        let _ = self.process.wait();
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let watchdog = self.watchdog.get_mut().unwrap_or_else(PoisonError::into_inner);
        watchdog.let_go();
        // Where the server's account may not remove the folder itself from its parent, we do.
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn empty_folder(place: &Path) -> PathBuf {
    let folder = tempfile::Builder::new().prefix("gable-").tempdir_in(place);
    let folder = folder.expect("the temporary folder is writable");
    folder.keep().canonicalize().expect("a folder just made is there")
}

/// `TMPDIR` when it is set, else memory when there is plenty, else the system's temporary folder.
///
/// Each PostgreSQL makes and removes a thousand small files. There are disks (ext4 without a journal) that need
/// 0.8 s for that instead of 0.05 s, once enough files were removed in the last half minute.
fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let asked_for_another = env::var_os("TMPDIR").is_some();
    if !asked_for_another && free_bytes(memory) >= PLENTY_BYTES {
        memory.to_path_buf()
    } else {
        env::temp_dir()
    }
}

fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |system| system.f_bavail * system.f_frsize)
}
