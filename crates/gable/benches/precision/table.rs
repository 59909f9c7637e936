//! The figures of a run, for people.

use crate::Run;
use crate::traffic::Kind;

/// What came of the requests for one kind of page.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Figures {
    pub(crate) requests: u64,
    pub(crate) hits: u64,
    /// Pages that were made again because of a change.
    pub(crate) outdated: u64,
    /// Of these, those that came out as they were.
    pub(crate) wasted: u64,
}

impl Figures {
    fn plus(self, other: Figures) -> Figures {
        Figures {
            requests: self.requests + other.requests,
            hits: self.hits + other.hits,
            outdated: self.outdated + other.outdated,
            wasted: self.wasted + other.wasted,
        }
    }
}

/// So many of so many, in percent.
fn percent(part: u64, of: u64) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.1} %", thousandths(part, of) / 10.0) }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one run are far below 2^52")]
fn thousandths(part: u64, of: u64) -> f64 {
    part as f64 * 1_000.0 / of as f64
}

pub(crate) fn tell(run: &Run) {
    by_kind(run);
    let all = run.by_kind.values().fold(Figures::default(), |sum, of| sum.plus(*of));
    println!("{} requests, {} writes\n", all.requests, run.written.times());
    println!(
        "{:<26} {:>9} {:>9} {:>9} {:>11} {:>18} {:>13}",
        "", "outdated", "wasted", "", "hit ratio", "statements/1,000", "stale answers"
    );
    let line = |name: &str, outdated: u64, wasted: u64, hits: u64, statements: u64, stale: String| {
        println!(
            "{name:<26} {outdated:>9} {wasted:>9} {:>9} {:>11} {:>18.0} {stale:>13}",
            percent(wasted, outdated),
            percent(hits, all.requests),
            thousandths(statements, all.requests),
        );
    };
    let statements = run.site.larder.figures().page.statements;
    let audited = format!("{} of {}", run.audits.wrong, run.audits.made);
    line("gable", all.outdated, all.wasted, all.hits, statements, audited);
    for rival in &run.rivals {
        line(
            rival.name,
            rival.outdated,
            rival.wasted,
            rival.hits,
            rival.statements,
            format!("{} of {}", rival.stale, all.requests),
        );
    }
}

fn by_kind(run: &Run) {
    println!(
        "{:<26} {:>9} {:>11} {:>9} {:>9}",
        "gable, by kind of page", "requests", "hit ratio", "outdated", "wasted"
    );
    for (kind, name) in Kind::ALL {
        let of = run.by_kind.get(&kind).copied().unwrap_or_default();
        println!(
            "{name:<26} {:>9} {:>11} {:>9} {:>9} {:>7}",
            of.requests,
            percent(of.hits, of.requests),
            of.outdated,
            of.wasted,
            percent(of.wasted, of.outdated)
        );
    }
    let without_words = run.by_kind.iter().filter(|(kind, _)| **kind != Kind::Text);
    let without_words = without_words.fold(Figures::default(), |sum, (_, of)| sum.plus(*of));
    println!("without words: {} wasted", percent(without_words.wasted, without_words.outdated));
}
