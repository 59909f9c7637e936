//! What nodes give one another: out of the shared tier, if it checks out and the ledger says that it is true; and into it.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use super::follow::Judged;
use super::read::{Errand, Filled, Shelf};
use crate::counts::{SharedCounts, Useless};
use crate::entry::{Entry, Kept, Making, Weigh};
use crate::envelope::{Envelope, Seal};
use crate::freshness::Verdict;
use crate::key::Key;
use crate::shelve::Codec;
use crate::tier::shared::{SharedTier, Trouble};

/// For how long a node says that it loads something. Longer loads may be made twice.
const CLAIM: Duration = Duration::from_secs(2);
/// How long others wait for it, look by look: about a quarter of a second together. Then they load it themselves.
const PAUSES: [Duration; 7] = [
    Duration::from_millis(2),
    Duration::from_millis(4),
    Duration::from_millis(8),
    Duration::from_millis(16),
    Duration::from_millis(32),
    Duration::from_millis(64),
    Duration::from_millis(128),
];
/// After this nobody looks again, however slow the looks were.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// Entries that are made into bytes and written at the same time. What comes beyond is not written.
const WRITTEN_AT_ONCE: usize = 64;
/// Longer bytes would hold up everything behind them on the connection.
const LONGEST_BYTES: usize = 4 << 20;
/// Longer names are hashed.
const LONGEST_NAME_BYTES: usize = 200;

/// A tier that all nodes share, as one of them uses it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) tier: Arc<dyn SharedTier>,
    seal: Seal,
    prefix: Box<str>,
    places: Arc<Semaphore>,
    pub(crate) counts: SharedCounts,
}

/// What came of asking the shared tier.
#[derive(Debug)]
pub(super) enum Borrowed {
    /// It is there and true.
    Found {
        /// What was there.
        filled: Filled,
        /// As below: it came while this node was about to load it.
        has_claim: bool,
    },
    /// It has to be loaded.
    Nothing {
        /// Whether this node has told the others that it loads.
        has_claim: bool,
        /// Whether the tier failed, or another node's load was waited for in vain: nobody waits again on behalf of the same
        /// request.
        has_failed: bool,
    },
}

const NOTHING: Borrowed = Borrowed::Nothing { has_claim: false, has_failed: false };

impl Shared {
    pub(crate) fn new(tier: Arc<dyn SharedTier>, seal: Seal, prefix: &str) -> Shared {
        let places = Arc::new(Semaphore::new(WRITTEN_AT_ONCE));
        Shared { tier, seal, prefix: prefix.into(), places, counts: SharedCounts::default() }
    }

    /// The name of a key: as people read it, if it is short and plain, else a digest of it.
    pub(crate) fn name(&self, key: &Key) -> String {
        format!("{}:{}:{}", self.prefix, key.kind().name(), plain_name(key.name()))
    }

    fn claim_name(&self, key: &Key) -> String {
        format!("{}:lock:{}:{}", self.prefix, key.kind().name(), plain_name(key.name()))
    }

    async fn claim(&self, key: &Key) -> Result<bool, Trouble> {
        let claimed = self.tier.claim(&self.claim_name(key), CLAIM).await;
        claimed.inspect_err(|trouble| self.counts.trouble(trouble))
    }

    async fn get(&self, key: &Key) -> Result<Option<Bytes>, Trouble> {
        self.tier.get(&self.name(key)).await.inspect_err(|trouble| self.counts.trouble(trouble))
    }

    /// Nobody waits for it, so nobody hears of its failure but the figures.
    async fn release(&self, key: &Key) {
        if let Err(trouble) = self.tier.release(&self.claim_name(key)).await {
            self.counts.trouble(&trouble);
        }
    }

    async fn put(&self, key: &Key, bytes: &[u8], lifetime: Duration) {
        match self.tier.put(&self.name(key), bytes, lifetime).await {
            Ok(()) => self.counts.written(),
            Err(trouble) => {
                self.counts.trouble(&trouble);
                self.counts.not_written();
            }
        }
    }
}

/// A name that `redis-cli` shows as it is, and that is no digest.
fn plain_name(name: &str) -> String {
    let is_plain = (1..=LONGEST_NAME_BYTES).contains(&name.len())
        && !name.starts_with('#')
        && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain {
        return name.to_owned();
    }
    format!("#{}", URL_SAFE_NO_PAD.encode(Sha256::digest(name)))
}

