//! What is kept, for how long, and what is not.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use larder::{Answer, DataCache, How, Level, Missed, NotKept, Policy, Reading};
use tokio::sync::Semaphore;

use crate::scene::{Broken, LEASE, SECOND, Shown, missed, node, policy, settle, slow};

#[tokio::test(start_paused = true)]
async fn absence_is_kept_and_ends_with_the_insert() {
    let node = node(policy()).await;
    let cache: DataCache<Option<Shown>> = node.larder.data(policy());
    let read = || {
        let database = node.database.clone();
        let load = move |reading: Reading| {
            let found = database.ask(&reading, 3);
            std::future::ready(Ok::<_, Broken>((found > 0).then_some(Shown(found))))
        };
        let reading = Reading::of(node.asked_now());
        let cache = cache.clone();
        async move { cache.answer(&reading, "one that may be there", load).await.unwrap() }
    };
    assert_eq!(*read().await.value, None);
    assert_eq!(read().await.how, How::Hit(Level::Memory));
    node.database.write(3);
    node.pass(2 * LEASE).await;
    assert_eq!(*read().await.value, Some(Shown(1)));
}

#[tokio::test(start_paused = true)]
async fn what_was_made_without_reading_is_not_kept() {
    let node = node(policy()).await;
    for _ in 0..2 {
        let reading = Reading::of(node.asked_now());
        let load = |_| std::future::ready(Ok::<_, Broken>(Shown(7)));
        let answer = node.cache.answer(&reading, "made up", load).await.unwrap();
        assert!(matches!(answer.how, How::Loaded { not_kept: Some(NotKept::NothingRead), .. }));
    }
    assert_eq!(node.not_kept("nothing-read"), 2);
}

#[tokio::test(start_paused = true)]
async fn what_was_read_without_a_stamp_is_not_kept() {
    let node = node(policy()).await;
    let reading = Reading::of(node.asked_now());
    let load = |reading: Reading| {
        reading.note(None, Vec::new());
        std::future::ready(Ok::<_, Broken>(Shown(7)))
    };
    let answer = node.cache.answer(&reading, "unstamped", load).await.unwrap();
    assert!(matches!(answer.how, How::Loaded { not_kept: Some(NotKept::Unkeepable(_)), .. }));
    assert!(node.cache.find(&node.asked_now(), "unstamped").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_changes_before_it_is_complete_is_served_and_not_kept() {
    let node = node(policy()).await;
    let gate = Arc::new(Semaphore::new(0));
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.unwrap() });
    settle().await;
    node.database.write(1);
    node.pass(LEASE).await;
    gate.add_permits(1);
    let answer = first.await.unwrap();
    assert_eq!(*answer.value, Shown(0));
    assert!(matches!(answer.how, How::Loaded { not_kept: Some(NotKept::Outdated), .. }));
    assert!(node.cache.find(&node.asked_now(), "slow").is_none());
}

#[tokio::test(start_paused = true)]
async fn an_entry_lives_for_nine_tenths_of_its_lifetime_and_not_for_more_than_all_of_it() {
    let node = node(Policy { lifetime: 100 * SECOND, ..policy() }).await;
    node.read(1).await;
    let ends = |answer: &Answer<Shown>| answer.value.entry().fresh_until().nanoseconds() / 1_000_000_000;
    for id in 0..4 {
        assert!((91..=101).contains(&ends(&node.read(id).await)));
    }
    node.pass(89 * SECOND).await;
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    node.pass(12 * SECOND).await;
    node.larder.clear();
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!(missed(&outcome), Missed::Absent);
    node.pass(101 * SECOND).await;
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!(missed(&outcome), Missed::Expired);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_use_is_made_again_ahead_of_its_end_while_it_still_serves() {
    let node = node(Policy { lifetime: 100 * SECOND, ..policy() }).await;
    let end = node.read(1).await.value.entry().fresh_until();
    let rest = end.since(node.clock.now());
    node.pass(rest.checked_sub(SECOND).unwrap()).await;
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    settle().await;
    assert_eq!(node.loads(), 2);
    node.pass(2 * SECOND).await;
    assert_eq!((node.read(1).await.how, node.loads()), (How::Hit(Level::Memory), 2));
    assert_eq!(node.larder.figures().data.ahead, 1);
}

#[tokio::test(start_paused = true)]
async fn what_ends_by_itself_is_not_made_again_ahead_of_its_end() {
    let node = node(policy()).await;
    let end = node.clock.now().plus(10 * SECOND);
    let (database, loads) = (node.database.clone(), Arc::clone(&node.loads));
    let load = move |reading: Reading| {
        loads.fetch_add(1, Ordering::Relaxed);
        reading.note_until(end);
        std::future::ready(Ok::<_, Broken>(Shown(database.ask(&reading, 1))))
    };
    for _ in 0..5 {
        node.cache.answer(&Reading::of(node.asked_now()), "until then", load.clone()).await.unwrap();
        settle().await;
    }
    assert_eq!(node.loads(), 1);
    node.pass(11 * SECOND).await;
    node.cache.answer(&Reading::of(node.asked_now()), "until then", load).await.unwrap();
    assert_eq!(node.loads(), 2);
}
