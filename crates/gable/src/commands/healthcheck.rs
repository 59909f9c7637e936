//! `gable healthcheck`: does the node that listens on `BIND` answer?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::say;
use crate::settings::Settings;

const TIME: Duration = Duration::from_secs(3);

pub(super) async fn run(settings: &Settings) -> anyhow::Result<()> {
    let address = reachable(settings.bind);
    let status = tokio::time::timeout(TIME, status_line(address))
        .await
        .with_context(|| format!("{address} did not answer within {} s", TIME.as_secs()))?
        .with_context(|| format!("{address} does not answer"))?;
    if !status.starts_with("HTTP/1.1 200 ") {
        bail!("{address} answers {status}");
    }
    say("ok");
    Ok(())
}

/// Who listens on every address is reached on the loopback one.
pub(super) fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, bind.port())
}

async fn status_line(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(4_096).read_to_string(&mut answer).await?;
    Ok(answer.lines().next().unwrap_or("nothing").to_owned())
}
