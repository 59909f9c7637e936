//! Forms are taken from this site and this session alone, and nothing but forms changes anything.

use listings::accounts::Role;
use reqwest::Method;

use crate::database::{Database, over_both_databases};
use crate::staff::{PASSWORD, Session, form};

over_both_databases!(
    a_form_that_was_not_meant_is_refused_and_nothing_is_saved,
    every_form_of_every_page_carries_the_token_of_its_session,
    nothing_is_changed_by_asking,
);

/// Every form, with fields that would change something.
fn forms(target: i64) -> Vec<(String, Vec<(&'static str, &'static str)>)> {
    let new = [("username", "new"), ("role", "admin"), ("password", PASSWORD), ("again", PASSWORD)];
    let user = format!("/admin/users/{target}/");
    vec![
        (
            "/admin/password/".into(),
            vec![("current", PASSWORD), ("new", "another good one"), ("again", "another good one")],
        ),
        ("/admin/users/new/".into(), new.to_vec()),
        (user.clone(), vec![("role", "admin"), ("active", "1")]),
        (format!("{user}password/"), vec![("password", "another good one"), ("again", "another good one")]),
        (format!("{user}sessions/"), vec![("session", "all")]),
        (format!("{user}delete/"), vec![("sure", "1")]),
        ("/admin/tokens/new/".into(), vec![("name", "x"), ("scope", "read"), ("life", "never")]),
        ("/admin/tokens/1/revoke/".into(), vec![]),
        ("/admin/logout/".into(), vec![]),
    ]
}

async fn a_form_that_was_not_meant_is_refused_and_nothing_is_saved(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let target = site.signed_in(Role::Viewer).await;
    let made = [("name", "there"), ("scope", "read"), ("life", "never")];
    assert_eq!(admin.post("/admin/tokens/new/", &made).await.status, 200);
    let before = everything(&admin).await;
    let (own, foreign) = (admin.csrf_token().await, target.csrf_token().await);
    let (site_url, evil) = (("origin", admin.origin()), ("origin", "https://evil.example"));
    for (path, fields) in forms(site.id_of("viewer").await) {
        let with = |token: &str| {
            let token = [("csrf_token", token)];
            form(&[&fields[..], if token[0].1.is_empty() { &[] } else { &token }].concat())
        };
        let plain = ("content-type", "text/plain");
        let (none, right, others) = (with(""), with(&own), with(&foreign));
        let twice = format!("csrf_token={foreign}&{right}");
        for (header, body) in [
            (&[site_url][..], &none),
            (&[site_url], &others),
            (&[site_url], &twice),
            (&[site_url, plain], &right),
            (&[site_url, ("content-type", "multipart/form-data; boundary=x")], &right),
            (&[site_url, ("content-type", "application/json")], &right),
            (&[evil], &right),
            (&[("origin", "null")], &right),
            (&[site_url, evil], &right),
            (&[("sec-fetch-site", "cross-site")], &right),
            (&[("sec-fetch-site", "same-site"), site_url], &right),
            (&[], &right),
        ] {
            let refused = admin.ask(Method::POST, &path, header, Some(body.clone())).await;
            assert_eq!(refused.status, 403, "{path} {header:?} {body}");
            let text = refused.text();
            assert!(text.contains("Nothing was saved") || text.contains("nothing was changed"), "{text}");
            super::is_secluded(&refused, &path);
        }
        let query = format!("{path}?csrf_token={own}");
        let refused = admin.ask(Method::POST, &query, &[site_url], Some(none)).await;
        assert_eq!(refused.status, 403, "{query}");
    }
    assert_eq!(everything(&admin).await, before);
    assert!(target.is_in().await);
    for (path, fields) in
        forms(site.id_of("viewer").await).into_iter().filter(|(path, _)| path != "/admin/logout/").skip(1)
    {
        let taken = admin.post(&path, &fields).await;
        assert!(
            [200, 303].contains(&taken.status),
            "{path}: that is how it would have been: {}",
            taken.status
        );
    }
}

