//! The signals that end the service. One test alone, as a signal reaches the whole process.

use std::process::Command;
use std::time::Duration;

use gable::server::{Drained, signals};

use super::rig::{HOLD, Rig, patient, soon};

fn send(signal: &str) {
    let own = std::process::id().to_string();
    let status = Command::new("kill").args([signal, &own]).status().unwrap();
    assert!(status.success());
}

#[tokio::test]
async fn the_first_signal_begins_the_shutdown_and_the_second_ends_it() {
    let rig = Rig::start(patient()).await;
    let _client = rig.client_with(HOLD).await;
    rig.entered().await;
    let caught = tokio::spawn(signals(rig.lifecycle.clone(), Duration::ZERO).unwrap());
    send("-TERM");
    soon(rig.lifecycle.draining()).await;
    assert!(!rig.lifecycle.is_ready());
    send("-INT");
    assert_eq!(rig.drained().await, Drained { finished: 0, cut: 1 });
    soon(caught).await.unwrap();
}
