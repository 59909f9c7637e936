//! A reader: asks over one connection that it keeps, and notes what it was shown.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use super::nodes::Door;
use super::page::{Question, served_from};
use super::record::{Answer, Part, Read, Scope, ServedFrom};
use super::stopwatch::Stopwatch;
use crate::http::{Connection, RawResponse};

/// How long an answer is waited for. A node that is paused or whose database is gone takes its time.
const PATIENCE: Duration = Duration::from_mins(1);

/// One client.
#[derive(Debug)]
pub struct Reader {
    stopwatch: Stopwatch,
    connection: Option<(SocketAddr, Connection)>,
}

impl Reader {
    /// A reader whose times count from there.
    #[must_use]
    pub fn new(stopwatch: Stopwatch) -> Self {
        Self { stopwatch, connection: None }
    }

    /// Asks a node; with a token, which it sends as `Write-Token`.
    pub fn ask(&mut self, node: usize, door: &Door, question: &Question, token: Option<&str>) -> Read {
        let path = question.path();
        let address = door.address();
        let kept = self.connection.take().filter(|(to, _)| *to == address).map(|(_, connection)| connection);
        let connection = kept.map_or_else(|| Connection::open(address), Ok);
        let begun = self.stopwatch.elapsed();
        let response = connection.and_then(|connection| exchange(connection, &path, token));
        let ended = self.stopwatch.elapsed();
        let response = response.map(|(connection, response)| {
            let is_last = response.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close"));
            self.connection = (!is_last).then_some((address, connection));
            response
        });
        Read::of(question, node, (begun, ended), response)
    }
}

impl Read {
    /// What became of a request that was sent at the first of these times and answered at the second.
    #[must_use]
    pub fn of(
        question: &Question,
        node: usize,
        (begun, ended): (Duration, Duration),
        response: io::Result<RawResponse>,
    ) -> Self {
        let from = response.as_ref().ok().and_then(|response| response.header("cache-status"));
        let from = served_from(from);
        let answer = match response {
            Ok(response) => answer(question, &response),
            Err(error) => Answer::Failed(error.kind().to_string()),
        };
        Self { node, path: question.path(), begun, ended, from, own: None, answer }
    }

    /// Whether it shows something and does not say that this is old.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        matches!(self.answer, Answer::Shown(_)) && self.from != ServedFrom::Stale
    }
}

fn exchange(
    mut connection: Connection,
    path: &str,
    token: Option<&str>,
) -> io::Result<(Connection, RawResponse)> {
    connection.limit(PATIENCE);
    let token = token.map(|token| format!("Write-Token: {token}\r\n")).unwrap_or_default();
    connection.write(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{token}\r\n"))?;
    let response = connection.read_response()?;
    Ok((connection, response))
}

fn answer(question: &Question, response: &RawResponse) -> Answer {
    match (response.status, question) {
        (200, _) => question.parts(&response.text()).map_or_else(Answer::Odd, Answer::Shown),
        (404, Question::Page(listing) | Question::Record(listing)) => {
            Answer::Shown(vec![Part { scope: Scope::One(*listing), sightings: Vec::new() }])
        }
        (503, _) => {
            let when = response.header("retry-after").and_then(|seconds| seconds.parse::<u32>().ok());
            Answer::Refused { says_when: when.is_some_and(|seconds| seconds > 0) }
        }
        (status, _) => {
            Answer::Odd(format!("{status}: {}", response.text().chars().take(300).collect::<String>()))
        }
    }
}
