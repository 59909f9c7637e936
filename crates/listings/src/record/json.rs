//! A JSON object as the members of a record, none twice, each number with its own digits.

use std::collections::HashSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Given, Record, cut};

/// No listing has half as many; each that is wrong is told in a sentence of its own.
const MOST_MEMBERS: usize = 64;

/// Why a text is no record at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It is not JSON; says where it stops to be.
    #[error("it is not JSON: {0}")]
    Syntax(String),
    /// A member is there twice: programs differ in which of the two they take.
    #[error("the member {0} is there twice")]
    Twice(String),
    /// It has more members than any listing.
    #[error("it has more than {MOST_MEMBERS} members")]
    TooMany,
    /// It is JSON, but no object.
    #[error("it must be a JSON object")]
    NoObject,
}

impl Record {
    /// The record that a JSON text is (RFC 8259).
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn of_json(text: &str) -> Result<Record, Malformed> {
        let syntax = |error: serde_json::Error| Malformed::Syntax(error.to_string());
        let value: &RawValue = serde_json::from_str(text).map_err(syntax)?;
        if !value.get().starts_with('{') {
            return Err(Malformed::NoObject);
        }
        let Members(members) = serde_json::from_str(value.get()).map_err(syntax)?;
        if members.len() > MOST_MEMBERS {
            return Err(Malformed::TooMany);
        }
        let mut seen = HashSet::new();
        if let Some((name, _)) = members.iter().find(|(name, _)| !seen.insert(name.as_str())) {
            return Err(Malformed::Twice(cut(name)));
        }
        let members = members.into_iter().map(|(name, value)| Ok((name, given(value.get())?)));
        members.collect::<Result<Vec<_>, _>>().map(Record).map_err(syntax)
    }
}

/// What a JSON value is for a listing, which has only texts and numbers.
fn given(value: &str) -> Result<Given, serde_json::Error> {
    Ok(match value.as_bytes().first() {
        Some(b'n') => Given::Null,
        Some(b'"') => Given::Text(serde_json::from_str(value)?),
        Some(b'-' | b'0'..=b'9') => Given::Number(value.to_owned()),
        _ => Given::Other(cut(value)),
    })
}

/// The members of an object in their order, the same name as often as it is there.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            // What is too many is read to its end, and not kept.
            if members.len() <= MOST_MEMBERS {
                members.push(member);
            }
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_their_order_with_their_own_digits() {
        let record =
            Record::of_json(r#" {"price": 1200.10, "title": "A\u0042", "kind": null, "x": [1, {"a": 2}]} "#);
        let given = [
            ("price", Given::Number("1200.10".into())),
            ("title", Given::Text("AB".into())),
            ("kind", Given::Null),
            ("x", Given::Other(r#"[1, {"a": 2}]"#.into())),
        ];
        assert_eq!(record.unwrap().0, given.map(|(name, given)| (name.to_owned(), given)));
    }

    #[test]
    fn what_is_no_json_says_where_it_stops_to_be() {
        for text in [
            "",
            "{",
            "{\"a\":1,}",
            "{} {}",
            "{'a': 1}",
            "{\"a\": 01}",
            "{\"a\": \"\\ud800\"}",
            "\u{feff}{}",
            "{\"a\":NaN}",
        ] {
            let Err(Malformed::Syntax(why)) = Record::of_json(text) else { panic!("{text}") };
            assert!(why.contains("column"), "{text}: {why}");
        }
    }

    #[test]
    fn other_json_than_an_object_is_no_record() {
        for text in ["null", "1", "\"x\"", "[]", "[{}]"] {
            assert_eq!(Record::of_json(text), Err(Malformed::NoObject), "{text}");
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_named_however_it_is_spelt() {
        let twice = r#"{"title": "A", "price": null, "\u0074itle": "B"}"#;
        assert_eq!(Record::of_json(twice), Err(Malformed::Twice("title".into())));
    }

    #[test]
    fn what_is_nested_deeper_than_any_stack_is_told_apart_without_one() {
        let deep = format!("{{\"title\": {}{}}}", "[".repeat(500_000), "]".repeat(500_000));
        assert!(matches!(Record::of_json(&deep).unwrap().0[0].1, Given::Other(_)));
    }
}
