//! What holds for every page: its structure, its labels, and what it loads.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeSet;

use crate::answer::{Page, text};
use crate::database::{Database, draft, over_both_databases, villa};
use crate::site::Site;

over_both_databases!(
    every_page_has_landmarks_headings_and_a_way_past_the_header,
    every_field_has_a_label_and_every_picture_a_text,
    every_page_loads_only_what_is_ours,
    nothing_on_a_page_is_inline,
    the_pages_load_one_style_sheet_and_few_scripts,
);

const JAVASCRIPT_BYTES: usize = 10 * 1024;

/// A page of each kind.
async fn pages(database: Database) -> (Site, Vec<(&'static str, Page)>) {
    database.add([villa(), villa(), draft("Plain")]).await;
    let site = database.serve();
    let mut pages = Vec::new();
    for path in [
        "/",
        "/?kind=villa&q=view",
        "/?q=nothing",
        "/?kind=castle&limit=0",
        "/properties/1/",
        "/properties/3/",
        "/nothing",
    ] {
        pages.push((path, site.get(path).await.page()));
    }
    (site, pages)
}

async fn every_page_has_landmarks_headings_and_a_way_past_the_header(database: Database) {
    for (path, page) in pages(database).await.1 {
        for once in
            ["html[lang]", "head title", "main", "body > header", "footer", "h1", "meta[name=viewport]"]
        {
            assert_eq!(page.all(once).len(), 1, "{once} on {path}");
        }
        let skip = page.all("body a")[0];
        let target = skip.attr("href").unwrap();
        assert!(text(skip).contains("Skip") && page.all(&format!("main{target}")).len() == 1, "{path}");
        let levels: Vec<u32> =
            page.all("h1, h2, h3, h4").iter().map(|it| it.value().name()[1..].parse().unwrap()).collect();
        assert!(
            levels.windows(2).all(|pair| pair[1] <= pair[0] + 1),
            "no level is left out on {path}: {levels:?}"
        );
        let ids = page.attributes("[id]", "id");
        assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "an id is given twice on {path}");
    }
}

async fn every_field_has_a_label_and_every_picture_a_text(database: Database) {
    for (path, page) in pages(database).await.1 {
        for id in page.attributes("input:not([type=hidden]), select", "id") {
            assert!(!page.text(&format!("label[for='{id}']")).is_empty(), "{id} on {path}");
        }
        assert!(page.all("img:not([alt])").is_empty(), "{path}");
        for link in page.all("a, button") {
            let named = !text(link).is_empty() || link.attr("aria-label").is_some();
            assert!(named, "a link or button without a name on {path}: {}", link.html());
        }
        for (owner, attribute) in
            [("[aria-labelledby]", "aria-labelledby"), ("[aria-describedby]", "aria-describedby")]
        {
            for id in page.attributes(owner, attribute) {
                assert_eq!(page.all(&format!("[id='{id}']")).len(), 1, "{attribute}={id} on {path}");
            }
        }
        for summary in page.attributes("[role=alert] a", "href") {
            assert_eq!(page.all(&format!("form {summary}")).len(), 1, "{summary} on {path}");
        }
    }
}

/// What a browser loads without being asked.
fn loaded(page: &Page) -> Vec<String> {
    let links = page
        .attributes("link[rel=stylesheet], link[rel=icon], link[rel=preload], link[rel=manifest]", "href");
    let sources = page.attributes("[src]", "src");
    let others = [page.attributes("[srcset]", "srcset"), page.attributes("object", "data")].concat();
    [links, sources, others, page.attributes("use", "href"), page.attributes("form", "action")].concat()
}

async fn every_page_loads_only_what_is_ours(database: Database) {
    let (site, pages) = pages(database).await;
    let mut seen = BTreeSet::new();
    for (path, page) in &pages {
        for address in loaded(page) {
            assert!(address.starts_with('/') && !address.starts_with("//"), "{address} on {path}");
            seen.insert(address);
        }
        assert!(
            page.all("iframe, embed, base, meta[http-equiv], link[rel=dns-prefetch]").is_empty(),
            "{path}"
        );
    }
    for address in &seen {
        let file = site.get(address).await;
        assert_eq!(file.status, 200, "{address}");
        if !file.header("content-type").starts_with("text/html") {
            let text = file.text().replace("http://www.w3.org/", "");
            assert!(
                !text.contains("http:") && !text.contains("https:") && !text.contains("url(//"),
                "{address}"
            );
            assert!(!text.contains("@import"), "{address}");
        }
    }
    assert!(seen.len() > 5, "{seen:?}");
}

async fn nothing_on_a_page_is_inline(database: Database) {
    for (path, page) in pages(database).await.1 {
        assert!(
            page.all("style, [style], script:not([src]):not([type='application/ld+json'])").is_empty(),
            "{path}"
        );
        for element in page.all("*") {
            for (name, value) in element.value().attrs() {
                assert!(!name.starts_with("on"), "{name} on {path}");
                assert!(!value.trim_start().to_lowercase().starts_with("javascript:"), "{name} on {path}");
            }
        }
    }
}

async fn the_pages_load_one_style_sheet_and_few_scripts(database: Database) {
    let (site, pages) = pages(database).await;
    for (path, page) in pages {
        assert_eq!(page.all("link[rel=stylesheet]").len(), 1, "{path}");
        let mut bytes = 0;
        for script in page.attributes("script[src]", "src") {
            bytes += site.get(&script).await.body.len();
        }
        assert!(bytes <= JAVASCRIPT_BYTES, "{bytes} bytes of JavaScript on {path}");
    }
}
