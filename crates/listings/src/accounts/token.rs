//! Tokens: how programs show on whose behalf they come, and what for.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use sqlx::FromRow;

use super::Secret;
use super::role::{Role, role};
use super::session::BETWEEN_NOTES;
use crate::store::{Bind, Statement};
use crate::{Store, StoreError};

/// What every token begins with.
pub const BEGINNING: &str = "gable_";
/// So many characters of a token are kept in the clear, so that people can tell theirs apart.
pub const SHOWN_CHARACTERS: usize = 12;
/// More are not listed at once.
const MOST_LISTED: i64 = 1_000;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To read all listings, published or not.
    Read,
    /// To write listings.
    Write,
    /// To look into the cache and empty it.
    Cache,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 3] = [Scope::Read, Scope::Write, Scope::Cache];

    /// The word for it in the database, in forms and in answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Write => "write",
            Scope::Cache => "cache",
        }
    }

    /// The scope of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.name() == name)
    }
}

/// All that a token is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether it is for that.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether it is for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Words with spaces between; unknown ones are left out.
    fn parse(text: &str) -> Scopes {
        text.split(' ').filter_map(Scope::named).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Scopes {
        Scopes(scopes.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|scope| scope.name()).collect();
        formatter.write_str(&names.join(" "))
    }
}

/// A token that is not there yet.
#[derive(Debug, Clone)]
pub struct NewToken<'a> {
    /// On whose behalf it is shown.
    pub user_id: i64,
    /// What its owner calls it.
    pub name: &'a str,
    /// What is shown.
    pub secret: &'a Secret,
    /// What it is for.
    pub scopes: Scopes,
    /// When it ends; none for never.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A token, as its owner may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Names it.
    pub id: i64,
    /// On whose behalf it is shown.
    pub user_id: i64,
    /// That user's name.
    pub username: String,
    /// What its owner calls it.
    pub name: String,
    /// Its first characters.
    pub prefix: String,
    /// What it is for.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ends; none for never.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last shown, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
}

/// Whoever shows a token that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOwner {
    /// The token.
    pub token_id: i64,
    /// Its owner.
    pub user_id: i64,
    /// The owner's name.
    pub username: String,
    /// What the owner may do now.
    pub role: Role,
    /// What the token is for.
    pub scopes: Scopes,
    /// Whether it is time to write down that it was used.
    pub is_note_due: bool,
}

#[derive(FromRow)]
struct TokenRow {
    id: i64,
    user_id: i64,
    username: String,
    name: String,
    prefix: String,
    scopes: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Token {
        Token {
            id: row.id,
            user_id: row.user_id,
            username: row.username,
            name: row.name,
            prefix: row.prefix,
            scopes: Scopes::parse(&row.scopes),
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
        }
    }
}

#[derive(FromRow)]
struct OwnerRow {
    id: i64,
    user_id: i64,
    username: String,
    role: String,
    scopes: String,
    last_used_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Keeps a new token.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn create_token(&self, new: &NewToken<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        let time = self.dialect().time;
        let prefix: String = new.secret.reveal().chars().take(SHOWN_CHARACTERS).collect();
        let mut binds: Vec<Bind> = vec![
            new.user_id.into(),
            new.name.into(),
            prefix.as_str().into(),
            Bind::Text(new.secret.hash()),
            new.scopes.to_string().as_str().into(),
            time(now),
        ];
        let expires_at = if let Some(expires_at) = new.expires_at {
            binds.push(time(expires_at));
            "$7"
        } else {
            "null"
        };
        let sql = format!(
            "insert into gable_token (user_id, name, prefix, secret_hash, scopes, created_at, expires_at) \
             values ($1, $2, $3, $4, $5, $6, {expires_at})"
        );
        self.fetch_unrepeated::<(i64,)>(Statement { sql, binds }).await.map(drop)
    }

    /// Whose token that is, if it counts: it has not ended, and its owner may come in.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn token_owner(
        &self,
        secret: &Secret,
        now: DateTime<Utc>,
    ) -> Result<Option<TokenOwner>, StoreError> {
        let sql = "select t.id, t.user_id, u.username, u.role, t.scopes, t.last_used_at \
                   from gable_token t join gable_user u on u.id = t.user_id \
                   where t.secret_hash = $1 and (t.expires_at is null or t.expires_at > $2) and u.is_active";
        let binds = vec![Bind::Text(secret.hash()), (self.dialect().time)(now)];
        let rows = self.fetch::<OwnerRow>(Statement { sql: sql.to_owned(), binds }).await?;
        Ok(rows.into_iter().next().map(|row| TokenOwner {
            token_id: row.id,
            user_id: row.user_id,
            username: row.username,
            role: role(&row.role),
            scopes: Scopes::parse(&row.scopes),
            is_note_due: row.last_used_at.is_none_or(|last| now - last >= BETWEEN_NOTES),
        }))
    }

    /// Writes down that a token was used.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn note_token(&self, id: i64, now: DateTime<Utc>) -> Result<(), StoreError> {
        let sql = "update gable_token set last_used_at = $1 \
                   where id = $2 and (last_used_at is null or last_used_at <= $3)";
        let time = self.dialect().time;
        let binds = vec![time(now), id.into(), time(now - BETWEEN_NOTES)];
        self.write_if_idle(Statement { sql: sql.to_owned(), binds }).await
    }

    /// The tokens of a user, or of all; the newest 1,000.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tokens(&self, user_id: Option<i64>) -> Result<Vec<Token>, StoreError> {
        let condition = if user_id.is_some() { "where t.user_id = $1 " } else { "" };
        let sql = format!(
            "select t.id, t.user_id, u.username, t.name, t.prefix, t.scopes, t.created_at, t.expires_at, t.last_used_at \
             from gable_token t join gable_user u on u.id = t.user_id {condition}order by t.id desc limit {MOST_LISTED}"
        );
        let binds = user_id.map(Bind::from).into_iter().collect();
        let rows = self.fetch::<TokenRow>(Statement { sql, binds }).await?;
        Ok(rows.into_iter().map(Token::from).collect())
    }

    /// Ends a token, of that user or of anybody; says whether there was one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_token(&self, id: i64, user_id: Option<i64>) -> Result<bool, StoreError> {
        let mut sql = "delete from gable_token where id = $1".to_owned();
        let mut binds = vec![id.into()];
        if let Some(user_id) = user_id {
            sql.push_str(" and user_id = $2");
            binds.push(user_id.into());
        }
        sql.push_str(" returning id");
        Ok(!self.fetch_unrepeated::<(i64,)>(Statement { sql, binds }).await?.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_words_and_an_unknown_one_gives_nothing() {
        let scopes: Scopes = [Scope::Write, Scope::Read].into_iter().collect();
        assert_eq!(scopes.to_string(), "read write");
        assert_eq!(Scopes::parse("read write"), scopes);
        assert_eq!(Scopes::parse("read admin  write"), scopes);
        assert!(Scopes::parse("").is_empty() && !scopes.has(Scope::Cache));
    }
}
