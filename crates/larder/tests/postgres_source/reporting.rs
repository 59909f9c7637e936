//! Every way in which rows change is reported, with what they were and what they became.

use crate::site::Site;

#[tokio::test]
async fn an_insert_an_update_and_a_delete_are_reported_with_old_and_new() {
    let mut site = Site::watched().await;
    let mut node = site.node().await;
    site.run("insert into properties_property (price) values (100)").await;
    assert_eq!(node.told().await, ["1: none -> 100"]);
    site.run("update properties_property set price = 120").await;
    assert_eq!(node.told().await, ["1: 100 -> 120"]);
    site.run("delete from properties_property").await;
    assert_eq!(node.told().await, ["1: 120 -> none"]);
    assert_eq!(node.told().await, [""; 0]);
    assert_eq!(site.fault().await, "");
}
