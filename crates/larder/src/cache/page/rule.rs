//! Which requests mean a page, and which one.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use quick_cache::sync::Cache;

use crate::key::{Key, Kind};
use crate::lifetime::Policy;

/// How the pages of one route are kept. A route without a rule is not cached.
#[derive(Clone)]
pub struct PageRule {
    /// The route's name, for figures and logs.
    pub route: &'static str,
    /// What is promised of its pages.
    pub policy: Policy,
    /// The one address of the page that a request asks for, `None` where it asks for none.
    ///
    /// Of all requests that mean the same page, the same address, and of no others; it is the page's key, and all that the
    /// route sees of the request. What is not in it, such as a parameter that the page does not have, cannot alter the page.
    pub address: fn(&Uri) -> Option<String>,
}

impl fmt::Debug for PageRule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PageRule")
            .field("route", &self.route)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// A page that requests ask for.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) key: Key,
    pub(super) uri: Uri,
    pub(super) route: &'static str,
    pub(super) policy: Policy,
}

/// The rules of all routes, and which page each request target has been found to mean.
#[derive(Debug)]
pub(super) struct Rules {
    rules: Vec<PageRule>,
    known: Cache<Box<str>, Arc<Target>>,
}

/// Request targets that are remembered; an address is short, so this is a few megabytes at most.
const KNOWN: usize = 16_384;
/// Longer ones are worked out each time.
const LONGEST_KNOWN_BYTES: usize = 512;

impl Rules {
    pub(super) fn new(rules: Vec<PageRule>) -> Rules {
        Rules { rules, known: Cache::new(KNOWN) }
    }

    pub(super) fn routes(&self) -> impl Iterator<Item = &'static str> {
        self.rules.iter().map(|rule| rule.route)
    }

    /// The page that a request target means, if that has been worked out before.
    pub(super) fn known(&self, uri: &Uri) -> Option<Arc<Target>> {
        self.known.get(target_of(uri))
    }

    /// The page that a request target means. Which one it is depends on the target alone, so what is remembered holds.
    pub(super) fn target(&self, uri: &Uri) -> Option<Arc<Target>> {
        if let Some(known) = self.known(uri) {
            return Some(known);
        }
        let target = self.rules.iter().find_map(|rule| {
            let address = (rule.address)(uri)?;
            let uri = address.parse().ok()?;
            Some(Target { key: Key::new(Kind::Page, &address), uri, route: rule.route, policy: rule.policy })
        })?;
        let target = Arc::new(target);
        if target_of(uri).len() <= LONGEST_KNOWN_BYTES {
            self.known.insert(target_of(uri).into(), Arc::clone(&target));
        }
        Some(target)
    }
}

fn target_of(uri: &Uri) -> &str {
    uri.path_and_query().map_or("/", |target| target.as_str())
}
