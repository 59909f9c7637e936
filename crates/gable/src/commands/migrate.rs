//! `gable migrate`: bring the database to this version.

use listings::migrate::Plan;

use super::cli::Migrate;
use super::{database, say};
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, arguments: &Migrate) -> anyhow::Result<()> {
    let (store, plan) = if arguments.plan {
        let store = database::open_to_look(settings).await?;
        let plan = database::plan(&store).await?;
        (store, plan)
    } else {
        let store = database::open_for_work(settings).await?;
        let plan = database::migrate(&store).await?;
        (store, plan)
    };
    report(&plan, arguments.plan);
    store.close().await;
    Ok(())
}

fn report(plan: &Plan, only_planned: bool) {
    if plan.is_done() {
        say("The database is at this version: nothing to do.");
    }
    if plan.adopts {
        say(
            "The table properties_property is there already and is adopted: columns are added, no row is lost.",
        );
    }
    let verb = if only_planned { "would apply" } else { "applied" };
    for (version, name) in &plan.pending {
        say(&format!("{verb} {version:04} {name}"));
    }
    if plan.watches {
        say(&format!("{verb} larder's triggers: they write down what changes, for the caches"));
    }
    if let Some(why) = &plan.late {
        say(&format!(
            "Who alters the table or disables its triggers is noticed within 10 s and not at once, because this role may not \
             create event triggers ({why}). A superuser can: run gable migrate once as one."
        ));
    }
}
