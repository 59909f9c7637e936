//! How the admin area looks: narrow and wide, light and dark.

use listings::accounts::Role;
use serde_json::Value;

use crate::browser::appearance::{STICKING_OUT, TOO_FAINT};
use crate::database::{Database, draft, villa};
use crate::staff::PASSWORD;
use crate::visitor::Visitor;

const PAGES: [&str; 16] = [
    "/admin/listings/",
    "/admin/listings/?status=draft&q=nothing",
    "/admin/listings/?min_price=cheap",
    "/admin/listings/?done=changed&changed=3&transaction=4711",
    "/admin/listings/new/",
    "/admin/listings/1/",
    "/admin/listings/1/?saved=4711",
    "/admin/listings/1/delete/",
    "/admin/listings/1/history/",
    "/admin/import/",
    "/admin/users/",
    "/admin/users/new/",
    "/admin/users/1/",
    "/admin/tokens/",
    "/admin/tokens/new/",
    "/admin/password/",
];

async fn visit(look: impl AsyncFn(&Visitor<'_>, &str)) {
    let long = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch";
    let database = Database::sqlite();
    database.add([villa(), draft(&long.repeat(3)), draft("Home")]).await;
    database.user("ann", Role::Admin).await;
    let site = database.serve();
    site.database
        .sql(&format!("update properties_property set location = '{long}', price_cents = 5 where id < 3"))
        .await;
    let visitor = Visitor::of(&site).await;
    visitor.goes_to("/admin/login/").await;
    look(&visitor, "/admin/login/").await;
    visitor.types("#username", "ann").await;
    visitor.types("#password", PASSWORD).await;
    visitor.clicks("main button[type=submit]").await;
    visitor.arrives(|place| place == "/admin/listings/").await;
    for path in PAGES {
        visitor.goes_to(path).await;
        look(&visitor, path).await;
    }
    visitor.goes_to("/admin/listings/3/").await;
    site.database
        .sql("update properties_property set title = 'Theirs', price_cents = 100 where id = 3")
        .await;
    visitor.types("#title", " of mine").await;
    visitor.clicks(".listing-form button[type=submit]").await;
    visitor.finds("#conflict").await;
    look(&visitor, "a conflict").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_page_for_staff_is_wider_than_a_telephone_or_a_screen() {
    visit(async |visitor, path| {
        for width in [320, 400, 768, 1_280] {
            visitor.browser.resize(width, 800).await;
            assert_eq!(visitor.evaluates(STICKING_OUT).await, Value::Null, "{path} at {width}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_for_staff_are_readable_in_the_light_and_in_the_dark() {
    visit(async |visitor, path| {
        for scheme in ["light", "dark"] {
            visitor.browser.prefer_color_scheme(scheme).await;
            assert_eq!(
                visitor.evaluates(TOO_FAINT).await,
                Value::Array(Vec::new()),
                "{path} in the {scheme}"
            );
        }
    })
    .await;
}
