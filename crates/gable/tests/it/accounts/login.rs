//! Coming in.

use listings::accounts::{Role, UserChange};
use listings::store::Author;

use crate::answer::Answer;
use crate::database::{Database, over_both_databases};
use crate::staff::{PASSWORD, cookie};

over_both_databases!(
    a_login_says_the_same_to_all_who_may_not_come_in,
    a_name_is_the_same_in_whichever_case,
    a_cookie_that_somebody_brought_along_is_never_gone_on_with,
    a_login_leads_back_to_where_one_wanted_to_go_and_never_elsewhere,
    over_https_the_cookie_is_for_https_and_this_host_alone,
    a_login_from_another_site_is_refused,
);

async fn a_login_says_the_same_to_all_who_may_not_come_in(database: Database) {
    let site = database.serve();
    site.database.user("somebody", Role::Admin).await;
    let gone = site.database.user("inactive", Role::Admin).await;
    let store = site.database.store().await;
    let change = UserChange { email: String::new(), role: Role::Admin, is_active: false };
    let author = Author { name: "a test".into(), origin: "admin" };
    store.change_user(&author, gone.id, &change).await.unwrap();
    let mut answers = Vec::new();
    for (name, password) in [
        ("somebody", "not the password"),
        ("nobody_1", PASSWORD),
        ("inactive", PASSWORD),
        ("inactive", "not the password"),
        ("nobody 2", ""),
        ("somebody", ""),
        ("a\0nobody", PASSWORD),
        ("someb\u{f6}d", PASSWORD),
    ] {
        let answer = site.log_in(name, password, &[]).await;
        answers.push(without_name(&answer, name));
    }
    assert_eq!(answers[0].0, 403);
    assert!(answers[0].2.contains("The name or the password is wrong"), "{}", answers[0].2);
    for (status, fields, text) in &answers {
        assert_eq!((*status, text), (403, &answers[0].2));
        assert_eq!(fields, &answers[0].1);
    }
    let long = "x".repeat(500_000);
    assert_eq!(site.log_in("somebody", &long, &[]).await.status, 403);
    assert_eq!(site.log_in(&long, PASSWORD, &[]).await.status, 403);
    assert_eq!(site.log_in("somebody", PASSWORD, &[]).await.status, 303);
}

/// An answer without what every answer has of its own, and without the name that was typed.
fn without_name(answer: &Answer, name: &str) -> (u16, Vec<(String, String)>, String) {
    let is_its_own = |field: &str| ["x-request-id", "date", "content-length"].contains(&field);
    let fields = answer.headers.iter().filter(|(field, _)| !is_its_own(field.as_str()));
    let fields = fields.map(|(field, value)| (field.to_string(), value.to_str().unwrap().to_owned()));
    (answer.status, fields.collect(), answer.text().replace(&format!("value=\"{name}\""), "value=\"…\""))
}

async fn a_name_is_the_same_in_whichever_case(database: Database) {
    let site = database.serve();
    site.database.user("Ann@Homes", Role::Viewer).await;
    for name in ["Ann@Homes", "ann@homes", "ANN@HOMES"] {
        assert_eq!(site.log_in(name, PASSWORD, &[]).await.status, 303, "{name}");
    }
    let admin = site.signed_in(Role::Admin).await;
    let again = [("username", "aNN@homes"), ("role", "viewer"), ("password", PASSWORD), ("again", PASSWORD)];
    let refused = admin.post("/admin/users/new/", &again).await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("there is a user of that name already"));
    let new = [("username", "bob"), ("role", "viewer"), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(admin.post("/admin/users/new/", &new).await.status, 303);
    assert_eq!(site.log_in("BOB", PASSWORD, &[]).await.status, 303);
}

