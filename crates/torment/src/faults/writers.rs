//! What others do to the table past the program. None of it is a fault of theirs, and none excuses an error.

use testkit::Django;
use testkit::history::{Bulk, Row};

use super::{Caused, Fault, Needs, Stage};

pub(super) const ALL: &[&dyn Fault] = &[
    &Psql,
    &InDjango,
    &Sweep { name: "writers-update-all", how: Bulk::Update },
    &Sweep { name: "writers-replace-all", how: Bulk::Replace },
    &Sweep { name: "writers-copy", how: Bulk::Copy },
    &Sweep { name: "writers-truncate", how: Bulk::Truncate },
    &AlterTable,
];

/// A few listings are rewritten by `psql`.
struct Psql;

impl Fault for Psql {
    fn name(&self) -> &'static str {
        "writers-psql"
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let (fleet, url) = (stage.fleet, &stage.fleet.scene.database_url);
        let rewrite = |rows: &[Row]| {
            fleet.postgres.sql(url, &rows.iter().map(upsert).collect::<Vec<_>>().join("; "));
        };
        Caused::at_once().with(vec![fleet.database().by_others(stage.round, &mut stage.dice, rewrite)])
    }
}

fn upsert(row: &Row) -> String {
    let Row { id, title, description, price, location } = row;
    format!(
        "insert into properties_property (id, title, description, price, location) \
         values ({id}, '{title}', '{description}', {price}, '{location}') on conflict (id) do update set \
         title = excluded.title, description = excluded.description, price = excluded.price, \
         location = excluded.location"
    )
}

/// A few listings are rewritten by Django's own models, in one transaction.
struct InDjango;

impl Fault for InDjango {
    fn name(&self) -> &'static str {
        "writers-django"
    }

    fn needs(&self) -> Needs {
        Needs::Django
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let django = Django::new(&stage.fleet.scene.database_url);
        let rewrite = |rows: &[Row]| {
            let each: String = rows.iter().map(update_or_create).collect();
            let code = format!(
                "from django.db import transaction\nfrom properties.models import Property\n\
                 with transaction.atomic():\n{each}"
            );
            django.manage(&["shell", "-c", &code]);
        };
        let write = stage.fleet.database().by_others(stage.round, &mut stage.dice, rewrite);
        Caused::at_once().with(vec![write])
    }
}

fn update_or_create(row: &Row) -> String {
    let Row { id, title, description, price, location } = row;
    format!(
        "    Property.objects.update_or_create(id={id}, defaults=dict(title='{title}', \
         description='{description}', price={price}, location='{location}'))\n"
    )
}

/// Every listing is changed in one transaction.
struct Sweep {
    name: &'static str,
    how: Bulk,
}

impl Fault for Sweep {
    fn name(&self) -> &'static str {
        self.name
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        Caused::at_once().with(stage.fleet.database().bulk(stage.round, &mut stage.dice, self.how))
    }
}

/// A column is added and dropped again.
struct AlterTable;

impl Fault for AlterTable {
    fn name(&self) -> &'static str {
        "writers-alter-table"
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        stage.fleet.database().alter_table();
        Caused::at_once()
    }
}
