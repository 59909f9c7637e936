//! What the pages wrote to the browser's console.

use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use serde_json::{Value, json};
use url::{ParseError, Url};

/// The command of chromedriver that hands over the console's lines since it was last asked.
#[derive(Debug)]
pub(super) struct Console;

impl WebDriverCompatibleCommand for Console {
    fn endpoint(&self, base_url: &Url, session_id: Option<&str>) -> Result<Url, ParseError> {
        base_url.join(&format!("session/{}/se/log", session_id.unwrap_or_default()))
    }

    fn method_and_body(&self, _request_url: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}

/// The lines of its answer, each with its level: `SEVERE http://… Failed to load resource`.
pub(super) fn lines(answer: &Value) -> Vec<String> {
    let entries = answer.as_array().map(Vec::as_slice).unwrap_or_default();
    let part = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    entries.iter().map(|entry| format!("{} {}", part(entry, "level"), part(entry, "message"))).collect()
}
