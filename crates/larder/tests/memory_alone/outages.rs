//! What is served while the database can not be asked, or while changes are not reported.

use std::sync::Arc;

use larder::{Health, How, Level, Missed, Reading};

use crate::scene::{LEASE, SECOND, Shown, graceful, missed, node, page, policy};

#[tokio::test(start_paused = true)]
async fn an_answer_is_stale_only_while_polls_fail_and_says_so() {
    let node = node(graceful()).await;
    node.read(1).await;
    node.database.lock().polls_fail = true;
    node.database.write(1);
    node.pass(SECOND).await;
    let answer = node.read(1).await;
    assert_eq!((answer.how, &*answer.value), (How::Stale, &Shown(0)));
    assert!(matches!(node.larder.health(), Health::Unreachable(_)));
    node.database.lock().polls_fail = false;
    let answer = node.read(1).await;
    assert_eq!(*answer.value, Shown(1));
    assert_eq!(node.larder.figures().data.stale, 1);
}

#[tokio::test(start_paused = true)]
async fn without_grace_what_cannot_be_asked_about_is_loaded() {
    let node = node(policy()).await;
    node.read(1).await;
    node.database.lock().polls_fail = true;
    node.database.write(1);
    node.pass(SECOND).await;
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!((missed(&outcome), &*outcome.unwrap().value), (Missed::Unknown, &Shown(1)));
}

#[tokio::test(start_paused = true)]
async fn a_page_with_a_stale_part_is_stale_and_not_kept() {
    let node = Arc::new(node(graceful()).await);
    node.read(1).await;
    node.database.lock().polls_fail = true;
    node.pass(SECOND).await;
    let answer = node.cache.answer(&Reading::of(node.asked_now()), "page", page(&node)).await.unwrap();
    assert_eq!(answer.how, How::Stale);
    node.database.lock().polls_fail = false;
    let answer = node.cache.answer(&Reading::of(node.asked_now()), "page", page(&node)).await.unwrap();
    assert!(matches!(answer.how, How::Loaded { missed: Missed::Absent, .. }), "{:?}", answer.how);
}

#[tokio::test(start_paused = true)]
async fn a_page_ends_with_what_its_cached_part_was_made_of() {
    let node = Arc::new(node(policy()).await);
    let read = || {
        let (load, reading, cache) = (page(&node), Reading::of(node.asked_now()), node.cache.clone());
        async move { cache.answer(&reading, "page", load).await.unwrap() }
    };
    read().await;
    assert_eq!(read().await.how, How::Hit(Level::Memory));
    node.database.write(1);
    node.pass(2 * LEASE).await;
    assert_eq!(*read().await.value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn while_changes_are_not_reported_nothing_is_served_and_afterwards_nothing_old() {
    let node = node(policy()).await;
    node.read(1).await;
    node.database.lock().is_watched = false;
    node.pass(11 * SECOND).await;
    assert!(matches!(node.larder.health(), Health::Unwatched(_)));
    node.database.write(1);
    assert_eq!(*node.read(1).await.value, Shown(1));
    node.database.write(1);
    assert_eq!(*node.read(1).await.value, Shown(2));
    node.database.write(1);
    node.database.lock().is_watched = true;
    node.pass(11 * SECOND).await;
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!((missed(&outcome), &*outcome.unwrap().value), (Missed::Forgotten, &Shown(3)));
    assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
    assert_eq!(node.larder.health(), Health::Well);
}
