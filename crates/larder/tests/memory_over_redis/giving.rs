//! What one node loads, the others have.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router, extract::Request};
use larder::{Page, PageCache, PageRule, Policy, Reading};
use testkit::Redis;
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::scene::{
    Broken, FROM_MEMORY, FROM_REDIS, Hands, LIFETIME, Node, Scene, Shown, is_loaded, name, redis_name, until,
};

#[tokio::test]
async fn what_one_node_loads_the_other_serves() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    assert!(is_loaded(one.read_and_give(1).await));
    assert_eq!(other.read(1).await, FROM_REDIS);
    assert_eq!((other.read(1).await, one.read(1).await), (FROM_MEMORY, FROM_MEMORY));
    assert_eq!((one.loads(), other.loads()), (1, 0));
    let figures = other.larder.figures().data;
    assert_eq!((figures.hits, figures.borrowed, figures.misses()), (2, 1, 0));
}

#[tokio::test]
async fn a_restarted_node_serves_at_once_what_it_had() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let before = scene.node().await;
    for id in 0..8 {
        before.read_and_give(id).await;
    }
    drop(before);
    let after = scene.node().await;
    for id in 0..8 {
        assert_eq!(after.read(id).await, FROM_REDIS);
    }
    assert_eq!(after.loads(), 0);
}

#[tokio::test]
async fn what_has_changed_is_loaded_once_and_given_anew() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    for round in 0..5 {
        assert!(is_loaded(one.read_and_give(1).await));
        assert_eq!(other.read(1).await, FROM_REDIS, "round {round}");
        scene.database.write(1);
    }
    assert_eq!((one.loads(), other.loads()), (5, 0));
}

#[tokio::test]
async fn whoever_starts_after_a_change_takes_what_it_has_not_touched() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let one = scene.node().await;
    one.read_and_give(1).await;
    one.read_and_give(2).await;
    scene.database.write(1);
    // This one's first poll is after the change.
    let late = scene.node().await;
    assert!(is_loaded(late.read(1).await));
    assert!(late.shared().missed("changed") >= 1);
    assert_eq!(late.read(2).await, FROM_REDIS);
}

#[tokio::test]
async fn whoever_starts_where_changes_may_have_gone_unreported_takes_nothing_from_before() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let one = scene.node().await;
    one.read_and_give(1).await;
    one.read_and_give(2).await;
    scene.database.write(1);
    scene.database.forget();
    let late = scene.node().await;
    assert!(is_loaded(late.read(1).await) && is_loaded(late.read(2).await));
    assert!(late.shared().missed("forgotten") >= 2 && late.shared().hits == 0);
}

#[tokio::test]
async fn what_was_read_before_a_change_and_given_after_it_is_not_served() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    let database = scene.database.clone();
    let load = move |reading: Reading| {
        let shown = database.ask(&reading, 1);
        // Committed between the read and the fill; nobody has heard of it when the value is given.
        database.write(1);
        std::future::ready(Ok::<_, Broken>(shown))
    };
    one.cache.answer(&one.asked_now(), &name(1), load).await.unwrap();
    until(|| one.shared().written == 1).await;
    assert!(is_loaded(other.read(1).await));
    assert!(other.shared().missed("changed") >= 1);
    assert!(is_loaded(one.read(1).await) || one.read(1).await == FROM_MEMORY);
}

#[tokio::test]
async fn what_is_made_of_something_given_ends_with_it() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    one.read_and_give(1).await;
    let sums = other.larder.data::<String>(Policy { lifetime: LIFETIME, ..Policy::default() });
    let sum = async || {
        scene.outlast_the_lease();
        let node = other.clone();
        let load = move |reading: Reading| {
            let node = node.clone();
            async move {
                let database = node.scene.database.clone();
                let inner =
                    move |reading: Reading| std::future::ready(Ok::<_, Broken>(database.ask(&reading, 1)));
                let shown = node.cache.read(&reading, &name(1), inner).await.map_err(|_| Broken)?;
                Ok::<_, Broken>(format!("there are {}", shown.count))
            }
        };
        let answer = sums.answer(&other.asked_now(), "sum", load).await.unwrap();
        (answer.value.clone(), answer.how)
    };
    let (first, how) = sum().await;
    assert_eq!((first.as_str(), is_loaded(how)), ("there are 0", true));
    assert_eq!(other.shared().hits, 1);
    assert_eq!(sum().await.1, FROM_MEMORY);
    scene.database.write(1);
    let (second, how) = sum().await;
    assert_eq!((second.as_str(), is_loaded(how)), ("there are 1", true));
}

