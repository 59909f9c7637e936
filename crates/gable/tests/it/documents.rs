//! The documents about the site: OpenAPI, its readable form, and what watches over the program.
#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

use std::collections::BTreeSet;

use serde_json::Value;

use crate::database::{Database, over_both_databases, villa};
use crate::site::Site;

mod schemathesis;

over_both_databases!(
    the_document_is_openapi_3_1_and_has_the_paths_of_the_api,
    every_documented_path_answers_as_documented,
    every_documented_example_is_accepted,
    every_parameter_that_is_known_is_documented,
    a_record_has_exactly_the_documented_fields,
    every_reference_inside_the_document_leads_somewhere,
    the_readable_form_loads_its_own_files_only,
    the_program_says_that_it_lives_and_is_ready,
    the_figures_name_each_route_by_its_pattern,
);

const DOCUMENT: &str = "/api/v1/openapi.json";

async fn document(site: &Site) -> Value {
    let answer = site.get(DOCUMENT).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.json()
}

async fn the_document_is_openapi_3_1_and_has_the_paths_of_the_api(database: Database) {
    let document = document(&database.serve()).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."), "{}", document["openapi"]);
    assert!(!document["info"]["title"].as_str().unwrap().is_empty());
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    let paths: Vec<_> = document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let routed = [
        "/api/v1/imports",
        "/api/v1/properties",
        "/api/v1/properties/export.csv",
        "/api/v1/properties/export.ndjson",
        "/api/v1/properties/{id}",
        "/properties/",
        "/properties/cache-metrics/",
    ];
    assert_eq!(paths, routed);
    for (path, methods) in document["paths"].as_object().unwrap() {
        let expected = match path.as_str() {
            "/api/v1/imports" => &["post"][..],
            "/api/v1/properties" => &["get", "post"],
            "/api/v1/properties/{id}" => &["delete", "get", "patch", "put"],
            _ => &["get"],
        };
        assert_eq!(methods.as_object().unwrap().keys().collect::<Vec<_>>(), expected, "{path}");
    }
}

async fn every_documented_path_answers_as_documented(database: Database) {
    let id = database.add([villa()]).await[0].id.to_string();
    let site = database.serve();
    let document = document(&site).await;
    let paths = document["paths"].as_object().unwrap();
    for (path, methods) in paths.iter().filter(|(_, methods)| methods.get("get").is_some()) {
        for (target, status) in [(path.replace("{id}", &id), "200"), (path.replace("{id}", "999"), "404")] {
            let answer = site.get(&target).await;
            if path.contains("{id}") || status == "200" {
                let responses = &methods["get"]["responses"];
                assert_eq!(answer.status.to_string(), status, "{target}");
                let types =
                    responses[status]["content"].as_object().unwrap_or_else(|| panic!("{path}: {responses}"));
                let content_type = answer.header("content-type").split(';').next().unwrap();
                assert!(types.contains_key(content_type), "{path}: {content_type} in {types:?}");
            }
        }
    }
}

/// The query parameters of an operation.
fn parameters(document: &Value, path: &str) -> Vec<Value> {
    let all = document["paths"][path]["get"]["parameters"].as_array().unwrap();
    all.iter().filter(|parameter| parameter["in"] == "query").cloned().collect()
}

async fn every_documented_example_is_accepted(database: Database) {
    let site = database.serve();
    let document = document(&site).await;
    let mut examples = 0;
    for parameter in parameters(&document, "/api/v1/properties") {
        let (name, schema) = (parameter["name"].as_str().unwrap(), &parameter["schema"]);
        for value in [&parameter["example"], &schema["default"], &schema["minimum"], &schema["maximum"]] {
            if let Some(text) =
                value.as_str().map(str::to_owned).or((!value.is_null()).then(|| value.to_string()))
            {
                let query: String =
                    form_urlencoded::Serializer::new(String::new()).append_pair(name, &text).finish();
                assert_eq!(site.get(&format!("/api/v1/properties?{query}")).await.status, 200, "{query}");
                examples += 1;
            }
        }
    }
    assert!(examples > 15, "{examples}");
}

