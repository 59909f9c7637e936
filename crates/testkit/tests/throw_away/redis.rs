//! Throw-away Redis.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;
use testkit::{Link, Redis, RedisCluster, within};

/// One command, inline, and its answer's first line.
fn ask(port: u16, command: &str, limit: Duration) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(limit))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut buffer = [0; 512];
    let length = stream.read(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..length]).trim().to_owned())
}

const SOON: Duration = Duration::from_secs(20);

#[test]
fn two_servers_do_not_meet() {
    let (one, other) = (Redis::start(), Redis::start());
    assert_eq!(ask(one.port(), "set key here", SOON).unwrap(), "+OK");
    assert_eq!(ask(other.port(), "exists key", SOON).unwrap(), ":0");
    drop(one);
    assert_eq!(ask(other.port(), "ping", SOON).unwrap(), "+PONG");
}

#[test]
fn a_stopped_server_comes_back_empty_on_its_port() {
    let redis = Redis::start();
    ask(redis.port(), "set key here", SOON).unwrap();
    redis.stop();
    assert!(ask(redis.port(), "ping", SOON).is_err());
    redis.restart();
    assert_eq!(ask(redis.port(), "exists key", SOON).unwrap(), ":0");
}

#[test]
fn a_killed_server_is_away_and_can_come_back() {
    let redis = Redis::start();
    redis.kill();
    assert!(ask(redis.port(), "ping", SOON).is_err());
    redis.restart();
    assert_eq!(ask(redis.port(), "ping", SOON).unwrap(), "+PONG");
}

#[test]
fn a_paused_server_answers_when_it_goes_on() {
    let redis = Redis::start();
    redis.pause();
    assert!(ask(redis.port(), "ping", Duration::from_millis(200)).is_err());
    redis.resume();
    assert_eq!(ask(redis.port(), "ping", SOON).unwrap(), "+PONG");
}

#[test]
fn the_url_names_the_database_of_the_site() {
    let redis = Redis::start();
    assert_eq!(redis.url(), format!("redis://127.0.0.1:{}/1", redis.port()));
}

#[test]
fn a_cluster_behind_links_tells_nobody_a_way_past_them() {
    let cluster = RedisCluster::start_behind_links();
    let links: Vec<u16> = cluster.links().iter().map(Link::port).collect();
    let is_told = || cluster.servers().iter().all(|server| tells_of(server, &links));
    within(SOON, || is_told().then_some(())).expect("every server tells of the links alone");
    let lost = cluster.server_of("key");
    lost.restart();
    within(SOON, || is_told().then_some(())).expect("so does one that was started again");
}

/// Whether a server says that its cluster is on these ports, and on no others.
fn tells_of(server: &Redis, ports: &[u16]) -> bool {
    let said = server.ask(&["cluster", "nodes"]);
    let mut told: Vec<u16> = said.lines().filter_map(client_port).collect();
    let mut ports = ports.to_vec();
    told.sort_unstable();
    ports.sort_unstable();
    told == ports
}

/// Of a line of `CLUSTER NODES`: `id address:port@bus-port …`.
fn client_port(line: &str) -> Option<u16> {
    line.split(' ').nth(1)?.split_once('@')?.0.rsplit(':').next()?.parse().ok()
}