#[tokio::test]
async fn what_is_given_lives_no_longer_than_it_would_have_with_its_maker() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let one = scene.node().await;
    one.read_and_give(1).await;
    let made_at = one.answer(1).await.value.entry().made_at();
    scene.clock.advance(LIFETIME / 2);
    let other = scene.node().await;
    let answer = other.answer(1).await;
    assert_eq!(answer.how, FROM_REDIS);
    let (ours, theirs) =
        (answer.value.entry().fresh_until(), one.answer(1).await.value.entry().fresh_until());
    let apart = ours.since(theirs).max(theirs.since(ours));
    assert!(apart < Duration::from_millis(5), "{apart:?}");
    assert!(answer.value.entry().made_at().since(made_at) < Duration::from_millis(5));
    scene.clock.advance(LIFETIME / 2);
    assert!(is_loaded(scene.node().await.read(1).await), "its end has come");
}

#[tokio::test]
async fn a_clock_that_is_an_hour_wrong_bounds_lifetimes_and_leaves_the_truth_alone() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let one = scene.node().await;
    for behind in [false, true] {
        one.larder.clear();
        Hands::on(&redis.url()).run(&["FLUSHALL"]);
        one.read_and_give(1).await;
        let clock = larder::clock::Clock::manual();
        let (now, hour) = (scene.clock.now(), Duration::from_hours(1));
        let wrong = if behind { now.minus(hour) } else { now.plus(hour) };
        clock.advance(Duration::from_nanos(wrong.nanoseconds()));
        let wrong = Scene { clock: clock.clone(), ..scene.clone() }.node().await;
        let how = wrong.read(1).await;
        // One that is ahead takes it for outlived; one that is behind lets it live no longer than anything of its own.
        assert_eq!(is_loaded(how), !behind);
        let entry = wrong.answer(1).await;
        assert!(entry.value.entry().fresh_until().since(clock.now()) <= LIFETIME);
        scene.database.write(1);
        assert!(is_loaded(wrong.read(1).await));
    }
}

#[tokio::test]
async fn people_see_in_redis_what_is_there_and_for_how_long() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let node = scene.node().await;
    node.read_and_give(1).await;
    let mut hands = Hands::on(&redis.url());
    assert!(hands.is_there("gable:data:counter_1"));
    let left = hands.seconds_left(&redis_name(1));
    assert!((890..=1000).contains(&left), "{left}");
}

#[tokio::test]
async fn values_of_two_types_under_one_name_are_not_taken_for_one_another() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    one.read_and_give(1).await;
    let texts = other.larder.shared_data::<String>(Policy { lifetime: LIFETIME, ..Policy::default() });
    let database = scene.database.clone();
    let load = move |reading: Reading| {
        let Shown { count, .. } = database.ask(&reading, 1);
        std::future::ready(Ok::<_, Broken>(count.to_string()))
    };
    let answer = texts.answer(&other.asked_now(), &name(1), load).await.unwrap();
    assert_eq!((answer.value.as_str(), is_loaded(answer.how)), ("0", true));
    assert!(other.shared().missed("bad-mac") >= 1, "nothing of it is decoded");
}

#[tokio::test]
async fn a_page_comes_with_all_its_codings_and_its_validators() {
    use larder::{Shelve as _, Weigh as _};
    let text = "A shelf with jars and tins. ".repeat(200);
    for (media_type, body) in [("text/html; charset=utf-8", text.as_str()), ("text/html", "short")] {
        let page = Page::new(media_type.parse().unwrap(), body.to_owned())
            .with_link("</?page=2>; rel=\"next\"".parse().unwrap());
        let bytes = page.to_bytes().await.unwrap();
        let read = Page::of_bytes(&bytes.clone().into()).unwrap();
        let (in_codings, longest) = (read.bytes(), body.len().max(1_024));
        assert_eq!(read.plain(), page.plain());
        let grown = if body.len() < longest { 0 } else { body.len() };
        assert_eq!(read.bytes(), in_codings + grown, "it takes no bytes before somebody wants them");
        for coding in ["br", "zstd", "gzip", "identity"] {
            let headers = [(http::header::ACCEPT_ENCODING, coding.parse().unwrap())].into_iter().collect();
            let request = larder::cache::page::PageRequest { method: &http::Method::GET, headers: &headers };
            let (ours, theirs) = (page.answer(request).await, read.answer(request).await);
            assert_eq!((ours.headers(), ours.body()), (theirs.headers(), theirs.body()));
        }
        for end in 0..bytes.len() {
            assert!(Page::of_bytes(&bytes[..end].to_vec().into()).is_none());
        }
    }
}

