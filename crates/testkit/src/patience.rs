//! Waiting for something that another process does, up to a limit.

use std::thread;
use std::time::{Duration, Instant};

/// How often the question is asked again.
const PAUSE: Duration = Duration::from_millis(3);

/// Asks again and again until there is an answer; `None` when the limit has passed without one.
///
/// The question is asked at least once, and once more after the limit.
pub fn within<T>(limit: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = now() + limit;
    loop {
        let last = now() >= end;
        let answer = ask();
        if answer.is_some() || last {
            return answer;
        }
        thread::sleep(PAUSE);
    }
}

#[expect(clippy::disallowed_methods, reason = "what is waited for happens in other processes, in real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::within;
    use std::time::Duration;

    #[test]
    fn asking_ends_with_the_first_answer() {
        let mut questions = 0;
        let answer = within(Duration::from_mins(1), || {
            questions += 1;
            (questions == 3).then_some("yes")
        });
        assert_eq!((answer, questions), (Some("yes"), 3));
    }

    #[test]
    fn asking_ends_with_the_limit() {
        assert_eq!(within(Duration::ZERO, || None::<()>), None);
    }
}
