//! Logins that failed: how many are too many, counted by all nodes together.

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use super::digest;
use super::session::LONGEST_IDLE;
use crate::store::{Bind, Statement};
use crate::{Store, StoreError, upload};

/// A login that failed counts for so long.
pub const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// So many may fail for one name from one address.
pub const MOST_OF_BOTH: i64 = 10;
/// So many may fail for one name, from wherever. Far more than from one address: else anybody could lock out anybody.
pub const MOST_OF_ACCOUNT: i64 = 100;
/// So many may fail from one address.
pub const MOST_OF_ADDRESS: i64 = 50;
/// A token that has ended is shown to its owner for so long.
const LONGEST_ENDED: TimeDelta = TimeDelta::days(30);

/// An attempt that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt(i64);

/// Too many logins have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    /// When the next may be tried.
    pub until: DateTime<Utc>,
}

impl Store {
    /// Counts an attempt to come in as failed before anything is tried, so that of many at once none slips through; who comes
    /// in says so afterwards ([`Store::forget_attempts`]). An attempt that may not be made does not count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn count_attempt(
        &self,
        username: &str,
        address: &str,
        now: DateTime<Utc>,
    ) -> Result<Result<Attempt, Throttled>, StoreError> {
        let account = account(username);
        if let Some(throttled) = self.throttled(&account, address, 0, now).await? {
            return Ok(Err(throttled));
        }
        let sql = "insert into gable_login_failure (account, address, at) values ($1, $2, $3) returning id";
        let binds = vec![account.as_str().into(), address.into(), (self.dialect().time)(now)];
        let rows = self.fetch_unrepeated::<(i64,)>(Statement { sql: sql.to_owned(), binds }).await?;
        // Among those that came at the same moment, each sees at least those that were counted before it, and itself.
        let outcome = self.throttled(&account, address, 1, now).await?;
        let attempt = Attempt(rows.first().map_or(0, |(id,)| *id));
        if let Some(throttled) = outcome {
            self.take_back_attempt(attempt).await?;
            return Ok(Err(throttled));
        }
        self.prune_accounts(now).await?;
        Ok(Ok(attempt))
    }

    /// An attempt that was not tried after all does not count.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn take_back_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.delete("delete from gable_login_failure where id = $1", attempt.0.into()).await
    }

    /// Forgets the attempts to come in under that name, since one has succeeded.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_attempts(&self, username: &str) -> Result<(), StoreError> {
        self.delete("delete from gable_login_failure where account = $1", account(username).as_str().into())
            .await
    }

    /// Whether all allowed attempts and `more` have been made.
    async fn throttled(
        &self,
        account: &str,
        address: &str,
        more: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<Throttled>, StoreError> {
        let of_both = self.nth_last(Some(account), Some(address), MOST_OF_BOTH + more, now).await?;
        let of_account = self.nth_last(Some(account), None, MOST_OF_ACCOUNT + more, now).await?;
        let of_address = self.nth_last(None, Some(address), MOST_OF_ADDRESS + more, now).await?;
        let last = of_both.max(of_account).max(of_address);
        Ok(last.map(|at| Throttled { until: at + WINDOW }))
    }

    /// When the `n`th-last attempt that still counts was made, if there are so many.
    async fn nth_last(
        &self,
        account: Option<&str>,
        address: Option<&str>,
        n: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let mut binds = vec![(self.dialect().time)(now - WINDOW), (n - 1).into()];
        let mut conditions = String::new();
        for (column, value) in [("account", account), ("address", address)] {
            if let Some(value) = value {
                binds.push(value.into());
                let _ = write!(conditions, " and {column} = ${}", binds.len());
            }
        }
        let sql = format!(
            "select at from gable_login_failure where at > $1{conditions} order by at desc limit 1 offset $2"
        );
        let rows = self.fetch::<(DateTime<Utc>,)>(Statement { sql, binds }).await?;
        Ok(rows.first().map(|(at,)| *at))
    }

    /// Deletes what counts for nothing any more.
    async fn prune_accounts(&self, now: DateTime<Utc>) -> Result<(), StoreError> {
        let time = self.dialect().time;
        for (sql, before) in [
            ("delete from gable_login_failure where at <= $1", now - WINDOW),
            ("delete from gable_session where expires_at <= $1", now),
            ("delete from gable_session where last_seen_at <= $1", now - LONGEST_IDLE),
            ("delete from gable_token where expires_at <= $1", now - LONGEST_ENDED),
            ("delete from gable_upload where at <= $1", now - TimeDelta::hours(upload::KEPT_HOURS)),
        ] {
            self.delete(sql, time(before)).await?;
        }
        Ok(())
    }

    async fn delete(&self, sql: &'static str, bind: Bind) -> Result<(), StoreError> {
        let statement = Statement { sql: sql.to_owned(), binds: vec![bind] };
        self.fetch_unrepeated::<(i64,)>(statement).await.map(drop)
    }
}

/// What a name is counted under, whether or not there is such a user. Not the name itself: what is typed there may be a
/// password.
fn account(username: &str) -> String {
    digest(&username.to_lowercase())
}
