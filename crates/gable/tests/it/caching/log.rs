//! What the log says of each request at the level of debugging.

use crate::database::{Database, draft, over_both_databases};
use crate::site::Site;

over_both_databases!(
    each_request_is_a_line_with_hit_or_miss_and_its_statements,
    what_is_kept_has_the_names_of_the_django_project,
);

async fn site(database: Database) -> Site {
    database.add((0..20).map(|number| draft(&format!("Home {number}")))).await;
    database.serve_with(&[("RUST_LOG", "info,larder=debug")])
}

impl Site {
    /// The one line of the log that has all of these, without what is before them.
    fn line(&self, words: &str) -> String {
        let line = self.program.wait_for_line(|line| line.contains(words));
        line[line.find(words).unwrap_or_default()..].to_owned()
    }
}

async fn each_request_is_a_line_with_hit_or_miss_and_its_statements(database: Database) {
    let site = site(database).await;
    site.get("/api/v1/properties/17").await;
    let miss = "page key=page:/api/v1/properties/17 how=\"miss\" why=\"absent\" statements=1";
    assert_eq!(site.line("page key=page:/api/v1/properties/17 how=\"miss\""), miss);
    site.get("/api/v1/properties/17").await;
    let hit = "page key=page:/api/v1/properties/17 how=\"hit\" statements=0";
    assert_eq!(site.line("page key=page:/api/v1/properties/17 how=\"hit\""), hit);
    // What is read for somebody alone may come out of the cache of data, which has it by now.
    site.get_with("/api/v1/properties/17", &[("authorization", "Bearer x")]).await;
    let bypass = "page path=\"/api/v1/properties/17\" how=\"bypass\" why=\"authorization\" statements=0";
    assert_eq!(site.line("page path=\"/api/v1/properties/17\""), bypass);
    site.get("/healthz").await;
    let uncached = "page path=\"/healthz\" how=\"bypass\" why=\"not-cached\" statements=0";
    assert_eq!(site.line("page path=\"/healthz\""), uncached);
    site.get("/api/v1/properties/999").await;
    let missing = "page key=page:/api/v1/properties/999 how=\"miss\" status=404 statements=1";
    assert_eq!(site.line("page key=page:/api/v1/properties/999"), missing);
    site.database.sql("update properties_property set title = 'Another' where id = 17").await;
    site.get("/api/v1/properties/17").await;
    let changed = "page key=page:/api/v1/properties/17 how=\"miss\" why=\"changed\" statements=1";
    assert_eq!(site.line("page key=page:/api/v1/properties/17 how=\"miss\" why=\"changed\""), changed);
}

async fn what_is_kept_has_the_names_of_the_django_project(database: Database) {
    let site = site(database).await;
    site.get("/properties/").await;
    site.line("data key=data:all_properties how=\"miss\" why=\"absent\" statements=1");
    site.get("/api/v1/properties/17").await;
    site.line("data key=data:property_17 how=\"miss\" why=\"absent\" statements=1");
    site.get("/properties/17/").await;
    site.line("data key=data:property_17 how=\"hit\" statements=0");
}
