//! `gable createsuperuser`.

use testkit::Finished;

use crate::database::{Database, over_both_databases};
use crate::staff::PASSWORD;

over_both_databases!(
    an_admin_is_made_by_flags_or_by_environment_and_can_come_in,
    what_is_wrong_is_told_and_nothing_is_made,
    serve_says_how_to_make_the_first_account,
);

fn create(database: &Database, arguments: &[&str], environment: &[(&str, &str)]) -> Finished {
    let program = database.gable(&[&["createsuperuser"], arguments].concat());
    environment.iter().fold(program, |it, (name, value)| it.environment(*name, *value)).run()
}

async fn an_admin_is_made_by_flags_or_by_environment_and_can_come_in(database: Database) {
    let by_flags = ["--no-input", "--username", "ann", "--email", "ann@homes.example"];
    let made = create(&database, &by_flags, &[("GABLE_SUPERUSER_PASSWORD", PASSWORD)]);
    assert_eq!(made.status.code(), Some(0), "{}", made.stderr);
    assert_eq!(made.stdout, "The admin ann was made, and can log in at /admin/.\n");
    let by_environment = [
        ("DJANGO_SUPERUSER_USERNAME", "bob"),
        ("DJANGO_SUPERUSER_EMAIL", "bob@homes.example"),
        ("DJANGO_SUPERUSER_PASSWORD", PASSWORD),
    ];
    let made = create(&database, &["--noinput"], &by_environment);
    assert_eq!(made.status.code(), Some(0), "{}", made.stderr);
    let site = database.serve();
    for name in ["ann", "bob"] {
        let answer = site.log_in(name, PASSWORD, &[]).await;
        assert_eq!(answer.status, 303, "{name}");
        let cookie = crate::staff::cookie(&answer).unwrap();
        let users = site.get_with("/admin/users/", &[("cookie", &cookie)]).await;
        assert_eq!(users.status, 200);
        assert!(users.text().contains(&format!("{name}@homes.example")));
    }
}

async fn what_is_wrong_is_told_and_nothing_is_made(database: Database) {
    let password = ("GABLE_SUPERUSER_PASSWORD", PASSWORD);
    for (arguments, environment, told) in [
        (&["--no-input"][..], &[password][..], "--username or DJANGO_SUPERUSER_USERNAME is required"),
        (&["--no-input", "--username", "ann"], &[], "GABLE_SUPERUSER_PASSWORD or DJANGO_SUPERUSER_PASSWORD"),
        (&["--no-input", "--username", "a b"], &[password], "the username must be 1 to 150 letters"),
        (&["--no-input", "--username", "ann", "--email", "ann"], &[password], "the email must be an address"),
        (
            &["--no-input", "--username", "ann"],
            &[("GABLE_SUPERUSER_PASSWORD", "short")],
            "the password must be 10 to 1,000 characters",
        ),
        (
            &["--no-input", "--username", "ann-of-the-hill"],
            &[("DJANGO_SUPERUSER_PASSWORD", "Ann-Of-The-Hill")],
            "and not the username",
        ),
        (&[], &[password], "there is no terminal to ask at"),
    ] {
        let refused = create(&database, arguments, environment);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {}", refused.stdout);
        assert!(refused.stderr.contains(told), "{arguments:?}: {}", refused.stderr);
        assert!(
            !refused.stderr.contains(PASSWORD) && !refused.stderr.contains("short"),
            "{}",
            refused.stderr
        );
    }
    let store = database.store().await;
    assert!(!store.has_users().await.unwrap());
    let ann = ["--no-input", "--username", "ann"];
    assert_eq!(create(&database, &ann, &[password]).status.code(), Some(0));
    for name in ["ann", "ANN"] {
        let again = create(&database, &["--no-input", "--username", name], &[password]);
        assert_eq!(again.status.code(), Some(1));
        assert!(
            again.stderr.contains(&format!("{name} was not made: there is a user of that name already")),
            "{}",
            again.stderr
        );
    }
}

async fn serve_says_how_to_make_the_first_account(database: Database) {
    let hint = "gable createsuperuser makes the first account";
    let site = database.serve();
    site.program.wait_for_line(|line| line.contains(hint));
    let crate::site::Site { database, program, .. } = site;
    drop(program);
    database.user("ann", listings::accounts::Role::Admin).await;
    let site = database.serve();
    assert_eq!(site.get("/healthz").await.status, 200);
    assert!(!site.program.stdout().contains(hint));
}
