//! Many listings out of a file: looked at first, then agreed to.

use std::sync::Arc;

use axum::extract::{Multipart, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use listings::import::{Format, Import, OnError, Report};
use listings::store::Written;
use listings::upload::Upload;

use crate::access::{Caller, Posted, Staff, value};
use crate::application::Application;
use crate::error::Error;
use crate::handlers::imports::ROOM;
use crate::pages::admin::import::{ImportPage, Outcome, RowError};
use crate::pages::admin::{AdminLayout, Section};
use crate::pages::form::Field;
use crate::{clock, write_token};

/// Where a file is sent to.
pub const PATH: &str = "/admin/import/";
/// Where it is agreed to.
pub const CONFIRM: &str = "/admin/import/confirm/";

/// What the history says the listings came from.
const ORIGIN: &str = "import";

/// The form.
pub async fn show(Staff(caller): Staff) -> Result<Response, Error> {
    caller.need_write()?;
    super::page(StatusCode::OK, &page(&caller, None))
}

/// Looks at a file and says what would come of it; nothing is written but the file, until somebody agrees.
pub async fn look(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    multipart: Multipart,
) -> Result<Response, Error> {
    caller.need_write()?;
    let _place = ROOM.try_acquire().map_err(|_| Error::Crowded)?;
    let sent = Sent::read(multipart).await?;
    if !caller.accepts_csrf_token(&sent.csrf_token) {
        return Err(Error::Forbidden(
            "The form is out of date: load the page again. Nothing was done.".to_owned(),
        ));
    }
    let Some(upload) = sent.upload else {
        let mut page = page(&caller, None);
        page.file.error = Some("choose a file, CSV or NDJSON".to_owned());
        return super::page(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let import = Import { format: upload.format, content: &upload.content, on_error: sent.on_error };
    let report = application.store.plan_import(&import).await?;
    let is_refused = report.is_refused(sent.on_error);
    let mut outcome =
        Outcome { is_skipping: sent.on_error == OnError::Skip, ..outcome(&upload.name, report, is_refused) };
    if !is_refused {
        let id = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>());
        application.store.keep_upload(&id, caller.user_id, upload, clock::time_of_day().into()).await?;
        outcome.upload = Some(id);
    }
    let status = if is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    super::page(status, &page(&caller, Some(outcome)))
}

/// Carries out what was looked at. What has changed since then is seen: the report is of what was done.
pub async fn carry_out(
    State(application): State<Arc<Application>>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_write()?;
    let _place = ROOM.try_acquire().map_err(|_| Error::Crowded)?;
    let on_error = if value(&fields, "on_error") == "skip" { OnError::Skip } else { OnError::Abort };
    let gone =
        || Error::NotFound("The file is not here any more: send it again. Nothing was imported.".to_owned());
    let id = Some(value(&fields, "upload")).filter(|id| is_id(id)).ok_or_else(gone)?;
    let (author, now) = (caller.author(ORIGIN), clock::time_of_day().into());
    let imported = application.store.import_upload(&author, (id, caller.user_id), on_error, now).await?;
    let (name, imported) = imported.ok_or_else(gone)?;
    let mut shown = outcome(&name, imported.report, imported.written.is_none());
    shown.is_skipping = on_error == OnError::Skip;
    match imported.written {
        Some(written) => done(&application, &caller, shown, &written),
        None => super::page(StatusCode::UNPROCESSABLE_ENTITY, &page(&caller, Some(shown))),
    }
}

/// Whether a text is an id as files are given.
fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn done(
    application: &Application,
    caller: &Caller,
    outcome: Outcome,
    written: &Written,
) -> Result<Response, Error> {
    let outcome = Outcome { is_done: true, number: super::transaction(written), ..outcome };
    let mut response = super::page(StatusCode::OK, &page(caller, Some(outcome)))?;
    write_token::stamp(response.headers_mut(), written, application);
    Ok(response)
}

fn page(caller: &Caller, outcome: Option<Outcome>) -> ImportPage {
    ImportPage { layout: AdminLayout::of(caller, Section::Import, "Import"), file: Field::default(), outcome }
}

fn outcome(name: &str, report: Report, is_refused: bool) -> Outcome {
    let listed = report.errors.len() as u64;
    Outcome {
        name: name.to_owned(),
        rows: report.rows,
        created: report.created,
        updated: report.updated,
        unchanged: report.unchanged,
        refused: report.refused,
        errors_beyond: report.errors_total.saturating_sub(listed),
        errors: report.errors.into_iter().map(RowError::from).collect(),
        is_refused,
        ..Outcome::default()
    }
}

/// What a browser has sent.
#[derive(Default)]
struct Sent {
    csrf_token: String,
    on_error: OnError,
    upload: Option<Upload>,
}

impl Sent {
    async fn read(mut multipart: Multipart) -> Result<Sent, Error> {
        let broken =
            |_| Error::Malformed("the form did not come to its end, or is no multipart form".to_owned());
        let mut sent = Sent::default();
        while let Some(field) = multipart.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let file_name = field.file_name().unwrap_or_default().to_owned();
            let content = field.bytes().await.map_err(broken)?;
            let text = || String::from_utf8_lossy(&content[..content.len().min(1_000)]).into_owned();
            match name.as_str() {
                "csrf_token" => sent.csrf_token = text(),
                "on_error" if text() == "skip" => sent.on_error = OnError::Skip,
                "file" if !content.is_empty() => sent.upload = Some(upload(&file_name, content.to_vec())),
                _ => {}
            }
        }
        Ok(sent)
    }
}

/// An object at its beginning makes a file NDJSON; whatever else is CSV.
fn upload(name: &str, content: Vec<u8>) -> Upload {
    let first = content.iter().find(|byte| !byte.is_ascii_whitespace() && **byte < 0x80);
    let format = if first == Some(&b'{') { Format::Ndjson } else { Format::Csv };
    Upload { name: name.chars().filter(|it| !it.is_control()).take(100).collect(), format, content }
}
