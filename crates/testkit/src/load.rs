//! Requests in numbers: on connections that stay open, one request at a time on each; and what they cost the server.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that stays open, and the answer that came last.
#[derive(Debug)]
pub struct Line {
    stream: TcpStream,
    answer: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a>(pub &'a [u8]);

impl Line {
    /// Connects.
    ///
    /// # Panics
    ///
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a server listens there");
        stream.set_nodelay(true).expect("a connection can be told not to wait");
        Self { stream, answer: Vec::with_capacity(64 << 10) }
    }

    /// Sends a request and reads the whole answer, which has to say how long it is.
    ///
    /// # Panics
    ///
    /// When the server closes before.
    pub async fn ask(&mut self, request: &[u8]) -> Answer<'_> {
        self.answer.clear();
        self.stream.write_all(request).await.expect("the server reads");
        let mut length = usize::MAX;
        while self.answer.len() < length {
            let read = self.stream.read_buf(&mut self.answer).await.expect("the server answers");
            assert_ne!(read, 0, "the server has closed");
            if length == usize::MAX
                && let Some(end) = head_end(&self.answer)
            {
                length = end + Answer(&self.answer).body_bytes();
            }
        }
        Answer(&self.answer)
    }
}

impl<'a> Answer<'a> {
    /// The head with its empty line, in bytes.
    ///
    /// # Panics
    ///
    /// When it is not whole.
    #[must_use]
    pub fn head_bytes(self) -> usize {
        head_end(self.0).expect("an answer has a head")
    }

    /// What the head says of the body's length; 0 where it says nothing.
    #[must_use]
    pub fn body_bytes(self) -> usize {
        self.field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)
    }

    /// The status code; 0 where there is none.
    #[must_use]
    pub fn status(self) -> u16 {
        let digits = self.0.get(9..12).and_then(|digits| str::from_utf8(digits).ok());
        digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
    }

    /// A field of the head by its name in small letters, as hyper writes it.
    #[must_use]
    pub fn field(self, name: &str) -> Option<&'a str> {
        let head = str::from_utf8(&self.0[..self.head_bytes()]).ok()?;
        head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The body.
    #[must_use]
    pub fn body(self) -> &'a [u8] {
        &self.0[self.head_bytes()..]
    }
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4)
}

/// A request as a browser sends it, with more fields, each with the end of its line.
#[must_use]
pub fn request(path: &str, fields: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 \
         Firefox/140.0\r\nAccept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
         Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nConnection: keep-alive\r\n{fields}\r\n"
    )
    .into()
}

/// Processor time of a process and of the kernel for it, in microseconds (`proc_pid_stat(5)`, fields 14 and 15, in hundredths of
/// a second).
///
/// # Panics
///
/// When it has ended.
#[must_use]
pub fn processor_time(process: u32) -> f64 {
    let stat =
        std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process that runs has times");
    let fields = stat.rsplit_once(')').map(|(_, rest)| rest.split_whitespace()).into_iter().flatten();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() * 10_000.0
}

/// The figure that so large a part (0 to 1) of all are not above; 0 where there is none.
#[must_use]
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place among some thousands"
)]
pub fn quantile(figures: impl IntoIterator<Item = f64>, part: f64) -> f64 {
    let mut figures: Vec<_> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let place = (figures.len() as f64 * part) as usize;
    figures.get(place.min(figures.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

/// The figure in the middle.
#[must_use]
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    quantile(figures, 0.5)
}
