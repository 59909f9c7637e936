//! Listings for benches and examples.

use listings::Store;
use listings::samples::samples;
use listings::store::Options;
use sqlx::{Connection as _, PgConnection};

/// Brings a database to this version and puts so many samples into it, all of them active: drafts have no page.
pub(crate) async fn fill(url: &str, listings: usize) {
    let store = Store::connect(url, &Options::default()).await.unwrap();
    store.migrate().await.unwrap();
    let now = "2026-11-01T00:00:00Z".parse().unwrap();
    store.insert_many(samples(1).take(listings), false, now, |_| {}).await.unwrap();
    store.close().await;
    let mut connection = PgConnection::connect(url).await.unwrap();
    sqlx::raw_sql("update properties_property set status = 'active'").execute(&mut connection).await.unwrap();
    sqlx::raw_sql("vacuum analyze").execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}
