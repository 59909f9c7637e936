//! Values of the application.

use crate::entry::{Kept, Weigh};
use crate::flow::read::{Answer, Failed, How, Level};
use crate::key::{Key, KeyRef, Kind};
use crate::larder::Larder;
use crate::lifetime::Policy;
use crate::reading::{Asked, Reading};
use crate::shelve::Codec;

/// A cache of values of one type, each under a name. Cheap to clone; a clone is the same cache.
///
/// Names are shared by all caches of a larder: give each cache a prefix of its own.
#[derive(Debug)]
pub struct DataCache<T> {
    larder: Larder,
    policy: Policy,
    codec: Option<Codec<T>>,
}

impl<T> Clone for DataCache<T> {
    fn clone(&self) -> DataCache<T> {
        DataCache { larder: self.larder.clone(), policy: self.policy, codec: self.codec }
    }
}

impl<T: Weigh + Send + Sync + 'static> DataCache<T> {
    pub(crate) fn new(larder: Larder, policy: Policy, codec: Option<Codec<T>>) -> DataCache<T> {
        DataCache { larder, policy, codec }
    }

    /// What is kept under the name and true for whoever asked, if that can be told at once. Allocates nothing and waits for
    /// nobody.
    #[must_use]
    pub fn find(&self, asked: &Asked, name: &str) -> Option<Kept<T>> {
        let kept = self.larder.shelf().find(asked, KeyRef { kind: Kind::Data, name }, &self.policy)?;
        self.larder.shelf().counts.hit(Kind::Data);
        tracing::debug!(key = name, how = How::Hit(Level::Memory).name(), statements = 0, "data");
        Some(kept)
    }

    /// The value under the name: what is kept, if it is true for whoever asked; else what `load` makes, once for all who ask
    /// at the same time. What it is made of is noted in `reading` too.
    ///
    /// `load` may be called again, if something changes while it reads several times. It must not write.
    ///
    /// # Errors
    /// [`Failed`]: that of `load`, or that it ended without an answer.
    pub async fn read<E, Load, Loading>(
        &self,
        reading: &Reading,
        name: &str,
        load: Load,
    ) -> Result<Kept<T>, Failed<E>>
    where
        E: Clone + Send + Sync + 'static,
        Load: Fn(Reading) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<T, E>> + Send + 'static,
    {
        self.answer(reading, name, load).await.map(|answer| answer.value)
    }

    /// The values under several names, in their order: what is kept and true for whoever asked; else what `load` makes, in one
    /// call for all that are missing. What is kept elsewhere is looked for in one round trip.
    ///
    /// `load` is given the place of each missing name, and a reading of its own in which to note what that value is made of; it
    /// gives one value for each, in their order. It may be called again for one alone.
    ///
    /// # Errors
    /// [`Failed`]: that of `load`, or that it ended without an answer, or with another number of them.
    pub async fn read_many<E, Load, Loading>(
        &self,
        reading: &Reading,
        names: &[String],
        load: Load,
    ) -> Result<Vec<Answer<T>>, Failed<E>>
    where
        E: Clone + Send + Sync + 'static,
        Load: Fn(Vec<(usize, Reading)>) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<Vec<T>, E>> + Send + 'static,
    {
        let asked = reading.asked().unwrap_or_else(|| self.larder.asked_now());
        let keys: Vec<Key> = names.iter().map(|name| Key::new(Kind::Data, name)).collect();
        let answers = self.larder.shelf().read_many(&asked, &keys, &self.policy, self.codec, load).await?;
        for (answer, key) in answers.iter().zip(&keys) {
            Self::note(reading, key, answer);
        }
        Ok(answers)
    }

    /// The same with how it was come by.
    ///
    /// # Errors
    /// As [`DataCache::read`].
    pub async fn answer<E, Load, Loading>(
        &self,
        reading: &Reading,
        name: &str,
        load: Load,
    ) -> Result<Answer<T>, Failed<E>>
    where
        E: Clone + Send + Sync + 'static,
        Load: Fn(Reading) -> Loading + Clone + Send + Sync + 'static,
        Loading: Future<Output = Result<T, E>> + Send + 'static,
    {
        let asked = reading.asked().unwrap_or_else(|| self.larder.asked_now());
        let key = Key::new(Kind::Data, name);
        let answer = self.larder.shelf().read(&asked, &key, &self.policy, self.codec, load).await?;
        Self::note(reading, &key, &answer);
        Ok(answer)
    }

    fn note(reading: &Reading, key: &Key, answer: &Answer<T>) {
        let Answer { how, statements, has_shared_failed, .. } = *answer;
        reading.note_statements(statements);
        if has_shared_failed {
            reading.note_shared_failed();
        }
        tracing::debug!(%key, how = how.name(), why = how.reason(), statements, "data");
        match how {
            How::Stale => reading.note_stale(),
            How::Hit(_) | How::Loaded { .. } => reading.note_kept(answer.value.entry()),
        }
    }
}
