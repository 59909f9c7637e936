//! The value of a column, as far as conditions and orders need to know it.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;

/// The value of a column in a change or a condition.
///
/// Points in time come as numbers from PostgreSQL (microseconds since 1970, UTC) and as whatever the application keeps from
/// SQLite.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Value {
    /// No value: no condition holds for it, as in SQL.
    Null,
    /// True or false.
    Bool(bool),
    /// A number, exact to 28 digits.
    Number(Decimal),
    /// A text; compared by its bytes.
    Text(Box<str>),
    /// A value that is there but cannot be compared: every condition may hold for it.
    Unknown,
}

impl Value {
    /// The value in a row as JSON; what fits no other kind is [`Value::Unknown`].
    #[must_use]
    pub fn of_json(json: &Json) -> Value {
        match json {
            Json::Null => Value::Null,
            Json::Bool(truth) => Value::Bool(*truth),
            Json::Number(number) => exact(number).map_or(Value::Unknown, Value::Number),
            Json::String(text) => Value::Text(text.as_str().into()),
            Json::Array(_) | Json::Object(_) => Value::Unknown,
        }
    }

    /// The value of a piece of JSON text. Unlike [`Value::of_json`], whose numbers may have gone through a floating-point one
    /// before, it sees every digit: a number of more than 28 is unknown, and none is rounded.
    #[must_use]
    pub fn of_raw_json(json: &RawValue) -> Value {
        let text = json.get();
        if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
            return number_of(text).map_or(Value::Unknown, Value::Number);
        }
        serde_json::from_str(text).map_or(Value::Unknown, |json| Value::of_json(&json))
    }

    /// The order of two values, where both are of one kind that has an order.
    #[must_use]
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Number(one), Value::Number(other)) => Some(one.cmp(other)),
            (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
            (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
            _ => None,
        }
    }

    /// Bytes on the heap.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            _ => 0,
        }
    }
}

/// A number that the parser has kept as it was written. One with more digits than a float always keeps may have been another.
fn exact(number: &serde_json::Number) -> Option<Decimal> {
    const DIGITS_OF_A_FLOAT: usize = 15;
    let text = number.to_string();
    let digits = text.split(['e', 'E']).next()?.bytes().filter(u8::is_ascii_digit).count();
    let is_kept = !number.is_f64()
        || digits <= DIGITS_OF_A_FLOAT + 1 && text.starts_with("0.")
        || digits <= DIGITS_OF_A_FLOAT;
    number_of(&text).filter(|_| is_kept)
}

/// A number is exact or it is none: a rounded one could fall on the wrong side of a condition.
fn number_of(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).ok().or_else(|| {
        let (digits, _) = text.split_once(['e', 'E'])?;
        let number = Decimal::from_scientific(text).ok()?;
        let significant = digits.bytes().filter(u8::is_ascii_digit).count();
        (significant <= 28 && (!number.is_zero() || digits.bytes().all(|byte| b"-0.".contains(&byte))))
            .then_some(number)
    })
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number.into())
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::Number(number.into())
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Value {
        Value::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

/// The number as its shortest decimal text, which is how both databases write it into a change; what is out of range is
/// [`Value::Unknown`].
impl From<f64> for Value {
    fn from(number: f64) -> Value {
        number_of(&number.to_string()).map_or(Value::Unknown, Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_same_however_they_are_written() {
        let json = |text: &str| Value::of_json(&serde_json::from_str(text).unwrap());
        assert_eq!(json("1200.00"), Value::from(1200));
        assert_eq!(json("0.1"), Value::from(0.1));
        assert_eq!(json("1e3"), Value::from(1000));
        assert_eq!(json("-0.187"), Value::from(-0.187));
    }

    #[test]
    fn a_number_that_would_be_rounded_is_unknown() {
        let json = |text: &str| Value::of_json(&serde_json::from_str(text).unwrap());
        assert_eq!(json("1e300"), Value::Unknown);
        assert_eq!(json("1e-40"), Value::Unknown);
        assert_eq!(json("12345678901234567.25"), Value::Unknown, "the parser has made it ….0");
        assert_eq!(Value::from(f64::NAN), Value::Unknown);
    }

    #[test]
    fn a_number_in_a_text_keeps_every_digit() {
        let raw = |text: &str| Value::of_raw_json(&RawValue::from_string(text.to_owned()).unwrap());
        let long = "0.1234567890123456789012345678";
        assert_eq!(raw(long), Value::Number(long.parse().unwrap()));
        assert_ne!(raw("12345678901234567890.1"), raw("12345678901234567890.2"));
        assert_eq!(raw("12345678901234567890123456789012"), Value::Unknown);
        assert_eq!(raw("-1200.50"), Value::Number("-1200.5".parse().unwrap()));
        assert_eq!((raw("\"a\""), raw("null"), raw("[]")), (Value::from("a"), Value::Null, Value::Unknown));
    }

    #[test]
    fn values_of_two_kinds_have_no_order() {
        assert_eq!(Value::from(1).compare(&Value::from("1")), None);
        assert_eq!(Value::Null.compare(&Value::Null), None);
    }
}
