//! A node that is stopped where it is (SIGSTOP), with requests waiting in its sockets, and goes on later.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::thread;
use std::time::Duration;

use testkit::history::{History, Node, Outcome, Question, Read, Stopwatch, judge};
use testkit::http::Connection;

use super::rig::{BOUND, Rig, is_right};
use crate::database::Database;

/// How long it is stopped.
const PAUSE: Duration = Duration::from_secs(10);

/// Requests that were written into a socket and are not answered yet.
struct Waiting {
    connection: Connection,
    begun: Duration,
    questions: Vec<Question>,
}

impl Waiting {
    /// Sends several requests at once on a connection that has been used before.
    fn send(mut connection: Connection, questions: &[Question], clock: Stopwatch) -> Waiting {
        let begun = clock.elapsed();
        connection.limit(3 * PAUSE);
        connection.write(questions.iter().map(request).collect::<String>()).unwrap();
        Waiting { connection, begun, questions: questions.to_vec() }
    }

    fn read(mut self, clock: Stopwatch) -> Vec<Read> {
        let mut reads = Vec::new();
        for question in &self.questions {
            let response = self.connection.read_response();
            reads.push(Read::of(question, 0, (self.begun, clock.elapsed()), response));
        }
        reads
    }
}

fn request(question: &Question) -> String {
    format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", question.path())
}

/// A connection on which everything that is asked later has been answered once.
fn used(node: &Node, questions: &[Question]) -> Connection {
    let mut connection = Connection::open(node.door().address()).unwrap();
    for question in questions {
        connection.write(request(question)).unwrap();
        assert_eq!(connection.read_response().unwrap().status, 200);
    }
    connection
}

#[test]
fn what_waited_in_a_paused_nodes_sockets_is_answered_with_nothing_older_than_the_lease() {
    let rig = Rig::over(Database::postgres(), 1, BOUND);
    let (scene, clock) = (&rig.scene, Stopwatch::start());
    let node = &scene.nodes[0];
    let mut history = History { lanes: scene.population.at_the_start(), ..History::default() };
    let listing = history.lanes[0].listings[0];
    let questions = Question::each_kind(listing);
    let mut connections: Vec<_> = (0..12).map(|_| used(node, &questions)).collect();
    node.pause();
    let stopped = clock.elapsed();
    let mut send_on_four = || -> Vec<_> {
        connections.drain(..4).map(|connection| Waiting::send(connection, &questions, clock)).collect()
    };
    let before = send_on_four();
    history.writes.extend((0..scene.population.lanes()).map(|lane| scene.rewrite(lane, clock)));
    thread::sleep(2 * BOUND);
    let after = send_on_four();
    thread::sleep((stopped + PAUSE).saturating_sub(clock.elapsed()));
    let at_the_last_moment = send_on_four();
    node.resume();
    for waiting in before.into_iter().chain(after).chain(at_the_last_moment) {
        history.reads.extend(waiting.read(clock));
    }
    let acknowledged = history.writes.iter().map(|write| write.outcome).max_by_key(time_of).unwrap();
    let sent_later = |read: &&Read| read.begun > time_of(&acknowledged) + BOUND;
    assert_eq!(history.reads.iter().filter(sent_later).count(), 8 * questions.len(), "most are a real test");
    let report = judge(&history, BOUND);
    is_right(&report);
    assert_eq!(report.failed.len(), 0, "{report}");
}

fn time_of(outcome: &Outcome) -> Duration {
    match outcome {
        Outcome::Committed(at) => *at,
        Outcome::RolledBack => Duration::ZERO,
    }
}
