//! One listing: written, changed, deleted.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use hyper::{StatusCode, Uri};
use listings::property::FIELDS;
use listings::record::{Fault, Onto, Record};
use listings::store::Written;
use listings::{Draft, NewProperty, Property};

use super::conflict;
use super::listings::PATH;
use crate::access::{Caller, Posted, Staff, value};
use crate::application::Application;
use crate::error::Error;
use crate::handlers::{id, listing_path};
use crate::pages::admin::confirm::ConfirmPage;
use crate::pages::admin::listing_form::{Conflict, ListingForm, ListingPage, Saved, Subject};
use crate::pages::admin::{AdminLayout, Section};
use crate::pages::form::Hidden;
use crate::write_token;

/// What the history says a change came from.
pub(super) const ORIGIN: &str = "admin";

/// The form for a new listing.
pub async fn blank(Staff(caller): Staff) -> Result<Response, Error> {
    caller.need_write()?;
    super::page(StatusCode::OK, &page(&caller, ListingForm::blank(), None))
}

/// Keeps a new listing.
pub async fn create(
    State(application): State<Arc<Application>>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_write()?;
    let form = ListingForm::typed(&fields);
    let new = match checked(&form) {
        Ok(new) => new,
        Err(form) => return super::page(StatusCode::UNPROCESSABLE_ENTITY, &page(&caller, *form, None)),
    };
    let mut writing = application.store.write(&caller.author(ORIGIN)).await?;
    let property = writing.insert(&new).await?;
    let written = writing.commit().await?;
    Ok(saved(&application, property.id, &written))
}

/// The form of a listing, and what was just saved.
pub async fn show(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    Path(text): Path<String>,
    uri: Uri,
) -> Result<Response, Error> {
    caller.need_read_all()?;
    let property = existing(&application, &text).await?;
    let mut page = page(&caller, ListingForm::of(&Draft::from(&property)), Some(&property));
    page.saved = just_saved(&uri, &property);
    super::page(StatusCode::OK, &page)
}

