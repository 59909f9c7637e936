//! Many listings at once: asked once more, then done in one transaction.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::StatusCode;
use listings::desk::Selection;
use listings::store::Writing;
use listings::{Status, StoreError};
use sha2::{Digest as _, Sha256};

use super::export::MOST_IDS;
use super::listing::ORIGIN;
use super::listings::PATH as LISTINGS;
use super::sought::Sought;
use crate::access::{Caller, Posted, value};
use crate::application::Application;
use crate::error::Error;
use crate::handlers::address;
use crate::pages::admin::confirm::ConfirmPage;
use crate::pages::admin::{AdminLayout, Section};
use crate::pages::form::Hidden;
use crate::pages::wording;

/// Where it is said what is to be done.
pub const PATH: &str = "/admin/listings/actions/";

/// Listings that are named when it is asked.
const EXAMPLES: u16 = 5;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    Become(Status),
    Delete,
    Export(&'static str),
}

impl Deed {
    fn named(name: &str) -> Option<Deed> {
        match name {
            "delete" => Some(Deed::Delete),
            "csv" => Some(Deed::Export("csv")),
            "ndjson" => Some(Deed::Export("ndjson")),
            name => Status::named(name).map(Deed::Become),
        }
    }
}

/// What was chosen, and what is to be done with it.
struct Order {
    deed: Deed,
    sought: Sought,
    /// The listings that were ticked; none where all that match are meant.
    ids: Option<Vec<i64>>,
    /// What it was asked about.
    confirmed: String,
}

impl Order {
    fn read(fields: &[(String, String)]) -> Result<Order, Error> {
        let wrong = |why: &str| Error::Malformed(why.to_owned());
        let deed = Deed::named(value(fields, "action"))
            .ok_or_else(|| wrong("action: must be a status, delete, csv or ndjson"))?;
        let sought = Sought::parse(value(fields, "query")).map_err(Error::Parameters)?;
        let ids = match value(fields, "scope") {
            "all" => None,
            "chosen" => Some(ids(fields)?),
            _ => return Err(wrong("scope: must be chosen or all")),
        };
        Ok(Order { deed, sought, ids, confirmed: value(fields, "confirmed").to_owned() })
    }

    fn selection(&self) -> Selection {
        match &self.ids {
            Some(ids) => Selection::Ids(ids.clone()),
            None => Selection::Matching(Box::new(self.sought.search.clone()), self.sought.statuses()),
        }
    }

    /// What the answer to the question brings again.
    fn hidden(fields: &[(String, String)], selected: &[i64]) -> Vec<Hidden> {
        let kept =
            fields.iter().filter(|(name, _)| ["id", "query", "scope", "action"].contains(&name.as_str()));
        let mut hidden: Vec<_> =
            kept.map(|(name, value)| Hidden { name: name.clone(), value: value.clone() }).collect();
        hidden.push(Hidden { name: "confirmed".to_owned(), value: mark(selected) });
        hidden
    }
}

fn ids(fields: &[(String, String)]) -> Result<Vec<i64>, Error> {
    let texts = fields.iter().filter(|(name, _)| name == "id").map(|(_, value)| value.as_str());
    let mut ids = Vec::new();
    for text in texts {
        let id = crate::handlers::id(text);
        let id = id.ok_or_else(|| Error::Malformed("id: must be the number of a listing".to_owned()))?;
        ids.push(id);
    }
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > MOST_IDS {
        return Err(Error::Malformed(format!("id: at most {MOST_IDS} can be chosen one by one")));
    }
    if ids.is_empty() {
        return Err(Error::Malformed(
            "id: no listing was chosen. Tick some, or say “all that match”".to_owned(),
        ));
    }
    Ok(ids)
}

