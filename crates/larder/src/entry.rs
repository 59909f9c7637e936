//! What is kept: a value, what it was made from, and how long it lives.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Moment;
use crate::freshness::Part;

/// How many bytes a value takes, on the heap and off: what a cache of so many bytes has to know.
pub trait Weigh {
    /// Bytes, without those of what is shared with others.
    fn bytes(&self) -> usize;
}

impl Weigh for String {
    fn bytes(&self) -> usize {
        size_of::<String>() + self.capacity()
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(size_of::<Option<T>>(), T::bytes)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn bytes(&self) -> usize {
        let spare = (self.capacity() - self.len()) * size_of::<T>();
        size_of::<Vec<T>>() + spare + self.iter().map(T::bytes).sum::<usize>()
    }
}

/// The generation of what can't be kept: the ledger never comes to it, and so takes none of that for true.
pub(crate) const UNKEEPABLE: u64 = u64::MAX;

/// What the allocator adds to a block on the heap, for its header and for rounding its size up: measured with that of glibc
/// (`tests/memory_bytes.rs`).
pub(crate) const BLOCK_BYTES: usize = 16;

/// How an entry was made.
pub(crate) struct Making {
    pub(crate) parts: Vec<Arc<Part>>,
    pub(crate) generation: u64,
    pub(crate) checked: u64,
    pub(crate) made_at: Moment,
    pub(crate) fresh_until: Moment,
    pub(crate) until: Option<Moment>,
}

/// A value that is kept.
pub struct Entry {
    value: Box<dyn Any + Send + Sync>,
    parts: Vec<Arc<Part>>,
    generation: u64,
    made_at: Moment,
    fresh_until: Moment,
    /// When it stops being true by itself.
    until: Option<Moment>,
    /// Up to where in the ledger nothing has touched it.
    checked: AtomicU64,
    value_bytes: usize,
}

impl Entry {
    pub(crate) fn new<T: Weigh + Send + Sync + 'static>(value: T, making: Making) -> Entry {
        let Making { parts, generation, checked, made_at, fresh_until, until } = making;
        let value_bytes = value.bytes();
        let checked = AtomicU64::new(checked);
        Entry { value: Box::new(value), parts, generation, made_at, fresh_until, until, checked, value_bytes }
    }

    pub(crate) fn value<T: 'static>(&self) -> Option<&T> {
        self.value.downcast_ref()
    }

    /// What it was made from.
    #[must_use]
    pub fn parts(&self) -> &[Arc<Part>] {
        &self.parts
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether what it is made of is known, so that it can be told for how long it is true.
    pub(crate) fn is_keepable(&self) -> bool {
        self.generation != UNKEEPABLE
    }

    pub(crate) fn until(&self) -> Option<Moment> {
        self.until
    }

    /// When it was made.
    #[must_use]
    pub fn made_at(&self) -> Moment {
        self.made_at
    }

    /// When its lifetime ends, changed or not.
    #[must_use]
    pub fn fresh_until(&self) -> Moment {
        self.fresh_until
    }

    pub(crate) fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    /// Two readers may have looked at two states of the ledger; what the further one found holds.
    pub(crate) fn note_checked(&self, position: u64) {
        self.checked.fetch_max(position, Ordering::Relaxed);
    }

    /// Bytes of the value when it was made.
    pub(crate) fn value_bytes(&self) -> usize {
        self.value_bytes
    }

    /// Bytes of the value when it was made, of what it was made from, and of the entry itself; of the value, two blocks.
    pub(crate) fn bytes(&self) -> usize {
        let shared = |bytes: usize| bytes + 2 * size_of::<usize>() + BLOCK_BYTES;
        let of_part = |part: &Arc<Part>| size_of::<Arc<Part>>() + shared(part.bytes() + BLOCK_BYTES);
        let parts = self.parts.iter().map(of_part).sum::<usize>() + BLOCK_BYTES;
        shared(size_of::<Entry>()) + self.value_bytes + 2 * BLOCK_BYTES + parts
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("made_at", &self.made_at)
            .field("fresh_until", &self.fresh_until)
            .field("checked", &self.checked())
            .finish_non_exhaustive()
    }
}

/// A kept value in use: it stays as it is as long as somebody holds it. Cheap to clone.
#[derive(Debug)]
pub struct Kept<T> {
    entry: Arc<Entry>,
    value: PhantomData<fn() -> T>,
}

impl<T: 'static> Kept<T> {
    /// The entry, if its value is of that type.
    pub(crate) fn of(entry: Arc<Entry>) -> Option<Kept<T>> {
        entry.value.is::<T>().then_some(Kept { entry, value: PhantomData })
    }

    /// The entry that the value is kept in.
    #[must_use]
    pub fn entry(&self) -> &Arc<Entry> {
        &self.entry
    }
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Kept<T> {
        Kept { entry: Arc::clone(&self.entry), value: PhantomData }
    }
}

impl<T: 'static> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.entry.value().expect("the type was looked at when this was made")
    }
}
