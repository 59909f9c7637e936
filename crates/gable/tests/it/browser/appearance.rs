//! How the pages look: narrow and wide, light and dark.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use serde_json::Value;

use super::town;
use crate::database::{Database, draft, villa};
use crate::visitor::Visitor;

const PAGES: [&str; 6] = [
    "/",
    "/?q=lake&kind=other",
    "/?q=nothing&location=accra",
    "/?kind=castle&min_price=x",
    "/properties/47/",
    "/nothing",
];

/// Parts of the page that stick out of the window on its right.
pub(crate) const STICKING_OUT: &str = "(() => { const out = [...document.querySelectorAll('body *')].filter(it => \
     it.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(it).position !== 'absolute'); \
     return document.documentElement.scrollWidth > innerWidth ? out.map(it => it.outerHTML.slice(0, 80)).slice(0, 3) : null; })()";

/// Texts whose colour is too near to that of their background (WCAG 2.2, 1.4.3: 4.5 to 1, large ones 3 to 1). Texts over
/// pictures and gradients are passed over.
pub(crate) const TOO_FAINT: &str = include_str!("too_faint.js");

async fn visit(look: impl AsyncFn(&Visitor<'_>, &str)) {
    let database = Database::sqlite();
    let long = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch";
    let site = town(database).await;
    site.database
        .add([
            listings::Draft {
                title: long.repeat(3),
                location: long.into(),
                description: long.repeat(20),
                ..villa()
            },
            draft(long),
        ])
        .await;
    let visitor = Visitor::of(&site).await;
    for path in PAGES {
        visitor.goes_to(path).await;
        look(&visitor, path).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_is_wider_than_a_telephone_or_a_screen() {
    visit(async |visitor, path| {
        for width in [320, 400, 768, 1_280] {
            visitor.browser.resize(width, 800).await;
            assert_eq!(visitor.evaluates(STICKING_OUT).await, Value::Null, "{path} at {width}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_light_or_dark_as_the_visitor_likes_and_readable_in_both() {
    visit(async |visitor, path| {
        let mut brightness = Vec::new();
        for scheme in ["light", "dark"] {
            visitor.browser.prefer_color_scheme(scheme).await;
            brightness.push(brightness_of_page(visitor).await);
            assert_eq!(
                visitor.evaluates(TOO_FAINT).await,
                Value::Array(Vec::new()),
                "{path} in the {scheme}"
            );
        }
        assert!(brightness[0] > 0.7 && brightness[1] < 0.3, "{path}: {brightness:?}");
        visitor
            .browser
            .client()
            .execute("document.querySelectorAll('details').forEach(it => it.open = true)", vec![])
            .await
            .unwrap();
    })
    .await;
}

/// How bright its background is, from 0 to 1.
async fn brightness_of_page(visitor: &Visitor<'_>) -> f64 {
    let colour = "getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)";
    let colour = visitor.evaluates(colour).await;
    colour.as_array().unwrap().iter().map(|it| it.as_f64().unwrap() / 255.0 / 3.0).sum()
}
