//! Users: who may work here.

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::role::{Role, role};
use super::rules::is_username;
use super::session::{NewSession, delete_sessions, insert_session};
use super::{AccountError, ended};
use crate::store::{Author, Bind, Statement, Writing};
use crate::{Store, StoreError};

/// Somebody who may work here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Given by the database, for good.
    pub id: i64,
    /// As it was chosen; compared without regard to case.
    pub username: String,
    /// Empty where nobody gave one.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may come in at all.
    pub is_active: bool,
    /// When the account was made.
    pub created_at: DateTime<Utc>,
    /// When they last came in.
    pub last_login_at: Option<DateTime<Utc>>,
}

/// A user who is not there yet. Names and addresses have been checked ([`super::rules`]).
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name.
    pub username: String,
    /// Empty for none.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// A PHC string.
    pub password_hash: String,
}

/// What can be changed of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserChange {
    /// Empty for none.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// Whether they may come in at all.
    pub is_active: bool,
}

/// More are not listed at once.
const MOST_LISTED: i64 = 1_000;
const COLUMNS: &str = "id, username, email, role, is_active, created_at, last_login_at";

#[derive(FromRow)]
struct UserRow {
    id: i64,
    username: String,
    email: String,
    role: String,
    is_active: bool,
    created_at: DateTime<Utc>,
    last_login_at: Option<DateTime<Utc>>,
}

#[derive(FromRow)]
struct CredentialsRow {
    #[sqlx(flatten)]
    user: UserRow,
    password_hash: String,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> User {
        User {
            id: row.id,
            username: row.username,
            email: row.email,
            role: role(&row.role),
            is_active: row.is_active,
            created_at: row.created_at,
            last_login_at: row.last_login_at,
        }
    }
}

impl Store {
    /// Keeps a new user.
    ///
    /// # Errors
    /// [`AccountError::Taken`], [`AccountError::Store`].
    pub async fn create_user(&self, new: &NewUser, now: DateTime<Utc>) -> Result<User, AccountError> {
        let sql = format!(
            "insert into gable_user (username, email, role, password_hash, created_at) \
             values ($1, $2, $3, $4, $5) returning {COLUMNS}"
        );
        let texts = [&new.username, &new.email, new.role.name(), &new.password_hash].map(Bind::from);
        let binds = texts.into_iter().chain([(self.dialect().time)(now)]).collect();
        let rows = self.fetch_unrepeated::<UserRow>(Statement { sql, binds }).await.map_err(taken)?;
        rows.into_iter().next().map(User::from).ok_or(AccountError::NoUser)
    }

    /// Whether there is any user.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_users(&self) -> Result<bool, StoreError> {
        let statement = Statement::fixed("select id from gable_user limit 1");
        Ok(!self.fetch::<(i64,)>(statement).await?.is_empty())
    }

    /// The user of an id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user(&self, id: i64) -> Result<Option<User>, StoreError> {
        let sql = format!("select {COLUMNS} from gable_user where id = $1");
        let rows = self.fetch::<UserRow>(Statement { sql, binds: vec![id.into()] }).await?;
        Ok(rows.into_iter().next().map(User::from))
    }

    /// The user of a name, in whichever case, with the hash of the password. None where no user can have that name.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn user_named(&self, username: &str) -> Result<Option<(User, String)>, StoreError> {
        if !is_username(username) {
            return Ok(None);
        }
        // One statement, whether or not there is such a user: two would take longer than one.
        let sql =
            format!("select {COLUMNS}, password_hash from gable_user where lower(username) = lower($1)");
        let binds = vec![username.into()];
        let rows = self.fetch::<CredentialsRow>(Statement { sql, binds }).await?;
        Ok(rows.into_iter().next().map(|row| (User::from(row.user), row.password_hash)))
    }

    /// The users by name, the first 1,000.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let sql =
            format!("select {COLUMNS} from gable_user order by lower(username), id limit {MOST_LISTED}");
        let rows = self.fetch::<UserRow>(Statement { sql, binds: Vec::new() }).await?;
        Ok(rows.into_iter().map(User::from).collect())
    }

    /// Changes a user. One with another role, or who may not come in any more, is signed out everywhere.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn change_user(
        &self,
        author: &Author,
        id: i64,
        change: &UserChange,
    ) -> Result<User, AccountError> {
        let mut writing = self.write(author).await?;
        let outcome = changed(&mut writing, id, change).await;
        ended(writing, outcome).await
    }

    /// Gives a user another password and ends all their sessions; one may begin in their place.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn set_password(
        &self,
        author: &Author,
        id: i64,
        password_hash: &str,
        session: Option<&NewSession<'_>>,
        now: DateTime<Utc>,
    ) -> Result<(), AccountError> {
        let mut writing = self.write(author).await?;
        let outcome = password_set(&mut writing, id, password_hash, session, now).await;
        ended(writing, outcome).await
    }

    /// Deletes a user with all their sessions and tokens.
    ///
    /// # Errors
    /// [`AccountError`].
    pub async fn delete_user(&self, author: &Author, id: i64) -> Result<(), AccountError> {
        let mut writing = self.write(author).await?;
        let outcome = deleted(&mut writing, id).await;
        ended(writing, outcome).await
    }
}

