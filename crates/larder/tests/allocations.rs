//! What a hit allocates: nothing.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod silent;

use std::hint::black_box;

use larder::{DataCache, Larder, Options, Policy, Reading};
use silent::Silent;

/// Named, so that the crate is linked: it counts by being the global allocator.
use allocation_counter as _;

async fn filled() -> (Larder, DataCache<String>) {
    let larder = Larder::start(|| Silent, Options::default()).await;
    let cache = larder.data(Policy::default());
    let load = |reading: Reading| {
        reading.note(Some("10:10:"), Vec::new());
        std::future::ready(Ok::<_, ()>("Accra".to_owned()))
    };
    cache.read(&Reading::new(), "capital", load).await.unwrap();
    (larder, cache)
}

#[tokio::test]
async fn a_hit_allocates_nothing() {
    let (larder, cache) = filled().await;
    let counted = allocation_counter::measure(|| {
        for _ in 0..100 {
            black_box(cache.find(&larder.asked_now(), "capital").unwrap());
        }
    });
    assert_eq!(counted.count_total, 0);
}

#[tokio::test]
async fn what_is_allocated_is_counted() {
    let counted = allocation_counter::measure(|| drop(black_box(vec![1_u8; 100])));
    assert_eq!(counted.count_total, 1);
}
