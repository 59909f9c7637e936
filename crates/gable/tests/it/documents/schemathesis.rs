//! The API holds to its own document, whatever it is asked.

use listings::accounts::Scope;
use testkit::Schemathesis;

use crate::database::Database;

/// Asks all that the document allows, and much that it does not, as an admin's token.
async fn holds_to_its_document(environment: &[(&str, &str)]) {
    let database = Database::postgres();
    database.add_samples(30).await;
    let site = database.serve_with(environment);
    let token = site.token(&[Scope::Read, Scope::Write]).await;
    let (document, field) = (site.url("/api/v1/openapi.json"), format!("Authorization: Bearer {token}"));
    let asked = tokio::task::spawn_blocking(move || {
        Schemathesis::installed().run(&[&document, "--header", &field, "--max-time", "30", "--no-shrink"])
    });
    let found = asked.await.expect("it has only run a program");
    assert!(found.status.success(), "{}\n{}", found.stdout, found.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_holds_to_its_document_with_its_cache() {
    holds_to_its_document(&[("CACHE_LEASE_MS", "100")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_holds_to_its_document_when_nothing_is_kept() {
    let never =
        ["PAGE_CACHE_TTL", "DATA_CACHE_TTL", "CACHE_LEASE_MS", "STALE_IF_ERROR"].map(|name| (name, "0"));
    holds_to_its_document(&never).await;
}
