//! The memory of this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Lifecycle, OptionsBuilder, Weighter};

use crate::entry::Entry;
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
/// What the map itself takes for an entry (its slot, a half more slots for keys remembered after their eviction, and the
/// table's spare room), and what the allocator adds to the entry's blocks.
const OVERHEAD_BYTES: usize = 3 * (size_of::<Key>() + size_of::<Slot>() + 21) + 64;

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

    /// Takes note that a kept entry has come to weigh `more` bytes beside its own; one that was replaced meanwhile is left.
    pub(crate) fn reweigh(&self, key: &Key, entry: &Arc<Entry>, more: usize) {
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
