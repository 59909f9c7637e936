//! Nodes of gable over a test's database, and what is said of a round.

use std::fmt::Display;
use std::time::Duration;

use testkit::history::{Report, Scene};

use crate::database::{Database, gable};

/// The default lease.
pub(super) const BOUND: Duration = Duration::from_millis(100);

/// A scene with gable in it.
pub(super) struct Rig {
    pub(super) scene: Scene,
    // Held for its folder, in which a SQLite file lies.
    _database: Database,
}

impl Rig {
    /// So many nodes over one database, with this lease.
    pub(super) fn over(database: Database, nodes: usize, bound: Duration) -> Rig {
        Rig::with(database, nodes, bound, &[])
    }

    /// The same with more in the nodes' environment.
    pub(super) fn with(database: Database, nodes: usize, bound: Duration, more: &[(&str, &str)]) -> Rig {
        let program = gable(&database.folder, &["serve", "--no-sample-data"]);
        let program = more.iter().fold(program, |it, (name, value)| it.environment(name, value));
        let scene = Scene::start(&program, &database.url, nodes, bound, 1);
        Rig { scene, _database: database }
    }
}

/// Prints what a test has found, for whoever looks at more than whether it passed.
#[expect(clippy::print_stdout, reason = "shown by the runner where it is asked for")]
pub(super) fn say(what: impl Display) {
    println!("{what}");
}

/// Prints the table and ends the test where something is wrong in it.
pub(super) fn is_right(report: &Report) {
    say(report);
    assert!(report.violations.is_empty(), "{report}");
}
