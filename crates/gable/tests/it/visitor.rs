//! A visitor with a browser: goes somewhere, looks, clicks, types.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::time::Duration;

use serde_json::Value;
use testkit::Browser;
use testkit::fantoccini::Locator;
use testkit::fantoccini::elements::Element;

use crate::site::Site;

/// After this a test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A browser at a site.
pub(crate) struct Visitor<'a> {
    pub(crate) browser: Browser,
    site: &'a Site,
}

impl<'a> Visitor<'a> {
    pub(crate) async fn of(site: &'a Site) -> Visitor<'a> {
        Visitor { browser: Browser::start().await, site }
    }

    pub(crate) async fn without_javascript(site: &'a Site) -> Visitor<'a> {
        Visitor { browser: Browser::start_without_javascript().await, site }
    }

    pub(crate) async fn goes_to(&self, path: &str) {
        self.browser.client().goto(&self.site.url(path)).await.unwrap();
    }

    pub(crate) async fn goes_back(&self) {
        self.browser.client().back().await.unwrap();
    }

    /// Where it is, as path and query.
    pub(crate) async fn place(&self) -> String {
        let url = self.browser.client().current_url().await.unwrap();
        url.as_str().strip_prefix(&self.site.url("")).unwrap().to_owned()
    }

    /// Waits until it is at a place that is right.
    pub(crate) async fn arrives(&self, right: impl Fn(&str) -> bool) -> String {
        let arrived = async {
            loop {
                let place = self.place().await;
                if right(&place) {
                    return place;
                }
            }
        };
        if let Ok(place) = tokio::time::timeout(PATIENCE, arrived).await {
            return place;
        }
        panic!("it stays at {}", self.place().await)
    }

    /// Waits for an element.
    pub(crate) async fn finds(&self, selector: &str) -> Element {
        let wait = self.browser.client().wait().at_most(PATIENCE);
        wait.for_element(Locator::Css(selector)).await.unwrap_or_else(|error| panic!("{selector}: {error}"))
    }

    /// Waits for a link with this text.
    pub(crate) async fn finds_link(&self, text: &str) -> Element {
        let path = format!("//a[contains(normalize-space(.), '{text}')]");
        let wait = self.browser.client().wait().at_most(PATIENCE);
        wait.for_element(Locator::XPath(&path)).await.unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    pub(crate) async fn clicks(&self, selector: &str) {
        self.clicks_on(self.finds(selector).await).await;
    }

    pub(crate) async fn clicks_link(&self, text: &str) {
        self.clicks_on(self.finds_link(text).await).await;
    }

    async fn clicks_on(&self, element: Element) {
        // The pages scroll smoothly, and the driver clicks where the element was when it looked.
        let scroll = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })";
        let this = serde_json::to_value(&element).unwrap();
        self.browser.client().execute(scroll, vec![this]).await.unwrap();
        element.click().await.unwrap();
    }

    pub(crate) async fn types(&self, selector: &str, text: &str) {
        self.finds(selector).await.send_keys(text).await.unwrap();
    }

    /// Presses keys where the focus is.
    pub(crate) async fn presses(&self, keys: &str) {
        self.browser.client().active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    pub(crate) async fn reads(&self, selector: &str) -> String {
        self.finds(selector).await.text().await.unwrap()
    }

    /// The addresses of the listings among the results.
    pub(crate) async fn results(&self) -> Vec<String> {
        let cards = Locator::Css("#results a[href^='/properties/']");
        let mut addresses = Vec::new();
        for card in self.browser.client().find_all(cards).await.unwrap() {
            addresses.push(card.attr("href").await.unwrap().unwrap());
        }
        addresses
    }

    /// What the window shows, as an image.
    pub(crate) async fn sees(&self) -> Vec<u8> {
        let file = self.browser.folder().path().join("window.png");
        self.browser.screenshot(&file).await;
        std::fs::read(file).unwrap()
    }

    /// The value of an expression of JavaScript.
    pub(crate) async fn evaluates(&self, expression: &str) -> Value {
        self.browser.client().execute(&format!("return {expression}"), vec![]).await.unwrap()
    }

    /// Waits until an expression of JavaScript is true.
    pub(crate) async fn waits_for(&self, expression: &str) {
        let waiting = async { while self.evaluates(expression).await != true {} };
        tokio::time::timeout(PATIENCE, waiting)
            .await
            .unwrap_or_else(|_| panic!("{expression} does not come true"));
    }

    /// Nothing went wrong on any page since this was last asked: no script failed, no file was missing, nothing was
    /// kept from happening by the Content-Security-Policy.
    pub(crate) async fn met_no_trouble(&self) {
        assert_eq!(self.browser.console().await, [""; 0]);
    }
}
