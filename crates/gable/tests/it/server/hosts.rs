//! Requests that are not for us, or do not say for whom.

use gable::server::{AllowedHosts, Server};

use super::rig::{Answer, Rig, ask, patient};

fn request(target: &str, hosts: &[&str]) -> String {
    let mut request = format!("GET {target} HTTP/1.1\r\n");
    for host in hosts {
        request.extend(["Host: ", host, "\r\n"]);
    }
    request + "\r\n"
}

async fn with_hosts(target: &str, hosts: &[&str]) -> Answer {
    ask(patient(), &request(target, hosts)).await
}

async fn is_refused(target: &str, hosts: &[&str], because: &str) {
    let answer = with_hosts(target, hosts).await;
    assert_eq!(answer.status, 400, "{target} {hosts:?}");
    assert!(answer.body.contains(because), "{}", answer.body);
}

#[tokio::test]
async fn the_own_names_are_served_with_any_port() {
    for host in ["localhost", "LocalHost.:1", "gable.localhost", "127.0.0.1:8000", "[::1]"] {
        assert_eq!(with_hosts("/", &[host]).await.status, 200, "{host}");
    }
}

#[tokio::test]
async fn a_missing_host_is_refused() {
    is_refused("/", &[], "no Host").await;
}

#[tokio::test]
async fn a_second_host_is_refused_even_if_it_is_the_same() {
    is_refused("/", &["localhost", "localhost"], "more than one").await;
}

#[tokio::test]
async fn a_foreign_host_is_refused_and_named() {
    is_refused("/", &["evil.example"], r#""evil.example""#).await;
    is_refused("/", &["localhost.evil.example"], "ALLOWED_HOSTS").await;
}

#[tokio::test]
async fn a_malformed_host_is_refused() {
    for host in ["", "a b", "user@localhost", "localhost/", "localhost, localhost", "[::1", "localhost:x"] {
        is_refused("/", &[host], "not a host").await;
    }
    is_refused("/", &["löcalhost"], "not ASCII").await;
}

#[tokio::test]
async fn an_absolute_target_must_be_for_us_as_well() {
    is_refused("http://evil.example/", &["localhost"], "the request target").await;
    is_refused("http://localhost/", &["evil.example"], "the Host header").await;
    is_refused("http://user@localhost/", &["localhost"], "not a host").await;
    is_refused("http://localhost/", &[], "no Host").await;
}

#[tokio::test]
async fn an_absolute_target_reaches_the_routes_as_a_path_with_one_host() {
    for (target, seen) in [
        ("http://localhost:81/seen?a=b", r#"/seen?a=b of ["localhost:81"]"#),
        ("https://127.0.0.1/seen", r#"/seen of ["127.0.0.1"]"#),
    ] {
        assert_eq!(with_hosts(target, &["localhost"]).await.body, seen);
    }
    assert_eq!(with_hosts("http://localhost", &["localhost"]).await.body, "hello");
    assert_eq!(with_hosts("http://localhost?a=b", &["localhost"]).await.body, "hello");
}

#[tokio::test]
async fn http_1_0_is_served_with_a_host_and_refused_without() {
    let rig = Rig::start(patient()).await;
    let mut client = rig.client().await;
    let answer = client.request("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").await;
    assert_eq!(answer.body, "hello");
    client.shut().await;
    client.is_closed().await;
    assert_eq!(ask(patient(), "GET / HTTP/1.0\r\n\r\n").await.status, 400);
    assert_eq!(rig.refused("host"), 0);
}

#[tokio::test]
async fn a_path_that_is_open_is_served_under_any_one_host_that_is_one() {
    let rig = Rig::start_with(|lifecycle| {
        Server::new(patient(), AllowedHosts::loopback(), lifecycle).with_open_paths(&["/seen"])
    })
    .await;
    for (target, hosts, status) in [
        ("/seen", &["10.1.2.3:8000"][..], 200),
        ("/seen?a=b", &["node-7.internal"], 200),
        ("/seen", &["[fd00::7]:8000"], 200),
        ("/seen", &[], 400),
        ("/seen", &["10.1.2.3", "10.1.2.3"], 400),
        ("/seen", &["a b"], 400),
        ("/seen/", &["10.1.2.3"], 400),
        ("/", &["10.1.2.3"], 400),
    ] {
        let answer = rig.client().await.request(&request(target, hosts)).await;
        assert_eq!(answer.status, status, "{target} {hosts:?}");
    }
}
