//! Those who work at a site: how they come in, what they may do, and that nobody else can.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod client;
mod createsuperuser;
mod crossing;
mod forms;
mod last_admin;
mod login;
mod paths;
mod roles;
mod sessions;
mod throttle;
mod tokens;

use crate::answer::Answer;
use crate::site::Site;
use crate::staff::Session;

impl Session {
    /// Whether the site still takes the cookie.
    async fn is_in(&self) -> bool {
        match self.get("/admin/password/").await.status {
            200 => true,
            303 => false,
            status => panic!("{status}"),
        }
    }
}

impl Site {
    /// The id of a user.
    async fn id_of(&self, username: &str) -> i64 {
        let store = self.database.store().await;
        let (user, _) = store.user_named(username).await.unwrap().unwrap();
        store.close().await;
        user.id
    }
}

/// That an answer is nobody else's, and told to no other site.
fn is_secluded(answer: &Answer, what: &str) {
    assert_eq!(answer.header("cache-control"), "private, no-store", "{what}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
}
