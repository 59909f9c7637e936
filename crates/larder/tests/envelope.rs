//! What is wrapped comes out as it was, and nothing else comes out at all.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use larder::clock::TimeOfDay;
use larder::freshness::{
    Columns, Condition, Dependency, Order, Part, Place, Query, Snapshot, Value, Window, Xid,
};
use larder::incarnation::Incarnation;
use larder::{Envelope, Key, Kind, Page, Seal, Shelve as _, Unsound};
use proptest::prelude::*;
use sha2::Sha256;

const OF: &str = "a type";
/// Where the lengths of the key, the parts and the body begin; the first is followed by the key.
const MAC: std::ops::Range<usize> = 4..36;
const KEY_LENGTH: usize = 84;

fn seal() -> Seal {
    Seal::new(b"secret", ["build 1"])
}

fn key() -> Key {
    Key::new(Kind::Page, "/properties/")
}

fn life() -> Incarnation {
    Incarnation::of(["life"])
}

fn envelope(parts: Vec<Part>, body: &[u8]) -> Envelope {
    Envelope {
        incarnation: life(),
        made_at: TimeOfDay(1_000),
        ends_at: TimeOfDay(900_000),
        parts: parts.into_iter().map(Arc::new).collect(),
        body: Bytes::copy_from_slice(body),
    }
}

fn usual() -> Envelope {
    let dependency = Dependency::Row { table: "homes".into(), id: 7.into() };
    envelope(vec![Part { snapshot: Snapshot::up_to(41), dependencies: vec![dependency] }], b"the body")
}

fn open(bytes: &[u8]) -> Result<Envelope, Unsound> {
    seal().open(&key(), OF, &Bytes::copy_from_slice(bytes), life())
}

fn closed() -> Vec<u8> {
    seal().close(&key(), OF, &usual()).unwrap()
}

/// The bytes with the MAC that they would have if somebody with the secret had written them.
fn with_mac(mut bytes: Vec<u8>) -> Vec<u8> {
    let mac = |key: &[u8]| Hmac::<Sha256>::new_from_slice(key).unwrap();
    let own = mac(b"secret").chain_update(b"larder envelope 1").finalize().into_bytes();
    let mac = mac(&own).chain_update(&bytes[..MAC.start]).chain_update(&bytes[MAC.end..]).chain_update(OF);
    bytes[MAC].copy_from_slice(&mac.finalize().into_bytes());
    bytes
}

fn name() -> impl Strategy<Value = Box<str>> {
    "[a-z]{0,9}".prop_map(Into::into)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        Just(Value::Unknown),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(|text| Value::from(text.as_str())),
        proptest::collection::vec("[a-z]{1,5}", 1..4).prop_map(|words| Value::of_json(&words.into())),
    ]
}

fn simple() -> impl Strategy<Value = Condition> {
    prop_oneof![
        (name(), value()).prop_map(|(column, value)| Condition::Equals(column, value)),
        (name(), name()).prop_map(|(column, text)| Condition::EqualsIgnoringAsciiCase(column, text)),
        (name(), proptest::option::of(value()), proptest::option::of(value()))
            .prop_map(|(column, least, most)| Condition::Range(column, least, most)),
        (name(), proptest::collection::vec(name(), 0..3))
            .prop_map(|(column, words)| Condition::Words(column, words)),
        Just(Condition::Undecidable),
    ]
}

fn condition() -> impl Strategy<Value = Condition> {
    prop_oneof![simple(), proptest::collection::vec(simple(), 0..4).prop_map(Condition::AnyOf)]
}

fn window() -> impl Strategy<Value = Window> {
    let place = || proptest::option::of((value(), value()).prop_map(|(key, id)| Place { key, id }));
    (name(), any::<bool>(), value(), place(), place()).prop_map(|(column, ascending, null, after, until)| {
        Window { order: Order { column, ascending, null }, after, until }
    })
}

