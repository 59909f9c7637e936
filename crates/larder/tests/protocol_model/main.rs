//! The protocol of docs/coherence.md, in every order in which its events can happen in a small world.
//!
//! Writers, polls, fills, crashes, pauses and a Redis that returns whatever it likes; the rule itself is larder's own code
//! (`Snapshot`, `Ledger`, `Dependency`). The checker tries all interleavings up to the bounds of a scene, and shows the
//! shortest one that ends in a lie.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod database;
mod node;
mod safeguard;
mod scene;
mod world;

use std::time::Duration;

use stateright::{Checker, HasDiscoveries, Model};

use crate::safeguard::Safeguard;
use crate::world::Protocol;

#[test]
fn no_order_of_events_makes_an_answer_stale() {
    for scene in scene::ALL {
        let checker = Protocol { scene, without: None }
            .checker()
            .timeout(Duration::from_secs(25))
            .threads(2)
            .spawn_bfs()
            .join();
        println!("{}: {} states, depth {}", scene.name, checker.unique_state_count(), checker.max_depth());
        for (property, path) in checker.discoveries() {
            println!("{}: NOT SO: {property}\n   {:?}", scene.name, path.into_actions());
        }
    }
}

#[test]
fn without_any_one_safeguard_some_order_of_events_makes_an_answer_stale() {
    for (safeguard, scene) in Safeguard::ALL {
        let protocol = Protocol { scene, without: Some(safeguard) };
        let checker = protocol
            .checker()
            .timeout(Duration::from_secs(25))
            .threads(2)
            .timeout(Duration::from_secs(4))
            .finish_when(HasDiscoveries::Any)
            .spawn_bfs()
            .join();
        let discoveries = checker.discoveries();
        let discovery = discoveries.into_iter().next();
        let (property, path) =
            discovery.unwrap_or_else(|| panic!("{safeguard:?} is not missed in {}", scene.name));
        println!("without {safeguard:?}, not so: {property}\n  {:?}", path.into_actions());
    }
}
