//! A day at work, in a browser: with script and without.

use listings::accounts::Role;
use testkit::fantoccini::cookies::Cookie;

use crate::database::{Database, over_both_databases};
use crate::site::Site;
use crate::staff::PASSWORD;
use crate::visitor::Visitor;

over_both_databases!(
    somebody_logs_in_writes_a_listing_and_sees_it_on_the_site,
    without_script_everything_works_as_well,
    what_was_typed_and_not_saved_is_not_left_behind_by_accident,
);

async fn logs_in(visitor: &Visitor<'_>, site: &Site) {
    site.database.user("ann", Role::Editor).await;
    visitor.goes_to("/admin/listings/new/").await;
    visitor.arrives(|place| place.starts_with("/admin/login/")).await;
    visitor.types("#username", "ann").await;
    visitor.types("#password", PASSWORD).await;
    visitor.clicks("main button[type=submit]").await;
    visitor.arrives(|place| place == "/admin/listings/new/").await;
}

async fn writes_a_listing(visitor: &Visitor<'_>) {
    visitor.types("#title", "Two rooms by the lagoon").await;
    visitor.types("#location", "Accra").await;
    visitor.types("#price", "12.345").await;
    visitor.clicks(".listing-form button[type=submit]").await;
    assert!(visitor.reads(".error-summary").await.contains("Price"));
    visitor.finds("#price").await.clear().await.expect("a field can be emptied");
    visitor.types("#price", "1200").await;
    visitor.clicks("#status option[value=active]").await;
    visitor.clicks(".listing-form button[type=submit]").await;
    visitor.arrives(|place| place.contains("?saved=")).await;
}

/// The public page in the frame is the one that everybody gets.
async fn sees_it_on_the_site(visitor: &Visitor<'_>) {
    assert!(visitor.reads(".notice").await.contains("Saved as version 1"));
    let frame = visitor.finds("iframe.proof").await;
    frame.enter_frame().await.expect("a page of this site may be shown in a frame of it");
    assert_eq!(visitor.reads("h1").await, "Two rooms by the lagoon");
    visitor.browser.client().enter_parent_frame().await.expect("there is one");
    visitor.clicks_link("View on site").await;
    visitor.arrives(|place| place.starts_with("/properties/")).await;
    assert_eq!(visitor.reads("h1").await, "Two rooms by the lagoon");
}

async fn somebody_logs_in_writes_a_listing_and_sees_it_on_the_site(database: Database) {
    let site = database.serve();
    let visitor = Visitor::of(&site).await;
    logs_in(&visitor, &site).await;
    writes_a_listing(&visitor).await;
    sees_it_on_the_site(&visitor).await;
    visitor.goes_to("/admin/listings/").await;
    visitor.clicks("table.listings input[type=checkbox]").await;
    visitor.clicks("#action option[value=withdrawn]").await;
    visitor.clicks(".bulk button[type=submit]").await;
    // The page that it is leaving has a form, too.
    visitor.arrives(|place| place == "/admin/listings/actions/").await;
    visitor.clicks("main form button[type=submit]").await;
    visitor.arrives(|place| place.contains("changed=1")).await;
    visitor.goes_to("/properties/1/").await;
    assert!(visitor.reads("h1").await.contains("not here") || visitor.reads("main").await.contains("404"));
    assert!(session_cookie(&visitor).await.http_only().unwrap_or_default());
}

async fn session_cookie(visitor: &Visitor<'_>) -> Cookie<'static> {
    visitor.browser.client().get_named_cookie("gable_session").await.expect("somebody has signed in")
}

async fn without_script_everything_works_as_well(database: Database) {
    let site = database.serve();
    let visitor = Visitor::without_javascript(&site).await;
    logs_in(&visitor, &site).await;
    writes_a_listing(&visitor).await;
    sees_it_on_the_site(&visitor).await;
}

async fn what_was_typed_and_not_saved_is_not_left_behind_by_accident(database: Database) {
    let site = database.serve();
    let visitor = Visitor::of(&site).await;
    logs_in(&visitor, &site).await;
    visitor.types("#title", "Half a title").await;
    let left = "const event = new Event('beforeunload', { cancelable: true }); dispatchEvent(event)";
    let is_let_go =
        async || visitor.evaluates(&format!("(() => {{ {left}; return !event.defaultPrevented }})()")).await;
    assert_eq!(is_let_go().await, false);
    // Saved, it may be left.
    visitor.types("#location", "Accra").await;
    visitor.clicks(".listing-form button[type=submit]").await;
    visitor.arrives(|place| place.contains("?saved=")).await;
    assert_eq!(is_let_go().await, true);
}
