//! What all requests have in common: made once at the start, shared by every handler.

use bytes::Bytes;
use larder::{Larder, TokenKey};
use listings::Store;

use crate::access::password::Passwords;
use crate::catalogue::Catalogue;
use crate::metrics::Metrics;
use crate::server::Lifecycle;
use crate::settings::Settings;

/// What all requests have in common.
#[derive(Debug)]
pub struct Application {
    /// What the program was told at its start.
    pub settings: Settings,
    /// How the site is addressed from outside, without a slash at the end.
    pub site_url: String,
    /// Where the listings are: for what is not kept, such as exports.
    pub store: Store,
    /// What is kept.
    pub larder: Larder,
    /// What write tokens are signed with.
    pub token_key: TokenKey,
    /// Where handlers read.
    pub catalogue: Catalogue,
    /// Whether the program is ready, or about to end.
    pub lifecycle: Lifecycle,
    /// What it has done so far.
    pub metrics: Metrics,
    /// Where passwords are compared.
    pub passwords: Passwords,
    /// The OpenAPI document, as JSON.
    pub openapi: Bytes,
}

impl Application {
    /// Whether browsers come over https.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.site_url.starts_with("https://")
    }
}