fn dependency() -> impl Strategy<Value = Dependency> {
    let columns = prop_oneof![
        Just(Columns::All),
        Just(Columns::AtLeast),
        proptest::collection::vec(name(), 0..4).prop_map(Columns::Only)
    ];
    let query =
        (name(), proptest::collection::vec(condition(), 0..4), proptest::option::of(window()), columns);
    prop_oneof![
        (name(), value()).prop_map(|(table, id)| Dependency::Row { table: (*table).into(), id }),
        name().prop_map(|table| Dependency::Table((*table).into())),
        query.prop_map(|(table, conditions, window, columns)| {
            Dependency::Query(Query { table: (*table).into(), conditions, window, columns })
        }),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let xip = proptest::collection::vec(0..1_000_u64, 0..6);
    let dependencies = proptest::collection::vec(dependency(), 0..5);
    (any::<u32>(), xip, dependencies).prop_map(|(xmin, xip, dependencies)| {
        let xmin = u64::from(xmin);
        let xip = xip.into_iter().map(|xid| Xid(xmin + xid)).collect();
        let snapshot = Snapshot::new(Xid(xmin), Xid(xmin + 1_000), xip).unwrap();
        Part { snapshot, dependencies }
    })
}

proptest! {
    #[test]
    fn whatever_is_wrapped_comes_out_as_it_was(
        parts in proptest::collection::vec(part(), 1..5),
        body in proptest::collection::vec(any::<u8>(), 0..300),
        times in any::<(u64, u64)>(),
        name in "\\PC{0,40}",
    ) {
        let (made_at, ends_at) = times;
        let times = Envelope { made_at: TimeOfDay(made_at), ends_at: TimeOfDay(ends_at), ..usual() };
        let wrapped = Envelope { parts: parts.into_iter().map(Arc::new).collect(), body: body.into(), ..times };
        let key = Key::new(Kind::Data, &name);
        let bytes = seal().close(&key, OF, &wrapped).unwrap();
        prop_assert_eq!(seal().open(&key, OF, &bytes.into(), life()).unwrap(), wrapped);
    }

    #[test]
    fn no_bytes_at_all_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(open(&bytes).is_err());
        let _ = Page::of_bytes(&bytes.clone().into());
        let mut looks_right = closed();
        looks_right.truncate(bytes.len());
        looks_right[..].iter_mut().zip(&bytes).skip(KEY_LENGTH).for_each(|(old, new)| *old = *new);
        prop_assert!(open(&looks_right).is_err());
    }

    /// Even who has the secret, and so an older mistake of ours, can do no harm with what is in it.
    #[test]
    fn no_signed_bytes_make_it_fail(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        place in 0..400_usize,
    ) {
        let mut signed = closed();
        let place = KEY_LENGTH + place % (signed.len() - KEY_LENGTH);
        let end = (place + bytes.len()).min(signed.len());
        signed[place..end].copy_from_slice(&bytes[..end - place]);
        let _ = open(&with_mac(signed));
    }
}

#[test]
fn what_ends_too_soon_or_too_late_is_nothing() {
    let whole = closed();
    assert_eq!(open(&whole), Ok(usual()));
    for end in 0..whole.len() {
        assert_eq!(open(&whole[..end]), Err(Unsound::Truncated), "{end} of {}", whole.len());
    }
    assert_eq!(open(&[&whole[..], b"x"].concat()), Err(Unsound::Truncated));
}

#[test]
fn a_single_bit_makes_all_of_it_nothing() {
    let whole = closed();
    for place in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[place / 8] ^= 1 << (place % 8);
        assert!(open(&bytes).is_err(), "bit {place} of {}", whole.len() * 8);
    }
}

