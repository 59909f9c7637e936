//! A file is looked at first and imported when somebody agrees.

use listings::accounts::Role;
use reqwest::Method;

use crate::answer::Answer;
use crate::database::{Database, over_both_databases};
use crate::staff::Session;

over_both_databases!(
    a_file_is_looked_at_first_and_imported_when_somebody_agrees,
    what_is_wrong_is_told_row_by_row_and_nothing_is_imported,
    wrong_rows_are_left_out_where_that_was_asked_for,
    a_form_that_is_not_ours_imports_nothing,
    a_file_of_some_megabytes_is_taken,
    who_agrees_twice_at_once_imports_once,
);

async fn who_agrees_twice_at_once_imports_once(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let rows: String = ["title,location\r\n".to_owned(), "Home,Accra\r\n".repeat(60)].concat();
    let looked_at = look(&editor, "abort", &rows).await;
    let answers = futures::future::join_all((0..4).map(|_| agree(&editor, &looked_at))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert_eq!(site.get("/api/v1/properties?limit=100").await.ids().len(), 60);
}

async fn a_file_of_some_megabytes_is_taken(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let text = "A garden. ".repeat(8_000);
    let rows: Vec<String> = (0..50).map(|number| format!("Home {number},Accra,{text}")).collect();
    let looked_at =
        look(&editor, "abort", &format!("title,location,description\r\n{}", rows.join("\r\n"))).await;
    assert_eq!(looked_at.status, 200, "{}", looked_at.text());
    assert_eq!(agree(&editor, &looked_at).await.status, 200);
    assert_eq!(site.get("/api/v1/properties?limit=100").await.ids().len(), 50);
}

const HOMES: &str = "reference,title,location,price,status\r\nA1,\"Home, one\",Accra,100,active\r\nA2,Home two,Accra,,draft\r\n";

async fn send(session: &Session, csrf_token: &str, on_error: &str, content: &str) -> Answer {
    let part = |name: &str, value: &str| {
        format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"homes.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n{content}\r\n--edge--\r\n"
    );
    let body = part("csrf_token", csrf_token) + &part("on_error", on_error) + &file;
    let origin = session.origin().to_owned();
    let fields = [("content-type", "multipart/form-data; boundary=edge"), ("origin", origin.as_str())];
    session.ask(Method::POST, "/admin/import/", &fields, Some(body)).await
}

async fn look(session: &Session, on_error: &str, content: &str) -> Answer {
    let token = session.csrf_token().await;
    send(session, &token, on_error, content).await
}

async fn agree(session: &Session, looked_at: &Answer) -> Answer {
    let page = looked_at.page();
    let upload = page.attributes("input[name=upload]", "value").remove(0);
    let on_error = page.attributes("#outcome input[name=on_error]", "value").remove(0);
    session.post("/admin/import/confirm/", &[("upload", &upload), ("on_error", &on_error)]).await
}

async fn a_file_is_looked_at_first_and_imported_when_somebody_agrees(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let looked_at = look(&editor, "abort", HOMES).await;
    assert_eq!(looked_at.status, 200, "{}", looked_at.text());
    assert!(looked_at.page().text("#outcome").contains("2 new"), "{}", looked_at.page().text("#outcome"));
    assert_eq!(site.get("/api/v1/properties").await.ids().len(), 0);
    let other = site.signed_in_as("bob", Role::Editor).await;
    assert_eq!(agree(&other, &looked_at).await.status, 404, "it is somebody else's file");
    let done = agree(&editor, &looked_at).await;
    assert_eq!(done.status, 200);
    assert!(done.page().text("h2#outcome-title").contains("in transaction"));
    assert_eq!(site.get("/api/v1/properties").await.ids().len(), 1);
    assert_eq!(agree(&editor, &looked_at).await.status, 404, "once");
    let again = look(&editor, "abort", &HOMES.replace("100", "90")).await;
    assert!(again.page().text("#outcome").contains("0 new, 1 changed; 1 are so already"));
    agree(&editor, &again).await;
    let history = editor.get("/admin/listings/1/history/").await.page().text("ol.history");
    assert!(history.contains("import") && history.contains("90.00"), "{history}");
}

async fn what_is_wrong_is_told_row_by_row_and_nothing_is_imported(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let looked_at = look(&editor, "abort", "title,location,price\nHome,Accra,1\nOther,,x\n").await;
    assert_eq!(looked_at.status, 422);
    let page = looked_at.page();
    let rows: Vec<String> =
        page.all("table.diff tbody tr").iter().map(|it| it.text().collect::<Vec<_>>().join("|")).collect();
    assert!(rows.iter().any(|row| row.starts_with("2|3|price|x|")), "{rows:?}");
    assert!(rows.iter().any(|row| row.starts_with("2|3|location|")), "{rows:?}");
    assert!(page.all("input[name=upload]").is_empty());
    for (content, word) in [("", "choose a file"), ("what,ever\n1,2\n", "title"), ("\u{0}", "title")] {
        let answer = look(&editor, "abort", content).await;
        assert_eq!(answer.status, 422, "{content:?}");
        assert!(answer.page().text("main").contains(word), "{content:?}");
    }
}

async fn wrong_rows_are_left_out_where_that_was_asked_for(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    let looked_at = look(&editor, "skip", "title,location,price\nHome,Accra,1\nOther,Accra,x\n").await;
    assert_eq!(looked_at.status, 200);
    assert!(looked_at.page().text("#outcome").contains("1 rows are wrong and left out"));
    assert_eq!(agree(&editor, &looked_at).await.status, 200);
    assert_eq!(site.get("/api/v1/properties").await.ids().len(), 1);
}

async fn a_form_that_is_not_ours_imports_nothing(database: Database) {
    let site = database.serve();
    let editor = site.signed_in(Role::Editor).await;
    assert_eq!(send(&editor, "forged", "abort", HOMES).await.status, 403);
    let viewer = site.signed_in(Role::Viewer).await;
    assert_eq!(look(&viewer, "abort", HOMES).await.status, 403);
    let token = editor.csrf_token().await;
    let fields =
        [("content-type", "multipart/form-data; boundary=edge"), ("origin", "https://elsewhere.example")];
    let body = format!(
        "--edge\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{token}\r\n--edge--\r\n"
    );
    assert_eq!(editor.ask(Method::POST, "/admin/import/", &fields, Some(body.clone())).await.status, 403);
    for body in ["", "--edge", "no form"] {
        let origin = editor.origin().to_owned();
        let fields = [("content-type", "multipart/form-data; boundary=edge"), ("origin", origin.as_str())];
        let answer = editor.ask(Method::POST, "/admin/import/", &fields, Some(body.to_owned())).await;
        assert!((400..500).contains(&answer.status), "{body}: {}", answer.status);
    }
    assert_eq!(editor.get("/admin/listings/").await.page().all("table.listings tbody tr").len(), 0);
}
