//! Settings as the command line takes and shows them.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::fs;

use testkit::{Folder, Postgres};

use super::succeeds;
use crate::database::{Database, draft, gable};
use crate::site::{address_of, client};

/// Name, value and origin of one setting as `config show` has them.
fn shown(output: &str, name: &str) -> (String, String) {
    let line = output.lines().find(|line| line.split_whitespace().next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("{name} in\n{output}"));
    let rest = line[name.len()..].trim();
    let (value, origin) = rest.split_once("  ").unwrap_or_else(|| rest.split_once(' ').unwrap());
    (value.trim().to_owned(), origin.trim().to_owned())
}

#[test]
fn config_show_names_every_setting_with_its_origin() {
    let folder = Folder::new();
    fs::write(folder.path().join(".env"), "LOG_FORMAT=json\nDEBUG=1\n").unwrap();
    fs::write(folder.path().join("key"), "0123456789abcdef\n").unwrap();
    let program = gable(&folder, &["config", "show", "--page-cache-ttl", "60"])
        .environment("DEBUG", "0")
        .environment("GABLE_SECRET_KEY_FILE", "key")
        .environment("DATABASE_URL", "sqlite:here.db");
    let output = succeeds(&program.run());
    for (name, value, origin) in [
        ("DATABASE_URL", "sqlite:here.db", "environment, DATABASE_URL"),
        ("PAGE_CACHE_TTL", "60", "flag"),
        ("DEBUG", "0", "environment, DEBUG"),
        ("LOG_FORMAT", "json", ".env, LOG_FORMAT"),
        ("GABLE_SECRET_KEY", "***", "file named by GABLE_SECRET_KEY_FILE"),
        ("DATA_CACHE_TTL", "3600", "default"),
        ("REDIS_URL", "(not set)", "default"),
    ] {
        assert_eq!(shown(&output, name), (value.to_owned(), origin.to_owned()), "{output}");
    }
    assert!(!output.contains("0123456789abcdef"));
    assert_eq!(output.lines().count(), gable::settings::SETTINGS.len());
}

#[test]
fn config_check_accepts_what_is_right_and_names_all_that_is_wrong() {
    assert_eq!(succeeds(&gable(&Folder::new(), &["config", "check"]).run()), "Every setting is right.\n");
    let program = gable(&Folder::new(), &["config", "check"])
        .environment("BIND", "localhost")
        .environment("DEBUG", "perhaps")
        .environment("CACHE_MEMORY", "lots")
        .environment("GABLE_SECRET_KEY_FILE", "/no/such/file");
    let finished = program.run();
    assert_eq!((finished.status.code(), finished.stdout.as_str()), (Some(1), ""));
    for part in
        ["BIND", "localhost", "127.0.0.1:8000", "DEBUG", "perhaps", "CACHE_MEMORY", "256MiB", "/no/such/file"]
    {
        assert!(finished.stderr.contains(part), "{part}:\n{}", finished.stderr);
    }
}

#[test]
fn a_public_address_needs_a_key_and_allowed_hosts() {
    let finished = gable(&Folder::new(), &["serve"]).environment("BIND", "0.0.0.0:0").run();
    assert_eq!(finished.status.code(), Some(1));
    for part in ["GABLE_SECRET_KEY", "ALLOWED_HOSTS", "is required"] {
        assert!(finished.stderr.contains(part), "{}", finished.stderr);
    }
}

#[tokio::test]
async fn the_settings_of_the_django_project_are_enough() {
    let postgres = Postgres::shared();
    let database = Database::postgres();
    database.add([draft("Home")]).await;
    let name = database.url.rsplit('/').next().unwrap();
    let lines = format!(
        "DJANGO_SECRET_KEY=dev-secret-key\nDEBUG=1\nALLOWED_HOSTS=127.0.0.1,localhost\n\nPOSTGRES_DB={name}\n\
         POSTGRES_USER=postgres\nPOSTGRES_PASSWORD=pa:ss@w/or?d\nPOSTGRES_HOST=127.0.0.1   # in Docker: postgres\n\
         POSTGRES_PORT={}\nREDIS_URL=redis://127.0.0.1:1/1\n",
        postgres.port()
    );
    fs::write(database.folder.path().join(".env"), lines).unwrap();
    let program = gable(&database.folder, &["serve"]).start();
    let address = address_of(&program);
    let page = client().get(format!("http://{address}/properties/")).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("Home"));
    assert!(!program.output().contains("pa:ss"), "{}", program.output());
}

#[test]
fn the_environment_goes_before_the_dotenv_and_a_flag_before_both() {
    let folder = Folder::new();
    fs::write(folder.path().join(".env"), "DATABASE_URL=sqlite:dotenv.db\n").unwrap();
    let made = |name: &str| folder.path().join(name).exists();
    succeeds(&gable(&folder, &["migrate"]).run());
    assert!(made("dotenv.db"));
    succeeds(&gable(&folder, &["migrate"]).environment("DATABASE_URL", "sqlite:environment.db").run());
    assert!(made("environment.db") && !made("flag.db"));
    let flag = gable(&folder, &["migrate", "--database-url", "sqlite:flag.db"]);
    succeeds(&flag.environment("DATABASE_URL", "sqlite:never.db").run());
    assert!(made("flag.db") && !made("never.db"));
}

#[test]
fn a_dollar_in_a_password_of_the_dotenv_is_a_dollar() {
    let folder = Folder::new();
    fs::write(folder.path().join(".env"), "POSTGRES_DB=pa$word\nREDIS_URL=redis://$user@host:1/0\n").unwrap();
    let output = succeeds(&gable(&folder, &["config", "show"]).environment("word", "x").run());
    assert_eq!(shown(&output, "POSTGRES_DB").0, "pa$word");
    assert_eq!(shown(&output, "REDIS_URL").0, "redis://$user@host:1/0");
}

#[test]
fn a_setting_that_is_no_text_is_refused_by_its_name() {
    use std::os::unix::ffi::OsStringExt as _;
    let no_text = || std::ffi::OsString::from_vec(b"homes\xff".to_vec());
    for name in ["ALLOWED_HOSTS", "DJANGO_SECRET_KEY", "POSTGRES_PASSWORD_FILE"] {
        let finished = gable(&Folder::new(), &["config", "check"]).environment(name, no_text()).run();
        assert_eq!(finished.status.code(), Some(1), "{name}");
        assert!(finished.stderr.contains(name) && finished.stderr.contains("UTF-8"), "{}", finished.stderr);
    }
    succeeds(&gable(&Folder::new(), &["config", "check"]).environment("SOMETHING_ELSE", no_text()).run());
}

#[test]
fn a_flag_for_postgresql_does_not_lose_to_a_database_url_without_a_word() {
    let folder = Folder::new();
    let program = gable(&folder, &["migrate", "--postgres-db", "homes"]);
    let finished = program.environment("DATABASE_URL", "sqlite:other.db").run();
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stdout);
    for part in ["POSTGRES_DB", "homes", "DATABASE_URL"] {
        assert!(finished.stderr.contains(part), "{}", finished.stderr);
    }
    assert!(!folder.path().join("other.db").exists());
}
