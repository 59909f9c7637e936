//! How a handler comes by the reading that its page is kept by.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use hyper::http::request::Parts;
use larder::Reading;

/// The reading of a request: the page cache's own, or where that has nothing to do with the request, one that ends with it.
#[derive(Debug)]
pub struct Reads(pub Reading);

impl<State: Sync> FromRequestParts<State> for Reads {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &State) -> Result<Reads, Infallible> {
        Ok(Reads(parts.extensions.get::<Reading>().cloned().unwrap_or_default()))
    }
}
