//! Whole pages.
//!
//! ```text
//! admission how many may be made at once
//! rule      which requests mean a page, and which one: the only thing that a page is kept under
//! layer     around the routes: a hit never reaches them, a miss reaches them without its header fields
//! page      what is kept: bytes in every coding, a media type, links
//! answer    what this request gets of it: coding, 304, Cache-Status
//! head      the fields of a hit, made beforehand
//! ```

mod admission;
mod answer;
mod coding;
mod groups;
mod head;
mod layer;
#[expect(clippy::module_inception, reason = "it is what the folder is about")]
mod page;
mod rule;

pub use admission::LoadLimits;
pub use answer::{CACHE_STATUS, PageRequest, cache_control};
pub use layer::{FoundPage, PageCache, PageRoute, PageService, WRITE_TOKEN};
pub use page::Page;
pub use rule::PageRule;
