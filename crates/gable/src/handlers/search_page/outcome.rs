//! What a search comes to: a page of cards, or what to relax.

use listings::read::Count;
use listings::search::Parameter;
use listings::{Kind, Search, Store, StoreError};

use super::wording;
use crate::handlers::{address, card};
use crate::pages::search::{Outcome, Relaxation, Results};
use crate::pages::wording as words;

/// Ways out of an empty result that are tried.
const RELAXATIONS: usize = 8;

pub(super) async fn of(store: &Store, search: &Search, found: Count) -> Result<Outcome, StoreError> {
    let page = store.page(search).await?;
    if page.properties.is_empty() {
        return relaxations(store, search).await.map(Outcome::Nothing);
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

/// The search without each of its filters in turn, those that find most first.
async fn relaxations(store: &Store, search: &Search) -> Result<Vec<Relaxation>, StoreError> {
    let mut found = Vec::new();
    for (parameter, _) in search.applied_filters().into_iter().take(RELAXATIONS) {
        let count = store.count(&search.without(parameter)).await?;
        if count.listings > 0 {
            found.push((count, parameter));
        }
    }
    found.sort_by_key(|(count, _)| std::cmp::Reverse(count.listings));
    Ok(found.into_iter().map(|(found, parameter)| relaxation(search, parameter, found)).collect())
}

fn relaxation(search: &Search, parameter: Parameter, found: Count) -> Relaxation {
    Relaxation {
        label: format!("Without {}", wording::name(parameter)),
        href: wording::without(search, parameter),
        count: Some(count(found, &search.without(parameter))),
    }
}
