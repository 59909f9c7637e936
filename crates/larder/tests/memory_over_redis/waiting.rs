//! How long a request waits for the shared tier and for other nodes, and what happens while it does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use larder::tier::shared::Trouble;
use larder::{Answer, Health, How, Policy, Reading, Shelve, Weigh};
use tokio::sync::Semaphore;

use crate::scene::{
    AMPLE, Broken, FROM_REDIS, LIFETIME, Node, Scene, Shown, is_loaded, name, redis_name, until,
};
use crate::scripted::Scripted;

fn scene() -> Scene {
    Scene::over("redis://unused")
}

/// A loader of several that gives nothing of use but to those who ask for one alone.
async fn read_many(node: &Node, ids: &[usize]) -> Vec<Answer<Shown>> {
    let database = node.scene.database.clone();
    let names: Vec<String> = ids.iter().map(|&id| name(id)).collect();
    let ids = ids.to_vec();
    let load = move |wanted: Vec<(usize, Reading)>| {
        let is_alone = wanted.len() == 1;
        let wanted = wanted.iter().filter(|_| is_alone);
        let values = wanted.map(|(place, reading)| database.ask(reading, ids[*place])).collect();
        std::future::ready(Ok::<_, Broken>(values))
    };
    node.cache.read_many(&node.asked_now(), &names, load).await.unwrap()
}

#[tokio::test]
async fn where_each_look_takes_its_time_there_are_fewer_of_them() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let node = scene.node_over(tier.clone()).await;
    tier.script().look_takes = Duration::from_millis(90);
    tier.script().is_claimed = true;
    assert!(is_loaded(node.read(1).await));
    assert!(tier.script().gets <= 3, "{}", tier.script().gets);
}

#[tokio::test]
async fn whoever_has_waited_with_another_request_in_vain_does_not_wait_again() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let node = scene.node_over(tier.clone()).await;
    tier.script().is_dead = true;
    let (loads, permits) = (Arc::<AtomicU32>::default(), Arc::new(Semaphore::new(0)));
    let read = || {
        let (node, loads, permits) = (node.clone(), Arc::clone(&loads), Arc::clone(&permits));
        scene.outlast_the_lease();
        tokio::spawn(async move {
            let database = node.scene.database.clone();
            let load = move |reading: Reading| {
                let (shown, loads, permits) = (database.ask(&reading, 1), loads.clone(), permits.clone());
                async move {
                    loads.fetch_add(1, Ordering::SeqCst);
                    permits.acquire().await.unwrap().forget();
                    Ok::<_, Broken>(shown)
                }
            };
            node.cache.answer(&node.asked_now(), &name(1), load).await.unwrap().value.count
        })
    };
    let first = read();
    until(|| loads.load(Ordering::SeqCst) == 1).await;
    // The load under way has read before this.
    scene.database.write(1);
    let polls = || node.larder.figures().ledger.unwrap().polls;
    let second = read();
    let before = polls();
    until(|| polls() >= before + 3).await;
    permits.add_permits(10);
    assert_eq!((first.await.unwrap(), second.await.unwrap()), (0, 1));
    assert_eq!((loads.load(Ordering::SeqCst), tier.script().gets), (2, 1));
}

#[tokio::test]
async fn several_that_have_waited_in_vain_do_not_wait_again_one_by_one() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let node = scene.node_over(tier.clone()).await;
    tier.script().is_dead = true;
    assert!(read_many(&node, &[1, 2, 3]).await.iter().all(|answer| is_loaded(answer.how)));
    let script = tier.script();
    assert_eq!((script.gets_of_many, script.gets), (1, 0));
}

#[tokio::test]
async fn several_wait_for_the_loads_of_others_no_longer_than_one() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let node = scene.node_over(tier.clone()).await;
    tier.script().is_claimed = true;
    assert!(read_many(&node, &[1, 2, 3]).await.iter().all(|answer| is_loaded(answer.how)));
    assert_eq!(node.shared().waited, 1);
}

#[tokio::test]
async fn several_that_can_not_be_told_true_are_served_as_stale_like_one() {
    let scene = scene();
    let mut node = scene.node_over(Scripted::by(&scene.clock)).await;
    let grace = Policy { lifetime: LIFETIME, stale_if_error: LIFETIME, ..Policy::default() };
    node.cache = node.larder.shared_data(grace);
    for id in [1, 2] {
        node.read(id).await;
    }
    scene.database.go();
    scene.outlast_the_lease();
    let reading = node.asked_now();
    let load = |_: Vec<(usize, Reading)>| std::future::ready(Err::<Vec<Shown>, _>(Broken));
    let answers = node.cache.read_many(&reading, &[name(1), name(2)], load).await.unwrap();
    assert!(answers.iter().all(|answer| answer.how == How::Stale));
    assert!(reading.noted().is_stale);
}

