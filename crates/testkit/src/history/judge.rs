//! The judge: pure, and sure of every violation that it finds.
//!
//! A page is judged by one number, its *newest moment*: the latest moment at which all that it shows may have been true. Where a commit
//! happened is known only up to the time between its sending and its acknowledgement (or the first time that somebody saw it), and
//! every doubt is in favour of the page.

use std::collections::HashMap;
use std::time::Duration;

use super::record::{Answer, History, Outcome, Own, Part, Read, Scope, ServedFrom, Sighting, Write};
use super::report::{Report, Violation, Wrong};
use super::timeline::{Timeline, Version, Window};

#[cfg(test)]
mod tests;

/// Judges every read of a history: nothing may be older than `bound` at the time when it was asked for.
#[must_use]
pub fn judge(history: &History, bound: Duration) -> Report {
    let judge = Judge::new(history, bound);
    let mut report = Report::of_writes(history, bound);
    for read in &history.reads {
        report.count(read);
        judge.read(read, &mut report);
    }
    report.lags = judge.lags(history);
    report
}

struct Judge<'a> {
    bound: Duration,
    /// With commits known by their acknowledgement.
    acknowledged: Vec<Timeline<'a>>,
    /// With commits known by whoever saw them first, too.
    seen: Vec<Timeline<'a>>,
    /// Transactions that changed more than one lane.
    wide: Vec<&'a Write>,
}

impl<'a> Judge<'a> {
    fn new(history: &'a History, bound: Duration) -> Self {
        let acknowledged = Timeline::all(history);
        let mut seen = acknowledged.clone();
        for timeline in &mut seen {
            for (read, index) in
                history.reads.iter().flat_map(|read| sighted(read, timeline)).collect::<Vec<_>>()
            {
                timeline.was_seen(index, read.ended);
            }
            timeline.settle();
        }
        let wide = history.writes.iter().filter(|write| write.changes.len() > 1).collect();
        Self { bound, acknowledged, seen, wide }
    }

    fn read(&self, read: &Read, report: &mut Report) {
        match &read.answer {
            Answer::Shown(parts) => parts.iter().for_each(|part| self.note(read, part, report)),
            Answer::Odd(what) => report.violations.push(violation(read, Wrong::Odd(what.clone()), None)),
            Answer::Refused { says_when: false } => {
                report.violations.push(violation(read, Wrong::NoRetryAfter, None));
            }
            Answer::Refused { says_when: true } | Answer::Failed(_) => {}
        }
    }

    fn note(&self, read: &Read, part: &Part, report: &mut Report) {
        match self.part(read, part) {
            Ok(age) => report.ages.extend(age),
            Err(wrong) => report.violations.push(violation(read, wrong, Some(part))),
        }
    }

    /// How old the part was when it was asked for; `None` when it says itself that it is old.
    fn part(&self, read: &Read, part: &Part) -> Result<Option<Duration>, Wrong> {
        if part.sightings.iter().any(|sighting| !self.knows(sighting.listing)) {
            return Err(Wrong::NeverCommitted);
        }
        let allowed = Window { from: read.begun.saturating_sub(self.bound), until: read.ended };
        let in_time = |timelines, own| newest_moment(timelines, part, own, allowed);
        if let Some(moment) = in_time(&self.seen, read.own) {
            return if self.splits(part, allowed) { Err(Wrong::Torn) } else { Ok(Some(age(read, moment))) };
        }
        let ever = newest_moment(&self.seen, part, None, Window { from: Duration::ZERO, ..allowed });
        let wrong = match ever {
            Some(_) if in_time(&self.seen, None).is_some() => Wrong::OwnWriteUnseen,
            Some(moment) if in_time(&self.acknowledged, None).is_some() => {
                Wrong::Backwards(age(read, moment))
            }
            Some(moment) => Wrong::Stale(age(read, moment)),
            None => self.blame(read, part),
        };
        if read.from == ServedFrom::Stale && wrong.is_age() { Ok(None) } else { Err(wrong) }
    }

    fn knows(&self, listing: i64) -> bool {
        self.seen.iter().any(|timeline| timeline.listings.contains(&listing))
    }

    /// Whether the part shows one lane after a transaction and another before it.
    fn splits(&self, part: &Part, allowed: Window) -> bool {
        let near = |write: &&&Write| {
            let acknowledged = matches!(write.outcome, Outcome::Committed(at) if at >= allowed.from);
            acknowledged && write.sent <= allowed.until
        };
        self.wide.iter().filter(near).any(|write| {
            let sides = write.changes.iter().map(|change| {
                let spans = self.seen[change.lane].spans(part, None, allowed);
                let after = spans.iter().filter(|span| span.number >= change.number).count();
                (after == spans.len(), after == 0)
            });
            let sides: Vec<_> = sides
                .zip(&write.changes)
                .filter(|(_, change)| self.seen[change.lane].concerns(part))
                .collect();
            let surely =
                |side: fn(&(bool, bool)) -> bool| sides.iter().any(|(it, _)| it.0 != it.1 && side(it));
            surely(|it| it.0) && surely(|it| it.1)
        })
    }

