//! What a hit of the data cache costs beside a bare look into the map that it lies in.
//!
//! `cargo bench -p larder --bench data_hit`: one run, whose rounds alternate between the two, over the same keys in the same
//! order. The goal is twice the bare look at the most.
#![expect(clippy::unwrap_used, reason = "a benchmark that unwraps in vain has failed")]
#![expect(clippy::print_stdout, reason = "a benchmark says what it has measured")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the time that really passes")]

#[path = "../tests/silent/mod.rs"]
mod silent;

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use larder::{DataCache, Key, Kind, Larder, Options, Policy, Reading};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use silent::Silent;

const KEYS: u32 = 10_000;
const LOOKS: usize = 200_000;
const ROUNDS: usize = 21;

/// As the data cache looks for a key: by kind and name, without making one.
#[derive(Hash)]
struct Borrowed<'a> {
    kind: Kind,
    name: &'a str,
}

impl Equivalent<Key> for Borrowed<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.kind == key.kind() && self.name == key.name()
    }
}

fn names() -> Vec<String> {
    (0..KEYS).map(|number| format!("property {number}")).collect()
}

/// Places by the rule of Zipf, with an exponent of one.
fn looks() -> Vec<usize> {
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=KEYS)
        .map(|place| {
            sum += 1.0 / f64::from(place);
            sum
        })
        .collect();
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX) * sum
    };
    (0..LOOKS)
        .map(|_| next())
        .map(|wanted| sums.partition_point(|&sum| sum < wanted).min(sums.len() - 1))
        .collect()
}

async fn fill(cache: &DataCache<String>, names: &[String]) {
    for name in names {
        let value = name.clone();
        let load = move |reading: Reading| {
            reading.note(Some("10:10:"), Vec::new());
            std::future::ready(Ok::<_, ()>(value.clone()))
        };
        cache.read(&Reading::new(), name, load).await.unwrap();
    }
}

/// Nanoseconds for each look.
fn measure(looks: &[usize], look: impl Fn(usize)) -> f64 {
    let began = Instant::now();
    for &place in looks {
        look(place);
    }
    began.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(looks.len()).unwrap())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

#[tokio::main(worker_threads = 1)]
async fn main() {
    let (names, looks) = (names(), looks());
    let larder = Larder::start(|| Silent, Options::default()).await;
    let cache = larder.data::<String>(Policy::default());
    fill(&cache, &names).await;
    let map: Cache<Key, Arc<String>> = Cache::new(2 * KEYS as usize);
    for name in &names {
        map.insert(Key::new(Kind::Data, name), Arc::new(name.clone()));
    }

    let bare = |place: usize| {
        black_box(map.get(&Borrowed { kind: Kind::Data, name: &names[place] }).unwrap());
    };
    let hit = |place: usize| {
        black_box(cache.find(&larder.asked_now(), &names[place]).unwrap());
    };
    let (mut bare_times, mut hit_times, mut shared_times) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        bare_times.push(measure(&looks, bare));
        hit_times.push(measure(&looks, hit));
        // One request asks for many values.
        let asked = larder.asked_now();
        shared_times.push(measure(&looks[..LOOKS / 10], |place| {
            black_box(cache.find(&asked, &names[place]).unwrap());
        }));
    }
    let (bare, hit, shared) = (median(bare_times), median(hit_times), median(shared_times));
    println!("a bare look: {bare:.0} ns");
    println!("a hit: {shared:.0} ns, {:.2} times as much", shared / bare);
    println!("a hit and the clock: {hit:.0} ns, {:.2} times as much", hit / bare);
}
