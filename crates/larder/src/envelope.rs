//! What a value is wrapped in where all nodes can reach it, and others can write.
//!
//! ```text
//! offset
//!  0   4  "LRD", format version
//!  4  32  HMAC-SHA256 over all other bytes
//! 36  16  build: which program wrote it
//! 52  16  incarnation: which life of the database it was read in
//! 68   8  made at, milliseconds since 1970
//! 76   8  ends at
//! 84   2  length of the key, then the key
//!  …   4  length of the parts, then the parts (postcard): snapshots and dependencies
//!  …   4  length of the body, then the body: the value's own bytes
//! ```
//!
//! Numbers are big-endian. Nothing is believed before the MAC is: a length only says where to look in bytes that are there, so
//! a large one costs nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::clock::TimeOfDay;
use crate::freshness::Part;
use crate::incarnation::Incarnation;
use crate::key::Key;

const FORMAT: [u8; 4] = *b"LRD\x01";
const MAC_BYTES: usize = 32;

/// What envelopes are sealed with: a key that all nodes have, and what tells builds apart.
#[derive(Clone)]
pub struct Seal {
    key: Hmac<Sha256>,
    build: [u8; 16],
}

impl Seal {
    /// The seal of a program. `secret` is the application's; it is used under a label of its own. `build` are facts of which
    /// all are the same on nodes that may share what they keep, and one differs where they may not: the program's own
    /// fingerprint, and whatever settings show in what is kept.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length (RFC 2104 §2).
    #[must_use]
    pub fn new<Fact: AsRef<[u8]>>(secret: &[u8], build: impl IntoIterator<Item = Fact>) -> Seal {
        let mac = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        let own = mac(secret).chain_update(b"larder envelope 1").finalize().into_bytes();
        let mut digest = Sha256::new();
        for fact in build {
            // The length first: `ab`, `c` is not `a`, `bc`.
            digest.update((fact.as_ref().len() as u64).to_be_bytes());
            digest.update(fact.as_ref());
        }
        let mut build = [0; 16];
        build.copy_from_slice(&digest.finalize()[..16]);
        Seal { key: mac(&own), build }
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seal(…)")
    }
}

/// A value's own bytes, with all that is known of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The life of the database that its parts were read in.
    pub incarnation: Incarnation,
    /// When it was made.
    pub made_at: TimeOfDay,
    /// When its lifetime ends, changed or not.
    pub ends_at: TimeOfDay,
    /// What it was made from; never nothing.
    pub parts: Vec<Arc<Part>>,
    /// The value's own bytes.
    pub body: Bytes,
}

/// Why bytes are of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unsound {
    /// They end too soon, or too late.
    #[error("it is not as long as it says")]
    Truncated,
    /// They are of another format.
    #[error("it is of another format")]
    OtherVersion,
    /// Another program wrote them.
    #[error("another build wrote it")]
    OtherBuild,
    /// They belong under another key.
    #[error("it belongs under another key")]
    OtherKey,
    /// Nobody who has the secret wrote them so.
    #[error("its MAC is wrong")]
    BadMac,
    /// They are from another life of the database.
    #[error("it is from another life of the database")]
    OtherIncarnation,
    /// What is in them cannot be read.
    #[error("it cannot be decoded")]
    Undecodable,
}

impl Unsound {
    /// Every reason.
    pub const ALL: [Unsound; 7] = [
        Unsound::Truncated,
        Unsound::OtherVersion,
        Unsound::OtherBuild,
        Unsound::OtherKey,
        Unsound::BadMac,
        Unsound::OtherIncarnation,
        Unsound::Undecodable,
    ];

    /// The word for it in figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Unsound::Truncated => "truncated",
            Unsound::OtherVersion => "other-version",
            Unsound::OtherBuild => "other-build",
            Unsound::OtherKey => "other-key",
            Unsound::BadMac => "bad-mac",
            Unsound::OtherIncarnation => "other-incarnation",
            Unsound::Undecodable => "undecodable",
        }
    }
}

