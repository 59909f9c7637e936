//! Who may work here: users, their sessions and tokens, and logins that failed.
//!
//! Of what somebody shows to be let in, only the SHA-256 reaches the database. What the time is, and what is random, comes from
//! the caller.

mod role;
pub mod rules;
pub mod session;
pub mod throttle;
pub mod token;
pub mod user;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

pub use role::Role;
pub use session::{NewSession, Session};
pub use throttle::{Attempt, MOST_OF_ACCOUNT, MOST_OF_ADDRESS, MOST_OF_BOTH, Throttled, WINDOW};
pub use token::{NewToken, Scope, Scopes, Token};
pub use user::{NewUser, User, UserChange};

use crate::StoreError;
use crate::store::Writing;

/// Why something could not be done to an account. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another user has that name, in whichever case.
    #[error("there is a user of that name already")]
    Taken,
    /// There is no such user.
    #[error("there is no such user")]
    NoUser,
    /// Afterwards nobody could manage users.
    #[error("this is the last active admin: make another one first")]
    LastAdmin,
}

/// What somebody shows to be let in. Its text is shown by nothing but [`Secret::reveal`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret of a session, of random bytes.
    #[must_use]
    pub fn of_session(random: [u8; 32]) -> Secret {
        Secret(URL_SAFE_NO_PAD.encode(random))
    }

    /// The secret of a token, of random bytes: what begins so is found by those who look for secrets in what people publish.
    #[must_use]
    pub fn of_token(random: [u8; 32]) -> Secret {
        Secret(format!("{}{}", token::BEGINNING, URL_SAFE_NO_PAD.encode(random)))
    }

    /// What somebody has shown.
    #[must_use]
    pub fn shown(text: &str) -> Secret {
        Secret(text.to_owned())
    }

    /// The text itself, for whoever it belongs to.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the database has of it.
    fn hash(&self) -> String {
        digest(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// SHA-256, as text. Enough for what is random; passwords are hashed by what takes time.
fn digest(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

/// Ends a transaction: with what was written, or with nothing.
async fn ended<T>(writing: Writing, outcome: Result<T, AccountError>) -> Result<T, AccountError> {
    match outcome {
        Ok(value) => {
            writing.commit().await?;
            Ok(value)
        }
        Err(error) => {
            // What went wrong first is what is told; dropped, the transaction ends too.
            let _ = writing.rollback().await;
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_its_hash_is_not_it() {
        let secret = Secret::of_token([7; 32]);
        assert_eq!(format!("{secret:?}"), "***");
        assert!(secret.reveal().starts_with("gable_") && secret.reveal().len() == 49);
        assert!(!secret.hash().contains(secret.reveal()));
        assert_eq!(secret.hash(), Secret::shown(secret.reveal()).hash());
    }
}
