//! What all requests have in common: made once at the start, shared by every handler.

use bytes::Bytes;
use larder::Larder;
use listings::Store;

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
    /// Where handlers read.
    pub catalogue: Catalogue,
    /// Whether the program is ready, or about to end.
    pub lifecycle: Lifecycle,
    /// What it has done so far.
    pub metrics: Metrics,
    /// The OpenAPI document, as JSON.
    pub openapi: Bytes,
}
