//! Sending a file of listings, and what came of it.

use askama::Template;
use listings::import::RowFault;

use super::AdminLayout;
use crate::pages::form::Field;
use crate::pages::wording;

/// The page at `/admin/import/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/import.html")]
pub struct ImportPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// What was wrong with the choice of a file.
    pub file: Field,
    /// What would come of the file that was sent, or has come of it.
    pub outcome: Option<Outcome>,
}

/// What would come of a file, or has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the file is called.
    pub name: String,
    /// Rows in it.
    pub rows: u64,
    /// New listings.
    pub created: u64,
    /// Listings that become others.
    pub updated: u64,
    /// Listings that are so already.
    pub unchanged: u64,
    /// Rows that are wrong.
    pub refused: u64,
    /// What is wrong.
    pub errors: Vec<RowError>,
    /// How much more is wrong.
    pub errors_beyond: u64,
    /// Whether nothing is imported.
    pub is_refused: bool,
    /// Whether wrong rows are left out.
    pub is_skipping: bool,
    /// Whether it was done.
    pub is_done: bool,
    /// The transaction.
    pub number: Option<String>,
    /// What the file is kept as until somebody agrees.
    pub upload: Option<String>,
}

impl Outcome {
    /// In groups of three digits.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    fn number(number: &u64) -> String {
        wording::number(*number, false)
    }
}

/// What is wrong with a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowError {
    /// Its number; 0 for the file as such.
    pub row: u64,
    /// The line that it begins in.
    pub line: u64,
    /// Which member.
    pub field: String,
    /// What was given.
    pub value: String,
    /// What would be right.
    pub rule: String,
}

impl From<RowFault> for RowError {
    fn from(RowFault { row, line, fault }: RowFault) -> RowError {
        RowError { row, line, field: fault.field, value: fault.value, rule: fault.rule }
    }
}
