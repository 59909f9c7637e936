//! Nobody overwrites what they have not seen.

use reqwest::Method;
use serde_json::json;

use super::{Writer, home, id, path};
use crate::answer::Answer;
use crate::database::{Database, over_both_databases, villa};
use crate::site::Site;

over_both_databases!(
    a_change_without_a_condition_is_refused,
    a_stale_condition_is_refused_with_the_present_one,
    any_validator_that_was_given_for_the_listing_as_it_is_will_do,
    of_two_who_change_the_same_at_once_one_succeeds,
);

const CHANGES: [(Method, &str); 3] = [
    (Method::PUT, r#"{"title": "Mine", "location": "Accra", "status": "active"}"#),
    (Method::PATCH, r#"{"title": "Mine"}"#),
    (Method::DELETE, ""),
];

async fn a_change_without_a_condition_is_refused(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    for (method, body) in CHANGES {
        let answer = writer.sends(method.clone(), &path(listing.id), &[], body).await;
        assert_eq!(answer.status, 428, "{method}");
        assert!(answer.problem()["detail"].as_str().unwrap().contains("If-Match"));
        for wrong in ["", "3", "\"3", "*, \"1\""] {
            let answer = writer.sends(method.clone(), &path(listing.id), &[("if-match", wrong)], body).await;
            assert_eq!(
                (answer.status, &answer.problem()["errors"][0]["parameter"]),
                (400, &json!("If-Match")),
                "{wrong}"
            );
        }
    }
    assert_eq!(site.get(&path(listing.id)).await.json()["version"], 1);
}

async fn a_stale_condition_is_refused_with_the_present_one(database: Database) {
    let listing = database.add([villa()]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    let before = site.get(&path(listing.id)).await.header("etag").to_owned();
    assert_eq!(writer.changes(listing.id, &json!({"bedrooms": 9})).await.status, 200);
    let now = site.get(&path(listing.id)).await.header("etag").to_owned();
    for (method, body) in CHANGES {
        let weak = format!("W/{now}");
        for stale in [before.as_str(), "\"1\"", "\"\"", &weak, "W/\"2\", \"x\""] {
            let answer = writer.sends(method.clone(), &path(listing.id), &[("if-match", stale)], body).await;
            assert_eq!((answer.status, answer.header("etag")), (412, now.as_str()), "{method} {stale}");
            answer.problem();
        }
    }
    assert_eq!(site.get(&path(listing.id)).await.json()["version"], 2);
}

async fn any_validator_that_was_given_for_the_listing_as_it_is_will_do(database: Database) {
    let mut draft = villa();
    draft.description = "A long description. ".repeat(200);
    let listing = database.add([draft]).await.remove(0);
    let site = database.serve();
    let writer = site.writer().await;
    for (price, coding) in ["identity", "gzip", "br", "zstd"].into_iter().enumerate() {
        let read = site.get_with(&path(listing.id), &[("accept-encoding", coding)]).await;
        assert!(coding == "identity" || read.header("content-encoding") == coding);
        let tags = format!("\"x\", W/\"y\",{}", read.header("etag"));
        let patch = json!({"price": price}).to_string();
        let answer = writer.sends(Method::PATCH, &path(listing.id), &[("if-match", &tags)], patch).await;
        assert_eq!(answer.status, 200, "{coding}");
    }
    let version = format!("\"{}\"", site.get(&path(listing.id)).await.json()["version"]);
    for (method, body) in [(Method::PATCH, "{}"), (Method::DELETE, "")] {
        let answer = writer.sends(method.clone(), &path(listing.id), &[("if-match", &version)], body).await;
        assert!(answer.status < 300, "{method} {}", answer.text());
    }
}

async fn of_two_who_change_the_same_at_once_one_succeeds(database: Database) {
    let site = database.serve();
    let writer = site.writer().await;
    let id = id(&writer.creates(&home()).await);
    for round in 0..20 {
        let etag = site.get(&path(id)).await.header("etag").to_owned();
        let (one, other) = tokio::join!(
            changed(&writer, &site, id, &etag, format!("One {round}")),
            changed(&writer, &site, id, &etag, format!("Other {round}")),
        );
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{} {}", one.text(), other.text());
        let (winner, loser) = if one.status == 200 { (one, other) } else { (other, one) };
        assert_eq!(loser.header("etag"), winner.header("etag"), "who comes second is told what there is");
        assert_eq!(site.get(&path(id)).await.json(), winner.json());
    }
}

async fn changed(writer: &Writer, site: &Site, id: i64, etag: &str, title: String) -> Answer {
    let patch = json!({"title": title}).to_string();
    writer.at(site.address).sends(Method::PATCH, &path(id), &[("if-match", etag)], patch).await
}