#[tokio::test]
async fn a_page_that_came_in_codings_weighs_more_once_somebody_wants_it_in_none() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    let body = "A shelf with jars and tins. ".repeat(200);
    let ask = async |node: &Node, coding: &str| {
        let (database, shown) = (scene.database.clone(), body.clone());
        let show = async move |Extension(reading): Extension<Reading>| {
            database.ask(&reading, 1);
            Extension(Page::new("text/html".parse().unwrap(), shown))
        };
        let policy = Policy { lifetime: LIFETIME, ..Policy::default() };
        let rule = PageRule { route: "shelf", policy, address: |uri| Some(uri.path().to_owned()) };
        let pages = PageCache::new(node.larder.clone(), "shop", vec![rule]);
        let request = Request::get("/").header("accept-encoding", coding).body(Body::empty()).unwrap();
        let mut service = pages.layer(Router::new().route("/", get(show)));
        let response = service.call(request).await.unwrap();
        response.headers()["cache-status"].to_str().unwrap().to_owned()
    };
    ask(&one, "br").await;
    until(|| one.shared().written > 0).await;
    let from_redis = ask(&other, "br").await;
    assert!(from_redis.ends_with("detail=redis"), "{from_redis}");
    let before = other.larder.figures().memory.bytes;
    assert!(ask(&other, "gzip").await.ends_with("detail=memory"));
    assert_eq!(other.larder.figures().memory.bytes, before, "it had come in every coding");
    assert!(ask(&other, "identity").await.ends_with("detail=memory"));
    assert_eq!(other.larder.figures().memory.bytes, before + body.len() as u64);
}

#[tokio::test]
async fn what_is_close_to_its_end_is_taken_anew_from_whoever_has_made_it() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    one.read_and_give(1).await;
    other.read(1).await;
    let end = other.answer(1).await.value.entry().fresh_until();
    scene.clock.advance(end.minus(Duration::from_secs(50)).since(scene.clock.now()));
    // Served, and made again behind it; once for both.
    let written = one.shared().written;
    assert_eq!(one.answer(1).await.how, FROM_MEMORY);
    until(|| one.shared().written > written).await;
    assert_eq!(other.answer(1).await.how, FROM_MEMORY);
    until(|| other.shared().hits == 2).await;
    let end_now = async || other.answer(1).await.value.entry().fresh_until();
    assert!(end_now().await > end);
    assert_eq!((one.loads(), other.loads()), (2, 0));
}

#[tokio::test]
async fn many_are_looked_for_in_one_round_trip_and_loaded_by_one_call() {
    let redis = Redis::start();
    let scene = Scene::over(&redis.url());
    let (one, other) = (scene.node().await, scene.node().await);
    one.read_and_give(1).await;
    one.read_and_give(3).await;
    other.read(2).await;
    let commands = || Hands::on(&redis.url()).calls("get") + Hands::on(&redis.url()).calls("mget");
    let calls = Arc::new(Mutex::new(Vec::new()));
    let read_many = async || {
        scene.outlast_the_lease();
        let (database, calls) = (scene.database.clone(), Arc::clone(&calls));
        let load = move |wanted: Vec<(usize, Reading)>| {
            calls.lock().unwrap().push(wanted.iter().map(|(id, _)| *id).collect::<Vec<_>>());
            let values = wanted.iter().map(|(id, reading)| database.ask(reading, *id)).collect();
            std::future::ready(Ok::<_, Broken>(values))
        };
        let names: Vec<String> = (0..6).map(name).collect();
        let answers = other.cache.read_many(&other.asked_now(), &names, load).await.unwrap();
        for (id, answer) in answers.iter().enumerate() {
            assert_eq!(answer.value.count, scene.database.truth(id), "{id}");
        }
        answers.into_iter().map(|answer| answer.how).collect::<Vec<_>>()
    };
    let before = commands();
    let how = read_many().await;
    assert_eq!((how[1], how[2], how[3]), (FROM_REDIS, FROM_MEMORY, FROM_REDIS));
    assert!(is_loaded(how[0]) && is_loaded(how[4]) && is_loaded(how[5]));
    assert_eq!((commands() - before, calls.lock().unwrap().as_slice()), (1, &[vec![0, 4, 5]][..]));
    assert_eq!(read_many().await, [FROM_MEMORY; 6]);
    // Each value ends with what it was made of, and no other with it.
    scene.database.write(4);
    let how = read_many().await;
    assert!(is_loaded(how[4]) && how.iter().filter(|how| **how == FROM_MEMORY).count() == 5);
    assert_eq!(calls.lock().unwrap().len(), 2);
}
