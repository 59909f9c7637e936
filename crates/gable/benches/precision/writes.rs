//! What happens to listings meanwhile.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use listings::samples::samples;
use listings::{NewProperty, Status, Store};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use testkit::history::Dice;

use crate::traffic::Traffic;

/// Whoever writes: past the program, as Django would.
pub(crate) struct Writer {
    connection: PgConnection,
    dice: Dice,
    listings: usize,
    new: Box<dyn Iterator<Item = NewProperty> + Send>,
    /// What was written, each in a line.
    pub(crate) told: Vec<String>,
}

impl Writer {
    pub(crate) async fn new(url: &str, seed: u64, listings: usize) -> Writer {
        let new = samples(seed.wrapping_add(1_000)).filter(|sample| sample.fields().status == Status::Active);
        Writer {
            connection: PgConnection::connect(url).await.unwrap(),
            dice: Dice::new(seed, 3),
            listings,
            new: Box::new(new),
            told: Vec::new(),
        }
    }

    /// Writes once, and says to which listing. What is asked for most is also what is changed most; what is deleted is any.
    pub(crate) async fn write(&mut self, store: &Store, traffic: &Traffic, seconds: f64) -> i64 {
        let id = traffic.popular_listing(&mut self.dice);
        let set = match self.dice.below(100) {
            0..40 => {
                let percent = [92, 95, 97, 98, 103, 105][self.dice.below(6)];
                format!("price = round(price * {percent} / 100, 2)")
            }
            40..55 => "description = left(description, 4000) || ' Viewings on request.'".to_owned(),
            55..60 => "title = left(title, 150) || ', reduced'".to_owned(),
            60..80 => {
                let status = self.dice.one_of(&["pending", "pending", "sold"]);
                format!("status = case status when 'active' then '{status}' else 'active' end")
            }
            80..95 => return self.insert(store, seconds).await,
            _ => {
                let id = self.dice.below(self.listings) + 1;
                self.told.push(format!("delete {id}"));
                return self.run(id, format!("delete from properties_property where id = {id}")).await;
            }
        };
        let row: String = sqlx::query_scalar(AssertSqlSafe(format!(
            "select concat_ws(' ', status, kind, location, price, bedrooms, created_at) from properties_property where id = {id}"
        )))
        .fetch_optional(&mut self.connection)
        .await
        .unwrap()
        .unwrap_or_default();
        self.told.push(format!("{row}: {set}"));
        self.run(id, format!("update properties_property set {set} where id = {id}")).await
    }

    async fn run(&mut self, id: usize, statement: String) -> i64 {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut self.connection).await.unwrap();
        i64::try_from(id).unwrap()
    }

    async fn insert(&mut self, store: &Store, seconds: f64) -> i64 {
        let first: DateTime<Utc> = "2026-11-01T00:00:00Z".parse().unwrap();
        let mut draft = self.new.next().unwrap().fields().clone();
        draft.created_at =
            TimeDelta::from_std(Duration::from_secs_f64(seconds)).ok().map(|since| first + since);
        self.told.push(format!(
            "insert {:?} {} {:?} {:?}",
            draft.kind, draft.location, draft.price, draft.bedrooms
        ));
        store.insert(&draft.check().unwrap()).await.unwrap().id
    }
}
