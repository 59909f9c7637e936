//! Those who work at a site: people who have signed in, and programs with tokens.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use chrono::{DateTime, Utc};
use gable::access::password::{self, Cost};
use listings::Store;
use listings::accounts::{NewToken, NewUser, Role, Scope, Secret, User};
use reqwest::{Body, Client, Method};

use crate::answer::Answer;
use crate::database::Database;
use crate::site::Site;

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";
const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };

/// Somebody who has signed in, with the cookie that the site gave them.
#[derive(Clone)]
pub(crate) struct Session {
    client: Client,
    site: String,
    /// `gable_session=…`, as a browser sends it.
    pub(crate) cookie: String,
}

pub(crate) fn now() -> DateTime<Utc> {
    gable::clock::time_of_day().into()
}

impl Database {
    /// The user of that name, who is made if there is none.
    pub(crate) async fn user(&self, username: &str, role: Role) -> User {
        let store = self.store().await;
        let user = user(&store, username, role).await;
        store.close().await;
        user
    }
}

async fn user(store: &Store, username: &str, role: Role) -> User {
    if let Some((user, _)) = store.user_named(username).await.unwrap() {
        return user;
    }
    let password_hash = password::hash(PASSWORD, CHEAP);
    let new = NewUser { username: username.to_owned(), email: String::new(), role, password_hash };
    store.create_user(&new, now()).await.unwrap()
}

impl Site {
    /// Somebody of that role, who is called like it.
    pub(crate) async fn signed_in(&self, role: Role) -> Session {
        self.signed_in_as(role.name(), role).await
    }

    /// Somebody of that name.
    pub(crate) async fn signed_in_as(&self, username: &str, role: Role) -> Session {
        self.database.user(username, role).await;
        let answer = self.log_in(username, PASSWORD, &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.text());
        let cookie = cookie(&answer).unwrap();
        Session { client: self.client.clone(), site: self.url(""), cookie }
    }

    /// What comes of a name and a password, sent with those fields.
    pub(crate) async fn log_in(&self, username: &str, password: &str, fields: &[(&str, &str)]) -> Answer {
        let body = form(&[("username", username), ("password", password)]);
        let site = self.url("");
        let says_origin = fields.iter().any(|(name, _)| *name == "origin");
        let origin = [("origin", site.as_str())];
        let fields = [fields, if says_origin { &[] } else { &origin }].concat();
        sent(&self.client, Method::POST, &self.url("/admin/login/"), &fields, Some(body)).await
    }

    /// A token of an admin for that.
    pub(crate) async fn token(&self, scopes: &[Scope]) -> String {
        self.token_of(Role::Admin, scopes).await
    }

    /// A token for that of somebody of that role, who is called like it.
    pub(crate) async fn token_of(&self, role: Role, scopes: &[Scope]) -> String {
        let store = self.database.store().await;
        let owner = user(&store, role.name(), role).await;
        let secret = Secret::of_token(random());
        let new = NewToken {
            user_id: owner.id,
            name: "a test's",
            secret: &secret,
            scopes: scopes.iter().copied().collect(),
            expires_at: None,
        };
        store.create_token(&new, now()).await.unwrap();
        store.close().await;
        secret.reveal().to_owned()
    }
}

pub(crate) fn random() -> [u8; 32] {
    rand::random()
}

impl Session {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], None).await
    }

    /// Sends a form as the site's own pages do.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.csrf_token().await;
        let fields = [fields, &[("csrf_token", token.as_str())]].concat();
        self.ask(Method::POST, path, &[("origin", &self.site)], Some(form(&fields))).await
    }

    /// Sends the cookie and those fields, and a form as the body if there is one.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let fields = [fields, &[("cookie", self.cookie.as_str())]].concat();
        sent(&self.client, method, &format!("{}{path}", self.site), &fields, body).await
    }

    /// What every form of this session carries.
    pub(crate) async fn csrf_token(&self) -> String {
        let page = self.get("/admin/password/").await.page();
        page.attributes("main input[name=csrf_token]", "value").pop().unwrap()
    }

    /// What a browser says of where a form of this site comes from.
    pub(crate) fn origin(&self) -> &str {
        &self.site
    }
}

async fn sent(
    client: &Client,
    method: Method,
    url: &str,
    fields: &[(&str, &str)],
    body: Option<String>,
) -> Answer {
    let is_given = |name: &str| fields.iter().any(|(known, _)| *known == name);
    let mut request = client.request(method, url);
    if body.is_some() && !is_given("content-type") {
        request = request.header("content-type", "application/x-www-form-urlencoded");
    }
    let request = fields.iter().fold(request, |it, (name, value)| it.header(*name, *value));
    Answer::of(request.body(Body::from(body.unwrap_or_default())).send().await.unwrap()).await
}

/// Fields as a browser sends them.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The session that an answer gives, as it is sent back.
pub(crate) fn cookie(answer: &Answer) -> Option<String> {
    let cookie = answer.header("set-cookie").split(';').next().unwrap_or_default();
    (!cookie.is_empty()).then(|| cookie.to_owned())
}