impl Shelf {
    /// What another node has kept under the key, if it is true for whoever asked. While another node loads it, waits a little.
    pub(super) async fn borrow<T>(&self, errand: &Errand<T>) -> Borrowed
    where
        T: Weigh + Send + Sync + 'static,
    {
        let (Some(shared), Some(codec), true) = (&self.shared, errand.codec, errand.may_borrow) else {
            return NOTHING;
        };
        let failed = Borrowed::Nothing { has_claim: false, has_failed: true };
        let began_at = self.clock.now();
        for pause in PAUSES.iter().map(Some).chain([None]) {
            let Ok(bytes) = shared.get(&errand.key).await else { return failed };
            match self.judged(shared, codec, errand, bytes) {
                Ok(filled) => {
                    shared.counts.hit();
                    return Borrowed::Found { filled, has_claim: false };
                }
                Err(useless) => shared.counts.useless(useless),
            }
            // Where each look takes its time, there are fewer of them.
            let Some(pause) = pause.filter(|_| self.clock.now().since(began_at) < LONGEST_WAIT) else {
                break;
            };
            match shared.claim(&errand.key).await {
                Ok(true) if *pause == PAUSES[0] => {
                    return Borrowed::Nothing { has_claim: true, has_failed: false };
                }
                Ok(true) => return self.after_waiting(shared, codec, errand).await,
                Ok(false) => {}
                // One that takes nothing has cost no time, and may well have the next that the same request asks for.
                Err(Trouble::LeftAlone | Trouble::Refused(_)) => return NOTHING,
                Err(_) => return failed,
            }
            if *pause == PAUSES[0] {
                shared.counts.waited();
            }
            tokio::time::sleep(*pause).await;
        }
        failed
    }

    /// The same for several, in one round trip and without a wait; and whether the tier failed.
    pub(super) async fn borrow_many<T>(&self, errands: &[&Errand<T>]) -> (Vec<Option<Filled>>, bool)
    where
        T: Weigh + Send + Sync + 'static,
    {
        let nothing = |has_failed| (errands.iter().map(|_| None).collect(), has_failed);
        let codec = errands.first().filter(|errand| errand.may_borrow).and_then(|errand| errand.codec);
        let (Some(shared), Some(codec)) = (&self.shared, codec) else { return nothing(false) };
        let names: Vec<String> = errands.iter().map(|errand| shared.name(&errand.key)).collect();
        let answers = match shared.tier.get_many(&names).await {
            Ok(answers) => answers,
            Err(trouble) => {
                shared.counts.trouble(&trouble);
                return nothing(true);
            }
        };
        let judged = errands.iter().zip(answers).map(|(errand, bytes)| {
            match self.judged(shared, codec, errand, bytes) {
                Ok(filled) => {
                    shared.counts.hit();
                    Some(filled)
                }
                Err(useless) => {
                    shared.counts.useless(useless);
                    None
                }
            }
        });
        (judged.collect(), false)
    }

    /// Whoever had the claim has ended it, or it was lost: what they loaded may have come between the last look and the claim.
    async fn after_waiting<T>(&self, shared: &Shared, codec: Codec<T>, errand: &Errand<T>) -> Borrowed
    where
        T: Weigh + Send + Sync + 'static,
    {
        let Ok(bytes) = shared.get(&errand.key).await else {
            return Borrowed::Nothing { has_claim: true, has_failed: true };
        };
        match self.judged(shared, codec, errand, bytes) {
            Ok(filled) => {
                shared.counts.hit();
                Borrowed::Found { filled, has_claim: true }
            }
            Err(useless) => {
                shared.counts.useless(useless);
                Borrowed::Nothing { has_claim: true, has_failed: true }
            }
        }
    }

    /// What the shared tier has, as an entry of this node, if it checks out and is true. It goes by the same ledger as all
    /// others: which node made it makes no difference.
    pub(super) fn judged<T>(
        &self,
        shared: &Shared,
        codec: Codec<T>,
        errand: &Errand<T>,
        bytes: Option<Bytes>,
    ) -> Result<Filled, Useless>
    where
        T: Weigh + Send + Sync + 'static,
    {
        let (key, policy) = (&errand.key, &errand.policy);
        let bytes = bytes.ok_or(Useless::Absent)?;
        if bytes.len() > LONGEST_BYTES {
            // Nobody has given that, and to find out that it is not signed would take its time.
            return Err(Useless::UNREADABLE);
        }
        let incarnation = self.follow.incarnation().ok_or(Useless::Unknown)?;
        let envelope = shared.seal.open(key, codec.of, &bytes, incarnation).map_err(Useless::Unsound)?;
        let (now, today) = (self.clock.now(), self.clock.time_of_day());
        let fresh_until = now.plus(envelope.left(today, policy.lifetime));
        if fresh_until <= now || errand.is_ahead && policy.is_due(fresh_until, now) {
            return Err(Useless::Expired);
        }
        // Before the judgement: what the ledger hears of in between is more than this says.
        let reflects = self.follow.asked_at();
        let Judged { verdict, generation } = self.follow.judge_foreign(&envelope.parts, incarnation);
        let checked = match verdict {
            Verdict::True(head) => head,
            Verdict::Changed => return Err(Useless::Changed),
            Verdict::Forgotten => return Err(Useless::Forgotten),
            Verdict::TooMuch => return Err(Useless::TooMuch),
        };
        // Changes may have gone unreported while the tier was asked.
        if !self.follow.knows(&errand.asked, policy.lease_for(&errand.asked)) {
            return Err(Useless::Unknown);
        }
        let value = (codec.read)(&envelope.body).ok_or(Useless::UNREADABLE)?;
        let making = Making {
            generation,
            checked,
            made_at: now.minus(envelope.age(today, policy.lifetime)),
            fresh_until,
            until: None,
            parts: envelope.parts,
        };
        let entry = Arc::new(Entry::new(value, making));
        self.memory.keep(key.clone(), Arc::clone(&entry), 0);
        Ok(Filled::borrowed(entry, reflects))
    }

