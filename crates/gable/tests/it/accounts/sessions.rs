//! What ends a session.

use listings::accounts::{NewSession, Role, Secret};
use listings::store::Author;

use crate::database::{Database, over_both_databases};
use crate::staff::{PASSWORD, cookie, now};

over_both_databases!(
    logging_out_ends_the_session,
    another_password_ends_all_sessions_but_the_one_that_chose_it,
    a_password_is_changed_by_whoever_knows_the_present_one,
    an_admin_ends_sessions_by_another_role_another_password_or_by_hand,
    who_may_not_come_in_any_more_is_out_at_once,
    a_session_ends_by_itself,
    a_deleted_user_is_gone_with_sessions_and_tokens,
    of_more_sessions_than_one_may_have_the_least_used_end,
    a_login_that_was_under_way_does_not_outlive_the_password,
);

const NEW: &str = "another good password";

async fn logging_out_ends_the_session(database: Database) {
    let site = database.serve();
    let (one, other) = (site.signed_in(Role::Viewer).await, site.signed_in(Role::Viewer).await);
    let answer = one.post("/admin/logout/", &[]).await;
    assert_eq!((answer.status, answer.header("location")), (303, "/admin/login/"));
    assert!(answer.header("set-cookie").starts_with("gable_session=; Path=/; Max-Age=0"));
    assert!(!one.is_in().await && other.is_in().await, "here, and not elsewhere");
}

async fn another_password_ends_all_sessions_but_the_one_that_chose_it(database: Database) {
    let site = database.serve();
    let (one, other) = (site.signed_in(Role::Viewer).await, site.signed_in(Role::Viewer).await);
    let fields = [("current", PASSWORD), ("new", NEW), ("again", NEW)];
    let answer = one.post("/admin/password/", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let mut renewed = one.clone();
    renewed.cookie = cookie(&answer).unwrap();
    assert!(renewed.is_in().await && !one.is_in().await && !other.is_in().await);
    assert_eq!(site.log_in("viewer", PASSWORD, &[]).await.status, 403);
    assert_eq!(site.log_in("viewer", NEW, &[]).await.status, 303);
}

async fn a_password_is_changed_by_whoever_knows_the_present_one(database: Database) {
    let site = database.serve();
    let session = site.signed_in(Role::Viewer).await;
    for (current, new, again, wrong) in [
        ("not the password", NEW, NEW, "current"),
        ("", NEW, NEW, "current"),
        (PASSWORD, "too short", "too short", "new"),
        (PASSWORD, "", "", "new"),
        (PASSWORD, NEW, "another goof password", "again"),
    ] {
        let fields = [("current", current), ("new", new), ("again", again)];
        let refused = session.post("/admin/password/", &fields).await;
        assert_eq!(refused.status, 400);
        let page = refused.page();
        assert_eq!(page.attributes("[aria-invalid]", "id"), [wrong]);
        assert_eq!(page.attributes(".error-summary a", "href"), [format!("#{wrong}")]);
        assert!(!refused.text().contains(NEW) && !refused.text().contains(PASSWORD), "none is shown again");
    }
    for _ in 0..8 {
        session.post("/admin/password/", &[("current", "a guess"), ("new", NEW), ("again", NEW)]).await;
    }
    let fields = [("current", PASSWORD), ("new", NEW), ("again", NEW)];
    assert_eq!(session.post("/admin/password/", &fields).await.status, 429, "nor by guessing");
}

async fn an_admin_ends_sessions_by_another_role_another_password_or_by_hand(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let editor = site.signed_in(Role::Editor).await;
    let path = format!("/admin/users/{}/", site.id_of("editor").await);
    assert_eq!(
        admin.post(&path, &[("role", "editor"), ("active", "1"), ("email", "e@homes.example")]).await.status,
        303
    );
    assert!(editor.is_in().await, "an address is no right");
    assert_eq!(admin.post(&path, &[("role", "viewer"), ("active", "1")]).await.status, 303);
    assert!(!editor.is_in().await);

    let editor = site.signed_in(Role::Editor).await;
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(admin.post(&format!("{path}password/"), &fields).await.status, 303);
    assert!(!editor.is_in().await, "even where it is the same password");

    let (one, other) = (site.signed_in(Role::Editor).await, site.signed_in(Role::Editor).await);
    let sessions = admin.get(&path).await.page().attributes("td button[name=session]", "value");
    assert_eq!(sessions.len(), 2);
    let end = format!("{path}sessions/");
    for nonsense in ["", "nothing", "\0"] {
        assert_eq!(admin.post(&end, &[("session", nonsense)]).await.status, 303);
    }
    assert!(one.is_in().await && other.is_in().await);
    assert_eq!(admin.post(&end, &[("session", &sessions[0])]).await.status, 303);
    assert!(one.is_in().await != other.is_in().await, "one of them");
    assert_eq!(admin.post(&end, &[("session", "all")]).await.status, 303);
    assert!(!one.is_in().await && !other.is_in().await && admin.is_in().await);
}

async fn who_may_not_come_in_any_more_is_out_at_once(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let editor = site.signed_in(Role::Editor).await;
    let path = format!("/admin/users/{}/", site.id_of("editor").await);
    assert_eq!(admin.post(&path, &[("role", "editor")]).await.status, 303);
    assert!(!editor.is_in().await);
    assert_eq!(site.log_in("editor", PASSWORD, &[]).await.status, 403);
    assert_eq!(admin.post(&path, &[("role", "editor"), ("active", "1")]).await.status, 303);
    assert!(!editor.is_in().await, "what has ended does not come back");
    let editor = site.signed_in(Role::Editor).await;
    site.database.sql("update gable_user set is_active = (1 = 0) where username = 'editor'").await;
    assert!(!editor.is_in().await, "whoever says so");
}

async fn a_session_ends_by_itself(database: Database) {
    let site = database.serve();
    for (change, stays) in [
        ("last_seen_at = '2020-01-01T00:00:00.000000Z'", false),
        ("expires_at = '2020-01-01T00:00:00.000000Z'", false),
        ("expires_at = '2099-01-01T00:00:00.000000Z'", true),
    ] {
        let session = site.signed_in(Role::Viewer).await;
        assert!(session.is_in().await);
        site.database.sql(&format!("update gable_session set {change}")).await;
        assert_eq!(session.is_in().await, stays, "{change}");
    }
    // What has ended is cleared away when somebody logs in.
    site.signed_in(Role::Viewer).await;
    let store = site.database.store().await;
    let ended = store.end_sessions(site.id_of("viewer").await, None).await.unwrap();
    assert_eq!(ended, 2, "the one that stays, and the one that has just begun");
}

async fn a_deleted_user_is_gone_with_sessions_and_tokens(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let editor = site.signed_in(Role::Editor).await;
    let made = [("name", "mine"), ("scope", "read"), ("life", "never")];
    assert_eq!(editor.post("/admin/tokens/new/", &made).await.status, 200);
    let id = site.id_of("editor").await;
    let path = format!("/admin/users/{id}/delete/");
    assert_eq!(admin.post(&path, &[]).await.status, 400, "not by mistake");
    assert!(editor.is_in().await);
    assert_eq!(admin.post(&path, &[("sure", "1")]).await.status, 303);
    assert!(!editor.is_in().await);
    assert_eq!(admin.get(&format!("/admin/users/{id}/")).await.status, 404);
    let store = site.database.store().await;
    assert!(store.tokens(None).await.unwrap().is_empty());
}

fn session(secret: &Secret) -> NewSession<'_> {
    NewSession { secret, address: "192.0.2.7", agent: "a test" }
}

