//! The page for when something went wrong.

use askama::Template;

use super::layout::{Assets, Layout};

/// One page for every error status.
#[derive(Clone, Debug, Template)]
#[template(path = "error.html")]
pub struct ErrorPage {
    /// What is around it.
    pub layout: Layout,
    /// The HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub heading: String,
    /// What the visitor can do.
    pub message: String,
    /// What exactly was wrong, a sentence each.
    pub problems: Vec<String>,
    /// When to come back.
    pub retry_after_seconds: Option<u64>,
    /// The request's number, to quote when asking for help.
    pub request_id: Option<String>,
}

impl ErrorPage {
    /// The page for `status` with its usual words; add `problems`, `retry_after_seconds`, `request_id` as known.
    #[must_use]
    pub fn new(status: u16, assets: Assets) -> Self {
        let (heading, message) = words(status);
        Self {
            layout: Layout {
                title: heading.to_owned(),
                description: message.to_owned(),
                assets,
                ..Layout::default()
            },
            status,
            heading: heading.to_owned(),
            message: message.to_owned(),
            problems: Vec::new(),
            retry_after_seconds: None,
            request_id: None,
        }
    }
}

/// What is said about a status: what happened, and what to do.
fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("We could not read that", "Something in it is not as it should be."),
        401 => ("Please say who you are", "This is not for everybody."),
        403 => ("That is not allowed", "Nothing was changed."),
        404 => (
            "Nobody lives here",
            "There is no page at this address. A listing may have been taken down since.",
        ),
        405 => ("That is not possible here", "This page can be read, but not changed in that way."),
        409 => (
            "Somebody was quicker",
            "It has changed since you looked. Go back, look at it again, and decide.",
        ),
        413 | 414 | 431 => ("That was too long", "The request is longer than this site accepts."),
        429 => ("One moment, please", "There were too many requests."),
        503 => ("We are out for a moment", "The site can't answer just now. Nothing is lost."),
        status if status < 500 => ("That did not work", "The request could not be answered."),
        _ => ("Something broke on our side", "It has been written down. Please try again."),
    }
}
