//! A tier that all nodes share and nobody can rely on: it loses, swaps, replays, damages, is late, and fails.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use larder::tier::shared::{Pending, SharedTier, TierState, Trouble};

use crate::world::Shared;

/// What was ever put, by name.
#[derive(Debug, Default)]
pub(crate) struct Shelves {
    puts: HashMap<String, Vec<Bytes>>,
    /// All of it, in order.
    all: Vec<Bytes>,
    /// One answer out of so many is not what it should be; 0 where all are.
    pub(crate) lies_are_rare: u64,
}

#[derive(Debug)]
pub(crate) struct Unreliable {
    pub(crate) world: Shared,
}

impl Unreliable {
    /// Waits at a gate, or fails there.
    async fn pass(&self) -> Result<(), Trouble> {
        self.world.pass_gate().await.map_err(|()| Trouble::TimedOut)
    }

    fn answer(&self, name: &str) -> Option<Bytes> {
        let mut world = self.world.lock();
        let rarely = world.shelves.lies_are_rare;
        let lies = rarely > 0 && world.random.one_in(rarely);
        let of_name = world.shelves.puts.get(name).cloned().unwrap_or_default();
        if !lies {
            return of_name.last().cloned();
        }
        match world.random.below(4) {
            0 => None,
            1 if !of_name.is_empty() => {
                let place = world.random.place_in(of_name.len());
                Some(of_name[place].clone())
            }
            2 if !world.shelves.all.is_empty() => {
                let given = world.shelves.all.len();
                let place = world.random.place_in(given);
                Some(world.shelves.all[place].clone())
            }
            _ => {
                let mut bytes = of_name.last()?.to_vec();
                let place = world.random.place_in(bytes.len());
                bytes[place] ^= 1 << world.random.below(8);
                Some(bytes.into())
            }
        }
    }
}

impl SharedTier for Unreliable {
    fn get<'a>(&'a self, name: &'a str) -> Pending<'a, Option<Bytes>> {
        Box::pin(async move {
            self.pass().await?;
            let answer = self.answer(name);
            self.pass().await?;
            self.world.lock().tell(|| format!("the shared tier answers for {name}: {}", answer.is_some()));
            Ok(answer)
        })
    }

    fn get_many<'a>(&'a self, names: &'a [String]) -> Pending<'a, Vec<Option<Bytes>>> {
        Box::pin(async move {
            self.pass().await?;
            Ok(names.iter().map(|name| self.answer(name)).collect())
        })
    }

    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8], _: Duration) -> Pending<'a, ()> {
        Box::pin(async move {
            self.pass().await?;
            let mut world = self.world.lock();
            world.tell(|| format!("the shared tier is given {name}"));
            let bytes = Bytes::copy_from_slice(bytes);
            world.shelves.all.push(bytes.clone());
            world.shelves.puts.entry(name.to_owned()).or_default().push(bytes);
            Ok(())
        })
    }

    /// It is anybody's.
    fn claim<'a>(&'a self, _: &'a str, _: Duration) -> Pending<'a, bool> {
        Box::pin(async move {
            self.pass().await?;
            let mut world = self.world.lock();
            Ok(world.shelves.lies_are_rare == 0 || !world.random.one_in(4))
        })
    }

    fn release<'a>(&'a self, _: &'a str) -> Pending<'a, ()> {
        Box::pin(async move { self.pass().await })
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
