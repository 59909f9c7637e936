//! Passwords: what one must be, and how it is kept and compared.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// Fewer characters can be guessed.
const FEWEST_CHARACTERS: usize = 10;
/// More nobody types.
const MOST_CHARACTERS: usize = 1_000;
/// What a password must be, in words.
pub const RULE: &str = "must be 10 to 1,000 characters, and not the username";

/// The rule that a password breaks, if it breaks one.
#[must_use]
pub fn broken_rule(password: &str, username: &str) -> Option<&'static str> {
    let is_long_enough = (FEWEST_CHARACTERS..=MOST_CHARACTERS).contains(&password.chars().count());
    let is_username = password.to_lowercase() == username.to_lowercase();
    (!is_long_enough || is_username).then_some(RULE)
}

/// What it costs to try a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// How often all of it is gone through.
    pub passes: u32,
}

impl Cost {
    /// What the OWASP Password Storage Cheat Sheet asks for of argon2id: 19 MiB, gone through twice.
    pub const FULL: Cost = Cost { memory_kib: 19 * 1_024, passes: 2 };
}

/// The PHC string of a password. Takes as long as it costs: not for a thread that serves others.
///
/// # Panics
/// Where nothing random can be had, or the cost is none that argon2 knows (8 KiB and one pass are the least).
#[must_use]
pub fn hash(password: &str, cost: Cost) -> String {
    let params = Params::new(cost.memory_kib, cost.passes, 1, None).expect("a cost that argon2 knows");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let salt: [u8; 16] = rand::random();
    let hash: PasswordHash = argon2
        .hash_password_with_salt(password.as_bytes(), &salt)
        .expect("a salt of 16 bytes and a password of any length are enough");
    hash.to_string()
}

/// Whether a password is the one of a PHC string. Takes as long as that cost.
#[must_use]
pub fn is_right(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

/// The hash of no password, at full cost: what is compared with where there is no user, so that it takes as long.
const OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Where passwords are hashed and compared: two at once, since each takes a core and 19 MiB; a few wait for a moment.
#[derive(Debug, Clone)]
pub struct Passwords {
    at_work: Arc<Semaphore>,
    inside: Arc<Semaphore>,
    patience: Duration,
}

const AT_ONCE: usize = 2;
const WAITING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(2);

impl Default for Passwords {
    fn default() -> Passwords {
        let room = |places| Arc::new(Semaphore::new(places));
        Passwords { at_work: room(AT_ONCE), inside: room(AT_ONCE + WAITING), patience: PATIENCE }
    }
}

impl Passwords {
    /// The PHC string of a password, at full cost.
    pub async fn hash(&self, password: &str) -> Result<String, Error> {
        let password = password.to_owned();
        self.work(move || hash(&password, Cost::FULL)).await
    }

    /// Whether a password is the one of a PHC string; without one it takes as long to say no.
    pub async fn is_right(&self, password: &str, hash: Option<&str>) -> Result<bool, Error> {
        let (password, is_known) = (password.to_owned(), hash.is_some());
        let hash = hash.unwrap_or(OF_NOBODY).to_owned();
        Ok(self.work(move || is_right(&password, &hash)).await? && is_known)
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let permits = self.enter().await.ok_or(Error::Crowded)?;
        let task = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, whether or not somebody still waits for it.
            let _permits = permits;
            work()
        });
        task.await.map_err(|error| Error::Internal(format!("a password could not be looked at: {error}")))
    }

    async fn enter(&self) -> Option<[OwnedSemaphorePermit; 2]> {
        let inside = Arc::clone(&self.inside).try_acquire_owned().ok()?;
        let at_work = Arc::clone(&self.at_work).acquire_owned();
        let at_work = tokio::time::timeout(self.patience, at_work).await.ok()?.ok()?;
        Some([inside, at_work])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

    #[test]
    fn a_password_is_long_enough_and_not_the_name() {
        for password in ["0123456789", "žluťoučký kůň", &"x".repeat(1_000)] {
            assert_eq!(broken_rule(password, "ann"), None, "{password}");
        }
        for password in ["", "012345678", "Ann-Of-The-Hill", &"x".repeat(1_001)] {
            assert_eq!(broken_rule(password, "ann-of-the-hill"), Some(RULE), "{password}");
        }
    }

    #[test]
    fn only_the_password_itself_is_right() {
        let (one, again) = (hash("a good password", CHEAP), hash("a good password", CHEAP));
        assert_ne!(one, again, "each has a salt of its own");
        assert!(is_right("a good password", &one) && is_right("a good password", &again));
        for (password, hash) in
            [("A good password", &*one), ("", &one), ("a good password", "a good password"), ("", "")]
        {
            assert!(!is_right(password, hash), "{password}");
        }
    }

    #[test]
    fn a_hash_says_what_it_costs() {
        assert!(hash("a good password", Cost::FULL).starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            OF_NOBODY.starts_with("$argon2id$v=19$m=19456,t=2,p=1$") && PasswordHash::new(OF_NOBODY).is_ok()
        );
    }

    #[tokio::test]
    async fn nobody_has_no_password() {
        let passwords = Passwords::default();
        assert!(!passwords.is_right("", None).await.unwrap());
        let known = hash("a good password", CHEAP);
        assert!(passwords.is_right("a good password", Some(&known)).await.unwrap());
    }

    #[tokio::test]
    async fn no_more_wait_than_there_is_room_and_none_for_longer_than_a_moment() {
        let passwords = Passwords { patience: Duration::from_millis(50), ..Passwords::default() };
        let busy = [passwords.enter().await.unwrap(), passwords.enter().await.unwrap()];
        let waiting: Vec<_> = (0..WAITING)
            .map(|_| {
                tokio::spawn({
                    let passwords = passwords.clone();
                    async move { passwords.enter().await.is_some() }
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(matches!(passwords.hash("one more").await, Err(Error::Crowded)), "at once");
        for turn in waiting {
            assert!(!turn.await.unwrap(), "nobody's turn comes");
        }
        drop(busy);
        assert!(passwords.enter().await.is_some());
    }
}
