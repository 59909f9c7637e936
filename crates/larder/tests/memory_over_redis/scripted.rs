//! A tier that does what a test tells it, and counts what it is asked.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use larder::clock::Clock;
use larder::tier::shared::{Pending, SharedTier, TierState, Trouble};
use tokio::sync::Semaphore;

#[derive(Debug, Default)]
pub(crate) struct Script {
    pub(crate) held: HashMap<String, Bytes>,
    /// So many looks find nothing, whatever is there.
    pub(crate) hidden: u32,
    /// What comes of the next claims; then of all.
    pub(crate) claims: VecDeque<Result<bool, Trouble>>,
    pub(crate) is_claimed: bool,
    /// Every look ends without an answer.
    pub(crate) is_dead: bool,
    /// A claim that is ended is never heard of again.
    pub(crate) releases_hang: bool,
    /// So much time passes with each look.
    pub(crate) look_takes: Duration,
    /// Where looks wait, if they do.
    pub(crate) gate: Option<Arc<Semaphore>>,
    pub(crate) gets: u32,
    pub(crate) gets_of_many: u32,
    pub(crate) releases: u32,
}

#[derive(Debug)]
pub(crate) struct Scripted {
    script: Mutex<Script>,
    clock: Clock,
}

impl Scripted {
    pub(crate) fn by(clock: &Clock) -> Arc<Scripted> {
        Arc::new(Scripted { script: Mutex::default(), clock: clock.clone() })
    }

    pub(crate) fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    fn look(&self, name: &str) -> Result<Option<Bytes>, Trouble> {
        let mut script = self.script();
        if script.is_dead {
            return Err(Trouble::TimedOut);
        }
        if script.hidden > 0 {
            script.hidden -= 1;
            return Ok(None);
        }
        Ok(script.held.get(name).cloned())
    }
}

impl SharedTier for Scripted {
    fn get<'a>(&'a self, name: &'a str) -> Pending<'a, Option<Bytes>> {
        Box::pin(async move {
            let (gate, look_takes) = {
                let mut script = self.script();
                script.gets += 1;
                (script.gate.clone(), script.look_takes)
            };
            self.clock.advance(look_takes);
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            self.look(name)
        })
    }

    fn get_many<'a>(&'a self, names: &'a [String]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            self.script().gets_of_many += 1;
            names.iter().map(|name| self.look(name)).collect()
        })
    }

    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8], _: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            self.script().held.insert(name.to_owned(), Bytes::copy_from_slice(bytes));
            Ok(())
        })
    }

    fn claim<'a>(&'a self, _: &'a str, _: Duration) -> Pending<'a, bool> {
        Box::pin(async move {
            let mut script = self.script();
            let is_free = !script.is_claimed;
            script.claims.pop_front().unwrap_or(Ok(is_free))
        })
    }

    fn release<'a>(&'a self, _: &'a str) -> Pending<'a, ()> {
        Box::pin(async move {
            let hangs = {
                let mut script = self.script();
                script.releases += 1;
                script.releases_hang
            };
            if hangs {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    }

    fn ping(&self) -> Pending<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn takes_bytes(&self) -> bool {
        true
    }

    fn state(&self) -> TierState {
        TierState::Well
    }
}