#[tokio::test]
async fn nobody_waits_until_a_claim_has_ended() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let (one, other) = (scene.node_over(tier.clone()).await, scene.node_over(tier.clone()).await);
    one.read_and_give(1).await;
    {
        let mut script = tier.script();
        (script.hidden, script.releases_hang) = (2, true);
        script.claims.extend([Ok(false), Ok(true)]);
    }
    let how = tokio::time::timeout(AMPLE, other.read(1)).await;
    assert_eq!(how, Ok(FROM_REDIS));
    until(|| tier.script().releases == 2).await;
}

#[tokio::test]
async fn a_tier_that_takes_nothing_is_asked_for_the_next_value_of_the_request_too() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let (one, other) = (scene.node_over(tier.clone()).await, scene.node_over(tier.clone()).await);
    one.read_and_give(2).await;
    tier.script().claims.extend([Err(Trouble::Refused("OOM".into()))]);
    let reading = other.asked_now();
    let mut how = Vec::new();
    for id in [1, 2] {
        let database = scene.database.clone();
        let load = move |reading: Reading| std::future::ready(Ok::<_, Broken>(database.ask(&reading, id)));
        how.push(other.cache.answer(&reading, &name(id), load).await.unwrap().how);
    }
    assert!(is_loaded(how[0]) && how[1] == FROM_REDIS, "{how:?}");
}

#[tokio::test]
async fn nobody_asks_the_tier_who_could_not_judge_its_answer() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let (one, other) = (scene.node_over(tier.clone()).await, scene.node_over(tier.clone()).await);
    one.read_and_give(1).await;
    let before = tier.script().gets;
    scene.database.go();
    assert!(is_loaded(other.read(1).await));
    assert_eq!(tier.script().gets, before);
}

#[tokio::test]
async fn what_comes_when_nobody_can_judge_it_any_more_is_not_served() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let (one, other) = (scene.node_over(tier.clone()).await, scene.node_over(tier.clone()).await);
    one.read_and_give(1).await;
    let gate = Arc::new(Semaphore::new(0));
    tier.script().gate = Some(Arc::clone(&gate));
    let before = tier.script().gets;
    let reading = {
        let other = other.clone();
        tokio::spawn(async move { other.read(1).await })
    };
    until(|| tier.script().gets > before).await;
    scene.database.stand_by();
    until(|| matches!(other.larder.health(), Health::Unwatched(_))).await;
    gate.add_permits(100);
    assert!(is_loaded(reading.await.unwrap()));
    assert!(other.shared().missed("unknown") >= 1);
}

/// A value that takes its time to become bytes.
#[derive(Debug)]
struct Late;

static LATE: Semaphore = Semaphore::const_new(0);

impl Weigh for Late {
    fn bytes(&self) -> usize {
        1
    }
}

impl Shelve for Late {
    async fn to_bytes(&self) -> Option<Vec<u8>> {
        LATE.acquire().await.ok()?.forget();
        Some(vec![1])
    }

    fn of_bytes(_: &Bytes) -> Option<Late> {
        Some(Late)
    }
}

#[tokio::test]
async fn what_was_read_in_one_life_of_the_database_is_not_given_as_of_the_next() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let node = scene.node_over(tier.clone()).await;
    let late = node.larder.shared_data::<Late>(Policy { lifetime: LIFETIME, ..Policy::default() });
    let database = scene.database.clone();
    let load = move |reading: Reading| {
        database.ask(&reading, 1);
        std::future::ready(Ok::<_, Broken>(Late))
    };
    late.read(&node.asked_now(), &name(1), load).await.unwrap();
    let generation = || node.larder.figures().ledger.unwrap().generation;
    let before = generation();
    scene.database.crash();
    until(|| generation() > before).await;
    LATE.add_permits(1);
    until(|| node.shared().written + node.shared().not_written == 1).await;
    assert_eq!((node.shared().written, tier.script().held.len()), (0, 0));
}

#[tokio::test]
async fn what_stops_being_true_by_itself_stays_with_the_clock_that_it_was_made_by() {
    let scene = scene();
    let tier = Scripted::by(&scene.clock);
    let node = scene.node_over(tier.clone()).await;
    let (database, end) = (scene.database.clone(), scene.clock.now().plus(LIFETIME / 2));
    let load = move |reading: Reading| {
        reading.note_until(end);
        std::future::ready(Ok::<_, Broken>(database.ask(&reading, 1)))
    };
    node.cache.read(&node.asked_now(), &name(1), load).await.unwrap();
    until(|| tier.script().releases == 1).await;
    assert!(!tier.script().held.contains_key(&redis_name(1)));
}