    /// Gives the others what was loaded, off the path of whoever asked for it; and ends the claim that this node has.
    pub(super) fn lend<T>(self: &Arc<Self>, errand: &Errand<T>, filled: Option<&Filled>, has_claim: bool)
    where
        T: Weigh + Send + Sync + 'static,
    {
        let (Some(shared), Some(codec)) = (&self.shared, errand.codec) else { return };
        let entry = filled.filter(|filled| filled.is_lendable()).map(|filled| &filled.entry);
        let entry = entry.filter(|_| shared.tier.takes_bytes());
        if entry.is_none() && !has_claim {
            return;
        }
        let Ok(place) = Arc::clone(&shared.places).try_acquire_owned() else {
            shared.counts.behind();
            return;
        };
        let (own, key) = (Arc::clone(self), errand.key.clone());
        let (entry, lifetime) = (entry.map(Arc::clone), errand.policy.lifetime);
        tokio::spawn(async move {
            let Some(shared) = &own.shared else { return };
            if let Some(entry) = entry {
                own.write(shared, codec, &key, entry, lifetime).await;
            }
            if has_claim {
                shared.release(&key).await;
            }
            drop(place);
        });
    }

    async fn write<T>(
        &self,
        shared: &Shared,
        codec: Codec<T>,
        key: &Key,
        entry: Arc<Entry>,
        lifetime: Duration,
    ) where
        T: Weigh + Send + Sync + 'static,
    {
        let (Some(value), parts) = (Kept::<T>::of(Arc::clone(&entry)), entry.parts().to_vec()) else {
            return;
        };
        let body = (codec.write)(value).await;
        // Which life of the database it was read in: the one that has gone on since before it was loaded.
        let incarnation = self.follow.incarnation_of(entry.generation());
        let (now, today) = (self.clock.now(), self.clock.time_of_day());
        let left = entry.fresh_until().since(now).min(lifetime);
        let (Some(body), Some(incarnation), false) = (body, incarnation, left.is_zero()) else {
            return shared.counts.not_written();
        };
        let envelope = Envelope {
            incarnation,
            made_at: today.minus(now.since(entry.made_at())),
            ends_at: today.plus(left),
            parts,
            body: body.into(),
        };
        match shared.seal.close(key, codec.of, &envelope) {
            Some(bytes) if bytes.len() <= LONGEST_BYTES => shared.put(key, &bytes, left).await,
            _ => shared.counts.not_written(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_one_visible_word_and_no_other_keys(one in "\\PC{0,60}|[!-~]{1,300}", other in "\\PC{0,60}") {
            let [one_name, other_name] = [&one, &other].map(|name| plain_name(name));
            prop_assert!(one_name.len() <= LONGEST_NAME_BYTES && one_name.as_bytes().iter().all(u8::is_ascii_graphic));
            prop_assert_eq!(one == other, one_name == other_name);
        }
    }

    #[test]
    fn a_plain_name_is_kept_as_it_is_and_others_are_told_apart() {
        for plain in ["all_properties", "/properties/", "/?q=a%20b&sort=price"] {
            assert_eq!(plain_name(plain), plain);
        }
        let long = "x".repeat(LONGEST_NAME_BYTES + 1);
        let odd = ["", "a b", "a\nb", "caf\u{e9}", "#abc", &long];
        let names: Vec<String> = odd.into_iter().map(plain_name).collect();
        for (place, name) in names.iter().enumerate() {
            assert!(name.starts_with('#') && name.len() == 44, "{name}");
            assert!(!names[..place].contains(name));
        }
    }
}
