//! What is asked of every tier, whatever it is made of.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use testkit::{Redis as Server, RedisCluster};

use super::memory::{LEAST_BYTES, Memory};
use super::redis::{Address, Redis};
use super::shared::SharedTier;
use crate::clock::{Clock, Moment};
use crate::entry::{Entry, Kept, Making};
use crate::envelope::Seal;
use crate::flow::shared::Shared;
use crate::key::{Key, Kind};

const AMPLE: Duration = Duration::from_secs(10);

/// A tier, as far as all of them are alike.
enum Tier {
    Nothing,
    Memory(Memory),
    Shared(Box<Shared>),
}

impl Tier {
    fn memory() -> Tier {
        Tier::Memory(Memory::new(LEAST_BYTES))
    }

    fn at(url: &str) -> Tier {
        let address = Address::parse(url).unwrap();
        let tier: Arc<dyn SharedTier> = Arc::new(Redis::new(address, AMPLE, Clock::Boottime).unwrap());
        Tier::Shared(Box::new(Shared::new(tier, Seal::new(b"secret", ["build"]), "larder")))
    }

    async fn keep(&self, key: &Key, value: &str) {
        match self {
            Tier::Nothing => {}
            Tier::Memory(memory) => {
                let moment = Moment::default();
                let making = Making {
                    parts: Vec::new(),
                    generation: 0,
                    checked: 0,
                    made_at: moment,
                    fresh_until: moment,
                    until: None,
                };
                let entry = Arc::new(Entry::new(value.to_owned(), making));
                assert!(memory.keep(key.clone(), entry, 0));
            }
            Tier::Shared(shared) => {
                shared.tier.put(&shared.name(key), value.as_bytes(), AMPLE).await.unwrap();
            }
        }
    }

    async fn find(&self, key: &Key) -> Option<String> {
        match self {
            Tier::Nothing => None,
            Tier::Memory(memory) => {
                let entry = memory.find(key.borrowed())?;
                Kept::<String>::of(entry).map(|value| String::clone(&value))
            }
            Tier::Shared(shared) => shared.tier.get(&shared.name(key)).await.unwrap().map(text),
        }
    }
}

fn text(bytes: Bytes) -> String {
    String::from_utf8(bytes.into()).unwrap()
}

/// Keys that somebody could take for one another.
fn keys() -> Vec<Key> {
    let names = ["", "a", "A", "a ", "a\n", "a:b", "b", "#a", "é", "/?q=a&b=c", "{a}"].map(str::to_owned);
    let long = ["x".repeat(200), "x".repeat(201), "x".repeat(5_000)];
    let names: Vec<String> = names.into_iter().chain(long).collect();
    let of_kind = |kind| names.iter().map(move |name| Key::new(kind, name));
    Kind::ALL.into_iter().flat_map(of_kind).collect()
}

/// It holds what it was given under the key that it was given under, or nothing.
async fn keeps_its_contract(tier: Tier, holds: bool) {
    let keys = keys();
    for key in &keys {
        assert_eq!(tier.find(key).await, None, "{key:?} was never kept");
    }
    for round in 0..2 {
        for (place, key) in keys.iter().enumerate() {
            tier.keep(key, &format!("{place} in round {round}")).await;
        }
        for (place, key) in keys.iter().enumerate() {
            let kept = format!("{place} in round {round}");
            assert_eq!(tier.find(key).await, holds.then_some(kept), "{key:?}");
        }
    }
}

#[tokio::test]
async fn no_tier_at_all_keeps_the_contract() {
    keeps_its_contract(Tier::Nothing, false).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    keeps_its_contract(Tier::memory(), true).await;
}

#[tokio::test]
async fn a_redis_keeps_the_contract() {
    let server = Server::start();
    keeps_its_contract(Tier::at(&server.url()), true).await;
}

#[tokio::test]
async fn a_redis_cluster_keeps_the_contract() {
    let cluster = RedisCluster::start();
    keeps_its_contract(Tier::at(&cluster.url()), true).await;
}

#[tokio::test]
async fn many_names_are_answered_in_their_order_in_one_round_trip_and_a_claim_is_had_once() {
    let (server, cluster) = (Server::start(), RedisCluster::start());
    for url in [server.url(), cluster.url()] {
        let Tier::Shared(shared) = Tier::at(&url) else { panic!("it is shared") };
        let tier = &shared.tier;
        let names: Vec<String> = (0..20).map(|number| format!("larder:data:{number}")).collect();
        for name in names.iter().step_by(3) {
            tier.put(name, name.as_bytes(), AMPLE).await.unwrap();
        }
        let answers = tier.get_many(&names).await.unwrap();
        let expected = names.iter().enumerate().map(|(place, name)| (place % 3 == 0).then(|| name.clone()));
        assert!(answers.into_iter().map(|bytes| bytes.map(text)).eq(expected));
        let claim = async || tier.claim("larder:lock:data:1", AMPLE).await.unwrap();
        assert!(claim().await && !claim().await);
        tier.release("larder:lock:data:1").await.unwrap();
        while !claim().await {}
    }
}