    /// Why a part was never true.
    fn blame(&self, read: &Read, part: &Part) -> Wrong {
        let shown = part.sightings.iter().map(|sighting| self.blame_for(read, part, sighting));
        let worst = shown.flatten().min_by_key(Wrong::severity);
        worst.unwrap_or_else(|| if self.misses_one(read, part) { Wrong::Missing } else { Wrong::Torn })
    }

    fn blame_for(&self, read: &Read, part: &Part, sighting: &Sighting) -> Option<Wrong> {
        let Some(timeline) = self.seen.iter().find(|it| it.listings.contains(&sighting.listing)) else {
            return Some(Wrong::NeverCommitted);
        };
        let numbers = sighting.numbers.iter().map(|number| blame_for_number(timeline, read, *number));
        if let Some(wrong) = numbers.flatten().min_by_key(Wrong::severity) {
            return Some(wrong);
        }
        let state =
            sighting.numbers.first().and_then(|number| state_with(timeline, sighting.listing, *number));
        match state {
            None => Some(Wrong::NeverCommitted),
            Some(state) if !sighting.agrees(state) => Some(Wrong::Torn),
            Some(state) if !part.filter().shows(state) => Some(Wrong::WronglyShown),
            Some(_) => None,
        }
    }

    /// Whether a listing is missing that no version would have kept away.
    fn misses_one(&self, read: &Read, part: &Part) -> bool {
        self.seen.iter().any(|timeline| {
            let versions: Vec<_> =
                timeline.versions.iter().filter(|version| version.sent <= read.ended).collect();
            timeline.listings.iter().enumerate().any(|(place, listing)| {
                let agrees = |version: &&Version<'_>| part.agrees(*listing, version.states[place].as_ref());
                part.sighting(*listing).is_none() && !versions.iter().any(agrees)
            })
        })
    }

    /// From the acknowledgement of a version until a node showed it, for each version and node where it was shown.
    fn lags(&self, history: &History) -> Vec<Duration> {
        let mut first: HashMap<(usize, usize, usize), Duration> = HashMap::new();
        for timeline in &self.acknowledged {
            for (read, index) in
                history.reads.iter().flat_map(|read| sighted(read, timeline)).filter(|(_, index)| *index > 0)
            {
                // Whoever was shown an older one first is not among these reads.
                if timeline.versions[index].known < history.since {
                    continue;
                }
                let at = first.entry((read.node, timeline.lane, index)).or_insert(read.ended);
                *at = read.ended.min(*at);
            }
        }
        let lag = |((_, lane, index), at): ((usize, usize, usize), Duration)| {
            at.saturating_sub(self.acknowledged[lane].versions[index].known)
        };
        first.into_iter().map(lag).collect()
    }
}

/// The versions of a lane that a read shows.
fn sighted<'r>(read: &'r Read, timeline: &Timeline<'_>) -> Vec<(&'r Read, usize)> {
    let Answer::Shown(parts) = &read.answer else { return Vec::new() };
    parts.iter().filter_map(|part| timeline.shown_by(part)).map(|index| (read, index)).collect()
}

/// The latest moment in the window at which all that a part shows may have been true.
fn newest_moment(
    timelines: &[Timeline<'_>],
    part: &Part,
    own: Option<Own>,
    window: Window,
) -> Option<Duration> {
    let concerned = timelines.iter().filter(|timeline| timeline.concerns(part));
    let lanes: Vec<_> = concerned.map(|timeline| timeline.spans(part, own, window)).collect();
    let ends = lanes.iter().flatten().map(|span| span.until.min(window.until));
    let mut moments: Vec<Duration> =
        ends.chain([window.until]).filter(|moment| *moment >= window.from).collect();
    moments.sort_unstable_by(|one, other| other.cmp(one));
    let is_true = |moment: &Duration| {
        lanes.iter().all(|spans| spans.iter().any(|span| span.from <= *moment && *moment <= span.until))
    };
    moments.into_iter().find(is_true)
}

fn blame_for_number(timeline: &Timeline<'_>, read: &Read, number: u64) -> Option<Wrong> {
    if timeline.rolled_back.contains(&number) {
        return Some(Wrong::NeverCommitted);
    }
    match timeline.index_of(number) {
        None if number < timeline.versions[0].number => Some(Wrong::Stale(read.begun)),
        None => Some(Wrong::NeverCommitted),
        Some(index) if timeline.versions[index].sent > read.ended => Some(Wrong::NeverCommitted),
        Some(_) => None,
    }
}

fn state_with<'a>(timeline: &Timeline<'a>, listing: i64, number: u64) -> Option<&'a super::state::State> {
    let place = timeline.listings.iter().position(|id| *id == listing)?;
    timeline.versions[timeline.index_of(number)?].states[place].as_ref()
}

fn age(read: &Read, moment: Duration) -> Duration {
    read.begun.saturating_sub(moment)
}

fn violation(read: &Read, wrong: Wrong, part: Option<&Part>) -> Violation {
    let numbers = part.map(|part| part.sightings.iter().map(|it| (it.listing, it.numbers.clone())).collect());
    let scope = part.map_or(Scope::Some, |part| part.scope);
    Violation {
        wrong,
        node: read.node,
        path: read.path.clone(),
        begun: read.begun,
        ended: read.ended,
        from: read.from,
        scope,
        shown: numbers.unwrap_or_default(),
    }
}