async fn a_cookie_that_somebody_brought_along_is_never_gone_on_with(database: Database) {
    let site = database.serve();
    site.database.user("ann", Role::Viewer).await;
    let planted = "gable_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let answer = site.log_in("ann", PASSWORD, &[("cookie", planted)]).await;
    let first = cookie(&answer).unwrap();
    assert_ne!(first, planted);
    assert_eq!(site.get_with("/admin/password/", &[("cookie", planted)]).await.status, 303);
    let second = cookie(&site.log_in("ann", PASSWORD, &[("cookie", &first)]).await).unwrap();
    assert_ne!(first, second);
    assert_eq!(site.get_with("/admin/password/", &[("cookie", &first)]).await.status, 303, "it has ended");
    assert_eq!(site.get_with("/admin/password/", &[("cookie", &second)]).await.status, 200);
    let both = format!("{second}; {planted}");
    assert_eq!(site.get_with("/admin/password/", &[("cookie", &both)]).await.status, 303, "which is ours?");
    let refused = site.log_in("ann", "not the password", &[("cookie", &second)]).await;
    assert_eq!(cookie(&refused), None);
    assert_eq!(site.get_with("/admin/password/", &[("cookie", &second)]).await.status, 200);
}

async fn a_login_leads_back_to_where_one_wanted_to_go_and_never_elsewhere(database: Database) {
    let site = database.serve();
    site.database.user("ann", Role::Viewer).await;
    let asked = site.get("/admin/tokens/?page=2&x=%2F").await;
    let login = site.get(asked.header("location")).await.page();
    assert_eq!(login.attributes("input[name=next]", "value"), ["/admin/tokens/?page=2&x=%2F"]);
    for (next, expected) in [
        ("/admin/tokens/?page=2&x=%2F", "/admin/tokens/?page=2&x=%2F"),
        ("", "/admin/"),
        ("/", "/admin/"),
        ("/admin", "/admin/"),
        ("//evil.example/admin/", "/admin/"),
        ("/\\evil.example/admin/", "/admin/"),
        ("\\/evil.example", "/admin/"),
        ("https://evil.example/admin/", "/admin/"),
        ("https:/admin/", "/admin/"),
        ("javascript:alert(1)//admin/", "/admin/"),
        ("/admin/\\@evil.example", "/admin/"),
        ("/admin/\r\nSet-Cookie: a=b", "/admin/"),
        ("/\t/evil.example", "/admin/"),
        ("/administration/", "/admin/"),
        ("@evil.example/admin/", "/admin/"),
    ] {
        let body = crate::staff::form(&[("username", "ann"), ("password", PASSWORD), ("next", next)]);
        let request = site.client.post(site.url("/admin/login/")).header("origin", site.url(""));
        let request = request.header("content-type", "application/x-www-form-urlencoded").body(body);
        let answer = Answer::of(request.send().await.unwrap()).await;
        assert_eq!((answer.status, answer.header("location")), (303, expected), "{next:?}");
        let query = crate::staff::form(&[("next", next)]);
        let page = site.get(&format!("/admin/login/?{query}")).await.page();
        let kept = page.attributes("input[name=next]", "value");
        assert!(kept.is_empty() || kept == [expected], "{next:?}: {kept:?}");
    }
}

async fn over_https_the_cookie_is_for_https_and_this_host_alone(database: Database) {
    database.user("ann", Role::Viewer).await;
    let site = database.serve();
    let answer = site.log_in("ann", PASSWORD, &[]).await;
    let (_, flags) = answer.header("set-cookie").split_once("; ").unwrap();
    assert_eq!(flags, "Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax");
    let Site { database, program, .. } = site;
    drop(program);
    let site = database.serve_with(&[("SITE_URL", "https://homes.example")]);
    let answer = site.log_in("ann", PASSWORD, &[("origin", "https://homes.example")]).await;
    let (value, flags) = answer.header("set-cookie").split_once("; ").unwrap();
    assert!(value.starts_with("__Host-gable_session="), "{value}");
    assert_eq!(flags, "Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure");
    assert_eq!(site.get_with("/admin/password/", &[("cookie", value)]).await.status, 200);
    let renamed = value.replace("__Host-", "");
    assert_eq!(site.get_with("/admin/password/", &[("cookie", &renamed)]).await.status, 303);
}

async fn a_login_from_another_site_is_refused(database: Database) {
    let site = database.serve();
    site.database.user("ann", Role::Viewer).await;
    for field in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let answer = site.log_in("ann", PASSWORD, &[field]).await;
        assert_eq!((answer.status, cookie(&answer)), (403, None), "{field:?}");
    }
    assert_eq!(site.log_in("ann", PASSWORD, &[("sec-fetch-site", "same-origin")]).await.status, 303);
}

use crate::site::Site;
