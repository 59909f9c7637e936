//! Nodes that share what they keep in a Redis.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use testkit::{Redis, Running, within};

use crate::answer::Answer;
use crate::database::{Database, draft, villa};
use crate::site::{Site, address_of, client};

use super::PAGES;

/// What all nodes are told.
fn environment(redis: &str) -> [(&str, &str); 5] {
    [
        ("REDIS_URL", redis),
        ("GABLE_SECRET_KEY", "a secret of many words"),
        ("SITE_URL", "http://homes.example"),
        // However busy the machine is.
        ("REDIS_TIMEOUT_MS", "1000"),
        ("CACHE_LEASE_MS", "0"),
    ]
}

/// Two nodes over one database and one Redis.
struct Nodes {
    one: Site,
    other: SocketAddr,
    program: Running,
}

impl Nodes {
    async fn over(redis: &Redis) -> Nodes {
        Nodes::over_url(&redis.url()).await
    }

    async fn over_url(url: &str) -> Nodes {
        let database = Database::postgres();
        database.fill(30, 200).await;
        database.add([villa(), draft("A home in Accra & elsewhere")]).await;
        let one = database.serve_with(&environment(url));
        let (program, other) = beside(&one.database, url);
        Nodes { one, other, program }
    }

    async fn of_other(&self, path: &str) -> Answer {
        Answer::of(client().get(format!("http://{}{path}", self.other)).send().await.unwrap()).await
    }

    /// Asks the other until it answers out of Redis. What it made itself, the first being slow, is written to once more.
    async fn of_redis(&self, path: &str) -> Answer {
        loop {
            let answer = self.of_other(path).await;
            if answer.how().ends_with("detail=redis") {
                return answer;
            }
            assert_eq!(answer.status, 200, "{path}");
            self.one.database.sql("update properties_property set price = price + 1").await;
            self.one.get(path).await;
        }
    }

    async fn metrics(&self) -> Value {
        self.one.get("/properties/cache-metrics/").await.json()["metrics"].take()
    }
}

fn beside(database: &Database, redis: &str) -> (Running, SocketAddr) {
    let program = database.gable(&["serve", "--no-migrate"]).environment("STALE_IF_ERROR", "0");
    let program = environment(redis).iter().fold(program, |it, (name, value)| it.environment(name, value));
    let program = program.start();
    let address = address_of(&program);
    (program, address)
}

#[tokio::test]
async fn what_one_node_has_made_the_other_serves_as_it_is() {
    let redis = Redis::start();
    let nodes = Nodes::over(&redis).await;
    for path in PAGES {
        nodes.one.get(path).await;
        let of_redis = nodes.of_redis(path).await;
        let made = nodes.one.get(path).await;
        assert_eq!(
            (of_redis.header("etag"), of_redis.header("link"), of_redis.text()),
            (made.header("etag"), made.header("link"), made.text()),
            "{path}"
        );
    }
    let shown = redis.ask(&["-n", "1", "keys", "gable:*"]);
    for name in ["gable:page:/properties/", "gable:data:all_properties", "gable:data:property_1"] {
        assert!(shown.lines().any(|line| line == name), "{name} in\n{shown}");
    }
}

#[tokio::test]
async fn redis_shows_people_for_how_long_a_page_may_still_live() {
    let redis = Redis::start();
    let nodes = Nodes::over(&redis).await;
    nodes.one.get("/properties/").await;
    nodes.of_redis("/properties/").await;
    let left = || redis.ask(&["-n", "1", "ttl", "gable:page:/properties/"]).parse::<i64>().unwrap();
    let before = left();
    let answer = nodes.of_other("/properties/").await;
    let (_, said) = answer.how().split_once("ttl=").unwrap();
    let said: i64 = said.split(';').next().unwrap().parse().unwrap();
    // Redis is given whole seconds, rounded up, and rounds what it says; what is said here is rounded down.
    assert!((left() - 2..=before + 1).contains(&said), "{said} where Redis says {before}");
}

#[tokio::test]
async fn a_user_of_redis_who_may_do_only_what_is_documented_is_enough_for_everything() {
    let redis = Redis::start();
    let rule = "on >word ~gable:* -@all +get +mget +set +ping";
    let said = redis.ask(&[&["acl", "setuser", "gable"][..], &rule.split(' ').collect::<Vec<_>>()].concat());
    assert_eq!(said, "OK");
    let nodes = Nodes::over_url(&format!("redis://gable:word@127.0.0.1:{}/0", redis.port())).await;
    for path in PAGES {
        nodes.one.get(path).await;
        nodes.of_redis(path).await;
    }
    assert_eq!(nodes.one.get("/readyz").await.json()["redis"], "ok");
    assert!(nodes.one.get("/metrics").await.text().contains("gable_redis_up 1"));
    for _ in 0..5 {
        let figures = nodes.metrics().await;
        assert_eq!(figures["levels"]["redis"]["state"], "ok");
        assert_eq!(figures["levels"]["redis"]["failures"]["refused"], 0);
        // Redis' own may not be asked for: so these are ours.
        assert!(figures["keyspace_misses"].as_u64().is_some_and(|misses| misses > 0), "{figures}");
    }
    let refused = redis.ask(&["acl", "log"]);
    let mut objects = refused.lines().zip(refused.lines().skip(1)).filter(|(field, _)| *field == "object");
    assert!(objects.all(|(_, object)| object == "info"), "{refused}");
}

