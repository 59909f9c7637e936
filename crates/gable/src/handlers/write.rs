//! The writing API: a listing made, replaced, changed, deleted.
//!
//! ```text
//! sent           who sends it, what body, what Idempotency-Key     nothing is asked of the database
//!   media_type     what kind of body
//! precondition   If-Match: what it was made from
//! carry_out      one transaction; the answer                       what was answered before is answered again
//! ```

mod carry_out;
pub(super) mod media_type;
mod precondition;
mod sent;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;

use self::carry_out::Write;
use self::media_type::{JSON, MERGE_PATCH};
use self::precondition::Precondition;
use self::sent::Sent;
use super::api;
use super::record::Record;
use super::written::{NewRecord, RecordPatch};
use crate::access::Client;
use crate::application::Application;
use crate::error::{Error, Problem};

/// Make a listing
///
/// With an `Idempotency-Key` it can be sent again without fear of a second listing: for 24 hours whoever sends the same again is
/// answered the same.
#[utoipa::path(
    post, path = api::LIST, tag = "Properties", operation_id = "create_property",
    params(("Idempotency-Key" = Option<String>, Header, description = "A name for this request, 1 to 255 visible ASCII characters", example = "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"")),
    request_body(content = NewRecord, content_type = "application/json"),
    security(("token" = ["write"]), ("session" = [])),
    responses(
        (status = 201, description = "The listing as it is kept", body = Record, headers(
            ("Location" = String, description = "Where it is"),
            ("ETag" = String, description = "Validator of the record"),
            ("Write-Token" = String, description = "Sent with a read, it shows this write on any node"),
            ("Idempotent-Replayed" = String, description = "true, where this was answered before"),
        )),
        (status = 422, description = "Values that break rules, all of them; or a key that was given to another request", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn create(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    request: Request,
) -> Result<Response, Error> {
    let sent = Sent::read(client, request, &[JSON]).await?;
    Write::Create(sent.new_property()?).carry_out(&application, &sent).await
}

/// Replace a listing
///
/// With all of its members: one that is left out has its default; `status` must be given. What the database gives (`id`,
/// `version`, `created_at`, `updated_at`) may come back as it was read. Where nothing is there, nothing is made.
#[utoipa::path(
    put, path = "/api/v1/properties/{id}", tag = "Properties", operation_id = "replace_property",
    params(
        ("id" = i64, Path, description = "The listing's number", example = 17),
        ("If-Match" = String, Header, description = "The ETag of the record that the change was made from, its version in quotes, or *", example = "\"3\""),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, 1 to 255 visible ASCII characters"),
    ),
    request_body(content = ref("#/components/schemas/WholeRecord"), content_type = "application/json"),
    security(("token" = ["write"]), ("session" = [])),
    responses(
        (status = 200, description = "The listing as it is kept", body = Record, headers(
            ("ETag" = String, description = "Validator of the record"),
            ("Write-Token" = String, description = "Sent with a read, it shows this write on any node"),
        )),
        (status = 404, description = "No such listing", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since; ETag says what it is now", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values that break rules, all of them; or a key that was given to another request", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn replace(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let sent = Sent::read(client, request, &[JSON]).await?;
    let (id, precondition) = (id_of(&id)?, Precondition::of(&sent.headers)?);
    Write::Replace(id, precondition, sent.record()?).carry_out(&application, &sent).await
}

/// Change a listing
///
/// A JSON merge patch: the members that are given, null for none; the others stay as they are.
#[utoipa::path(
    patch, path = "/api/v1/properties/{id}", tag = "Properties", operation_id = "change_property",
    params(
        ("id" = i64, Path, description = "The listing's number", example = 17),
        ("If-Match" = String, Header, description = "The ETag of the record that the change was made from, its version in quotes, or *", example = "\"3\""),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, 1 to 255 visible ASCII characters"),
    ),
    request_body(content((RecordPatch = "application/merge-patch+json"), (RecordPatch = "application/json"))),
    security(("token" = ["write"]), ("session" = [])),
    responses(
        (status = 200, description = "The listing as it is kept", body = Record, headers(
            ("ETag" = String, description = "Validator of the record"),
            ("Write-Token" = String, description = "Sent with a read, it shows this write on any node"),
        )),
        (status = 404, description = "No such listing", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since; ETag says what it is now", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Values that break rules, all of them; or a key that was given to another request", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn change(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let sent = Sent::read(client, request, &[MERGE_PATCH, JSON]).await?;
    let (id, precondition) = (id_of(&id)?, Precondition::of(&sent.headers)?);
    Write::Patch(id, precondition, sent.record()?).carry_out(&application, &sent).await
}

/// Delete a listing
#[utoipa::path(
    delete, path = "/api/v1/properties/{id}", tag = "Properties", operation_id = "delete_property",
    params(
        ("id" = i64, Path, description = "The listing's number", example = 17),
        ("If-Match" = String, Header, description = "The ETag of the record that was read, its version in quotes, or *", example = "\"3\""),
        ("Idempotency-Key" = Option<String>, Header, description = "A name for this request, 1 to 255 visible ASCII characters"),
    ),
    security(("token" = ["write"]), ("session" = [])),
    responses(
        (status = 204, description = "It is gone", headers(
            ("Write-Token" = String, description = "Sent with a read, it shows this write on any node"),
        )),
        (status = 404, description = "No such listing", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "It has changed since; ETag says what it is now", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "A key that was given to another request", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "If-Match is missing", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn delete(
    State(application): State<Arc<Application>>,
    Client(client): Client,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Error> {
    let sent = Sent::read(client, request, &[]).await?;
    let (id, precondition) = (id_of(&id)?, Precondition::of(&sent.headers)?);
    Write::Delete(id, precondition).carry_out(&application, &sent).await
}

fn id_of(text: &str) -> Result<i64, Error> {
    super::id(text).ok_or_else(|| nobody(text))
}

fn nobody(id: impl std::fmt::Display) -> Error {
    Error::NotFound(format!("There is no listing {id}"))
}
