//! What settings say when they are right, and what they say when they are wrong.

use super::*;

fn read(environment: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let texts = |refusals: Vec<Refusal>| refusals.iter().map(ToString::to_string).collect();
    Settings::read(&Sources::given(environment, &[])).map_err(texts)
}

fn refusal(environment: &[(&str, &str)]) -> String {
    let refusals = read(environment).unwrap_err();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals.concat()
}

#[test]
fn without_any_setting_there_is_sqlite_on_loopback() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.database_url, "sqlite:gable.db");
    assert_eq!(settings.bind.to_string(), "127.0.0.1:8000");
    assert_eq!(settings.site_url, None);
    assert_eq!(settings.cache_memory_bytes, 256 << 20);
    assert_eq!(settings.page_cache_ttl.as_secs(), 900);
}

#[test]
fn the_env_file_of_the_django_project_works_unchanged() {
    let settings = read(&[
        ("DJANGO_SECRET_KEY", "dev-secret-key"),
        ("DEBUG", "1"),
        ("ALLOWED_HOSTS", "127.0.0.1,localhost"),
        ("POSTGRES_DB", "property_db"),
        ("POSTGRES_USER", "postgres"),
        ("POSTGRES_PASSWORD", "p@ss/word"),
        ("POSTGRES_HOST", "127.0.0.1"),
        ("POSTGRES_PORT", "5432"),
        ("REDIS_URL", "redis://127.0.0.1:6379/1"),
    ])
    .unwrap();
    assert_eq!(settings.database_url, "postgres://postgres:p%40ss%2Fword@127.0.0.1:5432/property%5Fdb");
    assert_eq!(settings.secret_key.unwrap().reveal(), "dev-secret-key");
    assert!(settings.debug);
}

#[test]
fn the_environment_goes_before_the_env_file_and_an_empty_value_is_none() {
    let sources = Sources::given(
        &[("BIND", "127.0.0.1:9001"), ("DEBUG", "")],
        &[("BIND", "127.0.0.1:9002"), ("DEBUG", "1")],
    );
    let settings = Settings::read(&sources).unwrap();
    assert_eq!(settings.bind.port(), 9001);
    assert!(settings.debug);
}

#[test]
fn a_wrong_value_is_named_with_what_was_given_and_what_would_be_right() {
    for (name, given) in [
        ("BIND", "8000"),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "10.0.0.1,proxy.example"),
        ("DEBUG", "maybe"),
        ("REDIS_PREFIX", "a b"),
        ("REDIS_TIMEOUT_MS", "0"),
        ("REDIS_CA_FILE", "/nowhere/at.all"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "sqlite::memory:"),
        ("DATABASE_URL", "sqlite://:memory:"),
        ("DATABASE_URL", "sqlite:homes.db?cache=shared&mode=memory"),
        ("DATABASE_URL", "sqlite://"),
        ("REDIS_URL", "localhost:6379"),
        ("ALLOWED_HOSTS", "https://homes.example/"),
        ("CACHE_MEMORY", "256 parsecs"),
        ("CACHE_MEMORY", "0"),
        ("CACHE_MEMORY", "1048575"),
        ("CACHE_LEASE_MS", "-1"),
        ("PAGE_CACHE_TTL", "15min"),
        ("LOG_FORMAT", "xml"),
        ("SITE_URL", "homes.example/path"),
    ] {
        let text = refusal(&[(name, given)]);
        assert!(text.starts_with(name) && text.contains("(given: "), "{text}");
    }
}

#[test]
fn all_wrong_values_are_told_at_once() {
    assert_eq!(read(&[("BIND", "x"), ("DEBUG", "x"), ("CACHE_POLL_MS", "x")]).unwrap_err().len(), 3);
}

#[test]
fn a_public_address_asks_for_a_secret_key_and_allowed_hosts() {
    let missing = read(&[("BIND", "0.0.0.0:8000")]).unwrap_err();
    assert!(
        missing[0].starts_with("GABLE_SECRET_KEY") && missing[1].starts_with("ALLOWED_HOSTS"),
        "{missing:?}"
    );
    let short = [("BIND", "0.0.0.0:8000"), ("ALLOWED_HOSTS", "a.example"), ("GABLE_SECRET_KEY", "short")];
    assert!(refusal(&short).contains("(given: 5 characters)"));
    let right =
        [("BIND", "0.0.0.0:8000"), ("ALLOWED_HOSTS", "a.example"), ("GABLE_SECRET_KEY", "0123456789abcdef")];
    assert!(read(&right).is_ok());
    assert!(read(&[("BIND", "0.0.0.0:8000"), ("DEBUG", "1")]).is_ok());
}

#[test]
fn a_secret_may_come_from_a_file_but_not_from_two_places() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "from-a-file-0123456789\n").unwrap();
    let path = file.path().to_str().unwrap();
    let settings = read(&[("GABLE_SECRET_KEY_FILE", path)]).unwrap();
    assert_eq!(settings.secret_key.unwrap().reveal(), "from-a-file-0123456789");
    let both = refusal(&[("GABLE_SECRET_KEY_FILE", path), ("GABLE_SECRET_KEY", "x")]);
    assert!(both.contains("not by both"), "{both}");
    let missing = refusal(&[("GABLE_SECRET_KEY_FILE", "/nowhere/at/all")]);
    assert!(missing.contains("/nowhere/at/all"), "{missing}");
}

#[test]
fn a_postgres_setting_without_the_name_of_the_database_is_refused() {
    assert!(
        refusal(&[("POSTGRES_HOST", "db")])
            .starts_with("POSTGRES_DB: is required where POSTGRES_HOST is given")
    );
}

#[test]
fn no_message_shows_a_secret() {
    let wrong = [
        ("DATABASE_URL", "mysql://ann:s3cret@db/x"),
        ("REDIS_URL", "http://:s3cret@cache"),
        ("BIND", "0.0.0.0:1"),
        ("GABLE_SECRET_KEY", "s3cret"),
    ];
    let text = read(&wrong).unwrap_err().join("\n");
    assert!(text.contains("***") && !text.contains("s3cret"), "{text}");
    let redis = read(&[("REDIS_URL", "redis://:s3cret@cache")]).unwrap();
    assert!(!format!("{redis:?}").contains("s3cret"));
}

#[test]
fn every_default_keeps_its_own_rule() {
    for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
        let read = read(&[(setting.name, setting.default), ("POSTGRES_DB", "x")]);
        assert!(read.is_ok(), "{}: {read:?}", setting.name);
    }
}
