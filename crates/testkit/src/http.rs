//! HTTP/1.1 by hand: requests that no client would send, and half of them.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::mem;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::patience::now;

/// How long one connection, from opening it to the last byte of an answer, may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// Names as they were sent, and values without the space around them, in their order.
    pub headers: Vec<(String, String)>,
    /// The body's bytes, without chunk marks, but still compressed when it was.
    pub body: Vec<u8>,
}

/// A connection on which a test writes what it likes.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    end: Instant,
    /// What was written since the last answer: an answer to HEAD has no body, whatever its headers say.
    sent: Vec<u8>,
}

/// Sends these bytes on a new connection and reads one answer.
///
/// # Errors
///
/// [`ErrorKind::TimedOut`] when there is no whole answer within 20 s, [`ErrorKind::UnexpectedEof`] when the
/// server closes before its end, [`ErrorKind::InvalidData`] when it is no HTTP, and what the system says.
pub fn raw(address: SocketAddr, request: impl AsRef<[u8]>) -> io::Result<RawResponse> {
    let mut connection = Connection::open(address)?;
    connection.write(request)?;
    connection.read_response()
}

impl RawResponse {
    /// The first header of that name, whatever the case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Connection {
    /// Connects; everything on this connection has to happen within 20 s.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::connect_timeout`].
    pub fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::new(), end: now() + PATIENCE, sent: Vec::new() })
    }

    /// Gives everything on this connection so much time from now.
    pub fn limit(&mut self, time: Duration) {
        self.end = now() + time;
    }

    /// Writes bytes: a request, a part of one, several.
    ///
    /// # Errors
    ///
    /// As [`io::Write::write_all`]; a server that has closed shows at the second write at the latest.
    pub fn write(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.sent.extend_from_slice(bytes.as_ref());
        self.stream.set_write_timeout(Some(self.time_left()?))?;
        self.stream.write_all(bytes.as_ref()).map_err(timeout_by_its_name)
    }

    /// Says that nothing more will be written.
    ///
    /// # Errors
    ///
    /// As [`TcpStream::shutdown`].
    pub fn finish_writing(&mut self) -> io::Result<()> {
        self.stream.shutdown(Shutdown::Write)
    }

    /// Reads one answer and leaves what follows for the next.
    ///
    /// # Errors
    ///
    /// As [`raw`].
    pub fn read_response(&mut self) -> io::Result<RawResponse> {
        let (status, headers) = self.read_head()?;
        let mut response = RawResponse { status, headers, body: Vec::new() };
        response.body = self.read_body(&response)?;
        Ok(response)
    }

    /// True when the server closes without another byte.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`] when it does neither in time.
    pub fn is_closed_by_server(&mut self) -> io::Result<bool> {
        Ok(self.received.is_empty() && !self.receive()?)
    }

    fn read_head(&mut self) -> io::Result<(u16, Vec<(String, String)>)> {
        let head = self.read_until(b"\r\n\r\n")?;
        let head = String::from_utf8(head).map_err(|_| invalid("the head is no UTF-8"))?;
        let mut lines = head.split("\r\n");
        let status = lines.next().and_then(status_of).ok_or_else(|| invalid("there is no status line"))?;
        let headers =
            lines.map(header_of).collect::<Option<_>>().ok_or_else(|| invalid("a header has no colon"))?;
        Ok((status, headers))
    }

    fn read_body(&mut self, response: &RawResponse) -> io::Result<Vec<u8>> {
        let bodiless = matches!(response.status, 100..=199 | 204 | 304);
        let asked_for_head = mem::take(&mut self.sent).starts_with(b"HEAD ");
        if asked_for_head || bodiless {
            return Ok(Vec::new());
        }
        if response.header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")) {
            return self.read_chunks();
        }
        match response.header("content-length") {
            Some(length) => {
                self.read_exactly(length.parse().map_err(|_| invalid("the length is no number"))?)
            }
            None => self.read_to_end(),
        }
    }

    fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let size = self.read_until(b"\r\n")?;
            let length = chunk_length(&size).ok_or_else(|| invalid("the length of a chunk is no number"))?;
            body.extend(self.read_exactly(length)?);
            self.read_until(b"\r\n")?;
            if length == 0 {
                return Ok(body);
            }
        }
    }

    /// What comes before the mark; the mark itself is dropped.
    fn read_until(&mut self, mark: &[u8]) -> io::Result<Vec<u8>> {
        loop {
            if let Some(at) = self.received.windows(mark.len()).position(|window| window == mark) {
                let found = self.received.drain(..at + mark.len()).take(at).collect();
                return Ok(found);
            }
            self.receive_more()?;
        }
    }

    fn read_exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.received.len() < length {
            self.receive_more()?;
        }
        Ok(self.received.drain(..length).collect())
    }

    fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        while self.receive()? {}
        Ok(mem::take(&mut self.received))
    }

    fn receive_more(&mut self) -> io::Result<()> {
        let received = self.receive()?;
        received.then_some(()).ok_or_else(|| ErrorKind::UnexpectedEof.into())
    }

    /// False at the end of the stream.
    fn receive(&mut self) -> io::Result<bool> {
        self.stream.set_read_timeout(Some(self.time_left()?))?;
        let mut buffer = [0; 16 * 1024];
        let length = self.stream.read(&mut buffer).map_err(timeout_by_its_name)?;
        self.received.extend_from_slice(&buffer[..length]);
        Ok(length > 0)
    }

    fn time_left(&self) -> io::Result<Duration> {
        let left = self.end.saturating_duration_since(now());
        if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

/// `HTTP/1.1 200 OK`
fn status_of(line: &str) -> Option<u16> {
    line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()
}

fn header_of(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    Some((name.to_owned(), value.trim().to_owned()))
}

/// `1a3;extension=value`
fn chunk_length(line: &[u8]) -> Option<usize> {
    let digits = str::from_utf8(line).ok()?.split(';').next()?;
    usize::from_str_radix(digits.trim(), 16).ok()
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, what)
}

/// A socket whose time is up says that it would block.
fn timeout_by_its_name(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock { ErrorKind::TimedOut.into() } else { error }
}
