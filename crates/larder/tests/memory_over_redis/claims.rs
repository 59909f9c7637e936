//! One load in the fleet: how nodes let one another go first, and that nothing depends on it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use larder::Reading;
use testkit::Redis;
use tokio::sync::Semaphore;

use crate::scene::{Broken, Hands, Node, Scene, is_loaded, name, until};

/// Reads a counter by a load that waits for a permit.
async fn read_slowly(node: &Node, loads: &Arc<AtomicU32>, permits: &Arc<Semaphore>) -> i64 {
    let (database, loads, permits) = (node.scene.database.clone(), Arc::clone(loads), Arc::clone(permits));
    let load = move |reading: Reading| {
        let (database, loads, permits) = (database.clone(), Arc::clone(&loads), Arc::clone(&permits));
        async move {
            loads.fetch_add(1, Ordering::SeqCst);
            permits.acquire().await.unwrap().forget();
            Ok::<_, Broken>(database.ask(&reading, 1))
        }
    };
    node.cache.answer(&node.asked_now(), &name(1), load).await.unwrap().value.count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_many_nodes_miss_at_once_is_loaded_once() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let mut nodes = Vec::new();
    for _ in 0..8 {
        nodes.push(scene.node().await);
    }
    for _ in 0..10 {
        scene.database.write(1);
        scene.outlast_the_lease();
        let before: u32 = nodes.iter().map(Node::loads).sum();
        let reading: Vec<_> = nodes
            .iter()
            .map(|node| {
                let node = node.clone();
                // Time stands still while they wait for one another.
                tokio::spawn(async move { node.answer(1).await.value.count })
            })
            .collect();
        for read in reading {
            assert_eq!(read.await.unwrap(), scene.database.truth(1));
        }
        let loads = nodes.iter().map(Node::loads).sum::<u32>() - before;
        assert!(loads <= 2, "it was loaded {loads} times");
        let is_given = || nodes.iter().any(|node| node.shared().written > 0);
        until(is_given).await;
    }
    let all: u32 = nodes.iter().map(Node::loads).sum();
    assert!(all <= 13, "ten changes were loaded {all} times by eight nodes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_for_another_nodes_load_takes_its_outcome() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    let (loads, permits) = (Arc::<AtomicU32>::default(), Arc::new(Semaphore::new(0)));
    let first = {
        let (one, loads, permits) = (one.clone(), Arc::clone(&loads), Arc::clone(&permits));
        tokio::spawn(async move { read_slowly(&one, &loads, &permits).await })
    };
    until(|| loads.load(Ordering::SeqCst) == 1).await;
    let second = {
        let (other, loads, permits) = (other.clone(), Arc::clone(&loads), Arc::clone(&permits));
        tokio::spawn(async move { read_slowly(&other, &loads, &permits).await })
    };
    until(|| other.shared().waited == 1).await;
    permits.add_permits(10);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (0, 0));
    assert_eq!(loads.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_claim_that_nobody_ends_costs_a_moment_and_no_more() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let mut hands = Hands::on(&redis.url());
    hands.run(&["SET", "gable:lock:data:counter_1", "somebody who has died"]);
    let node = scene.node().await;
    assert!(is_loaded(node.read(1).await));
    scene.database.write(1);
    assert!(is_loaded(node.read(1).await));
    assert_eq!(node.shared().waited, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_is_lost_or_stolen_costs_a_second_load_and_no_more() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    let (loads, permits) = (Arc::<AtomicU32>::default(), Arc::new(Semaphore::new(0)));
    let first = {
        let (one, loads, permits) = (one.clone(), Arc::clone(&loads), Arc::clone(&permits));
        tokio::spawn(async move { read_slowly(&one, &loads, &permits).await })
    };
    until(|| loads.load(Ordering::SeqCst) == 1).await;
    Hands::on(&redis.url()).run(&["FLUSHALL"]);
    let second = {
        let (other, loads, permits) = (other.clone(), Arc::clone(&loads), Arc::clone(&permits));
        tokio::spawn(async move { read_slowly(&other, &loads, &permits).await })
    };
    until(|| loads.load(Ordering::SeqCst) == 2).await;
    // Committed while both load: each shows it, or is not served again.
    scene.database.write(1);
    permits.add_permits(10);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (1, 1));
    scene.database.write(1);
    one.read(1).await;
    other.read(1).await;
}

#[tokio::test]
async fn a_claim_ends_with_the_load_even_where_nothing_can_be_kept() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let node = scene.node().await;
    let load = |_: Reading| std::future::ready(Err::<crate::scene::Shown, _>(Broken));
    node.cache.answer(&node.asked_now(), &name(1), load).await.unwrap_err();
    let is_free = || {
        let mut hands = Hands::on(&redis.url());
        !hands.is_there("gable:lock:data:counter_1")
    };
    until(is_free).await;
}