#[tokio::test]
async fn a_write_is_seen_on_every_node_whatever_lies_in_redis() {
    let redis = Redis::start();
    let nodes = Nodes::over(&redis).await;
    for price in 1000..1010 {
        let update = format!("update properties_property set price = {price} where id = 1");
        nodes.one.database.sql(&update).await;
        for answer in
            [nodes.one.get("/api/v1/properties/1").await, nodes.of_other("/api/v1/properties/1").await]
        {
            assert_eq!(answer.json()["price"], format!("{price}.00"), "{}", answer.how());
        }
    }
}

#[tokio::test]
async fn a_restarted_node_serves_from_redis_at_once() {
    let redis = Redis::start();
    let nodes = Nodes::over(&redis).await;
    for path in PAGES {
        nodes.one.get(path).await;
    }
    let pages = || redis.ask(&["-n", "1", "keys", "gable:page:*"]).lines().count();
    within(Duration::from_secs(30), || (pages() == PAGES.len()).then_some(())).unwrap();
    // Others write: the third node's first snapshot is another than those that all of it was read in.
    nodes.one.database.sql("create table elsewhere (id int)").await;
    for id in 0..5 {
        nodes.one.database.sql(&format!("insert into elsewhere values ({id})")).await;
    }
    let (_third, address) = beside(&nodes.one.database, &redis.url());
    for path in PAGES {
        let answer = client().get(format!("http://{address}{path}")).send().await.unwrap();
        let answer = Answer::of(answer).await;
        assert!(answer.how().ends_with("detail=redis"), "{path}: {}", answer.how());
    }
    drop(nodes.program);
}

#[tokio::test]
async fn without_its_redis_a_node_is_ready_and_says_so_and_answers_everything() {
    let redis = Redis::start();
    let nodes = Nodes::over(&redis).await;
    let ready = async || nodes.one.get("/readyz").await;
    assert_eq!(ready().await.json()["redis"], "ok");
    let figures = nodes.metrics().await;
    assert_eq!(figures["levels"]["redis"]["state"], "ok");
    redis.kill();
    for path in PAGES {
        nodes.one.database.sql("update properties_property set price = price + 1").await;
        assert_eq!(nodes.one.get(path).await.status, 200, "{path}");
    }
    let answer = ready().await;
    assert_eq!((answer.status, answer.json()["redis"].as_str()), (200, Some("unreachable")));
    let metrics = nodes.one.get("/metrics").await;
    assert!(metrics.text().contains("gable_redis_up 0"), "{}", metrics.text());
    let figures = nodes.metrics().await;
    assert_eq!(figures["levels"]["redis"]["state"], "unreachable");
    assert!(figures["keyspace_misses"].as_u64().is_some_and(|misses| misses > 0), "{figures}");
}

#[tokio::test]
async fn the_figures_of_django_are_those_of_redis_itself() {
    let redis = Redis::start();
    let nodes = Nodes::over(&redis).await;
    nodes.of_redis("/properties/").await;
    let figures = nodes.metrics().await;
    let said = redis.ask(&["info", "stats"]);
    let of_redis = |field: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().parse::<u64>().unwrap()
    };
    assert_eq!(figures["keyspace_hits"].as_u64(), Some(of_redis("keyspace_hits:")));
    assert_eq!(figures["keyspace_misses"].as_u64(), Some(of_redis("keyspace_misses:")));
}

#[test]
fn what_makes_no_sense_about_redis_is_refused_at_the_start() {
    for (environment, part) in [
        (&[("REDIS_URL", "http://host")][..], "REDIS_URL: must begin with redis://"),
        (&[("REDIS_TIMEOUT_MS", "soon")], "REDIS_TIMEOUT_MS: must be a whole number"),
        (&[("REDIS_PREFIX", "a b")], "REDIS_PREFIX: must be 1 to 40"),
        (&[("REDIS_CA_FILE", "/nowhere")], "REDIS_CA_FILE: must be a file"),
    ] {
        let program = Database::sqlite().gable(&["config", "check"]);
        let program = environment.iter().fold(program, |it, (name, value)| it.environment(name, value));
        let finished = program.run();
        let said = format!("{finished:?}");
        assert!(said.contains(part), "{part} in {said}");
    }
}