impl Seal {
    /// The bytes to keep under that key, of a value of the type `of`, which goes into the MAC only; none where they can't be
    /// written down, such as a body of 4 GiB.
    #[must_use]
    pub fn close(&self, key: &Key, of: &str, envelope: &Envelope) -> Option<Vec<u8>> {
        let name = key.to_string();
        let parts = postcard::to_stdvec(&envelope.parts).ok()?;
        let mut bytes = Vec::with_capacity(128 + name.len() + parts.len() + envelope.body.len());
        bytes.extend_from_slice(&FORMAT);
        bytes.extend_from_slice(&[0; MAC_BYTES]);
        bytes.extend_from_slice(&self.build);
        bytes.extend_from_slice(&envelope.incarnation.to_bytes());
        for time in [envelope.made_at, envelope.ends_at] {
            bytes.extend_from_slice(&time.0.to_be_bytes());
        }
        bytes.extend_from_slice(&u16::try_from(name.len()).ok()?.to_be_bytes());
        bytes.extend_from_slice(name.as_bytes());
        for block in [&parts[..], &envelope.body] {
            bytes.extend_from_slice(&u32::try_from(block.len()).ok()?.to_be_bytes());
            bytes.extend_from_slice(block);
        }
        let mac = self.mac(&bytes, of).finalize().into_bytes();
        bytes[FORMAT.len()..FORMAT.len() + MAC_BYTES].copy_from_slice(&mac);
        Some(bytes)
    }

    /// The value of the type `of` that was kept under that key in this life of the database.
    ///
    /// # Errors
    /// [`Unsound`], whatever the bytes are.
    pub fn open(&self, key: &Key, of: &str, bytes: &Bytes, now: Incarnation) -> Result<Envelope, Unsound> {
        let mut rest = Rest(bytes);
        if rest.take(FORMAT.len())? != FORMAT {
            return Err(Unsound::OtherVersion);
        }
        let mac = rest.take(MAC_BYTES)?;
        if rest.take(self.build.len())? != self.build {
            return Err(Unsound::OtherBuild);
        }
        let incarnation = rest.take(size_of::<Incarnation>())?;
        let [made_at, ends_at] = [rest.number::<8>()?, rest.number::<8>()?].map(TimeOfDay);
        let name = rest.block::<2>()?;
        let parts = rest.block::<4>()?;
        let body = rest.block::<4>()?;
        if !rest.0.is_empty() {
            return Err(Unsound::Truncated);
        }
        if name != key.to_string().as_bytes() {
            return Err(Unsound::OtherKey);
        }
        self.mac(bytes, of).verify_slice(mac).map_err(|_| Unsound::BadMac)?;
        if incarnation != now.to_bytes() {
            return Err(Unsound::OtherIncarnation);
        }
        let parts = parts_of(parts)?;
        Ok(Envelope { incarnation: now, made_at, ends_at, parts, body: bytes.slice_ref(body) })
    }

    /// Of all bytes but those of the MAC.
    fn mac(&self, bytes: &[u8], of: &str) -> Hmac<Sha256> {
        let (format, rest) = bytes.split_at(FORMAT.len());
        // Last, and of a length that follows from all others: so it is no other bytes' end.
        self.key.clone().chain_update(format).chain_update(&rest[MAC_BYTES..]).chain_update(of)
    }
}

/// What nothing would ever end is of no use.
fn parts_of(bytes: &[u8]) -> Result<Vec<Arc<Part>>, Unsound> {
    match postcard::take_from_bytes::<Vec<Arc<Part>>>(bytes) {
        Ok((parts, [])) if !parts.is_empty() => Ok(parts),
        _ => Err(Unsound::Undecodable),
    }
}

impl Envelope {
    /// How old it is by that clock; not older than it may become, however wrong the clock is.
    #[must_use]
    pub fn age(&self, now: TimeOfDay, lifetime: Duration) -> Duration {
        now.since(self.made_at).min(lifetime)
    }

    /// What is left of its lifetime by that clock; not more than `lifetime`, however wrong the clock is.
    #[must_use]
    pub fn left(&self, now: TimeOfDay, lifetime: Duration) -> Duration {
        self.ends_at.since(now).min(lifetime)
    }
}

/// What has not been read yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], Unsound> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Unsound::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn number<const BYTES: usize>(&mut self) -> Result<u64, Unsound> {
        Ok(self.take(BYTES)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// A length of so many bytes, and as many bytes as it says.
    fn block<const BYTES: usize>(&mut self) -> Result<&'a [u8], Unsound> {
        let length = self.number::<BYTES>()?;
        self.take(usize::try_from(length).map_err(|_| Unsound::Truncated)?)
    }
}
