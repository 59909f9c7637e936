//! The pages without a site around them: awkward content, what assistive technology needs, colours, drawings.

#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod fixtures;

use std::collections::HashSet;

use gable::drawing;
use proptest::prelude::*;
use scraper::{ElementRef, Html, Selector};

use fixtures::NASTY;

fn pages() -> Vec<(&'static str, Html)> {
    fixtures::pages().unwrap().into_iter().map(|(name, text)| (name, Html::parse_document(&text))).collect()
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<String>().trim().to_owned()
}

#[test]
fn every_page_has_one_heading_landmarks_and_ids_of_its_own() {
    for (name, page) in pages() {
        for (selector, number) in
            [("h1", 1), ("main", 1), ("body > header", 1), ("body > footer", 1), ("html[lang]", 1)]
        {
            assert_eq!(select(&page, selector).len(), number, "{selector} in {name}");
        }
        let ids: Vec<&str> =
            select(&page, "[id]").into_iter().filter_map(|element| element.attr("id")).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len(), "ids in {name}: {ids:?}");
    }
}

#[test]
fn every_field_has_a_label_and_every_link_a_text() {
    for (name, page) in pages() {
        for field in select(&page, "input:not([type=hidden]), select") {
            let id = field.attr("id").unwrap_or_else(|| panic!("a field without id in {name}"));
            assert_eq!(select(&page, &format!("label[for={id}]")).len(), 1, "label of {id} in {name}");
        }
        for link in select(&page, "a[href]") {
            assert!(!text(link).is_empty() || link.attr("aria-label").is_some(), "{} in {name}", link.html());
        }
        for image in select(&page, "img") {
            assert!(
                image.attr("alt").is_some() && image.attr("width").is_some(),
                "{} in {name}",
                image.html()
            );
        }
    }
}

#[test]
fn what_was_wrong_is_tied_to_its_field() {
    let page = Html::parse_document(&askama::Template::render(&fixtures::refused()).unwrap());
    let wrong = select(&page, "[aria-invalid=true]");
    assert!(!wrong.is_empty());
    for field in wrong {
        let described = field.attr("aria-describedby").unwrap();
        let described: Vec<&str> = described.split(' ').collect();
        assert!(
            described
                .iter()
                .any(|id| select(&page, &format!("#{id}")).iter().any(|error| !text(*error).is_empty()))
        );
        let id = field.attr("id").unwrap();
        assert!(!select(&page, &format!("a[href='#{id}']")).is_empty(), "the summary leads to {id}");
    }
}

#[test]
fn no_page_has_inline_script_or_style_or_loads_from_elsewhere() {
    for (name, page) in pages() {
        for script in select(&page, "script") {
            let is_data = script.attr("type") == Some("application/ld+json");
            assert!(
                is_data || (script.attr("src").is_some() && text(script).is_empty()),
                "{name}: {}",
                script.html()
            );
        }
        assert!(select(&page, "style, [style], iframe, object, embed").is_empty(), "{name}");
        for element in select(&page, "*") {
            let handler = element.value().attrs().find(|(attribute, _)| attribute.starts_with("on"));
            assert_eq!(handler, None, "{name}");
        }
        for (selector, attribute) in [("[src]", "src"), ("link[rel=stylesheet], link[rel=icon]", "href")] {
            for element in select(&page, selector) {
                let address = element.attr(attribute).unwrap();
                assert!(address.starts_with('/') && !address.starts_with("//"), "{name}: {address}");
            }
        }
    }
}

#[test]
fn nasty_texts_are_shown_and_not_carried_out() {
    for (name, page) in pages().into_iter().filter(|(name, _)| name.contains("nasty")) {
        assert!(select(&page, "b, h1 script, p script").is_empty(), "{name}");
        let body = text(select(&page, "body")[0]);
        assert!(body.contains("<script>alert(\"x\")</script>"), "{name} shows the text as it is");
        for data in select(&page, "script[type='application/ld+json']") {
            let json: serde_json::Value = serde_json::from_str(&data.inner_html()).unwrap();
            assert_eq!(json["description"], NASTY, "{name}");
        }
    }
}