async fn of_more_sessions_than_one_may_have_the_least_used_end(database: Database) {
    database.user("ann", Role::Viewer).await;
    let store = database.store().await;
    let (ann, hash) = store.user_named("ann").await.unwrap().unwrap();
    let begin = now();
    let secrets: Vec<Secret> = (0..105).map(|number| Secret::of_session([number; 32])).collect();
    for (second, secret) in (0..).zip(&secrets) {
        let then = begin + chrono::TimeDelta::seconds(second);
        assert!(store.begin_session((&ann, &hash), &session(secret), None, then).await.unwrap());
    }
    for (number, secret) in secrets.iter().enumerate() {
        let is_there = store.session_owner(secret, begin).await.unwrap().is_some();
        assert_eq!(is_there, number >= 5, "{number}");
    }
}

async fn a_login_that_was_under_way_does_not_outlive_the_password(database: Database) {
    database.user("ann", Role::Viewer).await;
    let store = database.store().await;
    let (ann, hash) = store.user_named("ann").await.unwrap().unwrap();
    let author = Author { name: "a test".into(), origin: "admin" };
    store.set_password(&author, ann.id, "another hash", None, now()).await.unwrap();
    let late = Secret::of_session([1; 32]);
    assert!(!store.begin_session((&ann, &hash), &session(&late), None, now()).await.unwrap());
    assert_eq!(store.session_owner(&late, now()).await.unwrap(), None);
    store.set_password(&author, ann.id, &hash, None, now()).await.unwrap();
    for round in 0..20 {
        let secret = Secret::of_session([round; 32]);
        let session = session(&secret);
        let (begun, set) = tokio::join!(
            store.begin_session((&ann, &hash), &session, None, now()),
            store.set_password(&author, ann.id, "another hash", None, now())
        );
        set.unwrap();
        begun.unwrap();
        assert_eq!(store.session_owner(&secret, now()).await.unwrap(), None, "whichever came first");
        store.set_password(&author, ann.id, &hash, None, now()).await.unwrap();
    }
}
