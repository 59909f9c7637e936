//! What is made of other things that are kept, and what was begun before enough was known.

use std::sync::Arc;
use std::time::Duration;

use larder::clock::{Clock, Moment};
use larder::freshness::Xid;
use larder::{DataCache, How, Larder, Options, Policy, Reading};
use tokio::sync::Semaphore;

use crate::scene::{
    Broken, Database, LEASE, Node, SECOND, Shown, graceful, node, page, page_behind, policy, settle, slow,
};

#[tokio::test(start_paused = true)]
async fn find_finds_what_read_would_have_served_without_waiting() {
    let node = node(policy()).await;
    assert!(node.cache.find(&node.asked_now(), "counter 1").is_none());
    node.read(1).await;
    assert_eq!(*node.cache.find(&node.asked_now(), "counter 1").unwrap(), Shown(0));
    node.database.write(1);
    assert!(node.cache.find(&node.asked_now().with_lease(Duration::ZERO), "counter 1").is_none());
    node.pass(LEASE).await;
    assert!(node.cache.find(&node.asked_now(), "counter 1").is_none());
    node.read(1).await;
    node.pass(2000 * SECOND).await;
    assert!(node.cache.find(&node.asked_now(), "counter 1").is_none());
}

#[tokio::test(start_paused = true)]
async fn what_a_page_without_a_lease_is_made_of_is_read_without_a_lease() {
    let node = Arc::new(node(policy()).await);
    let strict: DataCache<Shown> = node.larder.data(Policy { lease: Duration::ZERO, ..policy() });
    node.read(1).await;
    node.database.write(1);
    let reading = Reading::of(node.asked_now());
    let answer = strict.answer(&reading, "strict page", page(&node)).await.unwrap();
    assert_eq!(*answer.value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn what_an_unheard_change_may_have_touched_is_not_served() {
    let node = node(Policy { lease: Duration::ZERO, ..policy() }).await;
    node.read(1).await;
    let xid = node.database.write(1);
    // Pruned before this node has heard of it.
    node.database.lock().floor = Xid(xid.0 + 1);
    assert_eq!(*node.read(1).await.value, Shown(1));
}

#[tokio::test(start_paused = true)]
async fn whoever_can_ask_does_not_take_something_stale_from_whoever_could_not() {
    let node = Arc::new(node(graceful()).await);
    node.read(1).await;
    let gate = Arc::new(Semaphore::new(0));
    node.database.lock().polls_fail = true;
    node.database.write(1);
    node.pass(SECOND).await;
    let (cache, load, asked) = (node.cache.clone(), page_behind(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "page", load).await.unwrap() });
    node.pass(SECOND).await;
    node.pass(SECOND).await;
    node.database.lock().polls_fail = false;
    node.pass(SECOND).await;
    let (cache, load, asked) = (node.cache.clone(), page_behind(&node, &gate), node.asked_now());
    let second = tokio::spawn(async move { cache.answer(&Reading::of(asked), "page", load).await.unwrap() });
    settle().await;
    gate.add_permits(2);
    assert_eq!(first.await.unwrap().how, How::Stale);
    let second = second.await.unwrap();
    assert_eq!((&*second.value, second.how == How::Stale), (&Shown(1), false));
}

#[tokio::test(start_paused = true)]
async fn before_the_first_poll_nothing_is_kept_and_nothing_is_taken_for_true() {
    let (database, clock) = (Database::new(), Clock::manual());
    clock.advance(SECOND);
    database.lock().polls_fail = true;
    let options = Options { memory_bytes: 1 << 20, clock: clock.clone(), ..Options::default() };
    let larder = Larder::start(|| database.clone(), options).await;
    let cache = larder.data(policy());
    let node = Node { database, clock, larder, cache, loads: Arc::default() };
    let gate = Arc::new(Semaphore::new(0));
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let first = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.map(drop) });
    node.pass(LEASE).await;
    node.database.write(1);
    node.database.lock().polls_fail = false;
    node.pass(10 * LEASE).await;
    let (cache, load, asked) = (node.cache.clone(), slow(&node, &gate), node.asked_now());
    let second = tokio::spawn(async move { cache.answer(&Reading::of(asked), "slow", load).await.unwrap() });
    settle().await;
    gate.add_permits(2);
    first.await.unwrap().unwrap();
    assert_eq!(*second.await.unwrap().value, Shown(1));
    assert!(node.clock.now() > Moment::default());
}

#[tokio::test(start_paused = true)]
async fn a_page_of_what_others_began_to_load_is_not_taken_for_all_new() {
    let node = Arc::new(node(policy()).await);
    let (inner_gate, page_gate) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let ask = |what: Part| {
        let (node, gates) = (Arc::clone(&node), [Arc::clone(&inner_gate), Arc::clone(&page_gate)]);
        let reading = Reading::of(node.asked_now());
        tokio::spawn(async move { part_of(node, gates, what, &reading).await })
    };
    let inner = ask(Part::Inner);
    settle().await;
    node.pass(LEASE / 20).await;
    node.database.write(1);
    node.pass(LEASE / 20).await;
    let first = ask(Part::Page);
    settle().await;
    inner_gate.add_permits(2);
    // Now the write is older than the lease, and the beginning of the page is not.
    node.pass(39 * LEASE / 40).await;
    let second = ask(Part::Page);
    settle().await;
    page_gate.add_permits(2);
    assert_eq!((inner.await.unwrap(), first.await.unwrap(), second.await.unwrap()), (0, 0, 1));
}

#[derive(Clone, Copy)]
enum Part {
    Inner,
    Page,
}

/// A value without a stamp, and a page that is made of it; each waits at its gate when it has read.
async fn part_of(node: Arc<Node>, gates: [Arc<Semaphore>; 2], what: Part, reading: &Reading) -> i64 {
    let (cache, name) = (node.cache.clone(), if matches!(what, Part::Inner) { "inner" } else { "page" });
    let load = move |reading| load_part(Arc::clone(&node), gates.clone(), what, reading);
    cache.answer(reading, name, load).await.unwrap().value.0
}

fn load_part(
    node: Arc<Node>,
    gates: [Arc<Semaphore>; 2],
    what: Part,
    reading: Reading,
) -> std::pin::Pin<Box<dyn Future<Output = Result<Shown, Broken>> + Send>> {
    Box::pin(async move {
        let shown = match what {
            Part::Inner => {
                reading.note(None, Vec::new());
                node.database.lock().counters[1]
            }
            Part::Page => part_of(node, gates.clone(), Part::Inner, &reading).await,
        };
        let gate = if matches!(what, Part::Inner) { &gates[0] } else { &gates[1] };
        gate.acquire().await.unwrap().forget();
        Ok(Shown(shown))
    })
}
