//! `If-Match`: what a change was made from (RFC 9110 §13.1.1).

use hyper::header::{HeaderMap, IF_MATCH};
use listings::search::Refusal;

use crate::error::Error;
use crate::representation::Representation;

/// What must be there for a change to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Precondition {
    /// Anything.
    Any,
    /// What has one of these strong validators, each with its quotes.
    OneOf(Vec<String>),
}

impl Precondition {
    /// What a request demands; one that demands nothing would undo what it has not seen.
    pub(super) fn of(headers: &HeaderMap) -> Result<Precondition, Error> {
        if !headers.contains_key(IF_MATCH) {
            return Err(Error::Unconditional);
        }
        let values: Vec<_> =
            headers.get_all(IF_MATCH).iter().map(|value| value.to_str().unwrap_or("?")).collect();
        let value = values.join(",");
        if value.trim() == "*" {
            return Ok(Precondition::Any);
        }
        strong_tags(&value).map(Precondition::OneOf).ok_or_else(|| {
            let rule = "must be the ETag of the listing, a list of such, or *".to_owned();
            let value = value.chars().take(100).collect();
            Error::Parameters(vec![Refusal { parameter: "If-Match".to_owned(), value, rule }])
        })
    }

    /// Whether it holds for a listing of that version, shown as that representation: either's tag will do.
    pub(super) fn holds(&self, version: i64, shown: &Representation) -> bool {
        match self {
            Precondition::Any => true,
            Precondition::OneOf(tags) => {
                let version = format!("\"{version}\"");
                tags.iter().any(|tag| *tag == version || shown.has_validator(tag))
            }
        }
    }
}

/// The strong tags of a list that has at least one tag of either kind: weak ones never match.
fn strong_tags(list: &str) -> Option<Vec<String>> {
    let (mut strong, mut is_empty, mut rest) = (Vec::new(), true, list.trim());
    while !rest.is_empty() {
        let (is_weak, tag) = rest.strip_prefix("W/").map_or((false, rest), |tag| (true, tag));
        let end = tag.strip_prefix('"')?.find('"')? + 2;
        let (tag, after) = tag.split_at(end);
        if !tag.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        if !is_weak {
            strong.push(tag.to_owned());
        }
        is_empty = false;
        let after = after.trim_start();
        if !after.is_empty() && !after.starts_with(',') {
            return None;
        }
        rest = after.trim_start_matches([',', ' ', '\t']);
    }
    (!is_empty).then_some(strong)
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    fn of(values: &[&'static str]) -> Result<Precondition, Error> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(IF_MATCH, HeaderValue::from_static(value));
        }
        Precondition::of(&headers)
    }

    fn one_of(tags: &[&str]) -> Precondition {
        Precondition::OneOf(tags.iter().map(|tag| (*tag).to_owned()).collect())
    }

    #[test]
    fn tags_come_one_by_one_or_in_lists_and_weak_ones_are_left_out() {
        assert_eq!(of(&["\"a\""]).unwrap(), one_of(&["\"a\""]));
        assert_eq!(of(&["\"a\", W/\"b\" ,,\"c,d\"", "\"\""]).unwrap(), one_of(&["\"a\"", "\"c,d\"", "\"\""]));
        assert_eq!(of(&["W/\"a\""]).unwrap(), one_of(&[]));
        assert_eq!(of(&[" * "]).unwrap(), Precondition::Any);
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for value in [
            "",
            "a",
            "\"a",
            "\"a\" \"b\"",
            "\"a\"b",
            "*, \"a\"",
            "\"a\", *",
            "w/\"a\"",
            "\"a b\"",
            "'a'",
            ",",
        ] {
            assert!(matches!(of(&[value]), Err(Error::Parameters(_))), "{value}");
        }
    }

    #[test]
    fn without_any_there_is_no_change() {
        assert!(matches!(of(&[]), Err(Error::Unconditional)));
    }

    #[tokio::test]
    async fn the_validator_of_any_coding_holds_and_so_does_the_version() {
        let shown = Representation::new("application/json", "x".repeat(2_000));
        let etag = shown.validator().to_str().unwrap().to_owned();
        let bare = etag.replace('"', "");
        assert!(one_of(&["\"z\"", &etag]).holds(3, &shown) && one_of(&["\"3\""]).holds(3, &shown));
        for other in ["\"2\"", "3", &bare, &format!("W/{etag}")] {
            assert!(!one_of(&[other]).holds(3, &shown), "{other}");
        }
        assert!(Precondition::Any.holds(3, &shown));
    }
}
