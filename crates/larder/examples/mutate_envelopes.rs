//! Opens as many damaged envelopes as it is told: `cargo run --release -p larder --example mutate_envelopes 10000000`.
//!
//! Each is one of ours with some bytes changed, cut off, doubled or moved; every other one is signed anew, so that what lies
//! behind the MAC is read too. None may open that was not signed, and none may end the program.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "it is run by hand")]

use std::sync::Arc;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use larder::clock::TimeOfDay;
use larder::freshness::{Columns, Condition, Dependency, Part, Query, Snapshot, Value};
use larder::incarnation::Incarnation;
use larder::{Envelope, Key, Kind, Page, Seal, Shelve as _};
use sha2::Sha256;

const OF: &str = "page";

/// Numbers that look random (splitmix64), the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ mixed >> 31) % bound.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }
}

fn mutate(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(3) {
        let place = dice.below(bytes.len());
        let length = dice.below(9).min(bytes.len() - place);
        match dice.below(6) {
            0 => bytes.truncate(place),
            1 => bytes[place..place + length].fill(0xff),
            2 => drop(bytes.drain(place..place + length)),
            3 => bytes.extend_from_within(place..place + length),
            4 if !bytes.is_empty() => bytes[place] ^= 1 << dice.below(8),
            _ => bytes[place..place + length].iter_mut().for_each(|byte| *byte = dice.byte()),
        }
    }
}

fn sign(bytes: &mut [u8], key: &Hmac<Sha256>) {
    if bytes.len() >= 36 {
        let mac = key.clone().chain_update(&bytes[..4]).chain_update(&bytes[36..]).chain_update(OF);
        bytes[4..36].copy_from_slice(&mac.finalize().into_bytes());
    }
}

fn envelope(body: Vec<u8>) -> Envelope {
    let conditions = vec![
        Condition::Range("price".into(), Some(Value::from(1)), Some(Value::from(2.5))),
        Condition::AnyOf(vec![Condition::Equals("place".into(), "Accra".into()), Condition::Undecidable]),
    ];
    let query = Query {
        table: "homes".into(),
        conditions,
        window: None,
        columns: Columns::Only(vec!["price".into()]),
    };
    let dependencies =
        vec![Dependency::Row { table: "homes".into(), id: 7.into() }, Dependency::Query(query)];
    let part = |snapshot: &str| {
        let dependencies = dependencies.clone();
        Arc::new(Part { snapshot: snapshot.parse::<Snapshot>().unwrap(), dependencies })
    };
    Envelope {
        incarnation: Incarnation::of(["life"]),
        made_at: TimeOfDay(1_000),
        ends_at: TimeOfDay(2_000),
        parts: vec![part("10:20:12,15"), part("30:30:")],
        body: body.into(),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let times: u64 = std::env::args().nth(1).map_or(100_000, |times| times.parse().unwrap());
    let mac = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).unwrap();
    let sealing = mac(&mac(b"secret").chain_update(b"larder envelope 1").finalize().into_bytes());
    let (seal, key) = (Seal::new(b"secret", ["build"]), Key::new(Kind::Page, "/"));
    let page = Page::new("text/html".parse().unwrap(), "A home by the sea. ".repeat(80));
    let body = page.to_bytes().await.unwrap();
    let whole = seal.close(&key, OF, &envelope(body)).unwrap();
    let life = Incarnation::of(["life"]);
    let (mut dice, mut opened, mut pages) = (Dice(1), 0_u64, 0_u64);
    for time in 0..times {
        let mut bytes = whole.clone();
        mutate(&mut dice, &mut bytes);
        let is_signed = time % 2 == 0;
        if is_signed {
            sign(&mut bytes, &sealing);
        }
        let is_whole = bytes == whole;
        if let Ok(envelope) = seal.open(&key, OF, &Bytes::from(bytes), life) {
            assert!(is_signed || is_whole, "input {time} was opened and nobody had signed it");
            opened += 1;
            pages += u64::from(Page::of_bytes(&envelope.body).is_some());
        }
    }
    println!(
        "{times} damaged envelopes: {opened} of those signed anew were opened, {pages} of them to a page"
    );
}
