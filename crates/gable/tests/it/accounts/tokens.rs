//! Tokens as people make them.

use listings::accounts::{Role, Scope, Secret};

use crate::answer::text;
use crate::database::{Database, over_both_databases};

over_both_databases!(
    a_token_is_shown_once_and_the_database_does_not_have_it,
    what_is_wrong_with_a_new_token_is_told_by_its_field,
);

async fn a_token_is_shown_once_and_the_database_does_not_have_it(database: Database) {
    let site = database.serve();
    let session = site.signed_in(Role::Editor).await;
    let fields = [("name", "The <import>"), ("scope", "read"), ("scope", "write"), ("life", "90")];
    let made = session.post("/admin/tokens/new/", &fields).await;
    assert_eq!(made.status, 200);
    super::is_secluded(&made, "the token");
    let token = made.page().text("output");
    assert!(token.starts_with("gable_") && token.len() == 49, "{token}");
    let list = session.get("/admin/tokens/").await;
    assert!(!list.text().contains(&token));
    let cells: Vec<String> = list.page().all("tbody td").iter().map(|cell| text(*cell)).collect();
    assert_eq!(&cells[..3], ["The <import>", &token[..12], "read write"]);
    assert_eq!(cells[4], "never", "it was not used");
    let store = site.database.store().await;
    let owner = store.token_owner(&Secret::shown(&token), crate::staff::now()).await.unwrap().unwrap();
    assert!(owner.scopes.has(Scope::Write) && !owner.scopes.has(Scope::Cache));
    let later = crate::staff::now() + chrono::TimeDelta::days(91);
    assert_eq!(store.token_owner(&Secret::shown(&token), later).await.unwrap(), None, "it has ended then");
    let revoke = list.page().attributes("main form", "action");
    assert_eq!(session.post(&revoke[0], &[]).await.status, 303);
    let owner = store.token_owner(&Secret::shown(&token), crate::staff::now()).await.unwrap();
    assert_eq!(owner, None, "it was revoked");
}

async fn what_is_wrong_with_a_new_token_is_told_by_its_field(database: Database) {
    let site = database.serve();
    let session = site.signed_in(Role::Editor).await;
    let long = "x".repeat(101);
    for (fields, wrong) in [
        (&[("name", ""), ("scope", "read"), ("life", "30")][..], "#name"),
        (&[("name", "  "), ("scope", "read"), ("life", "30")], "#name"),
        (&[("name", "a\0b"), ("scope", "read"), ("life", "30")], "#name"),
        (&[("name", &long), ("scope", "read"), ("life", "30")], "#name"),
        (&[("name", "x"), ("life", "30")], "#scope-read"),
        (&[("name", "x"), ("scope", "everything"), ("life", "30")], "#scope-read"),
        (&[("name", "x"), ("scope", "read"), ("life", "31")], "#life"),
        (&[("name", "x"), ("scope", "read"), ("life", "-1")], "#life"),
    ] {
        let refused = session.post("/admin/tokens/new/", fields).await;
        assert_eq!(refused.status, 400, "{fields:?}");
        let page = refused.page();
        assert_eq!(page.attributes(".error-summary a", "href"), [wrong], "{fields:?}");
        assert_eq!(page.all(&format!("form {wrong}")).len(), 1);
    }
    assert!(site.database.store().await.tokens(None).await.unwrap().is_empty());
}
