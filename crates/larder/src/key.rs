//! What an entry is found by.

use std::fmt;
use std::hash::Hash;
use std::sync::Arc;

use quick_cache::Equivalent;

/// What kind of thing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A whole page.
    Page,
    /// A value of the application.
    Data,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 2] = [Kind::Page, Kind::Data];

    /// The word for it in keys and figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Page => "page",
            Kind::Data => "data",
        }
    }
}

/// The key of an entry: its kind and a name that the application chose. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    kind: Kind,
    name: Arc<str>,
}

impl Key {
    /// The key of that name.
    #[must_use]
    pub fn new(kind: Kind, name: &str) -> Key {
        Key { kind, name: name.into() }
    }

    /// What kind of thing it is the key of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The name that the application chose.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn borrowed(&self) -> KeyRef<'_> {
        KeyRef { kind: self.kind, name: &self.name }
    }
}

/// As people read it: `data:all_properties`.
impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.kind.name(), self.name)
    }
}

/// A key to look for, made without an allocation. It hashes as [`Key`] does: the same fields in the same order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct KeyRef<'a> {
    pub(crate) kind: Kind,
    pub(crate) name: &'a str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.borrowed()
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher as _, RandomState};

    use super::*;

    #[test]
    fn a_key_and_what_it_is_looked_for_by_hash_alike() {
        let state = RandomState::new();
        let key = Key::new(Kind::Data, "all_properties");
        assert_eq!(state.hash_one(&key), state.hash_one(key.borrowed()));
        assert!(key.borrowed().equivalent(&key));
        assert!(!KeyRef { kind: Kind::Page, name: "all_properties" }.equivalent(&key));
    }
}