async fn every_parameter_that_is_known_is_documented(database: Database) {
    let site = database.serve();
    let problem = site.get("/api/v1/properties?unknown=1").await.problem();
    let rule = problem["errors"][0]["rule"].as_str().unwrap();
    let known: BTreeSet<String> =
        rule.split("known are ").nth(1).unwrap().split(", ").map(str::to_owned).collect();
    let document = document(&site).await;
    assert_eq!(names(&parameters(&document, "/api/v1/properties")), known);
    let mut filters = known;
    for paging in ["sort", "limit", "cursor", "count"] {
        filters.remove(paging);
    }
    assert_eq!(names(&parameters(&document, "/api/v1/properties/export.csv")), filters);
    assert_eq!(names(&parameters(&document, "/api/v1/properties/export.ndjson")), filters);
}

fn names(parameters: &[Value]) -> BTreeSet<String> {
    parameters.iter().map(|parameter| parameter["name"].as_str().unwrap().to_owned()).collect()
}

async fn a_record_has_exactly_the_documented_fields(database: Database) {
    database.add([villa()]).await;
    let site = database.serve();
    let document = document(&site).await;
    for (schema, record) in [
        ("Record", site.get("/api/v1/properties/1").await.json()),
        ("DjangoRecord", site.get("/properties/").await.json()["properties"][0].clone()),
        ("RecordPage", site.get("/api/v1/properties?count=true").await.json()),
        ("Problem", site.get("/api/v1/properties?limit=0").await.problem()),
    ] {
        let schema = &document["components"]["schemas"][schema];
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&record), keys(&schema["properties"]));
        for required in schema["required"].as_array().unwrap() {
            assert!(record.get(required.as_str().unwrap()).is_some(), "{required}");
        }
    }
}

async fn every_reference_inside_the_document_leads_somewhere(database: Database) {
    let document = document(&database.serve()).await;
    let mut references = Vec::new();
    collect_references(&document, &mut references);
    assert!(!references.is_empty());
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("nothing is loaded from elsewhere");
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect_references(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect_references(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, references)),
        _ => {}
    }
}

async fn the_readable_form_loads_its_own_files_only(database: Database) {
    let site = database.serve();
    let answer = site.get("/api/docs").await;
    let page = answer.page();
    assert_eq!(page.attributes("[spec-url]", "spec-url"), [DOCUMENT]);
    assert_eq!(page.attributes("[load-fonts]", "load-fonts"), ["false"], "it would load them from elsewhere");
    let loaded = [page.attributes("[src]", "src"), page.attributes("link[href]", "href")].concat();
    assert!(loaded.len() >= 3);
    for path in loaded {
        assert!(path.starts_with('/') && !path.starts_with("//"), "{path}");
        assert_eq!(site.get(&path).await.status, 200, "{path}");
    }
    let without_scripts = answer.text().split("<noscript>").nth(1).unwrap();
    assert!(
        without_scripts.contains(&format!("href=\"{DOCUMENT}\"")),
        "without JavaScript there is a way to it"
    );
}

async fn the_program_says_that_it_lives_and_is_ready(database: Database) {
    let site = database.serve();
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = site.get(path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.json()["status"], status);
    }
    assert_eq!(site.get("/readyz").await.json()["database"], "ok");
}

async fn the_figures_name_each_route_by_its_pattern(database: Database) {
    database.fill(3, 1).await;
    let site = database.serve();
    for path in ["/properties/1/", "/properties/2/", "/properties/77/", "/wp-login.php", "/a", "/b", "/%00"] {
        site.get(path).await;
    }
    site.get_with("/robots.txt", &[("if-none-match", "*")]).await;
    let answer = site.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
    assert!(answer.text().ends_with("# EOF\n"));
    for line in [
        "gable_http_request_seconds_count{method=\"GET\",route=\"/properties/{id}/\",status=\"200\"} 2",
        "gable_http_request_seconds_count{method=\"GET\",route=\"/properties/{id}/\",status=\"404\"} 1",
        "gable_http_request_seconds_count{method=\"GET\",route=\"none\",status=\"404\"} 3",
        "gable_http_request_seconds_count{method=\"GET\",route=\"/robots.txt\",status=\"304\"} 1",
        "gable_requests_refused_total{reason=\"encoding\"} 1",
        "gable_database_reads 0",
    ] {
        assert!(answer.text().lines().any(|it| it == line), "{line} in\n{}", answer.text());
    }
    assert!(!answer.text().contains("wp-login"), "what is asked for makes no rows");
}
