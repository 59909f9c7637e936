//! Everything that can be wrong with a Redis. Each time: no error, nothing old, and as before once it is well again.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use larder::tier::shared::TierState;
use testkit::{Link, Redis, RedisCluster, RedisSentinel, Weather};

use crate::scene::{FROM_MEMORY, FROM_REDIS, Hands, Node, PAUSE, Scene, is_loaded, redis_name, until};

/// What a node waits for a Redis that is not well.
const BUDGET: Duration = Duration::from_millis(20);

/// Reads all counters again and again, with writes in between. Each read fails unless it is right.
async fn live_on(node: &Node) {
    for id in 0..8 {
        node.read(id).await;
        node.scene.database.write(id);
        node.read(id).await;
        assert_eq!(node.answer(id).await.how, FROM_MEMORY);
    }
}

/// What is wrong is over: after the pause the node uses Redis again.
async fn is_well_again(node: &Node) {
    let try_again = async {
        loop {
            node.scene.clock.advance(PAUSE);
            node.scene.database.write(0);
            node.read(0).await;
            if node.shared().state == TierState::Well {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), try_again).await.expect("Redis is used again");
}

#[tokio::test]
async fn nobody_needs_a_redis_that_is_not_there() {
    let scene = Scene::over("redis://127.0.0.1:1/0").with_budget(BUDGET);
    let node = scene.node().await;
    live_on(&node).await;
    assert_eq!(node.shared().state, TierState::LeftAlone);
    let troubles = node.shared().troubles;
    let left_alone = troubles.iter().find(|(name, _)| *name == "left-alone").unwrap().1;
    // Three reads and three writes, and now and then one to see whether it is there: three seconds pass.
    assert!(node.shared().failures() - left_alone <= 18, "{troubles:?}");
}

#[tokio::test]
async fn a_redis_that_is_killed_is_used_again_when_it_is_back() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url()).with_budget(BUDGET);
    let node = scene.node().await;
    live_on(&node).await;
    redis.kill();
    live_on(&node).await;
    redis.restart();
    is_well_again(&node).await;
    live_on(&node).await;
}

#[tokio::test]
async fn a_redis_that_stands_still_is_left_alone_and_used_again_when_it_goes_on() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url()).with_budget(BUDGET);
    let node = scene.node().await;
    live_on(&node).await;
    redis.pause();
    live_on(&node).await;
    assert_eq!(node.shared().state, TierState::LeftAlone);
    redis.resume();
    is_well_again(&node).await;
    live_on(&node).await;
}

