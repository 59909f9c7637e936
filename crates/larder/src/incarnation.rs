//! Which life of which database the numbers of transactions belong to.

use std::fmt;

use sha2::{Digest, Sha256};

/// The identity of one life of one database. Numbers of transactions mean something within one only: after a crash they are
/// given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Incarnation(u128);

impl Incarnation {
    /// The incarnation that all of these facts together tell apart from every other.
    #[must_use]
    pub fn of<Fact: AsRef<str>>(facts: impl IntoIterator<Item = Fact>) -> Incarnation {
        let mut digest = Sha256::new();
        for fact in facts {
            // The length first: `ab`, `c` is not `a`, `bc`.
            digest.update((fact.as_ref().len() as u64).to_be_bytes());
            digest.update(fact.as_ref());
        }
        let digest = digest.finalize();
        Incarnation(digest.iter().take(16).fold(0, |number, &byte| number << 8 | u128::from(byte)))
    }

    pub(crate) fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

/// 32 hexadecimal digits.
impl fmt::Display for Incarnation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", self.0)
    }
}

impl std::str::FromStr for Incarnation {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Incarnation, Self::Err> {
        u128::from_str_radix(text, 16).map(Incarnation)
    }
}
