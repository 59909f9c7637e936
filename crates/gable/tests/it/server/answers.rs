//! What the server's own answers look like, and that a panic stays where it is.

use std::io::Write;
use std::sync::{Arc, Mutex};

use gable::server::{AllowedHosts, Page, Refusal, Server};

use super::rig::{HELLO, Rig, ask, patient};

#[tokio::test]
async fn below_api_a_refusal_is_a_problem_document() {
    let answer = ask(patient(), "GET /api/v1/hello HTTP/1.1\r\nHost: a.example\r\n\r\n").await;
    assert!(answer.head.contains("\r\ncontent-type: application/problem+json\r\n"));
    assert!(answer.head.contains("\r\ncache-control: no-store\r\n"));
    let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(problem["type"], "about:blank");
    assert_eq!(problem["title"], "Bad Request");
    assert_eq!(problem["status"], 400);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("a.example"), "{detail}");
}

#[tokio::test]
async fn elsewhere_a_refusal_is_plain_text() {
    let answer = ask(patient(), "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n").await;
    assert!(answer.head.contains("\r\ncontent-type: text/plain; charset=utf-8\r\n"));
    assert!(answer.body.starts_with("400 Bad Request\n"), "{}", answer.body);
}

#[tokio::test]
async fn the_site_may_bring_its_own_page() {
    fn page(refusal: &Refusal, path: &str) -> Page {
        Page {
            content_type: "text/html; charset=utf-8",
            body: format!("<h1>{} {path}</h1>", refusal.reason.label()),
            fields: &[("x-frame-options", "DENY")],
        }
    }
    let rig = Rig::start_with(|lifecycle| {
        Server::new(patient(), AllowedHosts::loopback(), lifecycle).with_refusal_page(page)
    })
    .await;
    let mut client = rig.client().await;
    let answer = client.request("GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(answer.body, "<h1>host /</h1>");
    assert!(answer.head.contains("\r\nx-frame-options: deny"), "{}", answer.head);
    let answer = client.request("nonsense\r\n\r\n").await;
    assert!(answer.body.starts_with("<h1>malformed"), "{}", answer.body);
    assert!(answer.head.contains("\r\nx-frame-options: deny"), "{}", answer.head);
}

#[tokio::test]
async fn what_is_not_http_is_answered_400_and_closed() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client().await;
    let answer = client.request("\u{16}\u{3}\u{1} not http\r\n\r\n").await;
    assert_eq!(answer.status, 400);
    assert!(answer.says_close());
    assert!(answer.head.contains("\r\ndate: "));
    client.is_closed().await;
    assert_eq!(rig.refused("malformed"), 1);
}

#[tokio::test]
async fn http_2_is_closed_without_an_answer_that_it_could_not_read() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    client.is_closed().await;
}

#[tokio::test]
async fn nonsense_behind_a_request_does_not_touch_the_answer_to_it() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client_with(&format!("{HELLO}nonsense\r\n\r\n")).await;
    assert_eq!(client.answer().await.body, "hello");
    assert_eq!(client.answer().await.status, 400);
    client.is_closed().await;
}

#[tokio::test]
async fn a_long_value_is_not_repeated_in_full() {
    let host = "x".repeat(2000);
    let answer = ask(patient(), &format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    assert!(answer.body.len() < 300, "{}", answer.body);
}

#[tokio::test]
async fn a_panic_is_a_500_for_one_request() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client().await;
    let panicking = "GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let answer = client.request(panicking).await;
    assert_eq!(answer.status, 500);
    assert!(!answer.body.contains("a test wants this"));
    assert_eq!(client.request(HELLO).await.body, "hello");
    let answer = client.request(&panicking.replace("/panic", "/api/v1/panic")).await;
    assert!(answer.head.contains("application/problem+json"));
    assert_eq!(rig.refused("panic"), 2);
}

#[tokio::test]
async fn a_panic_is_answered_and_logged_under_the_number_of_its_request() {
    let log = CapturedLog::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    // For the whole process: where tests share one, those of other threads would have the line silenced for this one too.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let rig = Rig::start(patient()).await;
    let mut client = rig.client().await;
    let numbered = "GET /panic HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: number-17\r\n\r\n";
    let answer = client.request(numbered).await;
    assert!(answer.head.contains("\r\nx-request-id: number-17\r\n"), "{}", answer.head);
    assert!(log.text().contains("number-17"), "{}", log.text());
    let answer = client.request("GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    let number = answer.head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap();
    assert!(log.text().contains(number), "{number} in {}", log.text());
}

/// What is logged from a test on, by it and by others.
#[derive(Clone, Default)]
struct CapturedLog(Arc<Mutex<Vec<u8>>>);

impl CapturedLog {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for CapturedLog {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(text)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
