//! How long a handler may work on one answer, whatever each of its statements takes.

use std::time::Duration;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::Error;

/// A page asks its database several times, and each time may take seconds where it is overloaded: after this nobody waits
/// for the page any more, and the work would only keep others waiting.
pub const FOR_AN_ANSWER: Duration = Duration::from_secs(10);

/// The same for what brings a body, which the sender has a minute for.
pub const FOR_A_BODY_TOO: Duration = Duration::from_secs(70);

/// The same for a file of listings: five minutes to send it, as much again to keep it in a database that is slow.
pub const FOR_A_FILE: Duration = Duration::from_mins(10);

/// The layer around handlers that gives up an answer which takes too long. A body that is streamed afterwards has its own
/// pace, which is its reader's.
pub async fn keep(limit: Duration, request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(limit, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        let why = format!("the answer was not there within {} s", limit.as_secs());
        Error::Unavailable(why).into_response()
    })
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;
    use crate::error::Face;

    async fn answer_at(path: &str) -> Response {
        let routes = Router::new()
            .route("/never", get(std::future::pending::<()>))
            .route("/at-once", get(async || "here"))
            .layer(from_fn(|request: Request, next: Next| keep(Duration::from_millis(50), request, next)))
            .layer(from_fn(async |request: Request, next: Next| {
                let face = Face::of(&request);
                face.shown_by(next.run(request).await)
            }));
        routes.oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_is_given_up() {
        let given_up = answer_at("/never").await;
        assert_eq!(given_up.status(), 503);
        assert!(given_up.headers().contains_key("retry-after"));
        assert_eq!(answer_at("/at-once").await.status(), 200);
    }
}
