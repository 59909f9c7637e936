//! No way around the admin area's door, and nothing of it in any cache.

use listings::accounts::Role;

use super::is_secluded;
use crate::database::{Database, over_both_databases};
use crate::site::Site;

over_both_databases!(
    no_trick_with_a_path_opens_the_admin_area_or_leaves_it_in_a_cache,
    everything_under_admin_is_kept_by_nobody,
);

/// Paths that one program in a chain reads otherwise than the next.
const TRICKS: [&str; 24] = [
    "/admin/x.css",
    "/admin/users/x.css",
    "/admin/users/;x.css",
    "/admin/users/1/x.css",
    "/admin;/",
    "/admin;/users/",
    "/admin/%2e%2e/",
    "/admin/../",
    "/admin%2f",
    "/admin%2Fusers%2F",
    "/%61dmin/users/",
    "/Admin/users/",
    "/ADMIN/",
    "//admin/",
    "//admin/users/",
    "/./admin/users/",
    "/x/../admin/users/",
    "/admin//users/",
    "/admin/users",
    "/admin/users/%00",
    "/admin/listings/..;/",
    "/admin/login/..;/users/",
    "/admin/login/../users/",
    "/static/../admin/users/",
];

async fn no_trick_with_a_path_opens_the_admin_area_or_leaves_it_in_a_cache(database: Database) {
    database.add([crate::database::draft("Home")]).await;
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    let users = admin.get("/admin/users/").await;
    assert_eq!(users.status, 200);
    for target in TRICKS {
        for _ in 0..2 {
            for cookie in [admin.cookie.as_str(), ""] {
                let answer = raw(&site, target, cookie);
                let text = answer.text();
                assert!((300..500).contains(&answer.status), "{target}: {}", answer.status);
                assert!(!text.contains("New user"), "{target} is no other name of the list of users");
                let lower = format!("{:?}", answer.headers).to_ascii_lowercase();
                assert!(lower.contains("no-store"), "{target}: {lower}");
                assert!(!lower.contains("; hit") && !lower.contains("stored"), "{target}: {lower}");
            }
        }
    }
}

fn raw(site: &Site, target: &str, cookie: &str) -> testkit::http::RawResponse {
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    let head = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{cookie}Connection: close\r\n\r\n");
    testkit::http::raw(site.address, head).unwrap()
}

async fn everything_under_admin_is_kept_by_nobody(database: Database) {
    let site = database.serve();
    let admin = site.signed_in(Role::Admin).await;
    for (path, status) in [
        ("/admin", 303),
        ("/admin/", 303),
        ("/admin/login/", 200),
        ("/admin/users/", 200),
        ("/admin/users/999/", 404),
        ("/admin/nothing", 404),
        ("/admin/logout/", 405),
        ("/admin/x.css", 404),
    ] {
        for _ in 0..2 {
            let answer = admin.get(path).await;
            assert_eq!(answer.status, status, "{path}");
            is_secluded(&answer, path);
            assert_eq!(answer.header("etag"), "", "{path}");
            assert!(answer.header("cache-status").contains("fwd=bypass"), "{path}");
            let stranger = site.get(path).await;
            is_secluded(&stranger, path);
            assert!(stranger.header("cache-status").contains("fwd=bypass"), "{path}");
            let is_for_all = path == "/admin/login/";
            assert!(stranger.status != 200 || is_for_all, "{path}");
        }
    }
    let around = site.get("/administration/").await;
    assert_eq!(
        (around.status, around.header("cache-control")),
        (404, "no-store"),
        "what is only called alike is not in it"
    );
}
