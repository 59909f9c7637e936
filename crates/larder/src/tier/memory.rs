//! The memory of this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

use crate::entry::{BLOCK_BYTES, Entry};
use crate::key::{Key, KeyRef};

/// Entries in the memory of this process, bounded by bytes.
///
/// It promises nothing of what it holds: an entry may be outdated, and whoever takes one out asks the ledger. It may drop any
/// entry at any time. What is used again and again stays while a flood of what is used once goes by (S3-FIFO: Yang et al.,
/// SOSP 2023).
#[derive(Debug)]
pub struct Memory {
    map: Cache<Key, Slot, BySlot, DefaultHashBuilder, CountEvictions>,
    largest: usize,
    evicted: Arc<AtomicU64>,
    rejected: AtomicU64,
}

/// An entry and what it weighs here: an entry can come to weigh more, but not while it lies in the map.
#[derive(Debug, Clone)]
struct Slot {
    entry: Arc<Entry>,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct BySlot;

impl Weighter<Key, Slot> for BySlot {
    fn weight(&self, _: &Key, slot: &Slot) -> u64 {
        slot.bytes as u64
    }
}

#[derive(Debug, Clone)]
struct CountEvictions(Arc<AtomicU64>);

impl Lifecycle<Key, Slot> for CountEvictions {
    type RequestState = ();

    fn on_evict(&self, (): &mut (), _: Key, _: Slot) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// The least memory that makes sense: below, one page of a site would not fit beside another.
pub const LEAST_BYTES: usize = 1 << 20;

/// A capacity holds for each shard alone, so there are few and large ones.
const SHARDS: usize = 8;
/// Of a shard, what a single entry may take: it must not push out all others.
const SHARE_OF_ONE: usize = 4;
/// What an average entry is guessed to weigh, to size the map's own tables.
const GUESSED_BYTES: usize = 8 << 10;
/// What the map itself takes for an entry: its slot, a half more slots for keys remembered after their eviction, and the
/// tables' spare room, which is between nothing and as much again, so a half on average; and the block of the key's name with
/// its two counters.
const OVERHEAD_BYTES: usize =
    9 * (size_of::<Key>() + size_of::<Slot>() + 21) / 4 + 2 * size_of::<usize>() + BLOCK_BYTES;

impl Memory {
    /// A memory of so many bytes, and of [`LEAST_BYTES`] at the least.
    ///
    /// # Panics
    /// Never: the map is given all options that it needs.
    #[must_use]
    pub fn new(bytes: usize) -> Memory {
        let bytes = bytes.max(LEAST_BYTES);
        let shards = (bytes / LEAST_BYTES).clamp(1, SHARDS);
        let evicted = Arc::<AtomicU64>::default();
        let options = OptionsBuilder::new()
            .shards(shards)
            .weight_capacity(bytes as u64)
            .estimated_items_capacity((bytes / GUESSED_BYTES).max(64))
            .build()
            .expect("all options that have no default are given");
        let map = Cache::with_options(
            options,
            BySlot,
            DefaultHashBuilder::default(),
            CountEvictions(Arc::clone(&evicted)),
        );
        let largest = usize::try_from(map.shard_capacity()).unwrap_or(bytes) / SHARE_OF_ONE;
        Memory { map, largest, evicted, rejected: AtomicU64::default() }
    }

    /// What is kept under the key. Takes no longer the more is kept, and allocates nothing.
    pub(crate) fn find(&self, key: KeyRef<'_>) -> Option<Arc<Entry>> {
        self.map.get(&key).map(|slot| slot.entry)
    }

    /// Keeps an entry in the place of what was there, with `more` bytes beside its own. Says whether it is small enough to
    /// be kept.
    pub(crate) fn keep(&self, key: Key, entry: Arc<Entry>, more: usize) -> bool {
        let bytes = OVERHEAD_BYTES + key.name().len() + entry.bytes() + more;
        let fits = bytes <= self.largest;
        if fits {
            self.map.insert(key, Slot { entry, bytes });
        } else {
            self.rejected.fetch_add(1, Ordering::Relaxed);
        }
        fits
    }

    /// Takes note that the value of a kept entry has come to weigh so many bytes; one that was replaced meanwhile is left.
    pub(crate) fn reweigh(&self, key: &Key, entry: &Arc<Entry>, value_bytes: usize) {
        let more = value_bytes.saturating_sub(entry.value_bytes());
        let is_still_there =
            self.map.peek(&key.borrowed()).is_some_and(|slot| Arc::ptr_eq(&slot.entry, entry));
        if is_still_there && !self.keep(key.clone(), Arc::clone(entry), more) {
            self.forget(key);
        }
    }

    /// Drops what is kept under the key.
    pub(crate) fn forget(&self, key: &Key) {
        self.map.remove(&key.borrowed());
    }

    /// Drops everything.
    pub fn clear(&self) {
        self.map.clear();
    }

    /// How full it is.
    #[must_use]
    pub fn figures(&self) -> MemoryFigures {
        MemoryFigures {
            entries: self.map.len(),
            bytes: self.map.weight(),
            capacity_bytes: self.map.capacity(),
            largest_bytes: self.largest,
            evicted: self.evicted.load(Ordering::Relaxed),
            rejected: self.rejected.load(Ordering::Relaxed),
        }
    }
}

/// How full a memory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryFigures {
    /// Entries kept.
    pub entries: usize,
    /// Bytes that they take: keys, values, what they depend on, and the map itself.
    pub bytes: u64,
    /// Bytes that they may take.
    pub capacity_bytes: u64,
    /// Bytes of the largest entry that is kept at all.
    pub largest_bytes: usize,
    /// Entries dropped so far to make room.
    pub evicted: u64,
    /// Entries so far that were too large to be kept.
    pub rejected: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Moment;
    use crate::entry::{Making, Weigh};
    use crate::key::Kind;

