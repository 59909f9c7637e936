//! One reading out of those that an entry was made from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Dependency, Snapshot};

/// What one statement read: in which snapshot, and what its answer depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The snapshot of the statement itself.
    pub snapshot: Snapshot,
    /// What would make its answer another one.
    pub dependencies: Vec<Dependency>,
}

impl Part {
    /// Bytes that keeping it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        size_of::<Part>()
            + self.snapshot.heap_bytes()
            + self.dependencies.iter().map(Dependency::bytes).sum::<usize>()
    }
}

/// Whether all parts were read in one and the same snapshot: then they show one moment, whatever happened meanwhile.
#[must_use]
pub fn agree(parts: &[Arc<Part>]) -> bool {
    parts.windows(2).all(|pair| pair[0].snapshot == pair[1].snapshot)
}
