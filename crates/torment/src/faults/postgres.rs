//! What happens to PostgreSQL. While it can't be asked, answers are labelled stale, or 503.

use std::time::Duration;

use super::{Allows, Caused, Fault, Stage};

pub(super) const ALL: &[&dyn Fault] =
    &[&SessionKilled, &StoppedAtOnce, &Killed, &Paused, &NoConnections, &Locked, &StandbyMissing, &DiskFull];

/// A segment of the log of transactions has 16 MiB.
const FULL_BYTES: u64 = 16 << 10;

/// One session is killed with -9: PostgreSQL takes it for a crash, ends all and recovers by itself.
struct SessionKilled;

impl Fault for SessionKilled {
    fn name(&self) -> &'static str {
        "postgres-session-killed"
    }

    fn allows(&self) -> Allows {
        Allows::Refusals
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let postgres = &stage.fleet.postgres;
        let of_nodes = "select pid from pg_stat_activity where backend_type = 'client backend' \
                        and application_name not like 'history%' and pid <> pg_backend_pid() limit 1";
        if let Ok(id) = postgres.sql(&stage.fleet.scene.database_url, of_nodes).parse() {
            postgres.kill_session(id);
        }
        Caused::at_once()
    }
}

/// `pg_ctl stop --mode immediate`.
struct StoppedAtOnce;

impl Fault for StoppedAtOnce {
    fn name(&self) -> &'static str {
        "postgres-stopped-at-once"
    }

    fn allows(&self) -> Allows {
        Allows::Refusals
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let postgres = &stage.fleet.postgres;
        postgres.stop_at_once();
        Caused::healed_by(|| postgres.restart())
    }
}

/// All of its processes are killed with -9.
struct Killed;

impl Fault for Killed {
    fn name(&self) -> &'static str {
        "postgres-killed"
    }

    fn allows(&self) -> Allows {
        Allows::Refusals
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let postgres = &stage.fleet.postgres;
        postgres.kill();
        Caused::healed_by(|| postgres.restart())
    }
}

/// SIGSTOP to all of its processes.
struct Paused;

impl Fault for Paused {
    fn name(&self) -> &'static str {
        "postgres-paused"
    }

    fn allows(&self) -> Allows {
        Allows::Refusals
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let postgres = &stage.fleet.postgres;
        postgres.pause();
        Caused::healed_by(|| postgres.resume())
    }
}

/// Others have every connection that there is.
struct NoConnections;

impl Fault for NoConnections {
    fn name(&self) -> &'static str {
        "postgres-connections-exhausted"
    }

    fn allows(&self) -> Allows {
        Allows::Refusals
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let held = stage.fleet.database().hold_connections();
        Caused::healed_by(|| drop(held))
    }
}

/// Nothing more can be written to the log of transactions, so that PostgreSQL ends; with room again, somebody starts it.
struct DiskFull;

impl Fault for DiskFull {
    fn name(&self) -> &'static str {
        "postgres-disk-full"
    }

    fn allows(&self) -> Allows {
        Allows::Refusals
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let postgres = &stage.fleet.postgres;
        postgres.limit_files(Some(FULL_BYTES));
        Caused::healed_by(|| postgres.restart())
    }
}

/// `ACCESS EXCLUSIVE` on the table: polls go on, and nothing can be read.
struct Locked;

impl Fault for Locked {
    fn name(&self) -> &'static str {
        "postgres-table-locked"
    }

    fn allows(&self) -> Allows {
        Allows::Refusals
    }

    fn lasts(&self) -> Duration {
        Duration::from_secs(5)
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let held = stage.fleet.database().hold_lock();
        Caused::healed_by(|| drop(held))
    }
}

/// Commits wait for a standby that there is not. Nothing of them is visible meanwhile, and everything else goes on.
struct StandbyMissing;

impl Fault for StandbyMissing {
    fn name(&self) -> &'static str {
        "postgres-standby-missing"
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let fleet = stage.fleet;
        // Each by itself: ALTER SYSTEM can't be part of a transaction.
        let set = |statement| {
            fleet.postgres.sql(&fleet.postgres.url(), statement);
            fleet.postgres.sql(&fleet.postgres.url(), "select pg_reload_conf()");
        };
        set("alter system set synchronous_standby_names = 'nobody'");
        Caused::healed_by(move || set("alter system reset synchronous_standby_names"))
    }
}