/// Asks, or does what was asked before.
pub async fn act(
    State(application): State<Arc<Application>>,
    Posted(caller, fields): Posted,
) -> Result<Response, Error> {
    caller.need_read_all()?;
    let order = Order::read(&fields)?;
    if let Deed::Export(format) = order.deed {
        return Ok(super::see_other(&export_href(&order, format)));
    }
    caller.need_write()?;
    let mut writing = application.store.write(&caller.author(ORIGIN)).await?;
    let selected = writing.selected(&order.selection()).await?;
    if order.confirmed != mark(&selected) || selected.is_empty() {
        writing.rollback().await?;
        return ask(&application, &caller, &order, &fields, &selected).await;
    }
    let changed = carry_out(&mut writing, order.deed, &selected).await?;
    let written = writing.commit().await?;
    let what = if order.deed == Deed::Delete { "deleted" } else { "changed" };
    Ok(super::listings_changed(&application, what, changed, &written))
}

/// Tells listings from any others: what was confirmed is these, and not only so many.
fn mark(ids: &[i64]) -> String {
    let digest = ids.iter().fold(Sha256::new(), |digest, id| digest.chain_update(id.to_be_bytes()));
    URL_SAFE_NO_PAD.encode(&digest.finalize()[..15])
}

async fn carry_out(writing: &mut Writing, deed: Deed, ids: &[i64]) -> Result<u64, StoreError> {
    match deed {
        Deed::Become(status) => writing.set_status(ids, status).await,
        Deed::Delete => writing.delete_all(ids).await,
        Deed::Export(_) => Ok(0),
    }
}

fn export_href(order: &Order, format: &str) -> String {
    let path = format!("{LISTINGS}export.{format}");
    match &order.ids {
        Some(ids) => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            address(&path, &format!("ids={}", ids.join(",")))
        }
        None => address(&path, &order.sought.filters()),
    }
}

async fn ask(
    application: &Application,
    caller: &Caller,
    order: &Order,
    fields: &[(String, String)],
    ids: &[i64],
) -> Result<Response, Error> {
    let selected = ids.len() as u64;
    if selected == 0 {
        return Err(Error::NotFound(
            "Nothing is left of what was chosen: those listings are gone".to_owned(),
        ));
    }
    let examples = examples(application, order).await?;
    let number = wording::number(selected, false);
    let noun = if selected == 1 { "listing" } else { "listings" };
    let (question, consequence, button) = match order.deed {
        Deed::Delete => (
            format!("Delete {number} {noun}?"),
            "They are gone from every page at once. Their histories stay.".to_owned(),
            format!("Delete {number} {noun}"),
        ),
        Deed::Become(status) => (
            format!("Make {number} {noun} {}?", status.name()),
            consequence(status).to_owned(),
            format!("Make {number} {noun} {}", status.name()),
        ),
        Deed::Export(_) => Default::default(),
    };
    let others = selected.saturating_sub(examples.len() as u64);
    let page = ConfirmPage {
        layout: AdminLayout::of(caller, Section::Listings, "Please confirm"),
        question,
        consequence,
        again: (!order.confirmed.is_empty()).then(|| {
            "By now these are other listings than were asked about. Nothing was changed yet.".to_owned()
        }),
        others: (others > 0).then(|| format!("and {} more", wording::number(others, false))),
        examples,
        action: PATH.to_owned(),
        hidden: Order::hidden(fields, ids),
        button,
        is_dangerous: order.deed == Deed::Delete,
        back_href: address(LISTINGS, &order.sought.filters()),
    };
    super::page(StatusCode::OK, &page)
}

fn consequence(status: Status) -> &'static str {
    if status.is_public() {
        "They are public from then on, everywhere at once. Those that have this status already stay as they are."
    } else {
        "They are gone from every public page at once. Those that have this status already stay as they are."
    }
}

async fn examples(application: &Application, order: &Order) -> Result<Vec<String>, Error> {
    let store = &application.store;
    let mut found = Vec::new();
    if let Some(ids) = &order.ids {
        for &id in ids.iter().take(EXAMPLES.into()) {
            found.extend(store.property_by_id(&larder::Reading::new(), id).await?);
        }
    } else {
        let search = listings::Search { limit: EXAMPLES, ..order.sought.search.first_page() };
        found = store.page_over(&search, &order.sought.statuses()).await?.properties;
    }
    Ok(found
        .iter()
        .map(|property| format!("{}, {}", super::title(&property.title), property.location))
        .collect())
}
