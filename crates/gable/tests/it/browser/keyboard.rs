//! The site with the keyboard alone.

use super::town;
use crate::database::Database;
use crate::visitor::Visitor;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// Goes on with Tab until the element that has the focus matches.
async fn tabs_to(visitor: &Visitor<'_>, selector: &str) {
    let there = format!("document.activeElement.matches(\"{selector}\")");
    let mut presses = 0;
    while visitor.evaluates(&there).await != true {
        visitor.presses(TAB).await;
        presses += 1;
        assert!(presses < 60, "{selector} can't be reached");
    }
    can_be_seen(visitor).await;
}

/// What has the focus is in the window, which looks different when it hasn't.
async fn can_be_seen(visitor: &Visitor<'_>) {
    let in_window = "(() => { const box = document.activeElement.getBoundingClientRect(); \
         return box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0; })()";
    visitor.waits_for(in_window).await;
    let focused = visitor.sees().await;
    visitor.evaluates("(window.focused = document.activeElement).blur()").await;
    assert!(visitor.sees().await != focused, "nothing shows where the focus is");
    visitor.evaluates("window.focused.focus({ preventScroll: true })").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_is_made_and_a_listing_opened_without_a_mouse() {
    let site = town(Database::sqlite()).await;
    let visitor = Visitor::of(&site).await;
    visitor.goes_to("/").await;
    visitor.presses(TAB).await;
    assert_eq!(
        visitor.evaluates("document.activeElement.getAttribute('href')").await,
        "#main",
        "first of all"
    );
    can_be_seen(&visitor).await;
    visitor.presses(ENTER).await;
    visitor.waits_for("document.activeElement.matches('main')").await;
    tabs_to(&visitor, "#q").await;
    visitor.presses(&format!("lake{ENTER}")).await;
    visitor.arrives(|place| place == "/?q=lake").await;
    tabs_to(&visitor, "[aria-label='Applied filters'] a").await;
    tabs_to(&visitor, "nav[aria-label='Narrow the results'] :is(summary, a)").await;
    tabs_to(&visitor, "#results a").await;
    visitor.presses(ENTER).await;
    visitor.arrives(|place| place.starts_with("/properties/")).await;
    assert_eq!(visitor.reads("h1").await, "Home 0");
    visitor.met_no_trouble().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wrong_with_a_search_is_where_the_keyboard_is() {
    let site = town(Database::sqlite()).await;
    let visitor = Visitor::of(&site).await;
    visitor.goes_to("/?min_price=x&q=lake").await;
    visitor.waits_for("document.activeElement.matches('[role=alert]')").await;
    tabs_to(&visitor, "[role=alert] a").await;
    visitor.presses(ENTER).await;
    visitor.waits_for("document.activeElement.matches('#min_price')").await;
    visitor.presses("\u{e003}10").await;
    tabs_to(&visitor, "form button[type=submit], #q").await;
    visitor.presses(ENTER).await;
    visitor.arrives(|place| place.contains("min_price=")).await;
}
