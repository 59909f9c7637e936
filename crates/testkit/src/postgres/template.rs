//! The cluster that `initdb` makes once for all runs, and its copies.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::output_of;
use crate::account::Account;
use crate::folder::Folder;
use crate::workspace;

/// Part of the template's name: to be changed with the arguments of `initdb`.
const REVISION: u32 = 1;

/// Copies the template to a folder that is not there yet, making the template when it is missing.
pub(super) fn copy(programs: &Path, account: Option<Account>, to: &Path) {
    copy_tree(&template(programs, account), to);
}

/// The template's folder. A name that is there is complete: it was given at the end, by a rename.
fn template(programs: &Path, account: Option<Account>) -> PathBuf {
    let shelf = workspace::target().join("testkit");
    let template = shelf.join(name(programs, account));
    if !template.is_dir() {
        fs::create_dir_all(&shelf).expect("the build folder can be written to");
        let lock = File::create(shelf.join("lock")).expect("the build folder can be written to");
        // The kernel lets go of it when we end, in whatever way.
        lock.lock().expect("the build folder has file locks");
        if !template.is_dir() {
            make(programs, account, &template);
        }
    }
    template
}

/// Clusters of another version, or of another owner, can't be used.
fn name(programs: &Path, account: Option<Account>) -> String {
    let version = output_of(Command::new(programs.join("postgres")).arg("--version"));
    let number =
        version.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let owner = account.map_or_else(|| rustix::process::geteuid().as_raw(), |account| account.user);
    format!("postgres-{}-user-{owner}-revision-{REVISION}", number.unwrap_or("unknown"))
}

/// Made where the server's account may write, which the build folder of root is not.
fn make(programs: &Path, account: Option<Account>, template: &Path) {
    let workplace = Folder::for_server(account, Signal::TERM);
    let cluster = workplace.path().join("data");
    initialise(programs, account, &workplace, &cluster);
    // A run that was killed may have left a part of one. The lock is ours: no other run is at it.
    let unfinished = template.with_file_name("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    copy_tree(&cluster, &unfinished);
    fs::rename(&unfinished, template).expect("a folder can be renamed in its place");
}

fn initialise(programs: &Path, account: Option<Account>, workplace: &Folder, cluster: &Path) {
    let mut command = Command::new(programs.join("initdb"));
    command
        .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres"])
        // Small files of the write-ahead log make a small template.
        .arg("--wal-segsize=4")
        .arg("-D")
        .arg(cluster)
        .current_dir(workplace.path());
    if let Some(account) = account {
        account.runs(&mut command);
    }
    output_of(&mut command);
}

/// `cp -a`, because it keeps the owner and shares blocks where the file system can.
fn copy_tree(from: &Path, to: &Path) {
    output_of(Command::new("cp").arg("-a").arg(from).arg(to));
}
