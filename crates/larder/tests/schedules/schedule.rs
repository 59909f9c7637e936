//! One schedule: a random order of everything that can happen, drawn from a seed.

use std::sync::Arc;
use std::time::Duration;

use larder::{Health, Larder, Options, Pace, Policy, Reading, Seal, SharedOptions, WriteToken};
use tokio::task::{JoinHandle, yield_now};

use crate::asking::{ALL, Node};
use crate::database::{HOMES, Write};
use crate::shared_tier::Unreliable;
use crate::world::{Claim, NODES, Shared, Simulated, Tally};

const PACE: Pace = Pace {
    interval: Duration::from_millis(20),
    patience: Duration::from_millis(30),
    longest_poll: Duration::from_millis(50),
    check_every: Duration::from_secs(2),
    prune_every: Duration::from_mins(1),
    longest_lifetime: Duration::from_millis(500),
};
const LEASES_MS: [u64; 4] = [0, 0, 25, 60];
const MOST_STEPS: u64 = 22;
/// Steps of a node's tasks after each step of the schedule: mostly until everything waits for something.
const SETTLING: u64 = 5;

struct Schedule {
    world: Shared,
    larders: Vec<Larder>,
    nodes: Vec<Node>,
    /// What this schedule asks for: little, so that most of it is asked for again.
    asked_for: [usize; 4],
    data_lease: Duration,
    page_lease: Duration,
    has_shared_tier: bool,
    requests: Vec<JoinHandle<()>>,
    /// The last transaction that somebody knows to be committed, and its place in the history.
    written: Option<(WriteToken, usize)>,
}

/// What came of a schedule.
pub(crate) struct Played {
    pub(crate) violation: Option<String>,
    pub(crate) trace: String,
    pub(crate) tally: Tally,
}

/// Plays the schedule of a seed, on a runtime of its own: nothing is left over from the one before.
pub(crate) fn play(seed: u64, is_traced: bool) -> Played {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let world = Shared::new(seed, is_traced);
    runtime.unwrap().block_on(run(world.clone()));
    let world = world.lock();
    Played { violation: world.violation.clone(), trace: world.trace().to_owned(), tally: world.tally }
}

async fn run(world: Shared) {
    let mut schedule = Schedule::begin(world).await;
    let steps = 8 + schedule.below(MOST_STEPS - 8);
    for _ in 0..steps {
        schedule.step().await;
        if schedule.world.lock().violation.is_some() {
            return;
        }
    }
    schedule.finish().await;
}

impl Schedule {
    async fn begin(world: Shared) -> Schedule {
        let (nodes, asked_for, leases, lifetime, grace, first_poll_fails) = {
            let mut world = world.lock();
            world.patience = PACE.patience;
            world.clock.advance(Duration::from_secs(1));
            world.gates_are_rare = 0;
            let leases = [world.random.pick(&LEASES_MS), world.random.pick(&LEASES_MS)];
            let nodes = if world.random.one_in(3) { NODES } else { 1 };
            let lifetime = world.random.pick(&[100, 400]);
            world.lifetime = Duration::from_millis(lifetime);
            let grace = world.random.pick(&[0, 200, 200]);
            let asked_for = std::array::from_fn(|_| world.random.place_in(ALL.len()));
            (nodes, asked_for, leases, lifetime, grace, world.random.one_in(10))
        };
        world.lock().polls_fail = first_poll_fails;
        let has_shared_tier = {
            let mut world = world.lock();
            world.shelves.lies_are_rare = world.random.pick(&[0, 2, 4]);
            !world.random.one_in(3)
        };
        let [data_lease, page_lease] = leases.map(Duration::from_millis);
        let policy = Policy {
            lifetime: Duration::from_millis(lifetime),
            lease: data_lease,
            stale_if_error: Duration::from_millis(grace),
        };
        let mut schedule = Schedule {
            world: world.clone(),
            larders: Vec::new(),
            nodes: Vec::new(),
            asked_for,
            data_lease,
            page_lease,
            has_shared_tier,
            requests: Vec::new(),
            written: None,
        };
        for number in 0..nodes {
            schedule.start_node(number, policy).await;
        }
        world.lock().polls_fail = false;
        world.lock().gates_are_rare = 3;
        schedule
    }

