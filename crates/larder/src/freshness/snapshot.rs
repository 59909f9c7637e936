//! What a transaction can see: PostgreSQL's own rule.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The number of a transaction, as PostgreSQL's `xid8`: 64 bits, so it never wraps around. In SQLite, the number of a
/// change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Xid(pub u64);

/// Which transactions had ended when somebody looked: `xmin:xmax:xip`, as `pg_current_snapshot()` gives it
/// (PostgreSQL documentation, table "Snapshot Components").
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Snapshot {
    xmin: Xid,
    xmax: Xid,
    /// In progress, ascending, all of them in `xmin..xmax`.
    xip: Box<[Xid]>,
}

/// A snapshot as it is written.
#[derive(Serialize, Deserialize)]
struct Written(Xid, Xid, Vec<Xid>);

impl From<Snapshot> for Written {
    fn from(Snapshot { xmin, xmax, xip }: Snapshot) -> Written {
        Written(xmin, xmax, xip.into())
    }
}

impl TryFrom<Written> for Snapshot {
    type Error = &'static str;

    fn try_from(Written(xmin, xmax, xip): Written) -> Result<Snapshot, &'static str> {
        Snapshot::new(xmin, xmax, xip).ok_or("the components of a snapshot contradict one another")
    }
}

/// A text that is no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no snapshot: xmin:xmax:xip,… was expected, with xmin ≤ xip < xmax")]
pub struct SnapshotError(String);

impl Snapshot {
    /// A snapshot of its three components, or nothing where they contradict one another.
    #[must_use]
    pub fn new(xmin: Xid, xmax: Xid, mut xip: Vec<Xid>) -> Option<Snapshot> {
        xip.sort_unstable();
        xip.dedup();
        let is_sound = xmin <= xmax && xip.iter().all(|&xid| xmin <= xid && xid < xmax);
        is_sound.then(|| Snapshot { xmin, xmax, xip: xip.into() })
    }

    /// The snapshot that sees exactly the numbers up to `last`: where there is one writer at a time, as in SQLite.
    #[must_use]
    pub fn up_to(last: u64) -> Snapshot {
        let next = Xid(last.saturating_add(1));
        Snapshot { xmin: next, xmax: next, xip: Box::default() }
    }

    /// Whether what the transaction `xid` did is visible: it had been committed. (A transaction that was rolled back counts
    /// as seen or not like any other; it leaves no change behind.)
    #[must_use]
    pub fn sees(&self, xid: Xid) -> bool {
        xid < self.xmin || (xid < self.xmax && self.xip.binary_search(&xid).is_err())
    }

    /// Whether everything that `other` sees is seen here too. Of two snapshots of one server, the later is always at or
    /// after the earlier.
    #[must_use]
    pub fn is_at_or_after(&self, other: &Snapshot) -> bool {
        let ended = self.xmax >= other.xmax || (self.xmax.0..other.xmax.0).all(|xid| !other.sees(Xid(xid)));
        ended && self.xip.iter().all(|&xid| !other.sees(xid))
    }

    /// Everything below is seen.
    #[must_use]
    pub fn xmin(&self) -> Xid {
        self.xmin
    }

    /// Nothing from here on is seen.
    #[must_use]
    pub fn xmax(&self) -> Xid {
        self.xmax
    }

    /// What lies between and is not seen, ascending.
    #[must_use]
    pub fn xip(&self) -> &[Xid] {
        &self.xip
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.xip)
    }
}

impl FromStr for Snapshot {
    type Err = SnapshotError;

    fn from_str(text: &str) -> Result<Snapshot, SnapshotError> {
        parse(text).ok_or_else(|| SnapshotError(text.chars().take(80).collect()))
    }
}

fn parse(text: &str) -> Option<Snapshot> {
    let mut components = text.splitn(3, ':');
    let (xmin, xmax, xip) = (components.next()?, components.next()?, components.next()?);
    let xip = xip.split(',').filter(|xid| !xid.is_empty()).map(|xid| xid.parse().map(Xid));
    Snapshot::new(Xid(xmin.parse().ok()?), Xid(xmax.parse().ok()?), xip.collect::<Result<_, _>>().ok()?)
}

/// As PostgreSQL writes it.
impl fmt::Display for Snapshot {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}:", self.xmin.0, self.xmax.0)?;
        for (place, xid) in self.xip.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            write!(formatter, "{separator}{}", xid.0)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn snapshot(text: &str) -> Snapshot {
        text.parse().unwrap()
    }

    #[test]
    fn it_is_read_and_written_as_postgresql_does() {
        for text in ["10:10:", "10:20:10,14,19", "3:9:3"] {
            assert_eq!(snapshot(text).to_string(), text);
        }
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        for text in
            ["", "10", "10:20", "20:10:", "10:20:20", "10:20:9", "a:b:", "10:20:x", "10:20:1:2", "-1:2:"]
        {
            assert!(text.parse::<Snapshot>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_transaction_in_progress_and_those_to_come_are_not_seen() {
        let seen: Vec<u64> = (8..24).filter(|&xid| snapshot("10:20:12,15").sees(Xid(xid))).collect();
        assert_eq!(seen, [8, 9, 10, 11, 13, 14, 16, 17, 18, 19]);
    }

    #[test]
    fn a_position_sees_all_up_to_itself() {
        assert!(Snapshot::up_to(7).sees(Xid(7)) && !Snapshot::up_to(7).sees(Xid(8)));
    }

    fn any() -> impl Strategy<Value = Snapshot> {
        (0..20_u64, 0..12_u64, proptest::collection::vec(0..12_u64, 0..6)).prop_map(|(xmin, length, xip)| {
            let xip = xip.into_iter().filter(|&xid| xid < length).map(|xid| Xid(xmin + xid));
            Snapshot::new(Xid(xmin), Xid(xmin + length), xip.collect()).unwrap()
        })
    }

    proptest! {
        #[test]
        fn at_or_after_means_to_see_all_that_the_other_sees(one in any(), other in any()) {
            let all = (0..40).map(Xid).all(|xid| one.sees(xid) || !other.sees(xid));
            prop_assert_eq!(one.is_at_or_after(&other), all);
        }
    }
}
