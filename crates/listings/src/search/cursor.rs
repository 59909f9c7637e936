//! Keyset cursors: a place in the order of one search, as an opaque text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Search, Sort};
use crate::Property;

/// A place in the order of a search: the sort key and id of the last listing before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// The sort key as a whole number: microseconds since 1970, hundredths of the price, square metres, or the id.
    pub key: i64,
    /// The id, which breaks ties.
    pub id: i64,
}

/// The key of a listing without a price or floor area, last in ascending order: above all that `numeric(12,2)` and the
/// rules for areas allow.
const LAST_ASCENDING: i64 = 1_000_000_000_000;
/// The same in descending order, where every real key is at least 0. One whole unit, so that it stays a whole unit when
/// it is divided into hundredths.
const LAST_DESCENDING: i64 = -100;

const CHECK_BYTES: usize = 8;

impl Position {
    /// Where `property` stands in the order of `sort`.
    #[must_use]
    pub fn of(property: &Property, sort: Sort) -> Position {
        let key = match sort {
            Sort::Newest | Sort::Oldest => Some(property.created_at.timestamp_micros()),
            Sort::Cheapest | Sort::Dearest => property.price.map(crate::Price::cents),
            Sort::Smallest | Sort::Largest => property.floor_area.map(i64::from),
            Sort::Id => Some(property.id),
        };
        Position { key: key.unwrap_or_else(|| Position::key_of_none(sort)), id: property.id }
    }

    /// The key of a listing that has no value to be sorted by.
    pub(crate) fn key_of_none(sort: Sort) -> i64 {
        if sort.is_ascending() { LAST_ASCENDING } else { LAST_DESCENDING }
    }

    /// The opaque text of this place in `search`: URL-safe base64 of key, id, and a check over both and the search.
    ///
    /// The check is no secret. It is there so that a cursor of another search, or a damaged one, is told and not
    /// silently misread; whoever computes one by hand gets a place in the list and nothing else.
    #[must_use]
    pub fn to_cursor(self, search: &Search) -> String {
        let mut bytes = self.to_bytes().to_vec();
        bytes.extend(self.check(search));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that `cursor` means in `search`; `None` where it is not a cursor of that search, unchanged.
    #[must_use]
    pub fn of_cursor(cursor: &str, search: &Search) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (key, rest) = bytes.split_first_chunk()?;
        let (id, check) = rest.split_first_chunk()?;
        let position = Position { key: i64::from_be_bytes(*key), id: i64::from_be_bytes(*id) };
        (check == position.check(search) && position.is_possible(search.sort)).then_some(position)
    }

    fn is_possible(self, sort: Sort) -> bool {
        !matches!(sort, Sort::Newest | Sort::Oldest) || self.time().is_some()
    }

    /// The key of an order by time, as a time.
    pub(crate) fn time(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.key)
    }

    fn to_bytes(self) -> [u8; 16] {
        (u128::from(self.key.cast_unsigned()) << 64 | u128::from(self.id.cast_unsigned())).to_be_bytes()
    }

    fn check(self, search: &Search) -> [u8; CHECK_BYTES] {
        let digest = Sha256::new()
            .chain_update(b"gable cursor 1\0")
            .chain_update(self.to_bytes())
            .chain_update(search.identity())
            .finalize();
        digest.first_chunk().copied().unwrap_or_default()
    }
}
