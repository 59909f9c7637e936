//! Many listings out of one file: read, compared with what is there, and kept together.
//!
//! ```text
//! csv, ndjson   text → rows, each with its line
//! look          which listings the rows of a batch mean
//! plan          what is to be done with each row, or what is wrong with it
//! apply         a batch written: COPY and one UPDATE in PostgreSQL, statements of many rows in SQLite
//! ```
//!
//! A row means the listing of its `id`, else that of its `reference`, the name that another system gives a listing; else it is
//! a new one. Of a listing that is there, what a row does not say stays as it is.

mod apply;
mod csv;
mod look;
mod ndjson;
mod plan;

use chrono::{DateTime, Utc};

use self::look::Looking;
use self::plan::Plan;
use crate::record::{Fault, Record};
use crate::store::Written;
use crate::store::writing::{Author, Writing};
use crate::{Store, StoreError};

/// Rows that are looked up and written together.
const BATCH: usize = 1_000;
/// Errors that a report lists; beyond them it counts.
pub const MOST_ERRORS: usize = 1_000;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 4180 with a header line that names members of a record, and `reference`.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// What becomes of a file in which some rows are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// Nothing of it is kept.
    #[default]
    Abort,
    /// The others are kept.
    Skip,
}

/// A file of listings.
#[derive(Debug, Clone, Copy)]
pub struct Import<'a> {
    /// How it is written.
    pub format: Format,
    /// Its bytes.
    pub content: &'a [u8],
    /// What becomes of it where some rows are wrong.
    pub on_error: OnError,
}

/// What an import has done, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Rows in the file.
    pub rows: u64,
    /// Listings that are new.
    pub created: u64,
    /// Listings that have become others.
    pub updated: u64,
    /// Listings that were so already.
    pub unchanged: u64,
    /// Rows that are wrong.
    pub refused: u64,
    /// What is wrong, the first [`MOST_ERRORS`].
    pub errors: Vec<RowFault>,
    /// How much is wrong altogether.
    pub errors_total: u64,
    /// Whether the file as such can't be read, so that no row was looked at.
    pub is_unreadable: bool,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Its number among the rows, from 1; 0 for the file as such.
    pub row: u64,
    /// The line of the file that it begins in, from 1.
    pub line: u64,
    /// Which member, what was given, and the rule; no member where the row as such is wrong.
    pub fault: Fault,
}

/// An import that was carried out, or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// What was done. Where it was refused: what would have been.
    pub report: Report,
    /// What was committed; `None` where it was refused.
    pub written: Option<Written>,
}

impl Report {
    /// Whether nothing of the file is to be kept.
    #[must_use]
    pub fn is_refused(&self, on_error: OnError) -> bool {
        self.is_unreadable || (self.errors_total > 0 && on_error == OnError::Abort)
    }

    fn unreadable(line: u64, fault: Fault) -> Report {
        let errors = vec![RowFault { row: 0, line, fault }];
        Report { errors, errors_total: 1, is_unreadable: true, ..Report::default() }
    }

    fn refuse(&mut self, row: u64, line: u64, faults: Vec<Fault>) {
        self.refused += 1;
        self.errors_total += faults.len() as u64;
        let room = MOST_ERRORS.saturating_sub(self.errors.len());
        self.errors.extend(faults.into_iter().take(room).map(|fault| RowFault { row, line, fault }));
    }
}

impl Store {
    /// What an import would do; nothing is written, and nobody is held up.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn plan_import(&self, import: &Import<'_>) -> Result<Report, StoreError> {
        let mut rows = match rows(import) {
            Ok(rows) => rows,
            Err((line, fault)) => return Ok(Report::unreadable(line, fault)),
        };
        let mut plan = Plan::default();
        while let Some(batch) = next_batch(&mut rows).await {
            let batch = plan.read(batch);
            let known = look::known(&mut Looking::Store(self), &batch).await?;
            plan.decide(batch, &known);
        }
        Ok(plan.report)
    }

    /// Keeps the listings of a file, in one transaction of that author. A listing without a time gets `now`.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is kept, but for [`StoreError::Unknown`].
    pub async fn import(
        &self,
        author: &Author,
        import: &Import<'_>,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        self.write(author).await?.carry_out(import, now).await
    }
}

impl Writing {
    /// Imports a file and ends the transaction.
    pub(crate) async fn carry_out(
        mut self,
        import: &Import<'_>,
        now: DateTime<Utc>,
    ) -> Result<Imported, StoreError> {
        let report = match rows(import) {
            Err((line, fault)) => Report::unreadable(line, fault),
            Ok(rows) => {
                self.take_time().await?;
                self.import(rows, import.on_error, now).await?
            }
        };
        if report.is_refused(import.on_error) {
            self.rollback().await?;
            return Ok(Imported { report, written: None });
        }
        Ok(Imported { report, written: Some(self.commit().await?) })
    }

    /// Plans and writes batch by batch. Once the whole is refused nothing more is written, but all is looked at.
    async fn import(
        &mut self,
        mut rows: Rows<'_>,
        on_error: OnError,
        now: DateTime<Utc>,
    ) -> Result<Report, StoreError> {
        let mut plan = Plan::default();
        while let Some(batch) = next_batch(&mut rows).await {
            let batch = plan.read(batch);
            let known = look::known(&mut Looking::Writing(self), &batch).await?;
            let steps = plan.decide(batch, &known);
            if !plan.report.is_refused(on_error) {
                self.apply(steps, now).await?;
            }
        }
        Ok(plan.report)
    }
}

/// A row as it was read.
#[derive(Debug)]
struct Row {
    number: u64,
    line: u64,
    record: Result<Record, Fault>,
}

type Rows<'a> = Box<dyn Iterator<Item = Row> + Send + 'a>;

/// The rows of a file; or what is wrong with it as such, and in which line.
fn rows<'a>(import: &Import<'a>) -> Result<Rows<'a>, (u64, Fault)> {
    let text = text(import.content)?;
    Ok(match import.format {
        Format::Csv => Box::new(csv::rows(text)?),
        Format::Ndjson => Box::new(ndjson::rows(text)),
    })
}

/// The text of a file, without the mark that some programs put before it.
fn text(content: &[u8]) -> Result<&str, (u64, Fault)> {
    if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
        return Err((
            1,
            Fault::new("", "UTF-16", "the file must be UTF-8: save it again as UTF-8 (in Excel: CSV UTF-8)"),
        ));
    }
    let text = str::from_utf8(content).map_err(|error| {
        let before = &content[..error.valid_up_to()];
        let line = before.split(|byte| *byte == b'\n').count();
        let wrong: Vec<String> =
            content[error.valid_up_to()..].iter().take(4).map(|byte| format!("{byte:02X}")).collect();
        let rule = "the file must be UTF-8: this line is not";
        (line as u64, Fault::new("", &wrong.join(" "), rule))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The next rows; in between, others have their turn.
async fn next_batch(rows: &mut Rows<'_>) -> Option<Vec<Row>> {
    tokio::task::yield_now().await;
    let batch: Vec<Row> = rows.take(BATCH).collect();
    (!batch.is_empty()).then_some(batch)
}

#[cfg(test)]
mod tests;
