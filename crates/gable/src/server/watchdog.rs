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
        self.note_request(moment);
        let Some(overdue) = threat(moment) else {
            return Poll::Pending;
        };
        self.restart_after(moment, overdue);
        loop {
            ready!(self.timer.as_mut().poll(context));
            if clock::now() >= self.end_of(overdue) {
                return Poll::Ready(overdue);
            }
            self.wait_on(overdue);
        }
    }

    fn note_request(&mut self, moment: Moment) {
        if self.request != moment.request {
            self.request = moment.request;
            self.asked = clock::now();
        }
    }

    fn restart_after(&mut self, moment: Moment, overdue: Overdue) {
        if self.turn != moment.turn {
            self.turn = moment.turn;
            self.since = clock::now();
            self.wait_on(overdue);
        }
    }

    fn wait_on(&mut self, overdue: Overdue) {
        let mut until = self.end_of(overdue);
        if overdue == Overdue::NextRequest {
            // It may become crowded meanwhile: look again.
            until = until.min(clock::now() + self.limits.crowded_idle_time);
        }
        self.timer.as_mut().reset(until);
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
