//! Money: an exact decimal with two places, as `numeric(12,2)` holds it.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// A price: an exact decimal with two places, written as `1200.00`.
///
/// What [`FromStr`] makes is at least 0 and at most 9,999,999,999.99. What another program put into the database may
/// lie outside; it is kept and shown as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Price {
    cents: i64,
}

/// The text is not a price; says the rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a decimal number from 0 to 9999999999.99 with at most two places, such as 250000 or 1200.50"
)]
pub struct InvalidPrice;

impl Price {
    /// The largest price that `numeric(12,2)` holds.
    pub const MAX: Price = Price { cents: 999_999_999_999 };

    /// The price of that many hundredths.
    #[must_use]
    pub fn from_cents(cents: i64) -> Price {
        Price { cents }
    }

    /// The price in hundredths; exact.
    #[must_use]
    pub fn cents(self) -> i64 {
        self.cents
    }

    /// The price as a decimal of scale 2.
    #[must_use]
    pub fn decimal(self) -> Decimal {
        Decimal::new(self.cents, 2)
    }
}

/// Digits, and possibly a point with one or two digits behind it. No sign, exponent, space or grouping.
impl FromStr for Price {
    type Err = InvalidPrice;

    fn from_str(text: &str) -> Result<Price, InvalidPrice> {
        let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str, at_most| {
            (1..=at_most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(whole, 10) || !digits(places, 2) {
            return Err(InvalidPrice);
        }
        format!("{whole}{places:0<2}").parse().map(Price::from_cents).map_err(|_| InvalidPrice)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.decimal().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_keeps_its_two_places() {
        for (given, kept) in [("0", "0.00"), ("1200", "1200.00"), ("1200.5", "1200.50"), ("007.07", "7.07")] {
            assert_eq!(given.parse::<Price>().unwrap().to_string(), kept);
        }
        assert_eq!("9999999999.99".parse::<Price>().unwrap(), Price::MAX);
        assert_eq!(Price::MAX.cents(), 999_999_999_999);
    }

    #[test]
    fn what_numeric_12_2_cannot_hold_is_refused() {
        for given in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1.001",
            "1e400",
            "1e3",
            "NaN",
            "Infinity",
            "10000000000",
            "1,200",
            " 1",
            "1 ",
            "١",
            "0x10",
        ] {
            assert_eq!(given.parse::<Price>(), Err(InvalidPrice), "{given:?}");
        }
    }
}
