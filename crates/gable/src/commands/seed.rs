//! `gable seed`: add sample listings.

use std::time::Duration;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use listings::Store;
use listings::samples::samples;

use super::cli::Seed;
use super::{database, say};
use crate::clock;
use crate::settings::Settings;

pub(super) async fn run(settings: &Settings, arguments: &Seed) -> anyhow::Result<()> {
    let store = database::open_for_work(settings).await?;
    database::migrate(&store).await?;
    let bar = progress_bar(arguments.count)?;
    let kept = tokio::select! {
        kept = seed(&store, arguments.count, arguments.number, arguments.flush, |sent| show(&bar, sent, arguments.count)) => kept?,
        // Dropping the unfinished work rolls its transaction back.
        signal = tokio::signal::ctrl_c() => {
            signal?;
            anyhow::bail!("interrupted: nothing was added and nothing deleted");
        }
    };
    bar.finish_and_clear();
    say(&format!(
        "{kept} listings added{}.",
        if arguments.flush { " in place of those that were there" } else { "" }
    ));
    store.close().await;
    Ok(())
}

/// Adds the first `count` samples of `seed`, all or none.
pub(super) async fn seed(
    store: &Store,
    count: u64,
    seed: u64,
    flush: bool,
    progress: impl Fn(u64) + Send + Sync,
) -> anyhow::Result<u64> {
    let listings = samples(seed).take(usize::try_from(count)?);
    let now = clock::time_of_day().into();
    store.insert_many(listings, flush, now, progress).await.context("no listing was added")
}

/// A bar on a terminal; nothing where the output goes into a file.
fn progress_bar(count: u64) -> anyhow::Result<ProgressBar> {
    let style = "{bar:40} {human_pos}/{human_len} {msg} {eta}";
    let bar = ProgressBar::new(count)
        .with_style(ProgressStyle::with_template(style)?)
        .with_message("sending, ready in");
    bar.enable_steady_tick(Duration::from_millis(200));
    Ok(bar)
}

fn show(bar: &ProgressBar, sent: u64, count: u64) {
    bar.set_position(sent);
    if sent == count {
        bar.set_message("sent; the database finishes");
    }
}
