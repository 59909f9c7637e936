//! The pages about tokens.

use askama::Template;

use super::{AdminLayout, FormError, When, errors};
use crate::pages::form::{Choice, Field};

/// How long a token counts, in days; empty for ever.
pub const LIVES: [Choice; 4] =
    [("30", "30 days"), ("90", "90 days"), ("365", "A year"), ("never", "Until it is revoked")];

/// The page at `/admin/tokens/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/tokens.html")]
pub struct TokensPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// The newest first.
    pub tokens: Vec<TokenRow>,
}

/// A token in the list.
#[derive(Clone, Debug)]
pub struct TokenRow {
    /// Where it is revoked.
    pub revoke_href: String,
    /// On whose behalf it is shown.
    pub owner: String,
    /// What its owner calls it.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it is for.
    pub scopes: String,
    /// When it was made.
    pub created: When,
    /// When it was last used.
    pub last_used: Option<When>,
    /// When it ends.
    pub expires: Option<When>,
    /// Whether it has ended.
    pub has_ended: bool,
}

/// The page at `/admin/tokens/new/`.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/token_new.html")]
pub struct NewTokenPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// What its owner calls it.
    pub name: Field,
    /// What it can be for.
    pub scopes: Vec<ScopeChoice>,
    /// What was wrong with the choice.
    pub scope: Field,
    /// One of [`LIVES`].
    pub life: Field,
}

/// Something that a token can be for.
#[derive(Clone, Debug)]
pub struct ScopeChoice {
    /// The word for it.
    pub name: &'static str,
    /// What it lets a program do.
    pub words: &'static str,
    /// Whether it is chosen.
    pub is_chosen: bool,
}

impl NewTokenPage {
    /// What is wrong with it.
    #[must_use]
    pub fn errors(&self) -> Vec<FormError> {
        errors([
            ("name", "Name", &self.name),
            ("scope-read", "Scopes", &self.scope),
            ("life", "Counts for", &self.life),
        ])
    }
}

/// The page that shows a token, once.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/token_made.html")]
pub struct MadeTokenPage {
    /// What is around it.
    pub layout: AdminLayout,
    /// What its owner calls it.
    pub name: String,
    /// The token itself.
    pub secret: String,
}
