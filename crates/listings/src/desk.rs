//! What staff look at: listings of any status, and many of them at once.

use larder::Reading;

use crate::read::{Count, MOST_COUNTED, Page};
use crate::search::{Position, Sort};
use crate::store::statement::{self, Statement};
use crate::store::writing::Writing;
use crate::store::{Bind, Dialect};
use crate::{Property, Search, Status, Store, StoreError};

/// How many listings match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// So many.
    Exactly(i64),
    /// About so many, by what the database knows of its table without looking.
    About(i64),
    /// More than that.
    MoreThan(i64),
}

/// Listings that something is done to at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Selection {
    /// Those of these ids, as far as they are there.
    Ids(Vec<i64>),
    /// All that match, in any of these statuses.
    Matching(Box<Search>, Vec<Status>),
}

impl Store {
    /// One page of all that matches in any of these statuses; the status of the search itself is not heard.
    ///
    /// Each status is a walk along an index of its own, so the page costs the same however many listings there are; what one
    /// walk sees may be a moment younger than what another does.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn page_over(&self, search: &Search, statuses: &[Status]) -> Result<Page, StoreError> {
        let unkept = Reading::new();
        let (mut found, mut is_more) = (Vec::new(), false);
        for &status in statuses {
            let page = self.page(&unkept, &Search { status, ..search.clone() }).await?;
            is_more |= page.next.is_some();
            found.extend(page.properties);
        }
        in_order(&mut found, search.sort);
        let limit = usize::from(search.limit);
        is_more |= found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|last| Position::of(last, search.sort));
        Ok(Page { properties: found, next })
    }

    /// How many match in any of these statuses: counted as far as that is quick, and guessed beyond where the database can.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tally(&self, search: &Search, statuses: &[Status]) -> Result<Tally, StoreError> {
        let (mut sum, mut is_exact) = (0, true);
        for &status in statuses {
            let search = Search { status, ..search.clone() };
            let count = self.count(&Reading::new(), &search, MOST_COUNTED).await?;
            let (listings, is_sure) = self.at_least(&search, count).await?;
            sum += listings;
            is_exact &= count.is_exact;
            if !count.is_exact && !is_sure {
                return Ok(Tally::MoreThan(sum));
            }
        }
        Ok(if is_exact { Tally::Exactly(sum) } else { Tally::About(sum) })
    }

    /// A count, or where that stopped, what the planner of the database expects; and whether it is one of the two.
    async fn at_least(&self, search: &Search, count: Count) -> Result<(i64, bool), StoreError> {
        if count.is_exact {
            return Ok((count.listings, true));
        }
        let expected = self.expected(search).await?;
        Ok((expected.unwrap_or(0).max(count.listings), expected.is_some()))
    }

    /// What the planner of PostgreSQL expects (PostgreSQL, "Using EXPLAIN"); SQLite's says nothing of rows.
    async fn expected(&self, search: &Search) -> Result<Option<i64>, StoreError> {
        if self.is_embedded() {
            return Ok(None);
        }
        let lines = self.fetch::<(String,)>(statement::explained(self.dialect(), search)).await?;
        let rows =
            lines.first().and_then(|(line,)| line.split("rows=").nth(1)?.split(' ').next()?.parse().ok());
        Ok(rows)
    }
}

fn in_order(properties: &mut [Property], sort: Sort) {
    properties.sort_by_key(|property| {
        let Position { key, id } = Position::of(property, sort);
        if sort.is_ascending() { (key, id) } else { (-key, -id) }
    });
}

impl Writing {
    /// The ids of the listings that a selection holds now, in their order; nobody else can change them until this transaction
    /// ends. What is done to them takes its time: no limit holds for the statements of this transaction any more.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn selected(&mut self, selection: &Selection) -> Result<Vec<i64>, StoreError> {
        self.take_time().await?;
        let mut selected = Vec::new();
        for mut statement in self.statements(selection) {
            statement.sql.push_str(self.dialect().locking);
            selected.extend(self.fetch::<(i64,)>(statement).await?.into_iter().map(|(id,)| id));
        }
        selected.sort_unstable();
        Ok(selected)
    }

    /// Gives listings a status; returns how many had another.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn set_status(&mut self, ids: &[i64], status: Status) -> Result<u64, StoreError> {
        // The word comes from a list of our own.
        let name = status.name();
        let verb = format!("update properties_property set status = '{name}' where status <> '{name}' and ");
        self.execute(of_ids(&verb, self.dialect(), ids)).await
    }

    /// Deletes listings; returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn delete_all(&mut self, ids: &[i64]) -> Result<u64, StoreError> {
        self.execute(of_ids("delete from properties_property where ", self.dialect(), ids)).await
    }

    /// One statement for each index that it walks along.
    fn statements(&self, selection: &Selection) -> Vec<Statement> {
        let verb = "select cast(id as bigint) from properties_property where ";
        match selection {
            Selection::Ids(ids) => vec![of_ids(verb, self.dialect(), ids)],
            Selection::Matching(search, statuses) => {
                let matching = |&status: &Status| {
                    statement::matching(verb, self.dialect(), &Search { status, ..(**search).clone() })
                };
                statuses.iter().map(matching).collect()
            }
        }
    }
}

fn of_ids(verb: &str, dialect: &Dialect, ids: &[i64]) -> Statement {
    let (before, after) = dialect.ids;
    let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    Statement { sql: format!("{verb}{before}$1{after}"), binds: vec![Bind::Text(list)] }
}
