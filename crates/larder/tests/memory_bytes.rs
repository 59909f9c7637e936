//! The memory's count of bytes beside what the process has taken for them. Alone in its process: other tests would be counted
//! too.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod silent;

use std::sync::{Arc, LazyLock};

use larder::clock::Clock;
use larder::freshness::{Columns, Condition, Dependency, Order, Place, Query, Value, Window};
use larder::{DataCache, Larder, Options, Policy, Reading, Weigh};
use silent::Silent;

struct Body(Vec<u8>);

impl Weigh for Body {
    fn bytes(&self) -> usize {
        size_of::<Body>() + self.0.capacity()
    }
}

fn resident_bytes() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').nth(1).unwrap().parse().unwrap();
    pages * 4096
}

/// The table's name, which all share.
fn table() -> Arc<str> {
    static TABLE: LazyLock<Arc<str>> = LazyLock::new(|| "properties".into());
    Arc::clone(&TABLE)
}

/// As a page of search results has them: a query in a window, and its rows.
fn of_a_page(number: i64) -> Vec<Dependency> {
    let table = table();
    let place = |id: i64| Some(Place { key: Value::from(id * 1000), id: id.into() });
    let window = Window {
        order: Order { column: "price".into(), ascending: true, null: 0.into() },
        after: place(number),
        until: place(number + 20),
    };
    let conditions = vec![
        Condition::EqualsIgnoringAsciiCase("location".into(), "Accra".into()),
        Condition::Range("price".into(), Some(number.into()), Some((number + 1000).into())),
    ];
    let query = Query {
        table: Arc::clone(&table),
        conditions,
        window: Some(window),
        columns: Columns::Only(vec!["price".into(), "location".into(), "title".into()]),
    };
    let rows = (0..20).map(|id| Dependency::Row { table: Arc::clone(&table), id: (number + id).into() });
    std::iter::once(Dependency::Query(query)).chain(rows).collect()
}

fn of_a_row(number: i64) -> Vec<Dependency> {
    vec![Dependency::Row { table: table(), id: number.into() }]
}

async fn fill(
    cache: &DataCache<Body>,
    count: i64,
    name_bytes: usize,
    body_bytes: usize,
    of: fn(i64) -> Vec<Dependency>,
) {
    for number in 0..count {
        let load = move |reading: Reading| {
            reading.note(Some("10:10:"), of(number));
            std::future::ready(Ok::<_, ()>(Body(vec![1; body_bytes])))
        };
        let name = format!("{number:0name_bytes$}");
        cache.read(&Reading::new(), &name, load).await.unwrap();
    }
}

/// The bytes that the process has grown by, and those that the memory has counted. The memory is still there afterwards: what
/// it gives back would not be taken anew.
async fn grown(
    count: i64,
    name_bytes: usize,
    body_bytes: usize,
    of: fn(i64) -> Vec<Dependency>,
) -> (Larder, u64, u64) {
    let options = Options { memory_bytes: 256 << 20, clock: Clock::manual(), ..Options::default() };
    options.clock.advance(std::time::Duration::from_secs(1));
    let larder = Larder::start(|| Silent, options).await;
    let cache = larder.data(Policy::default());
    // What the first entries take of the runtime and the allocator is none of theirs.
    fill(&cache, 100, name_bytes, body_bytes, of).await;
    let (before, counted_before) = (resident_bytes(), larder.figures().memory.bytes);
    fill(&cache, count, name_bytes, body_bytes, of).await;
    let counted = larder.figures().memory.bytes - counted_before;
    let taken = resident_bytes() - before;
    (larder, taken, counted)
}

fn assert_honest(taken: u64, counted: u64) {
    let percent = taken * 100 / counted;
    assert!((90..=110).contains(&percent), "{taken} bytes were taken and {counted} counted: {percent} %");
}

#[tokio::test]
async fn the_bytes_counted_are_those_taken() {
    // So many that it matters little whether the map's tables have just been doubled.
    let (_values, taken, counted) = grown(150_000, 30, 200, of_a_row).await;
    let (_pages, taken_by_pages, counted_of_pages) = grown(2_000, 60, 40 << 10, of_a_page).await;
    assert_honest(taken, counted);
    assert_honest(taken_by_pages, counted_of_pages);
}
