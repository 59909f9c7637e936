//! Numbers as JSON writes them, read from their digits: no value goes through a float that must not be rounded.

/// Whether a text is a number as JSON writes it (RFC 8259 §6).
pub(super) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = split_exponent(unsigned);
    let (whole, places) =
        mantissa.split_once('.').map_or((mantissa, None), |(whole, places)| (whole, Some(places)));
    let exponent = exponent.map(|text| text.strip_prefix(['+', '-']).unwrap_or(text));
    is_digits(whole)
        && (whole.len() == 1 || !whole.starts_with('0'))
        && places.is_none_or(is_digits)
        && exponent.is_none_or(is_digits)
}

/// The whole number that a JSON number is: `3`, `3.0` and `30e-1` are the same. `None` where it is none, or beyond 18 digits.
pub(super) fn whole(text: &str) -> Option<i64> {
    let (is_negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = split_exponent(unsigned);
    let (whole, places) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{places}");
    let digits = all.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    let significant = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
    let zeros = exponent.map_or(Some(0), |text| text.trim_start_matches('+').parse::<i64>().ok())?;
    let zeros = zeros.checked_add(dropped)?.checked_sub(i64::try_from(places.len()).ok()?)?;
    let zeros = usize::try_from(zeros).ok().filter(|zeros| zeros + significant.len() <= 18)?;
    let value: i64 = format!("{significant}{}", "0".repeat(zeros)).parse().ok()?;
    Some(if is_negative { -value } else { value })
}

fn split_exponent(text: &str) -> (&str, Option<&str>) {
    text.split_once(['e', 'E']).map_or((text, None), |(mantissa, exponent)| (mantissa, Some(exponent)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_json_calls_one() {
        for text in ["0", "-0", "10", "1.5", "-1.50e+7", "1E-3"] {
            assert!(is_number(text), "{text}");
        }
        for text in ["", "-", "01", "+1", ".5", "1.", "1e", "1e+", "NaN", "inf", "0x10", "1 ", "١", "1,5"] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn a_whole_number_may_be_written_in_several_ways() {
        for (text, value) in [
            ("3", 3),
            ("3.0", 3),
            ("30e-1", 3),
            ("0.3e1", 3),
            ("-0", 0),
            ("0e99999999999999999999", 0),
            ("-7", -7),
            ("1e3", 1000),
            ("999999999999999999", 999_999_999_999_999_999),
        ] {
            assert_eq!(whole(text), Some(value), "{text}");
        }
        for text in [
            "3.5",
            "1e-1",
            "1e18",
            "1e99999999999999999999",
            "1e-99999999999999999999",
            "9223372036854775808",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