    async fn start_node(&mut self, node: usize, policy: Policy) {
        let world = &self.world;
        let clock = world.lock().clock.clone();
        let shared = self.has_shared_tier.then(|| SharedOptions {
            tier: Arc::new(Unreliable { world: world.clone() }),
            seal: Seal::new(b"secret", ["build"]),
            prefix: "larder".to_owned(),
        });
        let options = Options { memory_bytes: 1 << 20, pace: PACE, clock, shared };
        let larder = Larder::start(|| Simulated { world: world.clone(), node }, options).await;
        let data = larder.shared_data(policy);
        let pages = larder.shared_data(Policy { lease: self.page_lease, ..policy });
        self.nodes.push(Node { number: node, world: world.clone(), data, pages });
        self.larders.push(larder);
    }

    fn below(&self, bound: u64) -> u64 {
        self.world.lock().random.below(bound)
    }

    /// Nothing happens in the same nanosecond as anything else that counts.
    fn tick(&self) {
        self.world.lock().clock.advance(Duration::from_nanos(1));
    }

    async fn step(&mut self) {
        self.tick();
        match self.below(100) {
            0..30 => self.ask(),
            30..42 => self.write_at_once(),
            42..46 => drop(self.world.lock().database.begin()),
            46..52 => self.write_in_open(),
            52..58 => self.end_open(),
            58..78 => self.world.lock().open_a_gate(),
            78..88 => self.pass_time(30).await,
            88..90 => self.pass_time(250).await,
            90..92 => self.pause(),
            92..94 => self.cancel(),
            94 => self.crash(),
            95 => self.prune(),
            96..98 => self.turn_polls(),
            98 => self.clear(),
            _ => self.stop_reporting().await,
        }
        self.settle().await;
    }

    async fn settle(&self) {
        let steps = if self.below(4) == 0 { self.below(3) } else { SETTLING };
        for _ in 0..steps {
            yield_now().await;
        }
    }

    /// Somebody asks, or several do at the same time.
    fn ask(&mut self) {
        let what = self.world.lock().random.pick(&self.asked_for);
        let node = self.world.lock().random.place_in(self.nodes.len());
        let times = if self.below(4) == 0 { 3 } else { 1 };
        for _ in 0..times {
            self.ask_for(what, node);
        }
    }

    fn ask_for(&mut self, what: usize, node: usize) {
        let mut asked = self.larders[node].asked_now();
        let mut lease = if ALL[what].is_page { self.page_lease } else { self.data_lease };
        if self.below(6) == 0 {
            lease = Duration::ZERO;
            asked = asked.with_lease(lease);
        }
        let mut own = 0;
        if let Some((token, place)) = self.written
            && self.below(3) == 0
        {
            own = place;
            asked = asked.with_token(Some(token));
        }
        let elapsed = self.world.lock().elapsed;
        self.spawn_request(Claim { node, what, asked, lease, own, elapsed });
    }

    fn spawn_request(&mut self, claim: Claim) {
        let node = self.nodes[claim.node].clone();
        self.world.lock().tell(|| {
            let (name, asked) = (ALL[claim.what].name, claim.asked);
            format!("node {} is asked for {name:?} with lease {:?}: {asked:?}", claim.node, claim.lease)
        });
        self.world.lock().open.push(claim);
        self.requests.push(tokio::spawn(async move {
            let outcome = node.answer(&Reading::of(claim.asked), claim.what).await;
            node.world.lock().close(&claim);
            node.world.lock().check(&claim, &outcome);
        }));
    }

    fn any_write(&self) -> Write {
        let mut world = self.world.lock();
        let id = world.random.place_in(HOMES);
        match world.random.below(12) {
            0 => Write::Truncate,
            1..3 => Write::Delete(id),
            _ => Write::Put(id, i64::from(world.random.one_in(2))),
        }
    }

    fn write_at_once(&mut self) {
        let transaction = self.world.lock().database.begin();
        let writes = if self.below(10) == 0 { 8 } else { 1 + self.below(2) };
        for _ in 0..writes {
            let write = self.any_write();
            self.world.lock().database.write(transaction, write);
        }
        self.commit(transaction);
    }

    fn commit(&mut self, transaction: usize) {
        let mut world = self.world.lock();
        let at = world.clock.now();
        let xid = world.database.commit(transaction, at);
        world.disturbances += 1;
        let place = world.database.history.len() - 1;
        let homes = *world.database.homes();
        world.tell(|| format!("{xid:?} is committed: state {place} is {homes:?}"));
        self.written = Some((WriteToken { incarnation: world.database.incarnation, xid }, place));
    }

