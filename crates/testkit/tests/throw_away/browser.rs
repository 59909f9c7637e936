//! Headless Chromium.

use std::fs;
use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::website::serve;
use testkit::{Browser, Folder};

/// Its title is `plain` until its script runs.
const PAGE: &[u8] = b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n\
    <!doctype html><html lang=en><title>plain</title><body style='margin:0;height:3000px'>\
    <script>document.title = 'scripted'</script></body></html>";

fn page() -> String {
    let address: SocketAddr = serve(PAGE);
    format!("http://{address}/")
}

async fn evaluate(browser: &Browser, expression: &str) -> Value {
    browser.client().execute(&format!("return {expression}"), vec![]).await.unwrap()
}

/// Width and height from the header of a PNG.
fn size_of_image(path: &std::path::Path) -> (u32, u32) {
    let bytes = fs::read(path).unwrap();
    let number = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[tokio::test]
async fn a_page_is_shown_in_the_size_and_colours_asked_for() {
    let browser = Browser::start().await;
    browser.client().goto(&page()).await.unwrap();
    assert_eq!(browser.client().title().await.unwrap(), "scripted");
    assert_eq!(evaluate(&browser, "innerWidth").await, json!(1280));
    browser.resize(400, 700).await;
    assert_eq!(evaluate(&browser, "[innerWidth, innerHeight]").await, json!([400, 700]));
    for scheme in ["dark", "light"] {
        browser.prefer_color_scheme(scheme).await;
        let query = format!("matchMedia('(prefers-color-scheme: {scheme})').matches");
        assert_eq!(evaluate(&browser, &query).await, json!(true));
    }
    let folder = Folder::new();
    let (window, whole) = (folder.path().join("window.png"), folder.path().join("whole.png"));
    browser.screenshot(&window).await;
    browser.screenshot_of_whole_page(&whole).await;
    assert_eq!(size_of_image(&window), (400, 700));
    assert_eq!(size_of_image(&whole), (400, 3000));
}

#[tokio::test]
async fn what_a_page_writes_to_the_console_is_read_once() {
    let browser = Browser::start().await;
    browser.client().goto(&page()).await.unwrap();
    evaluate(&browser, "console.error('it', 'went wrong')").await;
    let console = browser.console().await;
    assert!(
        console.iter().any(|line| line.starts_with("SEVERE") && line.contains("went wrong")),
        "{console:?}"
    );
    assert_eq!(browser.console().await, [""; 0]);
}

#[tokio::test]
async fn scripts_can_be_switched_off() {
    let browser = Browser::start_without_javascript().await;
    browser.client().goto(&page()).await.unwrap();
    assert_eq!(browser.client().title().await.unwrap(), "plain");
}

#[tokio::test]
async fn two_browsers_do_not_meet_and_each_ends_with_its_drop() {
    let (one, other) = tokio::join!(Browser::start(), Browser::start());
    let id = one.process_id();
    assert_ne!(id, other.process_id());
    drop(one);
    assert!(!fs::exists(format!("/proc/{id}")).unwrap());
    other.client().goto(&page()).await.unwrap();
    assert_eq!(other.client().title().await.unwrap(), "scripted");
}
