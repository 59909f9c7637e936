//! A new version comes onto three nodes behind a balancer, one after the other, and no visitor notices.

use testkit::Redis;
use testkit::deploy::Fleet;

use crate::database::Database;

/// Twenty rounds: `cargo run --release -p gable --example deploy -- --rounds 20`.
const ROUNDS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn nodes_restarted_in_turn_fail_no_request_and_serve_from_redis_at_once() {
    let (database, redis) = (Database::postgres(), Redis::start());
    database.fill(100, 200).await;
    let program = database
        .gable(&["serve", "--no-sample-data"])
        .environment("REDIS_URL", redis.url())
        .environment("GABLE_SECRET_KEY", "a secret of many words")
        .environment("SITE_URL", "http://homes.example")
        // However busy the machine is.
        .environment("REDIS_TIMEOUT_MS", "1000")
        .environment("SHUTDOWN_NOTICE_MS", "2000");
    let pages: Vec<_> = (1..=50).map(|id| format!("/properties/{id}/")).collect();
    let report =
        tokio::task::spawn_blocking(move || Fleet::start(&program, 3).restart_in_turn(ROUNDS, 4, &pages));
    let report = report.await.unwrap();
    assert!(report.failures.is_empty(), "{report}");
    assert!(report.answers > 500, "{report}");
    assert!(report.first_second().redis > 0, "{report}");
}
