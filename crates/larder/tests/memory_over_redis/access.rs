//! Ways to a Redis: a user with few rights, TLS, a cluster, sentinels.

use larder::tier::redis::Address;
use larder::tier::shared::TierState;
use testkit::{Redis, RedisCluster};

use crate::scene::{FROM_REDIS, Hands, Scene, is_loaded};

#[tokio::test]
async fn a_user_who_may_do_only_what_is_needed_on_our_keys_is_enough() {
    let redis = Redis::start();
    let place = format!("127.0.0.1:{}/0", redis.port());
    let rule = "on >word ~gable:* -@all +get +mget +set +ping";
    let mut words = vec!["ACL", "SETUSER", "gable"];
    words.extend(rule.split(' '));
    Hands::on(&format!("redis://{place}")).run(&words);
    let scene = Scene::over(&format!("redis://gable:word@{place}"));
    let (one, other) = (scene.node().await, scene.node().await);
    one.read_and_give(1).await;
    assert_eq!(other.read(1).await, FROM_REDIS);
    assert_eq!(other.larder.ping_shared().await, Some(Ok(())));
    // Figures are more than it may ask for: then there are none, and nothing else changes.
    assert_eq!(other.larder.keyspace().await, None);
    assert_eq!((one.shared().failures(), other.shared().state), (0, TierState::Well));
}

#[tokio::test]
async fn hits_and_misses_of_the_whole_keyspace_are_told_to_whoever_may_ask() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    one.read_and_give(1).await;
    other.read(1).await;
    let keyspace = other.larder.keyspace().await.unwrap();
    assert_eq!((keyspace.hits, keyspace.misses), (1, 1));
}

#[tokio::test]
async fn tls_is_spoken_with_who_is_vouched_for_and_with_nobody_else() {
    let redis = Redis::start_with_tls();
    let url = format!("rediss://127.0.0.1:{}", redis.port());
    let scene = Scene::over(&url);
    let trusting = Address::parse(&url).unwrap().with_authorities(redis.authority());
    let scene = Scene { address: trusting, ..scene };
    let (one, other) = (scene.node().await, scene.node().await);
    one.read_and_give(1).await;
    assert_eq!(other.read(1).await, FROM_REDIS);
    let stranger = Redis::start_with_tls();
    let distrusting = Address::parse(&url).unwrap().with_authorities(stranger.authority());
    let wary = Scene { address: distrusting, ..scene }.node().await;
    assert!(is_loaded(wary.read(1).await));
    assert_eq!((wary.shared().hits, wary.shared().written), (0, 0));
}

#[tokio::test]
async fn a_cluster_is_used_like_one_server_and_survives_the_loss_of_one() {
    let cluster = RedisCluster::start();
    let scene = Scene::over(&cluster.url());
    let (one, other) = (scene.node().await, scene.node().await);
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    for id in 0..8 {
        assert_eq!(other.read(id).await, FROM_REDIS);
    }
    let scene = scene.with_budget(std::time::Duration::from_millis(100));
    let node = scene.node().await;
    cluster.servers()[0].kill();
    for id in 0..8 {
        scene.database.write(id);
        node.read(id).await;
    }
}
