//! `Cache-Groups` (RFC 9875): what caches in front may drop a page by.

use std::fmt::Write as _;
use std::sync::Arc;

use http::HeaderValue;

use crate::freshness::{Dependency, Part, Value};

/// RFC 9875 §2: a cache must support 32 groups of 32 characters each, and may ignore what is beyond.
const MOST_GROUPS: usize = 32;
const LONGEST_GROUP: usize = 32;

/// The groups of a page: `"table/id"` for each row that it was made from, `"table"` for each table that it looked through. A
/// row that does not fit in is covered by its table.
pub(super) fn of(parts: &[Arc<Part>]) -> Option<HeaderValue> {
    let mut tables = Vec::new();
    let mut rows = Vec::new();
    for dependency in parts.iter().flat_map(|part| &part.dependencies) {
        let table = &**dependency.table();
        match dependency {
            Dependency::Row { id, .. } => match row(table, id) {
                Some(group) if rows.contains(&group) => {}
                Some(group) if rows.len() < MOST_GROUPS / 2 => rows.push(group),
                _ => note(&mut tables, table),
            },
            Dependency::Query(_) | Dependency::Table(_) => note(&mut tables, table),
        }
    }
    let groups = tables.into_iter().map(str::to_owned).chain(rows).take(MOST_GROUPS);
    let mut field = String::new();
    for group in groups {
        let separator = if field.is_empty() { "" } else { ", " };
        let _ = write!(field, "{separator}\"{group}\"");
    }
    HeaderValue::from_str(&field).ok().filter(|field| !field.is_empty())
}

fn note<'a>(tables: &mut Vec<&'a str>, table: &'a str) {
    if is_group(table) && !tables.contains(&table) {
        tables.push(table);
    }
}

fn row(table: &str, id: &Value) -> Option<String> {
    let group = match id {
        Value::Number(number) => format!("{table}/{}", number.normalize()),
        Value::Text(text) => format!("{table}/{text}"),
        _ => return None,
    };
    is_group(&group).then_some(group)
}

/// A string of a structured field (RFC 9651 §3.3.3) without anything that would have to be escaped.
fn is_group(text: &str) -> bool {
    (1..=LONGEST_GROUP).contains(&text.len())
        && text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::freshness::Snapshot;

    fn groups(dependencies: Vec<Dependency>) -> Option<String> {
        let part = Part { snapshot: Snapshot::up_to(1), dependencies };
        of(&[Arc::new(part)]).map(|field| field.to_str().unwrap().to_owned())
    }

    fn home(id: i64) -> Dependency {
        Dependency::Row { table: "homes".into(), id: id.into() }
    }

    #[test]
    fn each_row_and_each_table_is_named_once() {
        let named = groups(vec![home(7), home(7), Dependency::Table("people".into()), home(8)]);
        assert_eq!(named.as_deref(), Some("\"people\", \"homes/7\", \"homes/8\""));
    }

    #[test]
    fn there_are_never_more_groups_or_longer_ones_than_a_cache_must_support() {
        let many = groups((0..100).map(home).collect()).unwrap();
        assert!(many.split(", ").count() <= MOST_GROUPS);
        assert!(many.starts_with("\"homes\", "), "the rest is covered by the table");
        let long = "x".repeat(33);
        assert_eq!(groups(vec![Dependency::Table(long.as_str().into())]), None);
        let uuid =
            Dependency::Row { table: "homes".into(), id: "0190163d-8694-739b-aea5-966c26f8ad90".into() };
        assert_eq!(groups(vec![uuid]).as_deref(), Some("\"homes\""));
    }

    #[test]
    fn what_would_break_the_field_is_not_in_it() {
        assert_eq!(groups(vec![Dependency::Table("a\"b".into()), Dependency::Table("a\nb".into())]), None);
    }
}