    fn any_open(&self) -> Option<usize> {
        let mut world = self.world.lock();
        let open = world.database.open();
        (open > 0).then(|| world.random.place_in(open))
    }

    fn write_in_open(&mut self) {
        if let Some(transaction) = self.any_open() {
            let write = self.any_write();
            self.world.lock().database.write(transaction, write);
        }
    }

    fn end_open(&mut self) {
        match self.any_open() {
            Some(transaction) if self.below(4) == 0 => self.world.lock().database.roll_back(transaction),
            Some(transaction) => self.commit(transaction),
            None => {}
        }
    }

    async fn pass_time(&mut self, most_ms: u64) {
        let time = Duration::from_millis(1 + self.below(most_ms));
        {
            let mut world = self.world.lock();
            // A poll may be given up meanwhile, a lease or a lifetime may end.
            world.disturbances += 1;
            world.clock.advance(time);
            world.elapsed = world.elapsed.plus(time);
            world.tell(|| format!("{time:?} pass"));
        }
        tokio::time::advance(time).await;
    }

    /// The machine of all nodes stands still while others write.
    fn pause(&mut self) {
        for _ in 0..self.below(3) {
            let time = Duration::from_millis(self.below(60));
            self.world.lock().clock.advance(time);
            self.tick();
            self.write_at_once();
        }
        self.tick();
    }

    fn cancel(&mut self) {
        if self.requests.is_empty() {
            return;
        }
        let place = self.world.lock().random.place_in(self.requests.len());
        self.requests.swap_remove(place).abort();
    }

    fn crash(&mut self) {
        let mut world = self.world.lock();
        let given_again = world.random.below(6);
        world.database.crash(given_again);
        world.disturbances += 1;
        world.tell(|| "the database crashes".to_owned());
    }

    fn prune(&mut self) {
        let mut world = self.world.lock();
        let back = world.random.below(3);
        world.database.prune(back);
        world.disturbances += 1;
        world.tell(|| "changes are pruned".to_owned());
    }

    fn turn_polls(&mut self) {
        let mut world = self.world.lock();
        world.polls_fail = !world.polls_fail;
        world.disturbances += 1;
        let polls_fail = world.polls_fail;
        world.tell(|| format!("polls fail: {polls_fail}"));
    }

    fn clear(&mut self) {
        self.larders.iter().for_each(Larder::clear);
        self.world.lock().disturbances += 1;
    }

    /// Changes are not reported any more; the nodes notice it before the next write.
    async fn stop_reporting(&mut self) {
        self.set_watched(false).await;
        let have_noticed = |larder: &Larder| matches!(larder.health(), Health::Unwatched(_));
        assert!(self.larders.iter().all(have_noticed), "a check is made every two seconds");
        for _ in 0..self.below(8) {
            self.tick();
            match self.below(4) {
                0 => self.ask(),
                1 => self.write_at_once(),
                2 => self.world.lock().open_a_gate(),
                _ => self.pass_time(30).await,
            }
            self.settle().await;
        }
        // What is open has written unreported.
        while let Some(transaction) = self.any_open() {
            self.commit(transaction);
            self.tick();
        }
        self.set_watched(true).await;
    }

    async fn set_watched(&mut self, is_watched: bool) {
        {
            let mut world = self.world.lock();
            world.database.is_watched = is_watched;
            world.disturbances += 1;
            world.clock.advance(PACE.check_every);
            world.elapsed = world.elapsed.plus(PACE.check_every);
            world.tell(|| format!("changes are reported: {is_watched}"));
        }
        tokio::time::advance(PACE.check_every).await;
        for _ in 0..SETTLING {
            yield_now().await;
        }
    }

    /// Lets everything come to its end.
    async fn finish(&mut self) {
        self.world.lock().polls_fail = false;
        // Another node's load is waited for a quarter of a second.
        for _ in 0..40 {
            self.tick();
            self.world.lock().open_all_gates();
            self.pass_time(30).await;
            for _ in 0..SETTLING {
                yield_now().await;
            }
            self.requests.retain(|request| !request.is_finished());
            if self.requests.is_empty() {
                return;
            }
        }
        self.world.lock().violate("a request never ends");
    }
}
