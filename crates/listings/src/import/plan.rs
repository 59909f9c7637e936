//! What is to be done with each row, or what is wrong with it.

use std::collections::HashMap;

use super::look::Known;
use super::{Report, Row};
use crate::NewProperty;
use crate::edit::is_alike;
use crate::record::{Fault, Given, Onto, REFERENCE, Record};

/// A row that says which listing it means.
#[derive(Debug)]
pub(super) struct Keyed {
    number: u64,
    line: u64,
    pub(super) id: Option<i64>,
    pub(super) reference: Option<String>,
    record: Record,
}

/// One thing to be written.
#[derive(Debug)]
pub(super) enum Step {
    Insert(NewProperty, Option<String>),
    Update(i64, NewProperty),
    /// A listing that is there is given its reference.
    Name(i64, String),
}

/// The plan of a file, made batch by batch.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) report: Report,
    /// The row of each reference, and of each listing, that has come so far: none may come twice.
    references: HashMap<String, u64>,
    listings: HashMap<i64, u64>,
}

impl Plan {
    /// The rows that can be understood; the others are refused.
    pub(super) fn read(&mut self, rows: Vec<Row>) -> Vec<Keyed> {
        self.report.rows += rows.len() as u64;
        let mut keyed = Vec::new();
        for Row { number, line, record } in rows {
            match record.map_err(|fault| vec![fault]).and_then(|record| key(number, line, record)) {
                Ok(row) => keyed.push(row),
                Err(faults) => self.report.refuse(number, line, faults),
            }
        }
        keyed
    }

    /// What is to be written for these rows.
    pub(super) fn decide(&mut self, rows: Vec<Keyed>, known: &Known) -> Vec<Step> {
        let mut steps = Vec::new();
        for row in rows {
            let (number, line) = (row.number, row.line);
            match self.decide_one(row, known) {
                Ok(of_row) => {
                    match of_row.first() {
                        None => self.report.unchanged += 1,
                        Some(Step::Insert(..)) => self.report.created += 1,
                        Some(_) => self.report.updated += 1,
                    }
                    steps.extend(of_row);
                }
                Err(faults) => self.report.refuse(number, line, faults),
            }
        }
        steps
    }

    fn decide_one(&mut self, row: Keyed, known: &Known) -> Result<Vec<Step>, Vec<Fault>> {
        let Keyed { number, id, reference, record, .. } = row;
        let named = reference.as_ref().and_then(|reference| known.ids.get(reference)).copied();
        if let Some(reference) = &reference {
            if let Some(other) = self.references.insert(reference.clone(), number) {
                return Err(refusal(REFERENCE, reference, format!("is that of row {other} too")));
            }
            if let (Some(id), Some(named)) = (id, named)
                && id != named
            {
                return Err(refusal(REFERENCE, reference, format!("is that of listing {named}")));
            }
        }
        let Some(id) = id.or(named) else {
            return Ok(vec![Step::Insert(record.check(Onto::Imported)?, reference)]);
        };
        if let Some(other) = self.listings.insert(id, number) {
            return Err(refusal("id", &id.to_string(), format!("is the listing of row {other} too")));
        }
        let Some(property) = known.properties.get(&id) else {
            return Err(refusal(
                "id",
                &id.to_string(),
                "there is no such listing; without an id it would be a new one",
            ));
        };
        let with = record.check(Onto::Part(property))?;
        let mut steps = Vec::new();
        if !is_alike(property, &with) {
            steps.push(Step::Update(id, with));
        }
        if let Some(reference) = reference.filter(|_| named.is_none()) {
            if let Some(other) = known.references.get(&id) {
                return Err(refusal(
                    REFERENCE,
                    &reference,
                    format!("the listing has the reference {other} already"),
                ));
            }
            steps.push(Step::Name(id, reference));
        }
        Ok(steps)
    }
}

fn refusal(field: &str, value: &str, rule: impl Into<String>) -> Vec<Fault> {
    vec![Fault::new(field, value, rule)]
}

fn key(number: u64, line: u64, mut record: Record) -> Result<Keyed, Vec<Fault>> {
    let id = record.take("id").as_ref().map(id).transpose()?;
    let reference = match record.take(REFERENCE) {
        None | Some(Given::Null) => None,
        Some(given) => Some(reference(given)?),
    };
    Ok(Keyed { number, line, id, reference, record })
}

fn id(given: &Given) -> Result<i64, Vec<Fault>> {
    let id = given.whole().filter(|id| *id > 0);
    id.ok_or_else(|| refusal("id", given.shown(), "must be the number of a listing"))
}

fn reference(given: Given) -> Result<String, Vec<Fault>> {
    const RULE: &str = "must be one line of 1 to 200 characters without control characters";
    match given {
        Given::Text(text)
            if (1..=200).contains(&text.chars().count())
                && !text.chars().any(char::is_control)
                && text.trim() == text =>
        {
            Ok(text)
        }
        other => Err(refusal(REFERENCE, other.shown(), RULE)),
    }
}
