//! Which role may do what.

use gable::router::NEVER_KEPT;
use listings::accounts::Role;
use reqwest::Method;

use super::is_secluded;
use crate::database::{Database, over_both_databases};
use crate::staff::form;

over_both_databases!(
    each_role_may_do_what_is_its_own_and_nothing_else,
    a_page_shows_nobody_what_they_cannot_do,
    each_sees_and_revokes_their_own_tokens_and_an_admin_everybodys,
);

/// A route, what is sent to it, and the status for a viewer, an editor and an admin.
const ROUTES: [(&str, &str, [u16; 3]); 21] = [
    ("GET", "/admin", [303, 303, 303]),
    ("GET", "/admin/", [303, 303, 303]),
    ("GET", "/admin/login/", [200, 200, 200]),
    ("GET", "/admin/logout/", [405, 405, 405]),
    ("GET", "/admin/password/", [200, 200, 200]),
    ("POST", "/admin/password/", [400, 400, 400]),
    ("GET", "/admin/users/", [403, 403, 200]),
    ("GET", "/admin/users/new/", [403, 403, 200]),
    ("POST", "/admin/users/new/", [403, 403, 400]),
    ("GET", "/admin/users/{id}/", [403, 403, 200]),
    ("POST", "/admin/users/{id}/", [403, 403, 400]),
    ("POST", "/admin/users/{id}/password/", [403, 403, 400]),
    ("POST", "/admin/users/{id}/sessions/", [403, 403, 303]),
    ("POST", "/admin/users/{id}/delete/", [403, 403, 400]),
    ("GET", "/admin/tokens/", [200, 200, 200]),
    ("GET", "/admin/tokens/new/", [200, 200, 200]),
    ("POST", "/admin/tokens/new/", [400, 400, 400]),
    ("POST", "/admin/tokens/{id}/revoke/", [404, 404, 404]),
    ("GET", "/admin/users/+1/", [403, 403, 404]),
    ("GET", "/admin/users/9223372036854775808/", [403, 403, 404]),
    ("GET", "/admin/nothing/", [404, 404, 404]),
];

async fn each_role_may_do_what_is_its_own_and_nothing_else(database: Database) {
    let site = database.serve();
    let target = site.database.user("target", Role::Viewer).await;
    // Those of listings and of the import have tables of their own.
    let elsewhere = ["/admin/listings/", "/admin/import/"];
    for (route, _) in NEVER_KEPT.iter().filter(|(route, _)| route.starts_with("/admin")) {
        let is_here = ROUTES.iter().any(|(_, known, _)| known == route);
        assert!(is_here || elsewhere.iter().any(|it| route.starts_with(it)), "{route} is not in the table");
    }
    for (index, role) in Role::ALL.into_iter().enumerate() {
        let session = site.signed_in(role).await;
        for (method, route, expected) in ROUTES {
            let path = route.replace("{id}", &target.id.to_string());
            let answer =
                if method == "GET" { session.get(&path).await } else { session.post(&path, &[]).await };
            let what = format!("{role:?} {method} {path}");
            assert_eq!(answer.status, expected[index], "{what}: {}", answer.text());
            is_secluded(&answer, &what);
        }
    }
    for (method, route, expected) in ROUTES.into_iter().filter(|(_, _, expected)| expected[0] != 405) {
        let path = route.replace("{id}", &target.id.to_string());
        let origin = site.url("");
        let method: Method = method.parse().unwrap();
        let answer = site.ask(method.clone(), &path, &[("origin", &origin)]).await;
        let what = format!("a stranger {method} {path}");
        is_secluded(&answer, &what);
        let location = answer.header("location");
        match (method.as_str(), route) {
            (_, "/admin" | "/admin/login/" | "/admin/nothing/") => assert_eq!(answer.status, expected[0]),
            ("GET", _) => {
                let next = form(&[("next", &path)]);
                assert_eq!((answer.status, location), (303, &*format!("/admin/login/?{next}")), "{what}");
            }
            _ => assert_eq!((answer.status, location), (303, "/admin/login/"), "{what}"),
        }
    }
}

async fn a_page_shows_nobody_what_they_cannot_do(database: Database) {
    let site = database.serve();
    for (role, parts) in [
        (Role::Viewer, &["Listings", "Tokens"][..]),
        (Role::Editor, &["Listings", "Import", "Tokens"]),
        (Role::Admin, &["Listings", "Import", "Users", "Tokens"]),
    ] {
        let session = site.signed_in(role).await;
        let page = session.get("/admin/tokens/new/").await.page();
        let shown: Vec<String> = page.all("nav li").iter().map(|it| crate::answer::text(*it)).collect();
        assert_eq!(shown, parts, "{role:?}");
        let scopes = page.attributes("input[name=scope]", "value");
        assert_eq!(scopes.len(), Role::ALL.iter().position(|it| *it == role).unwrap() + 1, "{scopes:?}");
        let refused = session.post("/admin/tokens/new/", &[("name", "x"), ("scope", "cache")]).await;
        assert_eq!(refused.status == 400, role != Role::Admin, "{}", refused.text());
    }
}

async fn each_sees_and_revokes_their_own_tokens_and_an_admin_everybodys(database: Database) {
    let site = database.serve();
    let mut sessions = Vec::new();
    for role in Role::ALL {
        let session = site.signed_in(role).await;
        let made = [("name", role.name()), ("scope", "read"), ("life", "30")];
        assert_eq!(session.post("/admin/tokens/new/", &made).await.status, 200);
        sessions.push(session);
    }
    let [viewer, _, admin] = &sessions[..] else { panic!("three roles") };
    let mine = viewer.get("/admin/tokens/").await.page().attributes("main form", "action");
    let all = admin.get("/admin/tokens/").await.page().attributes("main form", "action");
    assert_eq!((mine.len(), all.len()), (1, 3));
    for other in all.iter().filter(|other| !mine.contains(other)) {
        assert_eq!(viewer.post(other, &[]).await.status, 404);
    }
    assert_eq!(admin.get("/admin/tokens/").await.page().all("main form").len(), 3);
    assert_eq!(viewer.post(&mine[0], &[]).await.status, 303);
    assert_eq!(viewer.post(&mine[0], &[]).await.status, 404, "it is gone");
    for path in all.iter().filter(|path| **path != mine[0]) {
        assert_eq!(admin.post(path, &[]).await.status, 303);
    }
}
