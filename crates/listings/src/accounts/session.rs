//! Sessions: who has come in, and how long that counts.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;

use super::role::{Role, role};
use super::user::User;
use super::{AccountError, Secret, ended};
use crate::store::{Author, Bind, Statement, Writing};
use crate::{Store, StoreError};

/// A session ends after this, whatever happens.
pub const LONGEST: TimeDelta = TimeDelta::days(14);
/// A session ends when it was not used for so long.
pub const LONGEST_IDLE: TimeDelta = TimeDelta::hours(24);
/// When something was last used is written down no more often than this.
pub(super) const BETWEEN_NOTES: TimeDelta = TimeDelta::minutes(1);
/// So many sessions one user has at the most: the least used ends where there is one more.
const MOST: i64 = 100;
/// Of what is written down about a browser, so many characters.
const MOST_AGENT_CHARACTERS: usize = 200;

/// A session that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewSession<'a> {
    /// What the browser will show.
    pub secret: &'a Secret,
    /// Where it is.
    pub address: &'a str,
    /// What it calls itself.
    pub agent: &'a str,
}

/// A session, as its user may see it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Session {
    /// Names it; of no use to come in.
    pub id: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends at the latest.
    pub expires_at: DateTime<Utc>,
    /// Where it began.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// Whoever shows the secret of a session that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOwner {
    /// The user.
    pub user_id: i64,
    /// The user's name.
    pub username: String,
    /// What the user may do now.
    pub role: Role,
    /// Whether it is time to write down that the session was used.
    pub is_note_due: bool,
}

impl Secret {
    /// What names the session of this secret.
    #[must_use]
    pub fn session_id(&self) -> String {
        self.hash()
    }
}

impl Store {
    /// Lets a user in whose password was found right against that hash. False where the user has another by now, or may not
    /// come in any more. The session of `replaced`, which the browser showed, ends.
    ///
    /// # Errors
    /// [`AccountError::Store`].
    pub async fn begin_session(
        &self,
        (user, password_hash): (&User, &str),
        session: &NewSession<'_>,
        replaced: Option<&Secret>,
        now: DateTime<Utc>,
    ) -> Result<bool, AccountError> {
        let author = Author { name: user.username.clone(), origin: "admin" };
        let mut writing = self.write(&author).await?;
        let outcome = begun(&mut writing, (user, password_hash), session, replaced, now).await;
        ended(writing, outcome).await
    }

