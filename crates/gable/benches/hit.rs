//! What a hit costs beside a bare hyper server that sends the same bytes.
//!
//! `cargo bench -p gable --bench hit`: one run over loopback, whose rounds alternate between
//!
//! * a bare server: hyper's HTTP/1 on tokio's default runtime, the answer made beforehand, byte for byte that of gable;
//! * a page hit: the real gable over PostgreSQL with the default lease, asked for the page of a listing in brotli;
//! * the same page with `If-None-Match`, which is answered by 304;
//! * a data hit: the record of an id that no listing has. That is no page that is kept, so the request goes all the way to
//!   the handler, where the cache of data knows that there is none.
//!
//! Each server is a process of its own, whose processor time the kernel counts; the requests come from one thread of this
//! one, on connections that stay open, one request at a time on each. The goal is 0.85 of the bare server.
#![expect(clippy::unwrap_used, reason = "a benchmark that unwraps in vain has failed")]
#![expect(clippy::print_stdout, reason = "a benchmark says what it has measured")]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures the time that really passes")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use clap::Parser;
use http_body_util::Full;
use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;
use listings::Store;
use listings::samples::samples;
use listings::store::Options;
use testkit::load::{Answer, Line, median, processor_time, request};
use testkit::{Folder, Postgres, Program, Running};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A hit beside a bare server.
#[derive(Debug, Parser)]
struct Arguments {
    /// Rounds; each asks every subject
    #[arg(long, default_value_t = 10)]
    rounds: usize,
    /// Requests to each subject in a round
    #[arg(long, default_value_t = 20_000)]
    requests: u32,
    /// Connections that stay open
    #[arg(long, default_value_t = 16)]
    connections: u32,
    /// The subjects of these letters alone, for a profile of one; the ratio is that of a and b
    #[arg(long, default_value = "abcd")]
    subjects: String,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
    /// Serves the answer in that file
    #[arg(long, hide = true)]
    bare: Option<String>,
}

fn main() {
    let arguments = Arguments::parse();
    match &arguments.bare {
        Some(file) => Runtime::new().unwrap().block_on(bare(Path::new(file))),
        None => measure(&arguments),
    }
}

// The bare server.

/// An answer as it is on the wire, taken apart once.
fn answer_of(bytes: &[u8]) -> (HeaderMap, Bytes) {
    let end = Answer(bytes).head_bytes();
    let head = str::from_utf8(&bytes[..end]).unwrap();
    let fields = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    // hyper adds the date itself.
    let fields = fields.filter(|(name, _)| *name != "date");
    let field = |(name, value): (&str, &str)| {
        (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap())
    };
    (fields.map(field).collect(), Bytes::copy_from_slice(&bytes[end..]))
}

async fn bare(file: &Path) {
    let (head, body) = answer_of(&std::fs::read(file).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("Listening on http://{}", listener.local_addr().unwrap());
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        socket.set_nodelay(true).unwrap();
        let (head, body) = (head.clone(), body.clone());
        tokio::spawn(http1::Builder::new().serve_connection(
            TokioIo::new(socket),
            service_fn(move |_: Request<Incoming>| {
                let mut response = Response::new(Full::new(body.clone()));
                response.headers_mut().clone_from(&head);
                std::future::ready(Ok::<_, Infallible>(response))
            }),
        ));
    }
}

// The load.

async fn ask_again_and_again(subject: Subject, times: u32) {
    let mut line = Line::open(subject.address).await;
    for _ in 0..times {
        let Answer(answer) = line.ask(&subject.request).await;
        assert!(answer.starts_with(subject.begins_with.as_bytes()), "{}", String::from_utf8_lossy(answer));
    }
}

async fn load(subject: &Subject, arguments: &Arguments) -> Duration {
    let began = Instant::now();
    let each = arguments.requests.div_ceil(arguments.connections);
    let clients: Vec<_> = (0..arguments.connections)
        .map(|_| tokio::spawn(ask_again_and_again(subject.clone(), each)))
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    began.elapsed()
}

// What is measured.

/// Something that is asked for again and again.
#[derive(Debug, Clone)]
struct Subject {
    name: &'static str,
    address: SocketAddr,
    process: u32,
    request: Bytes,
    begins_with: &'static str,
}

/// What came of one round.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    requests_a_second: f64,
    /// Processor time of the server for each request, in microseconds.
    processor: f64,
    /// That of this process, which asks.
    asking: f64,
}

async fn round(subject: &Subject, arguments: &Arguments) -> Outcome {
    let times = || (processor_time(subject.process), processor_time(std::process::id()));
    let before = times();
    let took = load(subject, arguments).await;
    let after = times();
    let requests = f64::from(arguments.requests);
    Outcome {
        requests_a_second: requests / took.as_secs_f64(),
        processor: (after.0 - before.0) / requests,
        asking: (after.1 - before.1) / requests,
    }
}

