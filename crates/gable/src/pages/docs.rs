//! The page of the API's documentation: a viewer around the OpenAPI document.

use askama::Template;

use super::layout::Assets;

/// The page at `/api/docs`.
#[derive(Clone, Debug, Template)]
#[template(path = "docs.html")]
pub struct DocsPage {
    /// Files that every page loads.
    pub assets: Assets,
    /// Address of the viewer's script.
    pub viewer_href: String,
    /// Address of the script that fits the viewer to light or dark.
    pub script_href: String,
}