    /// Whose session has that secret, if it counts: neither over nor idle for too long, and its user may come in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn session_owner(
        &self,
        secret: &Secret,
        now: DateTime<Utc>,
    ) -> Result<Option<SessionOwner>, StoreError> {
        let sql = "select u.id, u.username, u.role, s.last_seen_at \
                   from gable_session s join gable_user u on u.id = s.user_id \
                   where s.secret_hash = $1 and s.expires_at > $2 and s.last_seen_at > $3 and u.is_active";
        let time = self.dialect().time;
        let binds = vec![Bind::Text(secret.hash()), time(now), time(now - LONGEST_IDLE)];
        let statement = Statement { sql: sql.to_owned(), binds };
        let rows = self.fetch::<(i64, String, String, DateTime<Utc>)>(statement).await?;
        Ok(rows.into_iter().next().map(|(user_id, username, name, last_seen_at)| SessionOwner {
            user_id,
            username,
            role: role(&name),
            is_note_due: now - last_seen_at >= BETWEEN_NOTES,
        }))
    }

    /// Writes down that a session was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_session(&self, secret: &Secret, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "update gable_session set last_seen_at = $1 where secret_hash = $2 and last_seen_at <= $3";
        let time = self.dialect().time;
        let binds = vec![time(now), Bind::Text(secret.hash()), time(now - BETWEEN_NOTES)];
        self.write_if_idle(Statement { sql: sql.to_owned(), binds }).await
    }

    /// Ends the session of a secret.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_session(&self, secret: &Secret) -> Result<(), StoreError> {
        let sql = "delete from gable_session where secret_hash = $1".to_owned();
        let binds = vec![Bind::Text(secret.hash())];
        self.fetch_unrepeated::<(i64,)>(Statement { sql, binds }).await.map(drop)
    }

    /// Ends one session of a user, or all. Says how many there were.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn end_sessions(&self, user_id: i64, id: Option<&str>) -> Result<usize, StoreError> {
        let mut sql = "delete from gable_session where user_id = $1".to_owned();
        let mut binds = vec![user_id.into()];
        if let Some(id) = id {
            sql.push_str(" and secret_hash = $2");
            binds.push(id.into());
        }
        sql.push_str(" returning user_id");
        Ok(self.fetch_unrepeated::<(i64,)>(Statement { sql, binds }).await?.len())
    }

    /// The sessions of a user that count, the last used first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn sessions(&self, user_id: i64, now: DateTime<Utc>) -> Result<Vec<Session>, StoreError> {
        let sql = "select secret_hash as id, created_at, last_seen_at, expires_at, address, agent \
                   from gable_session where user_id = $1 and expires_at > $2 and last_seen_at > $3 \
                   order by last_seen_at desc, secret_hash limit $4";
        let time = self.dialect().time;
        let binds = vec![user_id.into(), time(now), time(now - LONGEST_IDLE), MOST.into()];
        self.fetch::<Session>(Statement { sql: sql.to_owned(), binds }).await
    }
}

async fn begun(
    writing: &mut Writing,
    (user, password_hash): (&User, &str),
    session: &NewSession<'_>,
    replaced: Option<&Secret>,
    now: DateTime<Utc>,
) -> Result<bool, AccountError> {
    if let Some(secret) = replaced {
        let sql = "delete from gable_session where secret_hash = $1".to_owned();
        writing.execute(Statement { sql, binds: vec![Bind::Text(secret.hash())] }).await?;
    }
    // Locks the user's row: a change of password or of rights comes before, and is seen here, or after, and ends this session.
    let sql = "update gable_user set last_login_at = $1 where id = $2 and is_active and password_hash = $3";
    let binds = vec![(writing.dialect().time)(now), user.id.into(), password_hash.into()];
    let is_let_in = writing.execute(Statement { sql: sql.to_owned(), binds }).await? > 0;
    if is_let_in {
        insert_session(writing, user.id, session, now).await?;
    }
    Ok(is_let_in)
}

pub(super) async fn insert_session(
    writing: &mut Writing,
    user_id: i64,
    session: &NewSession<'_>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let sql = "delete from gable_session where user_id = $1 and secret_hash not in (\
                   select secret_hash from gable_session where user_id = $1 order by last_seen_at desc limit $2)";
    writing
        .execute(Statement { sql: sql.to_owned(), binds: vec![user_id.into(), (MOST - 1).into()] })
        .await?;
    let sql = "insert into gable_session (secret_hash, user_id, created_at, last_seen_at, expires_at, address, agent) \
               values ($1, $2, $3, $3, $4, $5, $6)";
    let time = writing.dialect().time;
    // PostgreSQL's texts have no NUL.
    let agent = session.agent.chars().filter(|character| !character.is_control());
    let agent: String = agent.take(MOST_AGENT_CHARACTERS).collect();
    let binds = vec![
        Bind::Text(session.secret.hash()),
        user_id.into(),
        time(now),
        time(now + LONGEST),
        session.address.into(),
        agent.as_str().into(),
    ];
    writing.execute(Statement { sql: sql.to_owned(), binds }).await.map(drop)
}

pub(super) async fn delete_sessions(writing: &mut Writing, user_id: i64) -> Result<(), StoreError> {
    let sql = "delete from gable_session where user_id = $1".to_owned();
    writing.execute(Statement { sql, binds: vec![user_id.into()] }).await.map(drop)
}