/// All that an admin can see of users and tokens.
async fn everything(admin: &Session) -> Vec<String> {
    let mut seen = Vec::new();
    for path in ["/admin/users/", "/admin/tokens/"] {
        seen.push(admin.get(path).await.page().text("main"));
    }
    seen
}

async fn every_form_of_every_page_carries_the_token_of_its_session(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let target = site.id_of("admin").await;
    let made = [("name", "there"), ("scope", "read"), ("life", "never")];
    let made = admin.post("/admin/tokens/new/", &made).await;
    let token = admin.csrf_token().await;
    let mut pages = vec![("the token".to_owned(), made.page())];
    for path in
        ["/admin/password/", "/admin/users/", "/admin/users/new/", "/admin/tokens/", "/admin/tokens/new/"]
    {
        pages.push((path.to_owned(), admin.get(path).await.page()));
    }
    let user = format!("/admin/users/{target}/");
    for (path, _) in
        forms(target).iter().filter(|(path, _)| !path.contains("logout") && !path.contains("revoke"))
    {
        let refused = admin.post(path, &[]).await;
        if refused.status == 400 {
            pages.push((format!("{path} refused"), refused.page()));
        }
    }
    pages.push((user.clone(), admin.get(&user).await.page()));
    assert!(pages.len() >= 11, "{}", pages.len());
    for (path, page) in &pages {
        let forms = page.all("form").len();
        assert!(forms >= 1, "{path}");
        assert_eq!(page.all("form[method=post]").len(), forms, "{path}");
        let tokens = page.attributes("form input[type=hidden][name=csrf_token]", "value");
        assert_eq!(tokens.len(), forms, "{path}");
        assert!(tokens.iter().all(|it| *it == token), "{path}");
        markup_is_sound(path, page);
    }
    markup_is_sound("login", &site.get("/admin/login/").await.page());
    markup_is_sound("login refused", &site.log_in("x", "y", &[]).await.page());
}

/// What assistive technology and the content security policy need.
fn markup_is_sound(path: &str, page: &crate::answer::Page) {
    for once in ["html[lang]", "head title", "main", "body > header", "footer", "h1", "meta[name=viewport]"] {
        assert_eq!(page.all(once).len(), 1, "{once} on {path}");
    }
    assert!(page.all("script:not([src]), style, [style]").is_empty(), "{path}");
    for id in page.attributes("input:not([type=hidden]), select", "id") {
        assert_eq!(page.all(&format!("label[for='{id}']")).len(), 1, "{id} on {path}");
    }
    for id in page.attributes("[aria-describedby]", "aria-describedby").iter().flat_map(|ids| ids.split(' '))
    {
        assert_eq!(page.all(&format!("[id='{id}']")).len(), 1, "{id} on {path}");
    }
    for link in page.attributes(".error-summary a", "href") {
        assert_eq!(page.all(&format!("main form {link}")).len(), 1, "{link} on {path}");
    }
    assert_eq!(page.all("[aria-invalid]").is_empty(), page.all(".error-summary li").is_empty(), "{path}");
    let ids = page.attributes("[id]", "id");
    assert_eq!(
        ids.len(),
        ids.iter().collect::<std::collections::BTreeSet<_>>().len(),
        "an id twice on {path}"
    );
}

async fn nothing_is_changed_by_asking(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let target = site.signed_in(Role::Viewer).await;
    let before = everything(&admin).await;
    let token = admin.csrf_token().await;
    for (path, fields) in forms(site.id_of("viewer").await) {
        let query = form(&[&fields[..], &[("csrf_token", &token)]].concat());
        for method in [Method::GET, Method::HEAD] {
            let answer = admin.ask(method.clone(), &format!("{path}?{query}"), &[], None).await;
            assert!([200, 405].contains(&answer.status), "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(everything(&admin).await, before);
    assert!(admin.is_in().await && target.is_in().await);
    let login = form(&[("username", "admin"), ("password", PASSWORD)]);
    let answer = site.get(&format!("/admin/login/?{login}")).await;
    assert_eq!((answer.status, crate::staff::cookie(&answer)), (200, None));
}