async fn changed(writing: &mut Writing, id: i64, change: &UserChange) -> Result<User, AccountError> {
    let admins = active_admins(writing).await?;
    let stays_admin = change.role == Role::Admin && change.is_active;
    if admins == [id] && !stays_admin {
        return Err(AccountError::LastAdmin);
    }
    let sql = format!("select {COLUMNS} from gable_user where id = $1{}", writing.dialect().locking);
    let before = writing.fetch::<UserRow>(Statement { sql, binds: vec![id.into()] }).await?;
    let before = before.into_iter().next().map(User::from).ok_or(AccountError::NoUser)?;
    let sql = format!(
        "update gable_user set email = $1, role = $2, is_active = ($3 = 1) where id = $4 returning {COLUMNS}"
    );
    let binds = vec![
        change.email.as_str().into(),
        change.role.name().into(),
        i64::from(change.is_active).into(),
        id.into(),
    ];
    let rows = writing.fetch::<UserRow>(Statement { sql, binds }).await?;
    let after = rows.into_iter().next().map(User::from).ok_or(AccountError::NoUser)?;
    if after.role != before.role || !after.is_active {
        delete_sessions(writing, id).await?;
    }
    Ok(after)
}

async fn password_set(
    writing: &mut Writing,
    id: i64,
    password_hash: &str,
    session: Option<&NewSession<'_>>,
    now: DateTime<Utc>,
) -> Result<(), AccountError> {
    // First the user's row: whoever just comes in with the old password waits for it, and is then refused.
    let sql = "update gable_user set password_hash = $1 where id = $2".to_owned();
    let binds = vec![password_hash.into(), id.into()];
    if writing.execute(Statement { sql, binds }).await? == 0 {
        return Err(AccountError::NoUser);
    }
    delete_sessions(writing, id).await?;
    if let Some(session) = session {
        insert_session(writing, id, session, now).await?;
    }
    Ok(())
}

async fn deleted(writing: &mut Writing, id: i64) -> Result<(), AccountError> {
    if active_admins(writing).await? == [id] {
        return Err(AccountError::LastAdmin);
    }
    let sql = "delete from gable_user where id = $1".to_owned();
    let rows = writing.execute(Statement { sql, binds: vec![id.into()] }).await?;
    if rows == 0 { Err(AccountError::NoUser) } else { Ok(()) }
}

/// Who may manage users. Nobody else can take that from any of them until this transaction ends, so of two admins who demote
/// each other one is refused.
async fn active_admins(writing: &mut Writing) -> Result<Vec<i64>, AccountError> {
    let locking = writing.dialect().locking;
    let sql = format!("select id from gable_user where role = 'admin' and is_active order by id{locking}");
    let rows = writing.fetch::<(i64,)>(Statement { sql, binds: Vec::new() }).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

fn taken(error: StoreError) -> AccountError {
    match &error {
        StoreError::Refused(sqlx::Error::Database(refused)) if refused.is_unique_violation() => {
            AccountError::Taken
        }
        _ => AccountError::Store(error),
    }
}