#[tokio::test]
async fn a_link_that_is_slow_still_cut_or_corrupt_costs_time_only() {
    let redis = Redis::start();
    let link = Link::to_port(redis.port());
    let scene = Scene::over(&format!("redis://127.0.0.1:{}/1", link.port())).with_budget(BUDGET);
    let node = scene.node().await;
    for weather in [
        Weather::Slow(Duration::from_millis(200)),
        Weather::Cut,
        Weather::Still,
        Weather::StillUp,
        Weather::StillDown,
        Weather::Corrupt(3),
        Weather::Corrupt(100),
        Weather::Corrupt(1_000),
    ] {
        link.turn(weather);
        live_on(&node).await;
        link.turn(Weather::Clear);
        is_well_again(&node).await;
        live_on(&node).await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_a_miss_and_the_right_one_is_taken_without_a_restart() {
    let redis = Redis::start_with(&["--requirepass", "right"]);
    let place = format!("127.0.0.1:{}/0", redis.port());
    let scene = Scene::over(&format!("redis://:wrong@{place}")).with_budget(BUDGET);
    let node = scene.node().await;
    live_on(&node).await;
    assert_eq!(node.shared().state, TierState::LeftAlone);
    Hands::on(&format!("redis://:right@{place}")).run(&["CONFIG", "SET", "requirepass", "wrong"]);
    is_well_again(&node).await;
}

#[tokio::test]
async fn a_replica_and_a_full_server_are_read_from_and_not_written_to() {
    for settings in [["CONFIG", "SET", "maxmemory", "1"], ["REPLICAOF", "127.0.0.1", "1", ""]] {
        let redis = Redis::start();
        let scene = Scene::over(&redis.url());
        let (one, other) = (scene.node().await, scene.node().await);
        for id in 0..8 {
            one.read_and_give(id).await;
        }
        let words: Vec<&str> = settings.into_iter().filter(|word| !word.is_empty()).collect();
        Hands::on(&redis.url()).run(&words);
        assert_eq!(other.read(1).await, FROM_REDIS);
        for id in 2..6 {
            scene.database.write(id);
            assert!(is_loaded(other.read(id).await));
        }
        until(|| other.shared().state == TierState::ReadOnly).await;
        assert_eq!(other.read(7).await, FROM_REDIS, "{settings:?}");
        live_on(&other).await;
    }
}

#[tokio::test]
async fn what_is_flushed_or_put_back_from_an_old_dump_is_loaded() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    let mut hands = Hands::on(&redis.url());
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    let dump: Vec<Vec<u8>> = (0..8).map(|id| hands.take(&redis_name(id))).collect();
    (0..4).for_each(|id| scene.database.write(id));
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    hands.run(&["FLUSHALL"]);
    live_on(&other).await;
    for (id, bytes) in dump.iter().enumerate() {
        hands.put(&redis_name(id), bytes);
    }
    let third = scene.node().await;
    for id in 0..8 {
        third.read(id).await;
    }
    assert_eq!(third.shared().hits, 0, "all of them have changed since");
}

/// A server that answers every command with the same line; its port.
fn server_that_says(line: &'static str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || {
                let mut bytes = vec![0; 64 << 10];
                while let Ok(length @ 1..) = stream.read(&mut bytes) {
                    // Each command is an array, and nothing else in it begins a line with a star.
                    let commands = bytes[..length].split(|&byte| byte == b'\n');
                    let commands = commands.filter(|line| line.starts_with(b"*")).count();
                    if stream.write_all(line.repeat(commands).as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    port
}

#[tokio::test]
async fn whatever_it_says_in_the_place_of_an_answer_is_a_miss() {
    for line in [
        "-LOADING Redis is loading the dataset in memory\r\n",
        "-READONLY You can't write against a read only replica.\r\n",
        "-OOM command not allowed when used memory > 'maxmemory'.\r\n",
        "-MOVED 3999 127.0.0.1:1\r\n",
        "-ASK 3999 127.0.0.1:1\r\n",
        "-CLUSTERDOWN The cluster is down\r\n",
        "-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
        "-MASTERDOWN Link with MASTER is down\r\n",
        "-NOAUTH Authentication required.\r\n",
        "-NOPERM this user has no permissions\r\n",
        "-BUSY Redis is busy running a script.\r\n",
        "-MISCONF Redis is configured to save RDB snapshots\r\n",
        "+OK\r\n",
        ":7\r\n",
        "$3\r\nabc\r\n",
        "*2\r\n$1\r\na\r\n$1\r\nb\r\n",
        "$4294967295\r\nabc\r\n",
        "*4294967295\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n",
    ] {
        let port = server_that_says(line);
        let scene = Scene::over(&format!("redis://127.0.0.1:{port}")).with_budget(BUDGET);
        let node = scene.node().await;
        live_on(&node).await;
        assert_eq!(node.shared().hits, 0, "{line}");
    }
}

#[tokio::test]
async fn whoever_waited_in_vain_does_not_wait_again_in_the_same_request() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url()).with_budget(BUDGET);
    let node = scene.node().await;
    node.read_and_give(7).await;
    redis.pause();
    let reading = node.asked_now();
    for id in 0..5 {
        let database = scene.database.clone();
        let load = move |reading: larder::Reading| {
            std::future::ready(Ok::<_, crate::scene::Broken>(database.ask(&reading, id)))
        };
        node.cache.answer(&reading, &crate::scene::name(id), load).await.unwrap();
    }
    let timed_out = node.shared().troubles.iter().find(|(name, _)| *name == "timed-out").unwrap().1;
    // The first read's; then those who write what was loaded, which nobody waits for.
    assert!(node.shared().misses.iter().all(|(reason, count)| *reason == "absent" || *count == 0));
    assert!(timed_out >= 1, "{timed_out}");
    redis.resume();
}

#[tokio::test]
async fn a_dump_of_yesterday_is_served_as_far_as_it_is_true() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let one = scene.node().await;
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    // The server reads it when it starts, and writes no other.
    assert_eq!(redis.ask(&["save"]), "OK");
    (0..4).for_each(|id| scene.database.write(id));
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    redis.restart();
    let other = scene.node().await;
    for id in 0..4 {
        assert!(is_loaded(other.read(id).await), "{id}");
    }
    for id in 4..8 {
        assert_eq!(other.read(id).await, FROM_REDIS, "{id}");
    }
    assert!(other.shared().missed("changed") >= 4);
}

