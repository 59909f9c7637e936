//! What the OpenAPI document says of all operations alike: who may, and what any of them may be answered.

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema};

/// Any operation that writes.
const OF_WRITES: [(&str, &str); 4] = [
    ("400", "A body, parameter or header field that can't be read"),
    ("401", "No credentials, or such as are none"),
    ("403", "Credentials that may not write"),
    ("503", "The database can't answer just now"),
];
/// Any operation that has a body.
const OF_BODIES: [(&str, &str); 3] = [
    ("408", "The body did not come in time"),
    ("413", "The body is too large"),
    ("415", "A body of another kind than is documented, or under a coding"),
];

/// The document with what it says of all operations alike.
#[must_use]
pub fn completed(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme("token", token());
    components.add_security_scheme("session", session());
    if let Some(whole) = components.schemas.get("NewRecord").and_then(whole_record) {
        components.schemas.insert("WholeRecord".to_owned(), whole);
    }
    for path in document.paths.paths.values_mut() {
        let writes = [&mut path.post, &mut path.put, &mut path.patch, &mut path.delete];
        writes.into_iter().flatten().for_each(complete);
    }
    document
}

/// What replaces a listing: what makes one, but the status must be said.
fn whole_record(new: &RefOr<Schema>) -> Option<RefOr<Schema>> {
    let RefOr::T(Schema::Object(new)) = new else { return None };
    let mut whole = new.clone();
    whole.required.push("status".to_owned());
    whole.description = Some(
        "All of a listing. A member that is left out has its default; the status must be said.".to_owned(),
    );
    Some(RefOr::T(Schema::Object(whole)))
}

fn token() -> SecurityScheme {
    let description = "A token of an account, made under /admin/. What it may is what it was made for (read, write), and never \
                       more than its owner may.";
    SecurityScheme::Http(
        Http::builder().scheme(HttpAuthScheme::Bearer).description(Some(description)).build(),
    )
}

fn session() -> SecurityScheme {
    let description = "A browser that has signed in. To write it has to send its csrf_token as X-CSRF-Token.";
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("gable_session", description)))
}

fn complete(operation: &mut Operation) {
    let of_bodies = operation.request_body.is_some().then_some(OF_BODIES);
    for (status, description) in OF_WRITES.into_iter().chain(of_bodies.into_iter().flatten()) {
        let answers = &mut operation.responses.responses;
        answers.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
    }
}

fn problem(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", content).build()
}
