//! Ends what lasts too long: one timer for each connection.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use super::activity::{Activity, Moment, Phase};
use super::counts::ServerCounts;
use super::limits::Limits;
use crate::clock;

/// What a connection took too long for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overdue {
    FirstByte,
    Head,
    NextRequest,
    TakingTheAnswer,
}

/// Compares how long the present moment lasts with what is allowed.
///
/// hyper has a timer of its own for the head of a request, but that runs while a connection is
/// idle as well, so that the two limits could not differ.
pub(super) struct Watchdog {
    activity: Arc<Activity>,
    counts: Arc<ServerCounts>,
    limits: Limits,
    timer: Pin<Box<Sleep>>,
    since: Instant,
    turn: u64,
    asked: Instant,
    request: u64,
}

impl Watchdog {
    pub(super) fn new(activity: Arc<Activity>, counts: Arc<ServerCounts>, limits: Limits) -> Self {
        let since = clock::now();
        Self {
            turn: activity.now().turn,
            activity,
            counts,
            limits,
            timer: Box::pin(sleep_until(since + limits.head_time)),
            since,
            asked: since,
            request: 0,
        }
    }

    /// Ready when the moment has lasted too long. To be polled whenever the connection was.
    pub(super) fn poll_overdue(&mut self, context: &mut Context<'_>) -> Poll<Overdue> {
        let moment = self.activity.now();
        let threat = threat(moment);
        self.take_note(moment, threat);
        let Some(overdue) = threat else {
            return Poll::Pending;
        };
        loop {
            ready!(self.timer.as_mut().poll(context));
            let now = clock::now();
            if now >= self.end_of(overdue) {
                return Poll::Ready(overdue);
            }
            let next = self.next_look(overdue, now);
            self.timer.as_mut().reset(next);
        }
    }

    /// A busy connection comes by here after every answer: so the time is asked for once, and the timer left as it is where
    /// it goes off early enough. What it is set to then is told by the moment that there is then.
    fn take_note(&mut self, moment: Moment, threat: Option<Overdue>) {
        let is_new_request = self.request != moment.request;
        let new_threat = threat.filter(|_| self.turn != moment.turn);
        if !is_new_request && new_threat.is_none() {
            return;
        }
        let now = clock::now();
        if is_new_request {
            self.request = moment.request;
            self.asked = now;
        }
        if let Some(overdue) = new_threat {
            self.turn = moment.turn;
            self.since = now;
            let next = self.next_look(overdue, now);
            if next < self.timer.deadline() {
                self.timer.as_mut().reset(next);
            }
        }
    }

    fn next_look(&self, overdue: Overdue, now: Instant) -> Instant {
        let end = self.end_of(overdue);
        if overdue == Overdue::NextRequest {
            // It may become crowded meanwhile: look again.
            return end.min(now + self.limits.crowded_idle_time);
        }
        end
    }

    fn end_of(&self, overdue: Overdue) -> Instant {
        let end = self.since + self.allowance(overdue);
        if overdue == Overdue::TakingTheAnswer && self.is_crowded() {
            // Each piece that is taken begins a new moment, so this is looked at again and again.
            return end.min(self.asked + self.limits.crowded_answer_time);
        }
        end
    }

    fn allowance(&self, overdue: Overdue) -> Duration {
        match overdue {
            Overdue::FirstByte | Overdue::Head => self.limits.head_time,
            Overdue::NextRequest if self.is_crowded() => self.limits.crowded_idle_time,
            Overdue::NextRequest => self.limits.idle_time,
            Overdue::TakingTheAnswer => self.limits.write_stall_time,
        }
    }

    fn is_crowded(&self) -> bool {
        self.counts.connections_open() >= self.limits.connections as u64
    }
}

/// What the client is late with if the moment lasts. While we are the ones at work: nothing.
fn threat(moment: Moment) -> Option<Overdue> {
    match moment.phase {
        Phase::Opening => Some(Overdue::FirstByte),
        Phase::Head => Some(Overdue::Head),
        Phase::Idle => Some(Overdue::NextRequest),
        Phase::Busy | Phase::Flushing if moment.write_blocked => Some(Overdue::TakingTheAnswer),
        Phase::Busy | Phase::Flushing => None,
    }
}
