//! A write carried out in one transaction, and what is answered to it.

use axum::body::Body;
use axum::response::Response;
use hyper::StatusCode;
use hyper::header::{self, HeaderName, HeaderValue};
use listings::record::{Onto, Record};
use listings::repetition::{Answered, Claim, Key};
use listings::store::{Writing, Written};
use listings::{NewProperty, Property};

use super::media_type;
use super::precondition::Precondition;
use super::sent::Sent;
use crate::application::Application;
use crate::error::Error;
use crate::handlers::api;
use crate::handlers::record::Record as Shown;
use crate::representation::Representation;
use crate::{clock, write_token};

const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// What is to be written.
pub(super) enum Write {
    Create(NewProperty),
    Replace(i64, Precondition, Record),
    Patch(i64, Precondition, Record),
    Delete(i64, Precondition),
}

impl Write {
    /// Carries it out, all or nothing, and answers. What was answered to the same before is answered again.
    pub(super) async fn carry_out(self, application: &Application, sent: &Sent) -> Result<Response, Error> {
        let key = sent.key()?;
        let mut writing = application.store.write(&sent.caller.author("api")).await?;
        match self.once(&mut writing, key.as_ref()).await {
            Ok((answered, is_replayed)) => {
                let written = writing.commit().await?;
                Ok(response(answered, is_replayed, &written, application))
            }
            Err(error) => {
                give_up(writing, &error).await;
                Err(error)
            }
        }
    }

    /// The answer, and whether it is one that was given before.
    async fn once(self, writing: &mut Writing, key: Option<&Key>) -> Result<(Answered, bool), Error> {
        let Some(key) = key else { return Ok((self.within(writing).await?, false)) };
        match writing.claim(key, clock::time_of_day().into()).await? {
            Claim::New => {
                let answered = self.within(writing).await?;
                writing.keep_answer(key, &answered).await?;
                Ok((answered, false))
            }
            Claim::Answered(answered) => Ok((answered, true)),
            Claim::Another => Err(Error::Unprocessable(
                "Idempotency-Key: this key was given to another request; a new request needs a new key"
                    .to_owned(),
            )),
        }
    }

    async fn within(self, writing: &mut Writing) -> Result<Answered, Error> {
        match self {
            Write::Create(new) => {
                let property = writing.insert(&new).await?;
                let location = format!("{}/{}", api::LIST, property.id);
                Ok(Answered { location, ..shown(StatusCode::CREATED, property)? })
            }
            Write::Replace(id, precondition, record) => {
                let property = expected(writing, id, &precondition).await?;
                let with = record.check(Onto::Whole(&property)).map_err(Error::Values)?;
                replaced(writing, id, &with).await
            }
            Write::Patch(id, precondition, record) => {
                let property = expected(writing, id, &precondition).await?;
                let with = record.check(Onto::Part(&property)).map_err(Error::Values)?;
                replaced(writing, id, &with).await
            }
            Write::Delete(id, precondition) => {
                expected(writing, id, &precondition).await?;
                writing.delete(id).await?;
                let status = StatusCode::NO_CONTENT.as_u16();
                Ok(Answered { status, location: String::new(), body: String::new() })
            }
        }
    }
}

/// The listing of an id, locked, if it is the one that the request was made from.
async fn expected(writing: &mut Writing, id: i64, precondition: &Precondition) -> Result<Property, Error> {
    let property = writing.property(id).await?.ok_or_else(|| super::nobody(id))?;
    let representation = Representation::json(&Shown::from(property.clone()))?;
    if precondition.holds(property.version, &representation) {
        Ok(property)
    } else {
        Err(Error::Stale { etag: representation.validator() })
    }
}

async fn replaced(writing: &mut Writing, id: i64, with: &NewProperty) -> Result<Answered, Error> {
    let property = writing.replace(id, with).await?.ok_or_else(|| super::nobody(id))?;
    shown(StatusCode::OK, property)
}

fn shown(status: StatusCode, property: Property) -> Result<Answered, Error> {
    let body = serde_json::to_string(&Shown::from(property))?;
    Ok(Answered { status: status.as_u16(), location: String::new(), body })
}

/// Back to how it was, with the connection still of use; where it is the database that failed, it is not.
async fn give_up(writing: Writing, error: &Error) {
    if !matches!(error, Error::Unavailable(_))
        && let Err(error) = writing.rollback().await
    {
        tracing::debug!(%error, "a transaction could not be rolled back: its connection is closed");
    }
}

fn response(answered: Answered, is_replayed: bool, written: &Written, application: &Application) -> Response {
    let Answered { status, location, body } = answered;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    if !body.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type::JSON));
        headers.insert(header::ETAG, Representation::new(media_type::JSON, body.clone()).validator());
    }
    if let Some(location) = HeaderValue::from_str(&location).ok().filter(|location| !location.is_empty()) {
        headers.insert(header::LOCATION, location);
    }
    if is_replayed {
        headers.insert(IDEMPOTENT_REPLAYED, HeaderValue::from_static("true"));
    }
    write_token::stamp(headers, written, application);
    *response.body_mut() = Body::from(body);
    response
}
