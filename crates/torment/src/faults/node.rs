//! What happens to a node. Whoever asks that one waits, or is not answered; the others don't notice.

use std::thread;
use std::time::Duration;

use super::{Allows, Caused, Fault, Stage};

pub(super) const ALL: &[&dyn Fault] =
    &[&Paused, &Killed, &KilledDuringFill, &WrongClock { is_ahead: true }, &WrongClock { is_ahead: false }];

/// Long enough that every reader has asked for something that is not kept.
const UNTIL_LOADS_WAIT: Duration = Duration::from_millis(300);

/// SIGSTOP, for ten seconds.
struct Paused;

impl Fault for Paused {
    fn name(&self) -> &'static str {
        "node-paused"
    }

    fn allows(&self) -> Allows {
        Allows::Failures
    }

    fn lasts(&self) -> Duration {
        Duration::from_secs(10)
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let place = stage.any_node();
        let node = &stage.fleet.scene.nodes[place];
        node.pause();
        Caused::healed_by(|| node.resume()).of_node(place)
    }
}

/// `kill -9`, and started again.
struct Killed;

impl Fault for Killed {
    fn name(&self) -> &'static str {
        "node-killed"
    }

    fn allows(&self) -> Allows {
        Allows::Failures
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let place = stage.any_node();
        let node = &stage.fleet.scene.nodes[place];
        node.kill();
        Caused::healed_by(|| node.start_again()).of_node(place)
    }
}

/// `kill -9` while it loads: the table is locked until its loads wait, and it is killed in the middle of them.
struct KilledDuringFill;

impl Fault for KilledDuringFill {
    fn name(&self) -> &'static str {
        "node-killed-during-fill"
    }

    fn allows(&self) -> Allows {
        Allows::Failures
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let place = stage.any_node();
        let node = &stage.fleet.scene.nodes[place];
        let lock = stage.fleet.database().hold_lock();
        thread::sleep(UNTIL_LOADS_WAIT);
        node.kill();
        drop(lock);
        Caused::healed_by(|| node.start_again()).of_node(place)
    }
}

/// Somebody sets the first node's clock an hour before or behind that of the others. It says how old things are, and nothing
/// that must be true.
struct WrongClock {
    is_ahead: bool,
}

impl Fault for WrongClock {
    fn name(&self) -> &'static str {
        if self.is_ahead { "node-clock-ahead" } else { "node-clock-behind" }
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        const HOUR: i64 = 3_600;
        let fleet = stage.fleet;
        fleet.wall_clock.set(if self.is_ahead { HOUR } else { -HOUR });
        if self.is_ahead {
            fleet.wall_clock.is_seen_at(fleet.scene.nodes[0].door().address(), HOUR);
        }
        Caused::healed_by(|| fleet.wall_clock.set(0)).of_node(0)
    }
}
