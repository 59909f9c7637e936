//! The Django project in `tests/django`, run on a database.

use std::path::{Path, PathBuf};

use serde_json::Value;
use url::Url;

use crate::program::Program;
use crate::workspace;

/// A real Django 5 with a table `properties_property` and the admin, as a site has it that gable joins.
#[derive(Debug)]
pub struct Django {
    python: PathBuf,
    environment: Vec<(&'static str, String)>,
}

impl Django {
    /// Django on this database: `postgres://user:password@host:port/name`. Nothing is run yet.
    ///
    /// The Python is `GABLE_DJANGO_PYTHON`, else the one that `./scripts/test` made under `target/django-venv`.
    ///
    /// # Panics
    ///
    /// When there is no such Python, or the URL is no URL.
    #[must_use]
    pub fn new(database_url: &str) -> Self {
        Self { python: python(), environment: settings(database_url) }
    }

    /// Makes Django's tables, as `manage.py migrate` does.
    ///
    /// # Panics
    ///
    /// When that fails, with what Django wrote.
    pub fn migrate(&self) {
        self.manage(&["migrate"]);
    }

    /// Writes to the database in one of Django's ways (`tests/django/properties/management/commands/exercise.py`):
    /// `create N`, `bulk N`, `update ID PRICE`, `queryset-update PRICE`, `raw-update ID PRICE`, `raw-status ID STATUS`,
    /// `delete ID`,
    /// `admin-edit ID TITLE`, `dump`. Returns what that command printed: rows, or how many changed.
    ///
    /// # Panics
    ///
    /// When that fails, with what Django wrote.
    #[expect(clippy::must_use_candidate, reason = "it is run for what it does")]
    pub fn exercise(&self, arguments: &[&str]) -> Value {
        let printed = self.manage(&[&["exercise"], arguments].concat());
        serde_json::from_str(&printed)
            .unwrap_or_else(|error| panic!("{error} in what Django printed: {printed}"))
    }

    /// Runs `manage.py` and returns what it printed.
    ///
    /// # Panics
    ///
    /// When it fails, with what Django wrote.
    #[expect(clippy::must_use_candidate, reason = "it is run for what it does")]
    pub fn manage(&self, arguments: &[&str]) -> String {
        let finished = self.program(arguments).run();
        assert!(finished.status.success(), "manage.py {arguments:?} failed:\n{}", finished.stderr);
        finished.stdout
    }

    fn program(&self, arguments: &[&str]) -> Program {
        let manage = workspace::root().join("tests/django/manage.py");
        // The source tree is nobody's place for compiled Python.
        let program = Program::new(&self.python).environment("PYTHONDONTWRITEBYTECODE", "1");
        let program = program.argument(manage).arguments(arguments.iter().copied());
        self.environment.iter().fold(program, |program, (name, value)| program.environment(name, value))
    }
}

fn python() -> PathBuf {
    let chosen = std::env::var_os("GABLE_DJANGO_PYTHON").map(PathBuf::from);
    let made = [workspace::target(), workspace::root().join("target")].map(|target| in_environment(&target));
    let found = chosen.into_iter().chain(made).find(|python| python.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "Django for the tests is not installed: install the Debian package `python3-venv` and run \
             ./scripts/test, which makes target/django-venv."
        )
    })
}

fn in_environment(target: &Path) -> PathBuf {
    target.join("django-venv/bin/python")
}

/// What the project's settings.py reads, as such sites have it in their `.env`.
fn settings(database_url: &str) -> Vec<(&'static str, String)> {
    let url = Url::parse(database_url).unwrap_or_else(|error| panic!("{database_url} is no URL: {error}"));
    vec![
        ("POSTGRES_DB", url.path().trim_start_matches('/').to_owned()),
        ("POSTGRES_USER", url.username().to_owned()),
        ("POSTGRES_PASSWORD", url.password().unwrap_or_default().to_owned()),
        ("POSTGRES_HOST", url.host_str().unwrap_or("127.0.0.1").to_owned()),
        ("POSTGRES_PORT", url.port().unwrap_or(5432).to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::settings;

    #[test]
    fn the_url_becomes_the_settings_of_a_django_site() {
        let expected = [
            ("POSTGRES_DB", "property_db"),
            ("POSTGRES_USER", "someone"),
            ("POSTGRES_PASSWORD", "secret"),
            ("POSTGRES_HOST", "localhost"),
            ("POSTGRES_PORT", "5433"),
        ];
        let expected = expected.map(|(name, value)| (name, value.to_owned()));
        assert_eq!(settings("postgres://someone:secret@localhost:5433/property_db"), expected);
    }
}
