//! Which listings the rows of a batch mean.

use std::collections::HashMap;

use super::plan::Keyed;
use crate::store::writing::Writing;
use crate::store::{Dialect, Fetch, PropertyRow, Statement};
use crate::{Property, Store, StoreError};

/// What is there of the listings that some rows mean.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) properties: HashMap<i64, Property>,
    /// By reference.
    pub(super) ids: HashMap<String, i64>,
    /// By id.
    pub(super) references: HashMap<i64, String>,
}

/// Where it is looked up: outside of any transaction, or in one that keeps what it has looked at from changing.
pub(super) enum Looking<'a> {
    Store(&'a Store),
    Writing(&'a mut Writing),
}

impl Looking<'_> {
    fn dialect(&self) -> &'static Dialect {
        match self {
            Looking::Store(store) => store.dialect(),
            Looking::Writing(writing) => writing.dialect(),
        }
    }

    fn locking(&self) -> &'static str {
        match self {
            Looking::Store(_) => "",
            Looking::Writing(writing) => writing.dialect().locking,
        }
    }

    async fn fetch<Row: Fetch>(&mut self, statement: Statement) -> Result<Vec<Row>, StoreError> {
        match self {
            Looking::Store(store) => store.fetch(statement).await,
            Looking::Writing(writing) => writing.fetch(statement).await,
        }
    }
}

/// What is there of the listings that these rows mean.
pub(super) async fn known(looking: &mut Looking<'_>, rows: &[Keyed]) -> Result<Known, StoreError> {
    let references: Vec<&str> = rows.iter().filter_map(|row| row.reference.as_deref()).collect();
    let mut ids: Vec<i64> = rows.iter().filter_map(|row| row.id).collect();
    let mut known = Known::default();
    if !references.is_empty() {
        for (reference, id) in named(looking, &references, &ids).await? {
            known.references.insert(id, reference.clone());
            known.ids.insert(reference, id);
        }
        ids.extend(known.ids.values());
    }
    if !ids.is_empty() {
        let properties = properties(looking, &ids).await?;
        known.properties = properties.into_iter().map(|property| (property.id, property)).collect();
    }
    Ok(known)
}

async fn named(
    looking: &mut Looking<'_>,
    references: &[&str],
    ids: &[i64],
) -> Result<Vec<(String, i64)>, StoreError> {
    let (texts, numbers) = (looking.dialect().one_of_texts, looking.dialect().one_of_numbers);
    let sql = format!(
        "select reference, property_id from gable_reference where reference {}$1{} or property_id {}$2{}",
        texts.0, texts.1, numbers.0, numbers.1
    );
    looking
        .fetch(Statement { sql, binds: vec![array(references).as_str().into(), array(ids).as_str().into()] })
        .await
}

/// In the order of their ids, so that of two who lock several neither waits for the other in a circle.
async fn properties(at: &mut Looking<'_>, ids: &[i64]) -> Result<Vec<Property>, StoreError> {
    let Dialect { columns, one_of_numbers: (before, after), .. } = at.dialect();
    let locking = at.locking();
    let sql =
        format!("select {columns} from properties_property where id {before}$1{after} order by id{locking}");
    let statement = Statement { sql, binds: vec![array(ids).as_str().into()] };
    Ok(at.fetch::<PropertyRow>(statement).await?.into_iter().map(Property::from).collect())
}

/// As JSON, which both databases read.
fn array<T: serde::Serialize>(values: &[T]) -> String {
    serde_json::to_string(values).expect("texts and numbers can be written as JSON")
}