#[test]
fn a_feed_is_well_formed_whatever_the_texts_hold() {
    let xml = askama::Template::render(&fixtures::feed()).unwrap();
    let titles = &crate::xml::elements(&xml)["feed/entry/title"];
    assert_eq!((titles[0].as_str(), titles[2].as_str()), (NASTY, "🏡 بيت"));
}

/// The pairs of text and ground that the style sheet puts on one another.
const PAIRS: [(&str, &str); 16] = [
    ("ink", "page"),
    ("ink", "surface"),
    ("ink", "tint"),
    ("quiet", "page"),
    ("quiet", "surface"),
    ("quiet", "tint"),
    ("on-brand", "brand"),
    ("on-brand", "brand-far"),
    ("accent", "page"),
    ("accent", "surface"),
    ("accent", "tint"),
    ("accent-deep", "surface"),
    ("on-accent", "accent"),
    ("danger", "danger-tint"),
    ("on-pending", "pending"),
    ("on-sold", "sold"),
];

#[test]
fn text_stands_out_from_its_ground_in_light_and_dark() {
    let sheet = include_str!("../../static/site.css");
    let (light, rest) = sheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let (dark, _) = rest.split_once("/* Ground */").unwrap();
    for (text, ground) in PAIRS {
        for (scheme, sheets) in [("light", [light, light]), ("dark", [dark, light])] {
            let ratio = contrast(colour(&sheets, text), colour(&sheets, ground));
            assert!(ratio >= 4.5, "{text} on {ground} in {scheme}: {ratio:.2}");
        }
    }
}

/// A custom property of the first sheet that sets it.
fn colour(sheets: &[&str], name: &str) -> [f64; 3] {
    let value = sheets.iter().find_map(|sheet| sheet.split_once(&format!("--{name}: #"))).unwrap().1;
    [0, 2, 4].map(|place| f64::from(u8::from_str_radix(&value[place..place + 2], 16).unwrap()) / 255.0)
}

/// WCAG 2.2, "contrast ratio" and "relative luminance".
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let linear = |channel: f64| {
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    };
    let luminance =
        |[red, green, blue]: [f64; 3]| 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_script_is_small() {
    assert!(include_str!("../../static/site.js").len() <= 10_000);
}

#[test]
fn kinds_and_numbers_have_drawings_of_their_own() {
    let kinds = ["house", "apartment", "studio", "villa", "townhouse", "land", "other"];
    let drawings: HashSet<String> =
        kinds.iter().flat_map(|kind| (1..40).map(|id| drawing::drawing(kind, id, Some(3)))).collect();
    assert!(drawings.len() > 7 * 39 - 5, "{}", drawings.len());
}

proptest! {
    #[test]
    fn any_drawing_is_small_well_formed_and_always_the_same(kind in "house|apartment|studio|villa|townhouse|land|other|x", id: i64, bedrooms: Option<u32>) {
        let svg = drawing::drawing(&kind, id, bedrooms);
        prop_assert_eq!(&svg, &drawing::drawing(&kind, id, bedrooms));
        prop_assert!(svg.len() <= 10 * 1_024, "{} bytes", svg.len());
        prop_assert!(!svg.contains("style=") && !svg.contains("<script"));
        let mut reader = quick_xml::Reader::from_str(&svg);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }

    #[test]
    fn the_address_of_a_drawing_says_all_that_it_is_made_from(id: i64, bedrooms: Option<u32>) {
        let href = drawing::href("house", id, bedrooms);
        let name = href.strip_prefix("/drawings/").unwrap();
        prop_assert_eq!(drawing::parse(name), Some(("house", id, bedrooms)));
    }
}
