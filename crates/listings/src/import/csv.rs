//! Rows of a table as RFC 4180 writes it.

use csv::{Reader, ReaderBuilder, StringRecord};

use super::Row;
use crate::property::FIELDS;
use crate::record::{Fault, READ_ONLY, REFERENCE, Record, unguarded};

/// The rows below the header; or what is wrong with the header, and in which line.
pub(super) fn rows(text: &str) -> Result<impl Iterator<Item = Row> + Send, (u64, Fault)> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut first = StringRecord::new();
    if !reader.read_record(&mut first).unwrap_or(false) {
        return Err((
            1,
            Fault::new("", "", format!("the file is empty: its first line must name {}", known())),
        ));
    }
    let header: Vec<String> = first.iter().map(|name| name.trim().to_owned()).collect();
    let mut lines = Lines { text: text.as_bytes(), counted: 0, line: 1 };
    check(&header).map_err(|fault| (lines.of(&first), fault))?;
    Ok(Rows { reader, header, lines, number: 0 })
}

fn known() -> String {
    let names: Vec<_> = FIELDS.into_iter().chain([REFERENCE]).chain(READ_ONLY).collect();
    names.join(", ")
}

fn check(header: &[String]) -> Result<(), Fault> {
    for (place, name) in header.iter().enumerate() {
        let is_known = FIELDS.iter().chain(&READ_ONLY).any(|known| known == name) || name == REFERENCE;
        if !is_known {
            return Err(Fault::new(name, name, format!("is no column that is known; known are {}", known())));
        }
        if header[..place].contains(name) {
            return Err(Fault::new(name, name, "is the name of two columns"));
        }
    }
    let has = |name: &str| header.iter().any(|known| known == name);
    let missing = ["title", "location"].into_iter().find(|name| !has(name));
    match missing {
        Some(name) if !has("id") && !has(REFERENCE) => {
            Err(Fault::new(name, "", format!("the column is missing; known are {}", known())))
        }
        _ => Ok(()),
    }
}

struct Rows<'a> {
    reader: Reader<&'a [u8]>,
    header: Vec<String>,
    lines: Lines<'a>,
    number: u64,
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let mut cells = StringRecord::new();
        match self.reader.read_record(&mut cells) {
            Ok(false) => None,
            Ok(true) => {
                self.number += 1;
                Some(Row {
                    number: self.number,
                    line: self.lines.of(&cells),
                    record: record(&self.header, &cells),
                })
            }
            Err(error) => {
                self.number += 1;
                let line = error.position().map_or(0, csv::Position::line);
                Some(Row { number: self.number, line, record: Err(Fault::new("", "", error.to_string())) })
            }
        }
    }
}

/// In which line each row begins. The reader's own count is of where the row before has ended, which may be before its LF and
/// before empty lines.
struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: u64,
}

impl Lines<'_> {
    fn of(&mut self, cells: &StringRecord) -> u64 {
        let ended = cells.position().and_then(|position| usize::try_from(position.byte()).ok());
        let mut begin = ended.unwrap_or_default().clamp(self.counted, self.text.len());
        begin += self.text[begin..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.line += self.text[self.counted..begin].split(|byte| *byte == b'\n').skip(1).count() as u64;
        self.counted = begin;
        self.line
    }
}

fn record(header: &[String], cells: &StringRecord) -> Result<Record, Fault> {
    if cells.len() != header.len() {
        let rule = format!("must have {} cells, as many as the header", header.len());
        return Err(Fault::new("", &format!("{} cells", cells.len()), rule));
    }
    Ok(Record::of_texts(header.iter().map(String::as_str).zip(cells.iter().map(unguarded))))
}
