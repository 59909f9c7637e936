//! Rows of a file with one JSON object a line.

use super::Row;
use crate::record::{Fault, Record};

/// The rows; lines of white space are none.
pub(super) fn rows(text: &str) -> impl Iterator<Item = Row> + Send {
    let lines = text.split('\n').zip(1..).map(|(line, number)| (line.trim(), number));
    lines.filter(|(line, _)| !line.is_empty()).zip(1..).map(|((text, line), number)| Row {
        number,
        line,
        record: Record::of_json(text).map_err(|malformed| Fault::new("", text, malformed.to_string())),
    })
}
