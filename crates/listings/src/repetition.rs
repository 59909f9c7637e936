//! A write that comes twice, because its answer was lost, is carried out once.

use chrono::{DateTime, Duration, Utc};

use crate::StoreError;
use crate::store::Statement;
use crate::store::writing::Writing;

/// For how long an answer is kept for whoever asks again.
pub const KEPT_HOURS: i64 = 24;
/// Keys that are cleared away with each new one: more than come, and few enough to cost nothing.
const CLEARED_AT_ONCE: i64 = 100;

/// The name that somebody gives one write of theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose it is: others may use the same.
    pub owner: String,
    /// The name.
    pub key: String,
    /// What tells this write from another of the same name.
    pub fingerprint: String,
}

/// What was answered to a write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status, or what else has a number.
    pub status: u16,
    /// Where what was made is; empty where nothing was.
    pub location: String,
    /// The body; empty where there was none.
    pub body: String,
}

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is new: the write is to be carried out, and its answer kept.
    New,
    /// The write was carried out.
    Answered(Answered),
    /// It was given to another write.
    Another,
}

impl Writing {
    /// Takes a key for this transaction. Whoever takes the same meanwhile waits for its end; then either finds its answer, or
    /// the key free where nothing was kept.
    ///
    /// # Errors
    /// [`StoreError`]; [`StoreError::TooSlow`] or [`StoreError::Busy`] where the other takes long.
    pub async fn claim(&mut self, key: &Key, now: DateTime<Utc>) -> Result<Claim, StoreError> {
        let oldest = now - Duration::hours(KEPT_HOURS);
        self.clear_keys(oldest).await?;
        let time = self.dialect().time;
        let sql = "insert into gable_idempotency_key (owner, key, fingerprint, at) values ($1, $2, $3, $4)
                   on conflict (owner, key) do update
                   set fingerprint = excluded.fingerprint, at = excluded.at, status = 0, location = '', body = ''
                   where gable_idempotency_key.at < $5 returning 1";
        let binds = vec![
            key.owner.as_str().into(),
            key.key.as_str().into(),
            key.fingerprint.as_str().into(),
            time(now),
            time(oldest),
        ];
        let is_new = !self.fetch::<(i32,)>(Statement { sql: sql.to_owned(), binds }).await?.is_empty();
        if is_new { Ok(Claim::New) } else { self.known(key).await }
    }

    /// Keeps the answer of the write that this transaction has carried out under a key of its own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_answer(&mut self, key: &Key, answered: &Answered) -> Result<(), StoreError> {
        let sql = "update gable_idempotency_key set status = $3, location = $4, body = $5 where owner = $1 and key = $2";
        let binds = vec![
            key.owner.as_str().into(),
            key.key.as_str().into(),
            i32::from(answered.status).into(),
            answered.location.as_str().into(),
            answered.body.as_str().into(),
        ];
        self.execute(Statement { sql: sql.to_owned(), binds }).await.map(drop)
    }

    async fn known(&mut self, key: &Key) -> Result<Claim, StoreError> {
        let sql = "select fingerprint, status, location, body from gable_idempotency_key where owner = $1 and key = $2";
        let binds = vec![key.owner.as_str().into(), key.key.as_str().into()];
        let known =
            self.fetch::<(String, i32, String, String)>(Statement { sql: sql.to_owned(), binds }).await?;
        Ok(match known.into_iter().next() {
            Some((fingerprint, status, location, body)) if fingerprint == key.fingerprint => {
                Claim::Answered(Answered {
                    status: u16::try_from(status).unwrap_or_default(),
                    location,
                    body,
                })
            }
            Some(_) => Claim::Another,
            // Cleared away in between: whoever sent it again this late is asked to do so once more.
            None => return Err(StoreError::Busy),
        })
    }

    /// Clears away some keys that are older than that. Of several that do it at once, each takes others.
    async fn clear_keys(&mut self, oldest: DateTime<Utc>) -> Result<(), StoreError> {
        let locking = if self.dialect().locking.is_empty() { "" } else { " for update skip locked" };
        let sql = format!(
            "delete from gable_idempotency_key where (owner, key) in
             (select owner, key from gable_idempotency_key where at < $1 order by at limit {CLEARED_AT_ONCE}{locking})"
        );
        let binds = vec![(self.dialect().time)(oldest)];
        self.execute(Statement { sql, binds }).await.map(drop)
    }
}
