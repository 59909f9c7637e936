//! Random schedules of the engine: one or two nodes over a database in memory, everything that can happen in any order, and
//! a checker that looks at each answer.
//!
//! In two of three schedules there is a tier that the nodes share, which loses, swaps, replays and damages what it was given.
//! Requests, transactions short and long, crashes that give numbers out again, pruning, bulk writes and truncation, polls and
//! statements that wait at a gate and fail, requests that go away, nodes that stand still, times without reports: all of it
//! is drawn from one seed, on one thread with a clock of its own. One thing is not ours to draw: in which order tokio wakes
//! those who wait at the same watch channel (`Builder::rng_seed` is unstable). So a seed that went wrong is played again until
//! it goes wrong again. The checker
//! ([`world::World::check`]) holds an answer to this:
//!
//! * it shows every change that was committed longer than the lease before it was asked for, and those of the token;
//! * its values were committed, and all of them together at one moment, unless it says that it was not kept;
//! * it is stale only if a poll that was sent for it has failed, or patience was over;
//! * nothing is loaded twice at the same time, nor again, while nothing happens; nothing is refused; every request ends.
//!
//! That the checker can find something was tried by hand: each safeguard was taken out of the engine in turn, and the
//! schedules were played from seed 0 on. (Any change of the engine or the schedules moves the seeds.)
//!
//! | taken out | found by seed | as |
//! |---|---|---|
//! | the verdict on what was joined | 214 | outdated |
//! | a load that began too early counts for whoever joins | 218 | outdated |
//! | a poll's time is read before it is sent | 11 | stale though the database can be asked |
//! | a fill's ticket is taken before the load | 200 | torn |
//! | what came out of a cache is true up to a position only | 973 | torn |
//! | the generation | 11 | outdated |
//! | another incarnation begins the ledger anew | 2 | stale though the database can be asked |
//! | more than a poll carries ends all | 11 | outdated |
//! | a floor above what was heard of ends all | 869 | outdated |
//! | what is open is not seen (`xip`) | 308 | stale though the database can be asked |
//! | the token | 129 | outdated |
//! | a token of another life waits for a poll | 129 | outdated |
//! | the lease, doubled | 731 | outdated |
//! | the head moves with each poll | 3 | outdated |
//! | only what is true counts as checked | 3 | outdated |
//! | what can't be kept is never true | 4733 | outdated |
//! | what was loaded is judged before it is kept | 128 | outdated |
//! | whether the parts show one moment | 112 | torn |
//! | a poll tells whether the parts are of one life | 973 | torn |
//! | the end of a lifetime | 55 | outlived |
//! | nobody joins something stale who could ask | 3169 | stale though the database can be asked |
//! | unreported changes end all | 335 | outdated |
//! | what others kept is compared with all changes | 102 | torn |
//! | what others kept is of this life | 1255 | outdated |
//! | what is given is of the life that it was read in | 10205 | outdated |
//! | what others kept while reports were missing | none of 100,000 | nobody keeps anything then who knows it; its own test in `ledger.rs` |
//! | enough is known when the shared tier has answered | none of 100,000 | reports end seldom just then; its own test in `memory_over_redis/waiting.rs` |
//! | nothing is known while changes are not reported | none of 60,000 | the lease alone covers it here |
//! | a page of something unkeepable is not all new | none of 60,000 | its own test in `memory_alone/pages.rs` |
//!
//! The order of the head and the time of a poll, which two threads could see the wrong way around, cannot be found here.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod asking;
mod database;
mod random;
mod schedule;
mod shared_tier;
mod world;

use std::thread;

use schedule::play;
use world::Tally;

const THREADS: u64 = 2;
const SCHEDULES: u64 = 100_000;
/// The schedule that [`one_schedule_can_be_looked_at`] plays. Put in the seed of a failure.
const LARDER_SEED: u64 = 82_108;
/// How often a schedule is played to see what it does with each order of those who are woken together.
const ORDERS: usize = 200;

/// Plays schedules up to the first that goes wrong.
fn play_all(seeds: impl Iterator<Item = u64>) -> Tally {
    let mut all = Tally::default();
    for seed in seeds {
        let played = play(seed, false);
        if let Some(violation) = played.violation {
            let again = (0..ORDERS).map(|_| play(seed, true)).find(|again| again.violation.is_some());
            panic!("schedule {seed}: {violation}\n{}", again.map(|again| again.trace).unwrap_or_default());
        }
        all.add(&played.tally);
    }
    all
}

#[test]
fn no_schedule_has_an_answer_that_may_not_be_given() {
    let play_share = |share| move || play_all((0..SCHEDULES).filter(move |seed| seed % THREADS == share));
    let shares: Vec<_> = (0..THREADS).map(|share| thread::spawn(play_share(share))).collect();
    let mut all = Tally::default();
    for share in shares {
        all.add(&share.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
    }
    println!("{all:?}");
    let met = [all.borrowed, all.hits, all.loaded, all.joined, all.stale, all.not_kept, all.failed];
    assert!(met.iter().all(|&times| times > SCHEDULES / 50), "the schedules go everywhere: {all:?}");
}

#[test]
fn one_schedule_can_be_looked_at() {
    for _ in 0..ORDERS {
        let played = play(LARDER_SEED, true);
        assert_eq!(played.violation, None, "{}", played.trace);
    }
}
