//! The API's documentation: the document for programs, and a page for people that loads nothing from elsewhere.

use std::sync::Arc;

use askama::Template as _;
use axum::extract::State;
use hyper::header::CONTENT_SECURITY_POLICY;

use super::Answer;
use crate::application::Application;
use crate::assets;
use crate::pages::docs::DocsPage;
use crate::representation::Representation;
use crate::security::DOCS_CONTENT_SECURITY_POLICY;

/// The OpenAPI 3.1 document, made from the handlers themselves.
pub async fn openapi(State(application): State<Arc<Application>>) -> Representation {
    Representation::new("application/json", application.openapi.clone())
}

/// The document, readable.
pub async fn page() -> Answer {
    let page = DocsPage {
        assets: assets::hrefs(),
        viewer_href: assets::href("rapidoc-min.js"),
        script_href: assets::href("docs.js"),
    };
    Ok(Representation::html(page.render()?)
        .with_header(CONTENT_SECURITY_POLICY, DOCS_CONTENT_SECURITY_POLICY))
}
