//! Changing a listing: one by one, within a transaction that knows who does it.

use crate::store::writing::Writing;
use crate::store::{Bind, Dialect, PropertyRow, Statement, statement};
use crate::write::{insert, values};
use crate::{Draft, NewProperty, Property, StoreError};

impl Writing {
    /// The listing of an id, whatever its status; nobody else can change it until this transaction ends. `None` where there is
    /// none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn property(&mut self, id: i64) -> Result<Option<Property>, StoreError> {
        let mut statement = statement::by_id(self.dialect(), id);
        statement.sql.push_str(self.dialect().locking);
        Ok(self.fetch::<PropertyRow>(statement).await?.into_iter().next().map(Property::from))
    }

    /// Keeps a listing and returns it as the database has it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn insert(&mut self, new: &NewProperty) -> Result<Property, StoreError> {
        let rows = self.fetch::<PropertyRow>(insert(self.dialect(), new)).await?;
        rows.into_iter().next().map(Property::from).ok_or(StoreError::Refused(sqlx::Error::RowNotFound))
    }

    /// Gives a listing every value of another but its time, and returns it as it is then. One that has them already stays as it
    /// is, its version too. `None` where there is no such listing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn replace(&mut self, id: i64, with: &NewProperty) -> Result<Option<Property>, StoreError> {
        let Some(property) = self.property(id).await? else { return Ok(None) };
        if is_alike(&property, with) {
            return Ok(Some(property));
        }
        let statement = update(self.dialect(), id, with);
        self.execute(statement).await?;
        // Asked again: a trigger has given it its version.
        self.property(id).await
    }

    /// Deletes a listing; says whether it was there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete(&mut self, id: i64) -> Result<bool, StoreError> {
        let sql = "delete from properties_property where id = $1".to_owned();
        Ok(self.execute(Statement { sql, binds: vec![id.into()] }).await? > 0)
    }
}

/// Whether a listing has all of these values, so that to write them would change nothing.
pub(crate) fn is_alike(property: &Property, new: &NewProperty) -> bool {
    let (now, then) = (Draft::from(property), new.fields());
    let then = Draft {
        created_at: now.created_at,
        price: new.price().map(|price| price.to_string()),
        ..then.clone()
    };
    now == Draft { kind: Some(new.kind()), ..then }
}

pub(crate) fn update(dialect: &Dialect, id: i64, with: &NewProperty) -> Statement {
    let mut binds: Vec<Bind> = Vec::new();
    let mut set = Vec::new();
    for (name, value) in values(dialect, with).into_iter().filter(|(name, _)| *name != "created_at") {
        match value {
            Some(value) => {
                binds.push(value);
                set.push(format!("{name} = ${}", binds.len()));
            }
            None => set.push(format!("{name} = null")),
        }
    }
    binds.push(id.into());
    let sql = format!("update properties_property set {} where id = ${}", set.join(", "), binds.len());
    Statement { sql, binds }
}