    struct Heavy(usize);

    impl Weigh for Heavy {
        fn bytes(&self) -> usize {
            self.0
        }
    }

    fn entry(bytes: usize) -> Arc<Entry> {
        let moment = Moment::default();
        let making = Making {
            parts: Vec::new(),
            generation: 0,
            checked: 0,
            made_at: moment,
            fresh_until: moment,
            until: None,
        };
        Arc::new(Entry::new(Heavy(bytes), making))
    }

    fn key(number: usize) -> Key {
        Key::new(Kind::Data, &number.to_string())
    }

    fn holds(memory: &Memory, number: usize) -> bool {
        memory.find(key(number).borrowed()).is_some()
    }

    #[test]
    fn it_never_holds_more_than_its_bytes() {
        let memory = Memory::new(8 << 20);
        for number in 0..5_000 {
            memory.keep(key(number), entry(100 + number * 37 % 60_000), number % 7);
            let figures = memory.figures();
            assert!(figures.bytes <= figures.capacity_bytes && figures.capacity_bytes <= 8 << 20);
        }
        assert!(memory.figures().evicted > 1_000);
    }

    #[test]
    fn what_is_too_large_is_not_kept_and_is_counted() {
        let memory = Memory::new(LEAST_BYTES);
        let largest = memory.figures().largest_bytes;
        assert!(!memory.keep(key(1), entry(largest), 0));
        assert!(memory.keep(key(2), entry(largest / 2), 0));
        assert!(!holds(&memory, 1) && holds(&memory, 2));
        assert_eq!(memory.figures().rejected, 1);
    }

    #[test]
    fn what_is_replaced_weighs_nothing_any_more() {
        let memory = Memory::new(LEAST_BYTES);
        memory.keep(key(1), entry(10_000), 0);
        let once = memory.figures().bytes;
        let other = entry(10_000);
        memory.keep(key(1), Arc::clone(&other), 0);
        assert_eq!((memory.figures().bytes, memory.figures().entries), (once, 1));
        assert!(memory.find(key(1).borrowed()).is_some_and(|found| Arc::ptr_eq(&found, &other)));
    }

    #[test]
    fn what_has_come_to_weigh_more_is_weighed_again_and_dropped_where_it_is_too_much() {
        let memory = Memory::new(LEAST_BYTES);
        let (first, second) = (entry(1_000), entry(1_000));
        memory.keep(key(1), Arc::clone(&first), 0);
        let before = memory.figures().bytes;
        let grown = first.value_bytes() + 500;
        memory.reweigh(&key(1), &first, grown);
        assert_eq!(memory.figures().bytes, before + 500);
        memory.reweigh(&key(1), &second, grown + 5_000);
        assert_eq!(memory.figures().bytes, before + 500, "another entry lies there");
        memory.reweigh(&key(1), &first, LEAST_BYTES);
        assert!(!holds(&memory, 1));
        assert_eq!(memory.figures().bytes, 0);
    }

    /// Places by the rule of Zipf, with an exponent of one, out of the numbers of a linear congruential generator.
    struct Zipf {
        sums: Vec<f64>,
        state: u64,
    }

    impl Zipf {
        fn new(places: u32) -> Zipf {
            let mut sum = 0.0;
            let sums = (1..=places).map(|place| {
                sum += 1.0 / f64::from(place);
                sum
            });
            Zipf { sums: sums.collect(), state: 1 }
        }

        fn next(&mut self) -> usize {
            self.state =
                self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let share = f64::from(u32::try_from(self.state >> 32).unwrap()) / f64::from(u32::MAX);
            let wanted = share * self.sums.last().unwrap();
            self.sums.partition_point(|&sum| sum < wanted).min(self.sums.len() - 1)
        }
    }

    const HOT: u32 = 2_000;

    /// The share of the hot set that is found, in percent, while `flood` other keys are kept for each look.
    fn hits_percent(memory: &Memory, zipf: &mut Zipf, looks: usize, flood: usize, next: &mut usize) -> usize {
        let shared = entry(1_000);
        let mut hits = 0;
        for _ in 0..looks {
            let number = zipf.next();
            if holds(memory, number) {
                hits += 1;
            } else {
                memory.keep(key(number), Arc::clone(&shared), 0);
            }
            for _ in 0..flood {
                *next += 1;
                memory.keep(key(*next), Arc::clone(&shared), 0);
            }
        }
        hits * 100 / looks
    }

    #[test]
    fn a_million_keys_that_are_used_once_leave_the_hot_set_in_place() {
        let memory = Memory::new(4 << 20);
        let mut zipf = Zipf::new(HOT);
        let mut next = HOT as usize;
        hits_percent(&memory, &mut zipf, 50_000, 0, &mut next);
        let before = hits_percent(&memory, &mut zipf, 50_000, 0, &mut next);
        let during = hits_percent(&memory, &mut zipf, 200_000, 5, &mut next);
        assert!(next > 1_000_000);
        assert!(during + 5 > before, "{before} % were found before, and {during} % meanwhile");
    }
}
