//! There is always somebody who can manage users.

use listings::accounts::{AccountError, Role, UserChange};
use listings::store::Author;

use crate::database::{Database, over_both_databases};

over_both_databases!(the_last_active_admin_stays_one, of_two_admins_who_demote_each_other_one_stays,);

fn author() -> Author {
    Author { name: "a test".into(), origin: "admin" }
}

async fn the_last_active_admin_stays_one(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let path = format!("/admin/users/{}/", site.id_of("admin").await);
    let demoted = [("role", "editor"), ("active", "1")];
    for (path, fields) in [
        (path.clone(), &demoted[..]),
        (path.clone(), &[("role", "admin")]),
        (format!("{path}delete/"), &[("sure", "1")]),
    ] {
        let refused = admin.post(&path, fields).await;
        assert_eq!(refused.status, 400, "{path} {fields:?}");
        assert!(refused.text().contains("this is the last active admin"), "{}", refused.text());
    }
    assert!(admin.is_in().await);
    let email = [("role", "admin"), ("active", "1"), ("email", "ann@homes.example")];
    assert_eq!(admin.post(&path, &email).await.status, 303, "anything else may change");
    assert!(admin.is_in().await);
    site.database.user("second", Role::Admin).await;
    assert_eq!(admin.post(&path, &demoted).await.status, 303);
    assert!(!admin.is_in().await, "another role, another session");
}

async fn of_two_admins_who_demote_each_other_one_stays(database: Database) {
    let store = database.store().await;
    let (one, other) = (database.user("one", Role::Admin).await, database.user("other", Role::Admin).await);
    let change = |role| UserChange { email: String::new(), role, is_active: true };
    let (down, up) = (change(Role::Editor), change(Role::Admin));
    let author = author();
    for _ in 0..20 {
        let outcomes = tokio::join!(
            store.change_user(&author, one.id, &down),
            store.change_user(&author, other.id, &down)
        );
        let outcomes = [outcomes.0, outcomes.1];
        let refused = outcomes.iter().filter(|it| matches!(it, Err(AccountError::LastAdmin))).count();
        assert_eq!((outcomes.iter().filter(|it| it.is_ok()).count(), refused), (1, 1), "{outcomes:?}");
        for user in [&one, &other] {
            store.change_user(&author, user.id, &up).await.unwrap();
        }
    }
}
