//! A file between being sent and being agreed to: kept where every node finds it.

use chrono::{DateTime, Duration, Utc};

use crate::import::{Format, Import, Imported, OnError};
use crate::store::{Author, Bind, Statement};
use crate::{Store, StoreError};

/// For how long a file waits for a yes.
pub const KEPT_HOURS: i64 = 1;

/// A file that somebody has sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// As it was called.
    pub name: String,
    /// How it is written.
    pub format: Format,
    /// Its bytes.
    pub content: Vec<u8>,
}

fn word(format: Format) -> &'static str {
    match format {
        Format::Csv => "csv",
        Format::Ndjson => "ndjson",
    }
}

impl Store {
    /// Keeps a file of a user under an id that nobody can guess, in the place of whatever they had sent before.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn keep_upload(
        &self,
        id: &str,
        user_id: i64,
        upload: Upload,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let time = self.dialect().time;
        let mut writing = self.write(&Author { name: String::new(), origin: "admin" }).await?;
        let sql = "delete from gable_upload where user_id = $1 or at < $2".to_owned();
        let oldest = now - Duration::hours(KEPT_HOURS);
        writing.execute(Statement { sql, binds: vec![user_id.into(), time(oldest)] }).await?;
        let sql = "insert into gable_upload (id, user_id, format, name, content, at) values ($1, $2, $3, $4, $5, $6)";
        let binds = vec![
            Bind::from(id),
            user_id.into(),
            word(upload.format).into(),
            upload.name.as_str().into(),
            Bind::Bytes(upload.content),
            time(now),
        ];
        writing.execute(Statement { sql: sql.to_owned(), binds }).await?;
        writing.commit().await.map(drop)
    }

    /// Imports the file that a user has sent under that id, and forgets it in the same transaction: of two who agree to it at
    /// once, one imports it. `None` where there is no such file, or not any more.
    ///
    /// # Errors
    /// [`StoreError`], as for [`Store::import`].
    pub async fn import_upload(
        &self,
        author: &Author,
        (id, user_id): (&str, i64),
        on_error: OnError,
        now: DateTime<Utc>,
    ) -> Result<Option<(String, Imported)>, StoreError> {
        let oldest = (self.dialect().time)(now - Duration::hours(KEPT_HOURS));
        let mut writing = self.write(author).await?;
        let sql = "delete from gable_upload where id = $1 and user_id = $2 and at >= $3 returning format, name, content";
        let statement = Statement { sql: sql.to_owned(), binds: vec![id.into(), user_id.into(), oldest] };
        let taken = writing.fetch::<(String, String, Vec<u8>)>(statement).await?;
        let Some((format, name, content)) = taken.into_iter().next() else {
            writing.rollback().await?;
            return Ok(None);
        };
        let format = if format == word(Format::Csv) { Format::Csv } else { Format::Ndjson };
        let import = Import { format, content: &content, on_error };
        Ok(Some((name, writing.carry_out(&import, now).await?)))
    }
}
