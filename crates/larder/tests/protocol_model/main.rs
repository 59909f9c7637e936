//! The protocol of docs/coherence.md, in every order in which its events can happen in a small world.
//!
//! Writers, polls, fills, crashes, pauses and a Redis that returns whatever it likes; the rule itself is larder's own code
//! (`Snapshot`, `Ledger`, `Dependency`). The checker tries all interleavings up to the bounds of a scene, and shows the
//! shortest one that ends in a lie.
#![expect(clippy::print_stdout, reason = "how large a world is, and how it lies, is what one wants to read")]

mod database;
mod node;
mod safeguard;
mod scene;
mod world;

use stateright::{Checker, HasDiscoveries, Model};

use crate::safeguard::Safeguard;
use crate::scene::Scene;
use crate::world::Protocol;

fn no_order_of_events_makes_it_lie(scene: Scene) {
    let checker = Protocol { scene, without: None }.checker().spawn_bfs().join();
    println!("{}: {} states", scene.name, checker.unique_state_count());
    if let Some((property, path)) = checker.discoveries().into_iter().next() {
        panic!("{}: not so: {property}\n{:#?}", scene.name, path.into_actions());
    }
}

#[test]
fn every_answer_shows_what_was_committed_longer_ago_than_the_lease() {
    no_order_of_events_makes_it_lie(scene::ONE_NODE);
}

#[test]
fn with_a_lease_of_nought_every_answer_shows_what_was_committed_before_its_request() {
    no_order_of_events_makes_it_lie(scene::LEASE_NOUGHT);
}

#[test]
fn a_transaction_that_ends_after_one_that_began_later_is_heard_of() {
    no_order_of_events_makes_it_lie(scene::TWO_WRITERS);
}

#[test]
fn a_row_that_leaves_a_query_is_heard_of() {
    no_order_of_events_makes_it_lie(scene::ONE_QUERY);
}

#[test]
fn nothing_from_before_a_crash_is_served_once_its_numbers_are_given_out_again() {
    no_order_of_events_makes_it_lie(scene::CRASH);
    no_order_of_events_makes_it_lie(scene::CRASH_WITH_REDIS);
}

#[test]
fn nothing_from_before_a_change_of_the_schema_is_served() {
    no_order_of_events_makes_it_lie(scene::SCHEMA_CHANGE);
}

#[test]
fn a_node_that_has_just_begun_takes_nothing_from_redis_that_it_cannot_judge() {
    no_order_of_events_makes_it_lie(scene::REDIS);
    no_order_of_events_makes_it_lie(scene::REDIS_WITH_HISTORY);
}

#[test]
fn nothing_is_served_that_pruned_changes_may_have_touched() {
    no_order_of_events_makes_it_lie(scene::PRUNING);
    no_order_of_events_makes_it_lie(scene::PRUNING_WITH_HISTORY);
}

#[test]
fn more_changes_than_a_poll_carries_end_all_that_was_kept_before() {
    no_order_of_events_makes_it_lie(scene::TOO_MANY);
}

#[test]
fn everybody_sees_what_he_has_written_whatever_the_lease() {
    no_order_of_events_makes_it_lie(scene::OWN_WRITES);
    no_order_of_events_makes_it_lie(scene::OWN_WRITES_AND_CRASH);
}

/// The shortest order of events in which the protocol lies without this safeguard.
fn lie_without(safeguard: Safeguard, scene: Scene) -> String {
    let protocol = Protocol { scene, without: Some(safeguard) };
    let checker = protocol.checker().finish_when(HasDiscoveries::Any).spawn_bfs().join();
    let (property, path) = checker
        .discoveries()
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("{safeguard:?} is not missed in {}", scene.name));
    format!("without {safeguard:?}, not so: {property}\n    {:?}", path.into_actions())
}

#[test]
fn no_safeguard_can_be_left_out() {
    for (safeguard, scene) in Safeguard::ALL {
        println!("{}", lie_without(safeguard, scene));
    }
}
