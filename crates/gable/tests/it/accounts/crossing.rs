//! What one of the staff looks at leaves no trace in what strangers are shown.

use listings::accounts::Role;

use crate::answer::Answer;
use crate::caching::PAGES;
use crate::database::{Database, draft, over_both_databases, villa};
use crate::site::address_of;

over_both_databases!(
    what_the_staff_looks_at_changes_nothing_for_strangers,
    whoever_has_a_session_gets_answers_of_their_own,
);

const OTHERS: [&str; 8] = [
    "/properties/1",
    "/robots.txt",
    "/static/site.css",
    "/drawings/house-1.svg",
    "/api/v1/properties/export.csv",
    "/api/docs",
    "/properties/999/",
    "/nothing",
];

async fn what_the_staff_looks_at_changes_nothing_for_strangers(database: Database) {
    database.add([villa(), draft("A home in Accra & elsewhere")]).await;
    let url = ("SITE_URL", "http://homes.example");
    let site = database.serve_with(&[url]);
    let admin = site.signed_in_as("p0ison", Role::Admin).await;
    let id = site.id_of("p0ison").await;
    let own = [
        "/admin/",
        "/admin/password/",
        "/admin/users/",
        "/admin/tokens/",
        "/admin/tokens/new/",
        "/admin/nothing",
    ];
    let user = format!("/admin/users/{id}/");
    for path in own.into_iter().chain([user.as_str()]).chain(PAGES).chain(OTHERS) {
        admin.get(path).await;
    }
    // What strangers are shown where none of the staff has ever been.
    let elsewhere = site.database.gable(&["serve", "--no-migrate"]).environment(url.0, url.1).start();
    let elsewhere = (format!("http://{}", address_of(&elsewhere)), elsewhere);
    for path in PAGES.into_iter().chain(OTHERS) {
        for _ in 0..2 {
            let here = site.get(path).await;
            let there = site.client.get(format!("{}{path}", elsewhere.0)).send().await.unwrap();
            let there = Answer::of(there).await;
            assert_eq!(here.status, there.status, "{path}");
            assert!(here.body == there.body, "{path}:\n{}\n{}", here.text(), there.text());
            let said = format!("{:?} {}", here.headers, here.text());
            for trace in ["p0ison", "private", "set-cookie", "csrf"] {
                assert!(!said.contains(trace), "{trace} in {path}");
            }
        }
    }
}

async fn whoever_has_a_session_gets_answers_of_their_own(database: Database) {
    database.add([villa(), draft("A home in Accra & elsewhere")]).await;
    // Nothing is written: what is known once may be relied on, however long a busy machine takes to ask again.
    let site = database.serve_with(&[("CACHE_LEASE_MS", "60000")]);
    let viewer = site.signed_in(Role::Viewer).await;
    for path in PAGES {
        let mine = viewer.get(path).await;
        let stranger = site.get(path).await;
        assert_eq!(stranger.how(), "fwd=uri-miss; stored", "{path}: they left nothing behind");
        assert_eq!(stranger.header("cache-control"), "public, no-cache", "{path}");
        assert_eq!((mine.status, &mine.body), (200, &stranger.body), "{path}: it is the same page");
        let again = viewer.get(path).await;
        for mine in [mine, again] {
            assert_eq!(mine.how(), "fwd=bypass; detail=private", "{path}");
            assert_eq!(mine.header("cache-control"), "private, no-store", "{path}");
            assert_eq!(mine.header("age"), "", "{path}");
        }
        let nobody = site.get_with(path, &[("cookie", "a=b; gable_session=nonsense")]).await;
        assert_eq!(nobody.how(), "fwd=bypass; detail=private", "{path}: whoever it is");
    }
    for path in OTHERS {
        let mine = viewer.get(path).await;
        assert!(mine.header("cache-control").contains("no-store") || mine.status == 308, "{path}");
    }
}
