//! How often a login may fail, over all nodes.

use futures::future::join_all;
use listings::accounts::Role;
use reqwest::Client;
use testkit::Running;

use crate::answer::Answer;
use crate::database::{Database, over_both_databases};
use crate::site::{Site, address_of};
use crate::staff::{PASSWORD, form};

over_both_databases!(
    a_name_may_fail_ten_times_and_whoever_comes_in_begins_anew,
    an_address_may_fail_fifty_times_whatever_the_names,
    of_many_at_once_no_more_get_through,
    a_proxy_is_believed_only_where_it_is_trusted,
    nobody_is_locked_out_by_somebody_elsewhere,
);

async fn nobody_is_locked_out_by_somebody_elsewhere(database: Database) {
    let site = database.serve_with(&[("TRUSTED_PROXIES", "127.0.0.0/8")]);
    site.database.user("ann", Role::Viewer).await;
    let from = async |address: &str, password| {
        site.log_in("ann", password, &[("x-forwarded-for", address)]).await.status
    };
    for _ in 0..10 {
        assert_eq!(from("198.51.100.7", WRONG).await, 403);
    }
    assert_eq!(from("198.51.100.7", PASSWORD).await, 429);
    assert_eq!(from("198.51.100.8", PASSWORD).await, 303);
    // From wherever it comes, it ends some time.
    for number in 0..100 {
        assert_eq!(from(&format!("203.0.113.{number}"), WRONG).await, 403);
    }
    assert_eq!(from("198.51.100.8", PASSWORD).await, 429);
}

const WRONG: &str = "not the password";

#[tokio::test(flavor = "multi_thread")]
async fn all_nodes_count_together() {
    let site = Database::postgres().serve();
    site.database.user("ann", Role::Viewer).await;
    site.database.user("bob", Role::Viewer).await;
    let (other, _program) = another_node(&site);
    for attempt in 0..10 {
        let answer = if attempt % 2 == 0 {
            site.log_in("ann", WRONG, &[]).await
        } else {
            attempt_at(&site.client, &other, "ANN", WRONG).await
        };
        assert_eq!(answer.status, 403, "{attempt}");
    }
    for (name, password) in [("ann", WRONG), ("ann", PASSWORD), ("Ann", PASSWORD)] {
        let here = site.log_in(name, password, &[]).await;
        let there = attempt_at(&site.client, &other, name, password).await;
        for answer in [here, there] {
            assert_eq!(answer.status, 429, "{name} {password}");
            let seconds: u64 = answer.header("retry-after").parse().unwrap();
            assert!((800..=901).contains(&seconds), "{seconds}");
            assert!(answer.text().contains("Too many logins have failed"), "{}", answer.text());
            super::is_secluded(&answer, "429");
        }
    }
    assert_eq!(attempt_at(&site.client, &other, "bob", PASSWORD).await.status, 303, "who else is it to whom");
}

/// Another node over the same database.
fn another_node(site: &Site) -> (String, Running) {
    let program = site.database.gable(&["serve", "--no-migrate"]).start();
    (format!("http://{}", address_of(&program)), program)
}

async fn attempt_at(client: &Client, site: &str, username: &str, password: &str) -> Answer {
    let request = client.post(format!("{site}/admin/login/")).header("origin", site);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let body = form(&[("username", username), ("password", password)]);
    Answer::of(request.body(body).send().await.unwrap()).await
}

async fn a_name_may_fail_ten_times_and_whoever_comes_in_begins_anew(database: Database) {
    let site = database.serve();
    site.database.user("ann", Role::Viewer).await;
    for _ in 0..2 {
        for _ in 0..9 {
            assert_eq!(site.log_in("ann", WRONG, &[]).await.status, 403);
        }
        assert_eq!(site.log_in("ann", PASSWORD, &[]).await.status, 303, "the tenth is right");
    }
    for name in ["ann", "nobody"] {
        for _ in 0..10 {
            assert_eq!(site.log_in(name, WRONG, &[]).await.status, 403);
        }
    }
    let (known, unknown) = (site.log_in("ann", PASSWORD, &[]).await, site.log_in("nobody", WRONG, &[]).await);
    assert_eq!((known.status, unknown.status), (429, 429));
    assert_eq!(
        known.text().replace(|it: char| it.is_ascii_digit(), ""),
        unknown.text().replace(|it: char| it.is_ascii_digit(), "")
    );
    long_ago(&site).await;
    assert_eq!(site.log_in("ann", PASSWORD, &[]).await.status, 303, "a quarter of an hour later");
    let store = site.database.store().await;
    assert!(store.sessions(site.id_of("ann").await, crate::staff::now()).await.unwrap().len() >= 3);
}

/// All that was counted was a quarter of an hour ago.
async fn long_ago(site: &Site) {
    site.database.sql("update gable_login_failure set at = '2020-01-01T00:00:00.000000Z'").await;
}

async fn an_address_may_fail_fifty_times_whatever_the_names(database: Database) {
    let site = database.serve();
    site.database.user("ann", Role::Viewer).await;
    for number in 0..50 {
        assert_eq!(site.log_in(&format!("nobody{number}"), WRONG, &[]).await.status, 403);
    }
    assert_eq!(site.log_in("ann", PASSWORD, &[]).await.status, 429);
    assert_eq!(site.log_in("nobody", WRONG, &[("x-forwarded-for", "198.51.100.7")]).await.status, 429);
    long_ago(&site).await;
    assert_eq!(site.log_in("ann", PASSWORD, &[]).await.status, 303);
}

async fn of_many_at_once_no_more_get_through(database: Database) {
    let site = database.serve();
    site.database.user("ann", Role::Viewer).await;
    let answers = join_all((0..30).map(|_| site.log_in("ann", WRONG, &[]))).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    // Perhaps none: each sees all the others that came at the same moment.
    assert!(with(403) <= 10, "{}", with(403));
    assert_eq!(with(403) + with(429), 30, "{:?}", answers.iter().map(|it| it.status).collect::<Vec<_>>());
}

async fn a_proxy_is_believed_only_where_it_is_trusted(database: Database) {
    let site = database.serve_with(&[("TRUSTED_PROXIES", "127.0.0.0/8")]);
    site.database.user("ann", Role::Viewer).await;
    for number in 0..50 {
        let from = [("x-forwarded-for", "203.0.113.1, 198.51.100.7")];
        assert_eq!(site.log_in(&format!("nobody{number}"), WRONG, &from).await.status, 403);
    }
    for (from, status) in [
        ("198.51.100.7", 429),
        ("198.51.100.8, 198.51.100.7, 127.0.0.2", 429),
        ("198.51.100.7, 198.51.100.8", 303),
    ] {
        assert_eq!(site.log_in("ann", PASSWORD, &[("x-forwarded-for", from)]).await.status, status, "{from}");
    }
    let admin = site.signed_in(Role::Admin).await;
    let ann = site.id_of("ann").await;
    let page = admin.get(&format!("/admin/users/{ann}/")).await;
    assert!(page.text().contains("198.51.100.8"), "the session's address is the visitor's");
}
