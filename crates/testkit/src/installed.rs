//! Finding the programs that a machine must have for the tests.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// A program by its name, in the folders of `PATH`.
///
/// # Panics
///
/// When it is in none of them, with a sentence for whoever set up the machine.
pub(crate) fn program(name: &str, debian_package: &str) -> PathBuf {
    program_of_many_names(&[name], debian_package)
}

/// The same for one that Debian has where only root's `PATH` leads.
///
/// # Panics
///
/// As [`program`].
pub(crate) fn server_program(name: &str, debian_package: &str) -> PathBuf {
    let debians = Path::new("/usr/sbin").join(name);
    if debians.is_file() { debians } else { program(name, debian_package) }
}

/// A program by the first of its names that is there; the first is Debian's.
///
/// # Panics
///
/// As [`program`].
pub(crate) fn program_of_many_names(names: &[&str], debian_package: &str) -> PathBuf {
    names.iter().find_map(|name| in_path(name)).unwrap_or_else(|| missing(names[0], debian_package))
}

/// The folder of PostgreSQL's programs: `PG_BIN`, else the newest of Debian's, else where `PATH` leads.
pub(crate) fn postgres_programs() -> PathBuf {
    env::var_os("PG_BIN")
        .map(PathBuf::from)
        .or_else(|| newest_postgres(Path::new("/usr/lib/postgresql")))
        .or_else(|| in_path("initdb").and_then(|initdb| real_folder(&initdb)))
        .filter(|folder| is_program(&folder.join("initdb")))
        .unwrap_or_else(|| missing("initdb", "postgresql"))
}

/// Ends the test: what is missing, and how it comes here.
pub(crate) fn missing(name: &str, debian_package: &str) -> ! {
    panic!(
        "`{name}` is not installed: install the Debian package `{debian_package}`, \
         or run ./scripts/test, which installs what is missing."
    )
}

fn in_path(name: &str) -> Option<PathBuf> {
    let folders = env::var_os("PATH")?;
    env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// A link in `PATH` leads to one program; the others lie beside where it really is.
fn real_folder(program: &Path) -> Option<PathBuf> {
    Some(program.canonicalize().ok()?.parent()?.to_path_buf())
}

/// Debian keeps each major version apart: `/usr/lib/postgresql/15/bin`.
fn newest_postgres(versions: &Path) -> Option<PathBuf> {
    let major = |path: &PathBuf| path.file_name().and_then(OsStr::to_str).and_then(|name| name.parse().ok());
    fs::read_dir(versions)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|version| is_program(&version.join("bin/initdb")))
        .max_by_key(|version| major(version).unwrap_or(0_u32))
        .map(|version| version.join("bin"))
}

#[cfg(test)]
mod tests {
    use super::{newest_postgres, program};
    use std::fs;

    #[test]
    fn the_newest_postgres_is_taken_by_number() {
        let versions = tempfile::tempdir().unwrap();
        for version in ["9", "15", "16-without-server"] {
            fs::create_dir_all(versions.path().join(version).join("bin")).unwrap();
        }
        for version in ["9", "15"] {
            fs::write(versions.path().join(version).join("bin/initdb"), "").unwrap();
        }
        assert_eq!(newest_postgres(versions.path()), Some(versions.path().join("15/bin")));
    }

    #[test]
    #[should_panic(expected = "install the Debian package `no-package`, or run ./scripts/test")]
    fn a_missing_program_is_named_with_its_package() {
        program("no-such-program", "no-package");
    }
}
