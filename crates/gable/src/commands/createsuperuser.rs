//! `gable createsuperuser`: make an admin.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, bail};
use listings::Store;
use listings::accounts::rules::{EMAIL_RULE, USERNAME_RULE, is_email, is_username};
use listings::accounts::{NewUser, Role};

use super::cli::CreateSuperuser;
use super::{database, say};
use crate::access::now;
use crate::access::password::{self, Cost, broken_rule};
use crate::settings::{Settings, Sources};

/// What a new admin is made of.
struct Answers {
    username: String,
    email: String,
    password: String,
}

pub(super) async fn run(
    settings: &Settings,
    sources: &Sources,
    arguments: &CreateSuperuser,
) -> anyhow::Result<()> {
    let store = database::open_for_work(settings).await?;
    database::migrate(&store).await?;
    let answers =
        if arguments.no_input { given(sources, arguments)? } else { asked(&store, arguments).await? };
    let Answers { username, email, password } = answers;
    let password_hash = password::hash(&password, Cost::FULL);
    let new = NewUser { username, email, role: Role::Admin, password_hash };
    let user =
        store.create_user(&new, now()).await.with_context(|| format!("{} was not made", new.username))?;
    say(&format!("The admin {} was made, and can log in at /admin/.", user.username));
    store.close().await;
    Ok(())
}

/// What flags and environment say, all of it checked.
fn given(sources: &Sources, arguments: &CreateSuperuser) -> anyhow::Result<Answers> {
    let variable = |names: &[&str]| names.iter().find_map(|name| sources.text(name));
    let username = arguments.username.clone().or_else(|| variable(&["DJANGO_SUPERUSER_USERNAME"]));
    let username =
        username.context("with --no-input, --username or DJANGO_SUPERUSER_USERNAME is required")?;
    let email = arguments.email.clone().or_else(|| variable(&["DJANGO_SUPERUSER_EMAIL"])).unwrap_or_default();
    let password = variable(&["GABLE_SUPERUSER_PASSWORD", "DJANGO_SUPERUSER_PASSWORD"]).context(
        "with --no-input, the password is required in GABLE_SUPERUSER_PASSWORD or DJANGO_SUPERUSER_PASSWORD",
    )?;
    check_username(&username)?;
    check_email(&email)?;
    if let Some(rule) = broken_rule(&password, &username) {
        bail!("the password {rule}");
    }
    Ok(Answers { username, email, password })
}

fn check_username(username: &str) -> anyhow::Result<()> {
    if is_username(username) { Ok(()) } else { bail!("the username {USERNAME_RULE} (given: {username:?})") }
}

fn check_email(email: &str) -> anyhow::Result<()> {
    if is_email(email) { Ok(()) } else { bail!("the email {EMAIL_RULE} (given: {email:?})") }
}

/// What somebody at a terminal answers; what flags say is not asked for.
async fn asked(store: &Store, arguments: &CreateSuperuser) -> anyhow::Result<Answers> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "there is no terminal to ask at: give --username and --no-input, and the password in GABLE_SUPERUSER_PASSWORD"
        );
    }
    let username = match &arguments.username {
        Some(username) => username.clone(),
        None => ask_until("Username: ", check_username)?,
    };
    check_username(&username)?;
    if store.user_named(&username).await?.is_some() {
        bail!("there is a user {username} already");
    }
    let email = match &arguments.email {
        Some(email) => email.clone(),
        None => ask_until("Email (may be empty): ", check_email)?,
    };
    check_email(&email)?;
    let password = ask_password(&username)?;
    Ok(Answers { username, email, password })
}

/// Asks again until the answer is right.
fn ask_until(question: &str, check: fn(&str) -> anyhow::Result<()>) -> anyhow::Result<String> {
    loop {
        let answer = ask(question)?;
        match check(&answer) {
            Ok(()) => return Ok(answer),
            Err(wrong) => say(&wrong.to_string()),
        }
    }
}

fn ask(question: &str) -> anyhow::Result<String> {
    let mut output = std::io::stdout();
    write!(output, "{question}")?;
    output.flush()?;
    let mut answer = String::new();
    if std::io::stdin().lock().read_line(&mut answer)? == 0 {
        bail!("nothing was made");
    }
    Ok(answer.trim().to_owned())
}

/// Asks for a password that nobody sees, until it is right and was typed twice alike.
fn ask_password(username: &str) -> anyhow::Result<String> {
    let hidden = |question: &str| rpassword::prompt_password(question).context("no password was given");
    loop {
        let password = hidden("Password: ")?;
        if let Some(rule) = broken_rule(&password, username) {
            say(&format!("the password {rule}"));
        } else if hidden("Password again: ")? == password {
            return Ok(password);
        } else {
            say("They are not the same.");
        }
    }
}