/// Saves a listing, unless somebody else has saved it since the form was made.
pub async fn save(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_write()?;
    let form = ListingForm::typed(&fields);
    let id = known(&text)?;
    let new = match checked(&form) {
        Ok(new) => new,
        Err(form) => {
            let property = existing(&application, &text).await?;
            let mut page = page(&caller, *form, Some(&property));
            keep_version(&mut page, value(&fields, "version"));
            return super::page(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let mut writing = application.store.write(&caller.author(ORIGIN)).await?;
    let Some(property) = writing.property(id).await? else {
        writing.rollback().await?;
        return Err(gone(&text));
    };
    if property.version.to_string() != value(&fields, "version") {
        writing.rollback().await?;
        return conflicting(&application, &caller, &property, &form, value(&fields, "version")).await;
    }
    writing.replace(id, &new).await?;
    let written = writing.commit().await?;
    Ok(saved(&application, id, &written))
}

/// Asks whether a listing is to be deleted.
pub async fn ask_to_delete(
    State(application): State<Arc<Application>>,
    Staff(caller): Staff,
    Path(text): Path<String>,
) -> Result<Response, Error> {
    caller.need_write()?;
    let property = existing(&application, &text).await?;
    super::page(StatusCode::OK, &deleting(&caller, &property, None))
}

/// Deletes a listing, as it was when it was asked.
pub async fn delete(
    State(application): State<Arc<Application>>,
    Path(text): Path<String>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_write()?;
    let id = known(&text)?;
    let mut writing = application.store.write(&caller.author(ORIGIN)).await?;
    let Some(property) = writing.property(id).await? else {
        writing.rollback().await?;
        return Err(gone(&text));
    };
    if property.version.to_string() != value(&fields, "version") {
        writing.rollback().await?;
        let again = "Somebody has changed this listing since you were asked. This is what it is now.";
        return super::page(StatusCode::CONFLICT, &deleting(&caller, &property, Some(again)));
    }
    writing.delete(id).await?;
    let written = writing.commit().await?;
    Ok(super::listings_changed(&application, "deleted", 1, &written))
}

fn checked(form: &ListingForm) -> Result<NewProperty, Box<ListingForm>> {
    let record = Record::of_texts(FIELDS.map(|name| (name, form.text(name))));
    let mut faults = Vec::new();
    // A form has a status: without one, nobody makes a draft public by accident.
    if form.text("status").is_empty() {
        faults.push(Fault::new("status", "", "must be chosen"));
    }
    match record.check(Onto::New) {
        Ok(new) if faults.is_empty() => Ok(new),
        checked => {
            faults.extend(checked.err().unwrap_or_default());
            Err(Box::new(form.clone().refused(&faults)))
        }
    }
}

fn page(caller: &Caller, form: ListingForm, property: Option<&Property>) -> ListingPage {
    let title = property.map_or_else(|| "New listing".to_owned(), |property| super::title(&property.title));
    ListingPage {
        layout: AdminLayout::of(caller, Section::Listings, &title),
        form,
        subject: property.map(Subject::from),
        saved: None,
        conflict: None,
        is_writable: caller.may_write(),
    }
}

/// A form that is shown again was made from the version that it came with, whatever there is by now.
fn keep_version(page: &mut ListingPage, version: &str) {
    if let (Some(subject), Ok(version)) = (&mut page.subject, version.parse()) {
        subject.version = version;
    }
}

async fn conflicting(
    application: &Application,
    caller: &Caller,
    theirs: &Property,
    yours: &ListingForm,
    version: &str,
) -> Result<Response, Error> {
    let store = &application.store;
    let base = match version.parse() {
        Ok(version) => store.at_version(theirs, version).await?,
        Err(_) => None,
    };
    let latest = store.history(theirs.id, None, 1).await?;
    let base = base.as_ref().map(ListingForm::of);
    let sides =
        conflict::Sides { base: base.as_ref(), yours, theirs: &ListingForm::of(&Draft::from(theirs)) };
    let mut page = page(caller, sides.merged(), Some(theirs));
    page.conflict = Some(Conflict { rows: sides.disagreements(), ..conflict::by(latest.first()) });
    super::page(StatusCode::CONFLICT, &page)
}

fn deleting(caller: &Caller, property: &Property, again: Option<&str>) -> ConfirmPage {
    let title = super::title(&property.title);
    ConfirmPage {
        layout: AdminLayout::of(caller, Section::Listings, "Delete"),
        question: format!("Delete “{title}”?"),
        consequence: "It is gone from every page at once. Its history stays.".to_owned(),
        again: again.map(str::to_owned),
        examples: vec![format!("{title}, {}", property.location)],
        others: None,
        action: format!("{PATH}{}/delete/", property.id),
        hidden: vec![Hidden { name: "version".to_owned(), value: property.version.to_string() }],
        button: "Delete it".to_owned(),
        is_dangerous: true,
        back_href: format!("{PATH}{}/", property.id),
    }
}

/// To the page of the listing, which shows that it was saved. The browser carries the write token on.
pub(super) fn saved(application: &Application, id: i64, written: &Written) -> Response {
    let number = super::transaction(written).unwrap_or_default();
    let mut response = super::see_other(&format!("{PATH}{id}/?saved={number}"));
    write_token::stamp(response.headers_mut(), written, application);
    response
}

fn just_saved(uri: &Uri, property: &Property) -> Option<Saved> {
    let number = uri.query()?.strip_prefix("saved=")?;
    Some(Saved {
        number: Some(number.to_owned()).filter(|number| super::is_number(number)),
        version: property.version,
        public_href: listing_path(property.id),
        is_public: property.status.is_public(),
    })
}

async fn existing(application: &Application, text: &str) -> Result<Property, Error> {
    let reading = larder::Reading::new();
    application.store.property_by_id(&reading, known(text)?).await?.ok_or_else(|| gone(text))
}

fn known(text: &str) -> Result<i64, Error> {
    id(text).ok_or_else(|| gone(text))
}

fn gone(text: &str) -> Error {
    Error::NotFound(format!("There is no listing {text}"))
}
