//! How often a login may fail.

use listings::accounts::Attempt;

use super::ClientAddress;
use crate::application::Application;
use crate::error::Error;

/// Counts an attempt to come in under that name, or refuses it, whether or not there is such a user.
pub async fn count(
    application: &Application,
    username: &str,
    address: ClientAddress,
) -> Result<Attempt, Error> {
    let now = super::now();
    let counted = application.store.count_attempt(username, &address.counted_as(), now).await?;
    counted.map_err(|throttled| {
        let seconds = (throttled.until - now).num_seconds().max(0) + 1;
        Error::TooManyRequests {
            why: "Too many logins have failed, under this name or from your address.".to_owned(),
            retry_after_seconds: u64::try_from(seconds).unwrap_or(1),
        }
    })
}