#[tokio::test]
async fn a_password_that_is_changed_under_way_costs_hits_until_it_is_right_again() {
    let redis = Redis::start_with(&["--requirepass", "old"]);
    let place = format!("127.0.0.1:{}/0", redis.port());
    let scene = Scene::over(&format!("redis://:old@{place}")).with_budget(BUDGET);
    let node = scene.node().await;
    live_on(&node).await;
    let mut hands = Hands::on(&format!("redis://:old@{place}"));
    hands.run(&["CONFIG", "SET", "requirepass", "new"]);
    hands.run(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    live_on(&node).await;
    until(|| node.shared().state == TierState::LeftAlone).await;
    hands.run(&["CONFIG", "SET", "requirepass", "old"]);
    is_well_again(&node).await;
    live_on(&node).await;
}

#[tokio::test]
async fn a_replica_that_takes_its_masters_place_without_the_last_writes_is_found_and_judged() {
    let group = RedisSentinel::start();
    let scene = Scene::over(&group.url());
    let (one, other) = (scene.node().await, scene.node().await);
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    let (key, both) = (redis_name(7), [group.master(), group.replica()]);
    until(|| both.iter().all(|server| server.ask(&["exists", &key]).ends_with('1'))).await;
    group.part();
    (0..4).for_each(|id| scene.database.write(id));
    for id in 0..4 {
        one.read_and_give(id).await;
        assert_eq!(other.read(id).await, FROM_REDIS);
    }
    group.fail_over();
    let hasty = scene.clone().with_budget(BUDGET).node().await;
    live_on(&hasty).await;
    is_well_again(&one).await;
    is_well_again(&hasty).await;
    let late = scene.node().await;
    assert_eq!(group.replica().ask(&["exists", &redis_name(3)]), "1");
    // Those that it has are from before the writes, but for what has been given anew.
    for id in 0..8 {
        one.larder.clear();
        one.read_and_give(id).await;
        assert_eq!(late.read(id).await, FROM_REDIS, "{id}");
    }
}

#[tokio::test]
async fn slots_that_move_while_they_are_read_and_written_cost_nothing() {
    let cluster = RedisCluster::start();
    let scene = Scene::over(&cluster.url());
    let (one, other) = (scene.node().await, scene.node().await);
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    let key = redis_name(1);
    let from = cluster.server_of(&key);
    let is_another_master =
        |server: &&Redis| server.port() != from.port() && server.ask(&["role"]).starts_with("master");
    let to = cluster.servers().iter().find(is_another_master).unwrap();
    let slot = from.ask(&["cluster", "keyslot", &key]);
    let [from_id, to_id] = [from, to].map(|server| server.ask(&["cluster", "myid"]));
    let say = |server: &Redis, command: &[&str]| assert_eq!(server.ask(command), "OK", "{command:?}");
    // What is there is read; then changed, and given anew; then read by the other.
    let both_go_on = async |stage: &str| {
        for _ in 0..2 {
            scene.database.write(1);
            assert!(is_loaded(one.read_and_give(1).await), "{stage}");
            assert_eq!(other.read(1).await, FROM_REDIS, "{stage}");
        }
    };
    say(to, &["cluster", "setslot", &slot, "importing", &from_id]);
    say(from, &["cluster", "setslot", &slot, "migrating", &to_id]);
    both_go_on("begun").await;
    let port = to.port().to_string();
    say(from, &["migrate", "127.0.0.1", &port, &key, "0", "5000"]);
    both_go_on("the key has moved").await;
    for server in [to, from] {
        say(server, &["cluster", "setslot", &slot, "node", &to_id]);
    }
    both_go_on("the slot has moved").await;
    assert_eq!((one.shared().failures(), other.shared().failures()), (0, 0));
}

#[tokio::test]
async fn a_server_of_a_cluster_that_dies_is_replaced_by_its_replica() {
    let cluster = RedisCluster::start();
    let scene = Scene::over(&cluster.url());
    let one = scene.node().await;
    for id in 0..8 {
        one.read_and_give(id).await;
    }
    let node = scene.clone().with_budget(Duration::from_millis(100)).node().await;
    cluster.server_of(&redis_name(1)).kill();
    live_on(&node).await;
    until(|| cluster.is_served(&redis_name(1))).await;
    is_well_again(&node).await;
    live_on(&node).await;
    let late = scene.node().await;
    let is_given = async {
        loop {
            scene.clock.advance(PAUSE);
            scene.database.write(1);
            node.read(1).await;
            if late.read(1).await == FROM_REDIS {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), is_given).await.expect("another has taken over its keys");
}