fn address_of(program: &Running) -> SocketAddr {
    let line = program.wait_for_line(|line| line.starts_with("Listening on http://"));
    line.trim_start_matches("Listening on http://").parse().unwrap()
}

async fn start_gable(postgres: &Postgres, folder: &Folder) -> Running {
    let url = postgres.fresh_database();
    let store = Store::connect(&url, &Options::default()).await.unwrap();
    store.migrate().await.unwrap();
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    store.insert_many(samples(1).take(1_000), false, now, |_| {}).await.unwrap();
    store.close().await;
    Program::new(env!("CARGO_BIN_EXE_gable"))
        .in_folder(folder)
        .arguments(["serve", "--no-sample-data"])
        .environment("BIND", "127.0.0.1:0")
        .environment("DATABASE_URL", url)
        .start()
}

/// The answer of a page hit, once the page is kept in the coding that is asked for.
async fn page_hit(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut line = Line::open(address).await;
    loop {
        let Answer(answer) = line.ask(request).await;
        if String::from_utf8_lossy(answer).contains("detail=memory") {
            return answer.to_vec();
        }
    }
}

fn start_bare(folder: &Folder, answer: &[u8]) -> Running {
    let file = folder.path().join("answer");
    std::fs::write(&file, answer).unwrap();
    let this = std::env::current_exe().unwrap();
    Program::new(this).in_folder(folder).argument("--bare").argument(file).start()
}

fn measure(arguments: &Arguments) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (postgres, folder) = (Postgres::start(), Folder::new());
        let gable = start_gable(&postgres, &folder).await;
        let page = request("/properties/1/", "");
        let answer = page_hit(address_of(&gable), &page).await;
        let bare = start_bare(&folder, &answer);
        let confirmed = request(
            "/properties/1/",
            &format!("If-None-Match: {}\r\n", Answer(&answer).field("etag").unwrap()),
        );
        let missing = request("/api/v1/properties/999999999", "");
        let subject = |name, server: &Running, request, begins_with| Subject {
            name,
            address: address_of(server),
            process: server.id(),
            request: Bytes::from(request),
            begins_with,
        };
        let subjects = [
            subject("a  bare hyper", &bare, page.clone(), "HTTP/1.1 200"),
            subject("b  page hit", &gable, page, "HTTP/1.1 200"),
            subject("c  page hit, 304", &gable, confirmed, "HTTP/1.1 304"),
            subject("d  data hit, 404", &gable, missing, "HTTP/1.1 404"),
        ];
        println!(
            "{} bytes of head and {} of body; {} connections; {} rounds of {} requests",
            Answer(&answer).head_bytes(),
            Answer(&answer).body_bytes(),
            arguments.connections,
            arguments.rounds,
            arguments.requests
        );
        tell(&subjects, &rounds(&subjects, arguments).await);
    });
}

/// For each subject, what came of each round.
async fn rounds(subjects: &[Subject], arguments: &Arguments) -> Vec<Vec<Outcome>> {
    let mut outcomes = vec![Vec::new(); subjects.len()];
    // The first round warms up.
    for number in 0..=arguments.rounds {
        let asked = |subject: &Subject| arguments.subjects.contains(&subject.name[..1]);
        for (place, subject) in subjects.iter().enumerate().filter(|(_, subject)| asked(subject)) {
            let outcome = round(subject, arguments).await;
            if number > 0 {
                outcomes[place].push(outcome);
            }
        }
    }
    outcomes
}

// The table.

fn tell(subjects: &[Subject], outcomes: &[Vec<Outcome>]) {
    println!("{:<18} {:>14} {:>16} {:>16}", "", "requests/s", "processor µs", "asking µs");
    for (subject, outcomes) in subjects.iter().zip(outcomes) {
        println!(
            "{:<18} {:>14.0} {:>16.2} {:>16.2}",
            subject.name,
            median(outcomes.iter().map(|outcome| outcome.requests_a_second)),
            median(outcomes.iter().map(|outcome| outcome.processor)),
            median(outcomes.iter().map(|outcome| outcome.asking)),
        );
    }
    // The kernel counts in hundredths of a second: too coarse for one round, but not for all of them.
    let sum = |place: usize, of: fn(&Outcome) -> f64| outcomes[place].iter().map(of).sum::<f64>();
    let ratio = |of| sum(0, of) / sum(1, of);
    println!(
        "A page hit reaches {:.2} of the bare server by requests a second, {:.2} by processor time (all rounds together).",
        ratio(|outcome| outcome.requests_a_second.recip()),
        ratio(|outcome| outcome.processor),
    );
}
