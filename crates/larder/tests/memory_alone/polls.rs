//! What must be known before something kept is served: leases, write tokens, polls that all who wait share.

use std::sync::Arc;
use std::time::Duration;

use larder::freshness::Xid;
use larder::incarnation::Incarnation;
use larder::{Asked, Failed, How, Level, Missed, Pace, Policy, Reading, WriteToken};
use tokio::sync::Semaphore;

use crate::scene::{Broken, Node, SECOND, Shown, graceful, incarnation, missed, node, policy, settle};

#[tokio::test(start_paused = true)]
async fn without_a_lease_a_write_is_seen_by_whoever_asks_after_it() {
    let node = node(Policy { lease: Duration::ZERO, ..policy() }).await;
    for expected in 0..20 {
        assert_eq!(*node.read(1).await.value, Shown(expected));
        assert_eq!(node.read(1).await.how, How::Hit(Level::Memory));
        node.database.write(1);
    }
}

/// Fifty ask for the same at the same moment, and it is kept.
async fn fifty_hit(node: &Arc<Node>, asked: Asked) {
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let node = Arc::clone(node);
            tokio::spawn(async move { node.read_as(&Reading::of(asked), 1).await.unwrap().how })
        })
        .collect();
    settle().await;
    for reader in readers {
        assert_eq!(reader.await.unwrap(), How::Hit(Level::Memory));
    }
}

#[tokio::test(start_paused = true)]
async fn all_who_wait_share_one_poll() {
    let node = Arc::new(node(Policy { lease: Duration::ZERO, ..policy() }).await);
    node.read(1).await;
    settle().await;
    let before = node.database.polls();
    let asked = node.asked_now();
    fifty_hit(&node, asked).await;
    assert_eq!(node.database.polls() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn all_who_come_while_a_poll_is_under_way_share_the_next_one() {
    let node = Arc::new(node(Policy { lease: Duration::ZERO, ..policy() }).await);
    node.read(1).await;
    let gate = Arc::new(Semaphore::new(0));
    node.database.lock().slow_polls = Some(Arc::clone(&gate));
    node.pass(Pace::default().interval).await;
    let before = node.database.polls();
    let asked = node.asked_now();
    let readers: Vec<_> = (0..50)
        .map(|_| {
            let node = Arc::clone(&node);
            tokio::spawn(async move { node.read_as(&Reading::of(asked), 1).await.unwrap().how })
        })
        .collect();
    settle().await;
    gate.add_permits(1);
    settle().await;
    for reader in readers {
        assert_eq!(reader.await.unwrap(), How::Hit(Level::Memory));
    }
    assert_eq!(node.database.polls() - before, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_shows_a_token_sees_their_write_within_the_lease() {
    let node = node(policy()).await;
    node.read(1).await;
    let xid = node.database.write(1);
    assert_eq!(*node.read(1).await.value, Shown(0), "the lease allows it");
    let asked = node.asked_now().with_token(node.larder.write_token(xid));
    assert_eq!(*node.read_as(&Reading::of(asked), 1).await.unwrap().value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_life_or_of_the_future_costs_one_shared_poll() {
    let node = Arc::new(node(policy()).await);
    node.read(1).await;
    let foreign = WriteToken { incarnation: Incarnation::of(["another"]), xid: Xid(1) };
    let forged = WriteToken { incarnation: incarnation(), xid: Xid(1_000_000) };
    for token in [foreign, forged] {
        settle().await;
        let before = node.database.polls();
        let asked = node.asked_now().with_token(Some(token));
        fifty_hit(&node, asked).await;
        assert_eq!(node.database.polls() - before, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_poll_longer_than_patience() {
    let node = node(graceful()).await;
    node.read(1).await;
    let gate = Arc::new(Semaphore::new(0));
    node.database.lock().slow_polls = Some(gate);
    node.pass(Pace::default().interval).await;
    node.clock.advance(SECOND);
    // A database that answers nothing is stood in for by what is kept, labelled.
    let reading = Reading::of(node.asked_now());
    let unanswered = |_| std::future::pending::<Result<Shown, Broken>>();
    let waiting = node.cache.answer(&reading, "counter 1", unanswered);
    let limit = Pace::default().patience * 2 + Duration::from_millis(1);
    assert_eq!(tokio::time::timeout(limit, waiting).await.unwrap().unwrap().how, How::Stale);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_is_late_is_no_reason_for_a_stale_answer_while_the_database_answers() {
    let node = node(graceful()).await;
    node.read(1).await;
    node.database.lock().slow_polls = Some(Arc::new(Semaphore::new(0)));
    node.pass(Pace::default().interval).await;
    node.clock.advance(SECOND);
    node.database.write(1);
    let outcome = node.read_as(&Reading::of(node.asked_now()), 1).await;
    assert_eq!((missed(&outcome), &*outcome.unwrap().value), (Missed::Unknown, &Shown(1)));
    // Nor is it one where the loader says that there is nothing any more.
    node.clock.advance(SECOND);
    let gone = |_| std::future::ready(Err::<Shown, _>(Broken));
    let outcome = node.cache.answer(&Reading::of(node.asked_now()), "counter 1", gone).await;
    assert_eq!(outcome.unwrap_err(), Failed::Load(Broken));
}