#[test]
fn what_belongs_elsewhere_is_nothing_here() {
    let bytes = Bytes::from(closed());
    let other_key = Key::new(Kind::Data, "/properties/");
    assert_eq!(seal().open(&other_key, OF, &bytes, life()), Err(Unsound::OtherKey));
    assert_eq!(seal().open(&key(), "another type", &bytes, life()), Err(Unsound::BadMac));
    let other_life = Incarnation::of(["another"]);
    assert_eq!(seal().open(&key(), OF, &bytes, other_life), Err(Unsound::OtherIncarnation));
    let other_build = Seal::new(b"secret", ["build 2"]);
    assert_eq!(other_build.open(&key(), OF, &bytes, life()), Err(Unsound::OtherBuild));
    let other_secret = Seal::new(b"another", ["build 1"]);
    assert_eq!(other_secret.open(&key(), OF, &bytes, life()), Err(Unsound::BadMac));
    let mut newer = closed();
    newer[3] += 1;
    assert_eq!(open(&newer), Err(Unsound::OtherVersion));
}

#[test]
fn what_nothing_would_ever_end_is_nothing() {
    let bytes = seal().close(&key(), OF, &envelope(Vec::new(), b"body")).unwrap();
    assert_eq!(open(&bytes), Err(Unsound::Undecodable));
}

#[test]
fn a_size_of_four_gigabytes_takes_no_memory() {
    let whole = closed();
    let parts_length = KEY_LENGTH + 2 + key().to_string().len();
    for place in [KEY_LENGTH, parts_length] {
        let mut bytes = whole.clone();
        bytes[place..place + 4].copy_from_slice(&[0xff; 4]);
        let bytes = Bytes::from(with_mac(bytes));
        let measured =
            allocation_counter::measure(|| assert!(seal().open(&key(), OF, &bytes, life()).is_err()));
        assert!(measured.bytes_max < 1_000, "{measured:?}");
    }
    // In postcard's own lengths: so many parts, so many dependencies, a text of so many bytes.
    let huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for before in [&[][..], &[1, 5, 5, 0], &[1, 5, 5, 0, 1, 2], &[1, 5, 5]] {
        let parts = [before, &huge].concat();
        let mut bytes = whole[..parts_length].to_vec();
        bytes.extend(u32::try_from(parts.len()).unwrap().to_be_bytes());
        bytes.extend(parts);
        bytes.extend([0; 4]);
        let bytes = Bytes::from(with_mac(bytes));
        let measured = allocation_counter::measure(|| {
            assert_eq!(seal().open(&key(), OF, &bytes, life()), Err(Unsound::Undecodable));
        });
        assert!(measured.bytes_max < 2 << 20, "{measured:?}");
    }
}

#[test]
fn alternatives_of_alternatives_are_alternatives() {
    let deep = (0..50).fold(Condition::Undecidable, |inner, _| Condition::AnyOf(vec![inner]));
    let query = Query { table: "homes".into(), conditions: vec![deep], window: None, columns: Columns::All };
    let part = Part { snapshot: Snapshot::up_to(1), dependencies: vec![Dependency::Query(query)] };
    let bytes = seal().close(&key(), OF, &envelope(vec![part], b"")).unwrap();
    let opened = open(&bytes).unwrap();
    let Dependency::Query(query) = &opened.parts[0].dependencies[0] else { panic!("it was a query") };
    assert_eq!(query.conditions, [Condition::AnyOf(vec![Condition::Undecidable])]);
}

#[test]
fn a_wrong_clock_gives_nothing_a_longer_life_than_it_may_have() {
    let lifetime = Duration::from_mins(15);
    let envelope = Envelope { made_at: TimeOfDay(5_000_000), ends_at: TimeOfDay(5_900_000), ..usual() };
    let left = |now| envelope.left(TimeOfDay(now), lifetime).as_secs();
    assert_eq!([5_000_000, 5_600_000, 5_900_000, 0, u64::MAX].map(left), [900, 300, 0, 900, 0]);
    let age = |now| envelope.age(TimeOfDay(now), lifetime).as_secs();
    assert_eq!([5_000_000, 5_600_000, 0, u64::MAX].map(age), [0, 600, 0, 900]);
}
