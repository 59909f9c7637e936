//! Everything that can be asked of a store, with its answer as a text to compare.

use std::fmt::Debug;

use larder::Reading;
use larder::freshness::Dependency;
use listings::read::MOST_COUNTED;
use listings::{Property, Search, Store};

#[derive(Debug, Clone)]
pub(crate) enum Question {
    Page(Search),
    Count(Search),
    Overview(Search),
    Id(i64),
    Similar(Box<Property>),
    ActiveAfter(i64, i64),
    Stretches(i64),
}

/// What was answered, and what that depends on.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) dependencies: Vec<Dependency>,
}

impl Question {
    pub(crate) async fn ask(&self, store: &Store) -> Answer {
        let reading = Reading::new();
        let text = match self {
            Question::Page(search) => text(store.page(&reading, search).await.unwrap()),
            Question::Count(search) => text(store.count(&reading, search, MOST_COUNTED).await.unwrap()),
            Question::Overview(search) => text(store.overview(&reading, search).await.unwrap()),
            Question::Id(id) => text(store.property_by_id(&reading, *id).await.unwrap()),
            Question::Similar(property) => text(store.similar(&reading, property, 2).await.unwrap()),
            Question::ActiveAfter(id, most) => text(store.active_after(&reading, *id, *most).await.unwrap()),
            Question::Stretches(step) => text(store.active_stretches(&reading, *step, 5).await.unwrap()),
        };
        let notes = reading.noted();
        assert!(notes.unkeepable.is_none() && !notes.parts.is_empty(), "{self:?} can be kept: {notes:?}");
        let dependencies = notes.parts.iter().flat_map(|part| part.dependencies.clone()).collect();
        Answer { text, dependencies }
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Question::Page(search) | Question::Count(search) | Question::Overview(search)
                if search.q.is_some() =>
            {
                "with words"
            }
            Question::Page(_) => "page",
            Question::Count(_) => "count",
            Question::Overview(_) => "overview",
            Question::Id(_) => "id",
            Question::Similar(_) => "similar",
            Question::ActiveAfter(..) => "active after",
            Question::Stretches(_) => "stretches",
        }
    }
}

fn text(answer: impl Debug) -> String {
    format!("{answer:?}")
}
