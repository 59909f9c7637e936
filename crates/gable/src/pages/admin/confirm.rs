//! Asking once more before many listings are changed, or one is deleted.

use askama::Template;

use super::AdminLayout;
use crate::pages::form::Hidden;

/// The page that asks.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/confirm.html")]
pub struct ConfirmPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The question: `Delete 12 listings?`
    pub question: String,
    /// What will be the case afterwards, in a sentence.
    pub consequence: String,
    /// Why it is asked again, where it was asked before.
    pub again: Option<String>,
    /// Some of what it is about.
    pub examples: Vec<String>,
    /// How many more there are.
    pub others: Option<String>,
    /// Where the answer goes.
    pub action: String,
    /// What the answer carries.
    pub hidden: Vec<Hidden>,
    /// What the button says.
    pub button: String,
    /// Whether something is lost by it.
    pub is_dangerous: bool,
    /// Where no leads to.
    pub back_href: String,
}
