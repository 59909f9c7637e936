//! The account that a server runs under when the tests run as root, which PostgreSQL refuses.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// A user other than root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Account {
    pub(crate) user: u32,
    group: u32,
}

impl Account {
    /// The account to change to: none when we are not root, else `postgres` or, where there is none, `nobody`.
    pub(crate) fn unless_already_unprivileged() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            return None;
        }
        let accounts = fs::read_to_string("/etc/passwd").expect("/etc/passwd is readable by everyone");
        let found = Self::named("postgres", &accounts).or_else(|| Self::named("nobody", &accounts));
        Some(found.expect("/etc/passwd has a `nobody`"))
    }

    fn named(name: &str, accounts: &str) -> Option<Self> {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut ids = line.split(':').skip(2).map(str::parse);
        Some(Self { user: ids.next()?.ok()?, group: ids.next()?.ok()? })
    }

    /// Makes the command run under this account.
    pub(crate) fn runs(self, command: &mut Command) {
        command.uid(self.user).gid(self.group);
    }

    /// Makes a file or a folder this account's own.
    pub(crate) fn owns(self, path: &Path) {
        chown(path, Some(self.user), Some(self.group)).expect("root may give a file away");
    }
}

#[cfg(test)]
mod tests {
    use super::Account;

    #[test]
    fn an_account_is_found_by_its_whole_name() {
        let accounts = "post:x:1:2::/:/bin/sh\npostgres:x:101:104::/var/lib/postgresql:/bin/bash\n";
        let account = Account::named("postgres", accounts).unwrap();
        assert_eq!((account.user, account.group), (101, 104));
        assert!(Account::named("nobody", accounts).is_none());
    }
}
