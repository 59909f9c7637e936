//! What many ask for at the same time is loaded once, whatever becomes of who asked and of the load.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use larder::{Failed, How, Level, Reading};
use tokio::sync::Semaphore;
use tokio::task::yield_now;

use crate::scene::{Broken, LEASE, Outcome, SECOND, Shown, node, policy, settle, slow};

#[tokio::test(start_paused = true)]
async fn what_was_read_once_is_a_hit_until_it_is_written() {
    let node = node(policy()).await;
    assert_eq!(*node.read(1).await.value, Shown(0));
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    node.database.write(1);
    node.pass(2 * LEASE).await;
    assert_eq!(*node.read(1).await.value, Shown(1));
    assert_eq!(node.loads(), 2);
}

#[tokio::test(start_paused = true)]
async fn many_who_miss_at_the_same_time_cost_one_load() {
    let node = Arc::new(node(policy()).await);
    let readers = (0..50).map(|_| {
        let node = Arc::clone(&node);
        tokio::spawn(async move { node.read(1).await.how })
    });
    let readers: Vec<_> = readers.collect();
    let mut collapsed = 0;
    for reader in readers {
        collapsed +=
            u32::from(matches!(reader.await.unwrap(), How::Loaded { collapsed: true, .. } | How::Hit(_)));
    }
    assert_eq!((node.loads(), collapsed), (1, 49));
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_away_does_not_take_the_load_along() {
    let node = node(policy()).await;
    let gate = Arc::new(Semaphore::new(0));
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.map(drop) });
    settle().await;
    first.abort();
    gate.add_permits(1);
    settle().await;
    let load = slow(&node, &gate);
    assert_eq!(
        node.cache.answer(&Reading::of(node.asked_now()), "slow", load).await.unwrap().how,
        How::Hit(Level::Memory)
    );
    assert_eq!(node.loads(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_loader_that_panics_leaves_the_others_able_to_load() {
    let node = node(policy()).await;
    let load = |_| async { panic!("a loader with a mistake") };
    let reading = Reading::of(node.asked_now());
    let lost: Outcome = node.cache.answer(&reading, "counter 1", load).await;
    assert_eq!(lost.unwrap_err(), Failed::Lost);
    assert_eq!(*node.read(1).await.value, Shown(0));
}

#[tokio::test(start_paused = true)]
async fn while_the_database_says_nothing_nobody_waits_for_it_longer_than_for_a_poll() {
    let node = node(policy()).await;
    let polls = Arc::new(Semaphore::new(0));
    node.database.lock().slow_polls = Some(Arc::clone(&polls));
    let gate = Arc::new(Semaphore::new(0));
    let asking = |name: &'static str| {
        let (cache, reading) = (node.cache.clone(), Reading::of(node.asked_now()));
        let load = slow(&node, &gate);
        tokio::spawn(async move { cache.answer(&reading, name, load).await })
    };
    node.pass(SECOND / 2).await;
    let patient = asking("slow");
    for _ in 0..30 {
        node.pass(SECOND / 10).await;
    }
    let told = asking("another");
    settle().await;
    node.pass(SECOND / 10).await;
    node.pass(SECOND / 10).await;
    assert!(told.is_finished(), "a poll's time for the poll, and one for the load");
    assert_eq!(told.await.unwrap().unwrap_err(), Failed::Unreachable);
    assert!(!patient.is_finished(), "whoever came before hopes on");
    polls.add_permits(100);
    node.pass(SECOND / 10).await;
    let hopeful = asking("a third");
    node.pass(SECOND).await;
    assert!(!hopeful.is_finished(), "it has answered a poll: it will answer this");
    gate.add_permits(3);
    assert!(hopeful.await.unwrap().is_ok() && patient.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_error_is_shared_by_who_waits_and_not_kept() {
    let node = node(policy()).await;
    let failures = Arc::new(AtomicU32::new(0));
    let fail = |failures: Arc<AtomicU32>| {
        move |_| {
            failures.fetch_add(1, Ordering::Relaxed);
            async {
                yield_now().await;
                Err::<Shown, _>(Broken)
            }
        }
    };
    let (one, other) = (Reading::of(node.asked_now()), Reading::of(node.asked_now()));
    let (one, other) = tokio::join!(
        node.cache.answer(&one, "counter 1", fail(Arc::clone(&failures))),
        node.cache.answer(&other, "counter 1", fail(Arc::clone(&failures))),
    );
    assert_eq!((one.unwrap_err(), other.unwrap_err()), (Failed::Load(Broken), Failed::Load(Broken)));
    assert_eq!(failures.load(Ordering::Relaxed), 1);
    assert_eq!(*node.read(1).await.value, Shown(0));
}
