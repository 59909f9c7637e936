//! What a search comes to: a page of cards, or what to relax.

use larder::Reading;
use listings::read::Count;
use listings::{Kind, Search};

use super::wording;
use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::handlers::{address, card};
use crate::pages::search::{Outcome, Relaxation, Results};
use crate::pages::wording as words;

/// Filters that are dropped, or else kept alone, to find a way out of an empty result: each costs a statement or two.
const RELAXATIONS: usize = 4;
/// Who has found nothing wants to know whether there is a little or a lot: a larger number would be counted longer, and made
/// again more often.
const ENOUGH: i64 = 100;

pub(super) async fn of(
    catalogue: &Catalogue,
    reading: &Reading,
    search: &Search,
    found: Count,
) -> Result<Outcome, Error> {
    let page = catalogue.page(reading, search).await?;
    // A deeper page that has become empty is the end of its list, not a search that finds nothing.
    if page.properties.is_empty() && search.after.is_none() {
        return relaxations(catalogue, reading, search).await.map(Outcome::Nothing);
    }
    let first_page = address(super::PATH, &search.first_page().canonical());
    Ok(Outcome::Found(Results {
        count: count(found, search),
        cards: page.properties.iter().map(card::of).collect(),
        next_href: page.next.map(|next| address(super::PATH, &search.after(next).canonical())),
        first_href: search.after.is_some().then_some(first_page),
    }))
}

fn count(count: Count, search: &Search) -> String {
    words::count(count.listings.unsigned_abs(), !count.is_exact, search.kind.map(Kind::name))
}

/// Searches that find something where this one does not: without one of its filters, or else with one alone; those that
/// find most first.
async fn relaxations(
    catalogue: &Catalogue,
    reading: &Reading,
    search: &Search,
) -> Result<Vec<Relaxation>, Error> {
    let filters: Vec<_> = search.applied_filters().into_iter().take(RELAXATIONS).collect();
    let without = filters
        .iter()
        .map(|(parameter, _)| (format!("Without {}", wording::name(*parameter)), search.without(*parameter)));
    let found = fruitful(catalogue, reading, without.collect()).await?;
    if !found.is_empty() || filters.len() < 2 {
        return Ok(found);
    }
    let alone = filters.iter().map(|(parameter, value)| {
        (format!("Only: {}", wording::filter(search, *parameter, value)), search.only(*parameter))
    });
    fruitful(catalogue, reading, alone.collect()).await
}

async fn fruitful(
    catalogue: &Catalogue,
    reading: &Reading,
    candidates: Vec<(String, Search)>,
) -> Result<Vec<Relaxation>, Error> {
    let mut found = Vec::new();
    for (label, candidate) in candidates {
        let found_by_it = *catalogue.count(reading, &candidate, ENOUGH).await?;
        if found_by_it.listings > 0 {
            found.push((found_by_it.listings, relaxation(label, &candidate, found_by_it)));
        }
    }
    found.sort_by_key(|(listings, _)| std::cmp::Reverse(*listings));
    Ok(found.into_iter().map(|(_, relaxation)| relaxation).collect())
}

fn relaxation(label: String, search: &Search, found: Count) -> Relaxation {
    Relaxation { label, href: address(super::PATH, &search.canonical()), count: Some(count(found, search)) }
}
