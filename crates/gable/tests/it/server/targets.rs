//! Request targets and methods that make no sense here.

use super::rig::{Answer, ask, patient};

async fn to(method: &str, target: &str) -> Answer {
    ask(patient(), &format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await
}

#[tokio::test]
async fn nul_and_bytes_that_are_not_text_are_refused_with_the_part_that_has_them() {
    for (target, part) in [
        ("/%00", "the path"),
        ("/?q=a%00b", "the query"),
        ("/%ff", "the path"),
        ("/?q=%C3%28", "the query"),
        ("/%zz", "the path"),
        ("/seen%2Fmore", "the path"),
    ] {
        let answer = to("GET", target).await;
        assert_eq!(answer.status, 400, "{target}");
        assert!(answer.body.contains(part), "{}", answer.body);
    }
}

#[tokio::test]
async fn text_reaches_the_routes_as_it_was_sent() {
    let answer = to("GET", "/seen?q=%C3%A9+%2F").await;
    assert_eq!(answer.body, r#"/seen?q=%C3%A9+%2F of ["localhost"]"#);
}

#[tokio::test]
async fn raw_bytes_that_are_not_text_are_refused() {
    use tokio::io::AsyncWriteExt;
    let rig = super::rig::Rig::start(patient()).await;
    let mut client = rig.client().await;
    let request = b"GET /?q=\xff HTTP/1.1\r\nHost: localhost\r\n\r\n";
    client.0.write_all(request).await.unwrap();
    assert_eq!(client.answer().await.status, 400);
}

#[tokio::test]
async fn targets_that_are_neither_path_nor_url_are_refused() {
    for target in ["*", "localhost", "localhost:80", "ftp://localhost/", "mailto:a@b"] {
        let answer = to("GET", target).await;
        assert_eq!(answer.status, 400, "{target}");
    }
    assert_eq!(to("OPTIONS", "*").await.status, 400);
}

#[tokio::test]
async fn a_method_that_nobody_knows_is_answered_501() {
    for method in ["BREW", "TRACE", "PROPFIND", "get"] {
        let answer = to(method, "/").await;
        assert_eq!(answer.status, 501, "{method}");
        assert!(answer.body.contains(method));
    }
    assert_eq!(to("CONNECT", "localhost:80").await.status, 501);
}

#[tokio::test]
async fn a_method_that_a_route_does_not_have_is_answered_405_by_the_routes() {
    let answer = to("DELETE", "/").await;
    assert_eq!(answer.status, 405);
    assert!(answer.head.contains("\r\nallow: get,head\r\n"), "{}", answer.head);
}
