//! A server with a few routes, and a client that sends exactly what it is told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::routing::{get, post};
use bytes::Bytes;
use futures::{StreamExt, stream};
use gable::server::{AllowedHosts, Drained, Lifecycle, Limits, Server, ServerCounts};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// After this a test has failed: no limit that a test relies on is anywhere near.
const PATIENCE: Duration = Duration::from_secs(10);

/// The one limit of time that a test is about.
pub(super) const SHORT: Duration = Duration::from_millis(150);

/// A request for the route that answers at once.
pub(super) const HELLO: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A request for the route that answers when [`Rig::release`] lets it.
pub(super) const HOLD: &str = "GET /hold HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// A request for the route whose answer never ends.
pub(super) const ENDLESS: &str = "GET /endless HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// The default sizes with no limit of time at all, as far as a test is concerned.
pub(super) fn patient() -> Limits {
    let long = Duration::from_hours(1);
    Limits {
        head_time: long,
        idle_time: long,
        crowded_idle_time: long,
        body_chunk_time: long,
        body_time: long,
        write_stall_time: long,
        crowded_answer_time: long,
        linger_time: long,
        let_go_time: SHORT,
        drain_time: long,
        ..Limits::default()
    }
}

pub(super) async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("it took too long")
}

/// The signals between a test and the handlers of its routes.
#[derive(Debug)]
struct Desk {
    entered: Semaphore,
    released: Semaphore,
    left: Semaphore,
}

/// Tells the desk when a handler, or the body that it made, is gone.
struct Leaving(Arc<Desk>);

impl Drop for Leaving {
    fn drop(&mut self) {
        self.0.left.add_permits(1);
    }
}

pub(super) struct Rig {
    pub(super) address: SocketAddr,
    pub(super) lifecycle: Lifecycle,
    pub(super) counts: Arc<ServerCounts>,
    desk: Arc<Desk>,
    serving: JoinHandle<Drained>,
}

impl Rig {
    pub(super) async fn start(limits: Limits) -> Self {
        Self::start_with(|lifecycle| Server::new(limits, AllowedHosts::loopback(), lifecycle)).await
    }

    pub(super) async fn start_with(server: impl FnOnce(Lifecycle) -> Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let desk = Arc::new(Desk {
            entered: Semaphore::new(0),
            released: Semaphore::new(0),
            left: Semaphore::new(0),
        });
        let lifecycle = Lifecycle::new();
        let server = server(lifecycle.clone());
        Self {
            address: listener.local_addr().unwrap(),
            lifecycle,
            counts: server.counts(),
            serving: tokio::spawn(server.serve(listener, routes(Arc::clone(&desk)))),
            desk,
        }
    }

    pub(super) async fn client(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }

    /// A client that has sent something already.
    pub(super) async fn client_with(&self, text: &str) -> Client {
        let mut client = self.client().await;
        client.send(text).await;
        client
    }

    /// Waits until a handler of `/hold` or `/endless` is at work.
    pub(super) async fn entered(&self) {
        soon(self.desk.entered.acquire()).await.unwrap().forget();
    }

    /// Lets a handler of `/hold` answer.
    pub(super) fn release(&self) {
        self.desk.released.add_permits(1);
    }

    /// Waits until a handler of `/hold`, or a body of `/endless`, is gone.
    pub(super) async fn left(&self) {
        soon(self.desk.left.acquire()).await.unwrap().forget();
    }

    pub(super) async fn drained(self) -> Drained {
        soon(self.serving).await.unwrap()
    }

    pub(super) async fn shut_down(self) -> Drained {
        self.lifecycle.begin_shutdown();
        self.drained().await
    }

    pub(super) fn refused(&self, label: &str) -> u64 {
        let mut refused = self.counts.refused();
        refused.find(|(reason, _)| reason.label() == label).unwrap().1
    }
}

fn routes(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/api/v1/hello", get(async || "hello"))
        .route("/large", get(async || vec![b'x'; 256 * 1024]))
        .route("/length", post(async |body: Bytes| body.len().to_string()))
        .route("/ignore", post(async || "not read"))
        .route("/deny", post(deny))
        .route("/hold", get(hold))
        .route("/endless", get(endless))
        .route("/seen", get(seen))
        .route("/panic", get(panicking))
        .route("/api/v1/panic", get(panicking))
        .with_state(desk)
}

/// A handler that takes no notice of a body that fails.
async fn deny(body: Result<Bytes, axum::extract::rejection::BytesRejection>) -> &'static str {
    if body.is_ok() { "read" } else { "all is well" }
}

async fn hold(State(desk): State<Arc<Desk>>) -> &'static str {
    let _leaving = Leaving(Arc::clone(&desk));
    desk.entered.add_permits(1);
    desk.released.acquire().await.unwrap().forget();
    "held"
}

async fn endless(State(desk): State<Arc<Desk>>) -> Body {
    desk.entered.add_permits(1);
    let leaving = Leaving(desk);
    let piece = Bytes::from(vec![b'x'; 64 * 1024]);
    Body::from_stream(stream::repeat(piece).map(move |piece| {
        let _held = &leaving;
        Ok::<_, std::io::Error>(piece)
    }))
}

async fn seen(headers: HeaderMap, uri: Uri) -> String {
    format!("{uri} of {:?}", headers.get_all("host").iter().collect::<Vec<_>>())
}

async fn panicking() -> &'static str {
    panic!("a test wants this")
}

/// A connection that says what it is told, and no more.
pub(super) struct Client(pub(super) TcpStream);

/// A response as it came over the wire.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Status line and header lines, in lower case.
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn says_close(&self) -> bool {
        self.head.contains("\r\nconnection: close\r\n")
    }
}

impl Client {
    pub(super) async fn send(&mut self, text: &str) {
        soon(self.0.write_all(text.as_bytes())).await.unwrap();
    }

    /// Reads one response, whose head tells its length.
    pub(super) async fn answer(&mut self) -> Answer {
        let head = self.head().await;
        let length = field(&head, "content-length").map_or(0, |it| it.parse().unwrap());
        let mut body = vec![0; length];
        soon(self.0.read_exact(&mut body)).await.unwrap();
        Answer { status: head[9..12].parse().unwrap(), body: String::from_utf8(body).unwrap(), head }
    }

    /// Says that nothing more will be sent.
    pub(super) async fn shut(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// Reads the head of one response, in lower case.
    pub(super) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(soon(self.0.read_u8()).await.expect("a response"));
        }
        String::from_utf8(head).unwrap().to_lowercase()
    }

    /// Waits until the server has closed the connection, and is sure that nothing came before.
    pub(super) async fn is_closed(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = soon(self.0.read_to_end(&mut rest)).await;
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }

    pub(super) async fn request(&mut self, text: &str) -> Answer {
        self.send(text).await;
        self.answer().await
    }
}

fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

/// One request on a connection of its own, and its answer.
pub(super) async fn ask(limits: Limits, request: &str) -> Answer {
    let rig = Rig::start(limits).await;
    rig.client().await.request(request).await
}
