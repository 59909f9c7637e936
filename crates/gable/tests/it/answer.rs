//! An answer, and what a reader makes of it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use bytes::Bytes;
use reqwest::header::HeaderMap;
use reqwest::{Response, Url};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Answer {
        let (url, status, headers) =
            (response.url().clone(), response.status().as_u16(), response.headers().clone());
        Answer { url, status, headers, body: response.bytes().await.unwrap() }
    }

    /// A field's value; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.text()))
    }

    /// The body as a page.
    pub(crate) fn page(&self) -> Page {
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8", "{}", self.url);
        Page { html: Html::parse_document(self.text()), url: self.url.clone() }
    }

    /// The body as a problem document; it must be one, for this status.
    pub(crate) fn problem(&self) -> Value {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.url);
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        problem
    }

    /// The ids of a list of records.
    pub(crate) fn ids(&self) -> Vec<i64> {
        assert_eq!(self.status, 200, "{}", self.text());
        ids(&self.json()["properties"])
    }

    /// The address that the `Link` field calls next, as path and query.
    pub(crate) fn next_link(&self) -> Option<String> {
        let link = self.headers.get("link")?.to_str().unwrap();
        let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        Some(target.to_owned())
    }
}

/// The ids of records in an array.
pub(crate) fn ids(records: &Value) -> Vec<i64> {
    records.as_array().unwrap().iter().map(|record| record["id"].as_i64().unwrap()).collect()
}

/// A page for people.
pub(crate) struct Page {
    html: Html,
    url: Url,
}

impl Page {
    /// Every element that a CSS selector finds.
    pub(crate) fn all(&self, selector: &str) -> Vec<ElementRef<'_>> {
        self.html.select(&Selector::parse(selector).unwrap()).collect()
    }

    /// The one element that a CSS selector finds.
    pub(crate) fn one(&self, selector: &str) -> ElementRef<'_> {
        let found = self.all(selector);
        assert_eq!(found.len(), 1, "{selector} in {}", self.url);
        found[0]
    }

    /// The text of the one element that a CSS selector finds.
    pub(crate) fn text(&self, selector: &str) -> String {
        text(self.one(selector))
    }

    /// The values of one attribute of every element that a CSS selector finds.
    pub(crate) fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        self.all(selector).iter().filter_map(|element| element.attr(name)).map(str::to_owned).collect()
    }

    /// Where the link with this text leads.
    pub(crate) fn link(&self, label: &str) -> Option<String> {
        let links = self.all("a[href]");
        let link = links.iter().find(|link| text(**link).starts_with(label))?;
        link.attr("href").map(str::to_owned)
    }

    /// The ids of the listings that the results show, in their order.
    pub(crate) fn listings(&self) -> Vec<i64> {
        let hrefs = self.attributes("#results a[href^='/properties/']", "href");
        hrefs.iter().map(|href| href.split('/').nth(2).unwrap().parse().unwrap()).collect()
    }

    /// The field of the form and what stands beside it as its error.
    pub(crate) fn field(&self, name: &str) -> Field {
        let field = self.one(&format!("input[name='{name}'], select[name='{name}']"));
        let value = match field.value().name() {
            "select" => self.attributes(&format!("[name='{name}'] option[selected]"), "value").pop(),
            _ => field.attr("value").map(str::to_owned),
        };
        let described_by =
            field.attr("aria-describedby").filter(|_| field.attr("aria-invalid") == Some("true"));
        Field {
            value: value.unwrap_or_default(),
            error: described_by.map(|id| self.text(&format!("#{id}"))).unwrap_or_default(),
        }
    }
}

/// A field of a form; no error is an empty one.
pub(crate) struct Field {
    pub(crate) value: String,
    pub(crate) error: String,
}

/// The text of an element with its white space folded.
pub(crate) fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}
