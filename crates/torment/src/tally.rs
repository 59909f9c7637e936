//! What a run came to: what the judge found, errors that nothing excuses, and one table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use testkit::history::{Answer, History, Read, Report, ServedFrom, judge, spread_in_ms};

use crate::course::{Incident, SOON};
use crate::faults::Allows;

/// How many breaches are printed; the rest is counted.
const PRINTED: usize = 12;

/// Answers by kind, then how long they took in ms, then how long it took from the end of the fault until all was well.
const HEADS: [&str; 9] = ["times", "stale", "503", "failed", "ms p50", "p99", "max", "well p50", "max"];

/// One round, or several added up.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What the judge says.
    pub report: Report,
    /// Errors that no fault of the moment excuses, and faults that were not got over in time.
    pub breaches: Vec<String>,
    /// What came of each fault, by name.
    pub faults: BTreeMap<&'static str, Toll>,
    /// How long whoever asked while nothing was wrong waited for an answer: what the faults are to be compared with.
    pub quiet: Vec<Duration>,
    /// Errors by kind: how many there were, and how many of them nothing excuses.
    pub errors: BTreeMap<String, (usize, usize)>,
}

/// What a kind of fault has cost.
#[derive(Clone, Debug, Default)]
pub struct Toll {
    /// How often it happened.
    pub times: usize,
    /// Answers that said themselves that they are old.
    pub stale: usize,
    /// 503.
    pub refused: usize,
    /// No answer.
    pub failed: usize,
    /// How long whoever asked meanwhile, of a node that was concerned, waited for an answer, of whatever kind.
    pub waits: Vec<Duration>,
    /// From its end until all was well again.
    pub back: Vec<Duration>,
}

impl Tally {
    /// Judges a round in which this happened.
    #[must_use]
    pub fn of(history: &History, bound: Duration, incidents: &[Incident]) -> Self {
        let mut tally = Self { report: judge(history, bound), ..Self::default() };
        for incident in incidents {
            tally.count(incident);
        }
        for read in &history.reads {
            tally.weigh(read, incidents);
        }
        tally
    }

    /// Adds another round to this one.
    pub fn add(&mut self, other: Self) {
        self.report.add(other.report);
        self.breaches.extend(other.breaches);
        self.quiet.extend(other.quiet);
        for (kind, (all, unexcused)) in other.errors {
            let sum = self.errors.entry(kind).or_default();
            *sum = (sum.0 + all, sum.1 + unexcused);
        }
        for (name, toll) in other.faults {
            self.faults.entry(name).or_default().add(toll);
        }
    }

    /// All that must not be.
    #[must_use]
    pub fn violations(&self) -> usize {
        self.report.violations.len() + self.breaches.len()
    }

    /// How many requests were sent.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.report.answers() + self.errors.values().map(|(all, _)| all).sum::<usize>()
    }

    fn count(&mut self, incident: &Incident) {
        let toll = self.faults.entry(incident.name).or_default();
        toll.times += 1;
        toll.back.push(incident.back.unwrap_or(SOON));
        if incident.back.is_none() {
            let name = incident.name;
            self.breaches.push(format!("{name}: not well again {} s after its end", SOON.as_secs()));
        }
    }

    fn weigh(&mut self, read: &Read, incidents: &[Incident]) {
        let of_the_moment: Vec<&Incident> =
            incidents.iter().filter(|incident| is_during(read, incident)).collect();
        if of_the_moment.is_empty() {
            self.quiet.push(read.ended.saturating_sub(read.begun));
        }
        for incident in &of_the_moment {
            self.faults.entry(incident.name).or_default().note(read, incident);
        }
        if let Some((kind, needed)) = error(read) {
            let is_excused = of_the_moment.iter().any(|incident| excuses(incident, read, needed));
            let (all, unexcused) = self.errors.entry(kind.clone()).or_default();
            *all += 1;
            if !is_excused {
                *unexcused += 1;
                self.breaches.push(breach(read, &kind, &of_the_moment));
            }
        }
    }
}

impl Toll {
    fn note(&mut self, read: &Read, incident: &Incident) {
        let is_of_it = read.begun <= incident.healed && incident.concerns(read.node);
        if is_of_it && !matches!(read.answer, Answer::Failed(_)) {
            self.waits.push(read.ended.saturating_sub(read.begun));
        }
        match read.answer {
            Answer::Refused { .. } => self.refused += 1,
            Answer::Failed(_) => self.failed += 1,
            Answer::Shown(_) if read.from == ServedFrom::Stale => self.stale += 1,
            Answer::Shown(_) | Answer::Odd(_) => {}
        }
    }

    fn add(&mut self, other: Self) {
        self.times += other.times;
        self.stale += other.stale;
        self.refused += other.refused;
        self.failed += other.failed;
        self.waits.extend(other.waits);
        self.back.extend(other.back);
    }
}

/// What kind of error it is, and what would have to be allowed for it to be none. Odd answers are the judge's.
fn error(read: &Read) -> Option<(String, Allows)> {
    match &read.answer {
        Answer::Refused { .. } => Some(("503".to_owned(), Allows::Refusals)),
        Answer::Failed(what) => Some((what.clone(), Allows::Failures)),
        Answer::Shown(_) | Answer::Odd(_) => None,
    }
}

fn is_during(read: &Read, incident: &Incident) -> bool {
    read.ended >= incident.begun && read.begun <= incident.over()
}

fn excuses(incident: &Incident, read: &Read, needed: Allows) -> bool {
    let is_enough = incident.allows == Allows::Failures || incident.allows == needed;
    is_enough && incident.concerns(read.node)
}

fn breach(read: &Read, kind: &str, incidents: &[&Incident]) -> String {
    let names: Vec<&str> = incidents.iter().map(|incident| incident.name).collect();
    let during = if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") };
    let (begun, ended) = (read.begun.as_secs_f64(), read.ended.as_secs_f64());
    format!(
        "{kind} from node {}, asked at {begun:.3} s, there at {ended:.3} s, during {during}: {}",
        read.node, read.path
    )
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "requests    {}", self.requests())?;
        writeln!(formatter, "{}", self.report)?;
        writeln!(formatter, "errors      {}", self.errors_by_kind())?;
        writeln!(formatter, "breaches    {}", self.breaches.len())?;
        for breach in self.breaches.iter().take(PRINTED) {
            writeln!(formatter, "  {breach}")?;
        }
        writeln!(formatter, "{}", row("fault", &HEADS.map(str::to_owned)))?;
        write!(formatter, "{}", quiet_row(&self.quiet))?;
        self.faults.iter().try_for_each(|(name, toll)| write!(formatter, "\n{}", toll.row(name)))
    }
}

impl Tally {
    fn errors_by_kind(&self) -> String {
        let kind = |(kind, (all, unexcused)): (&String, &(usize, usize))| {
            format!("{kind} {all} (unexcused {unexcused})")
        };
        let kinds: Vec<String> = self.errors.iter().map(kind).collect();
        if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") }
    }
}

impl Toll {
    fn row(&self, name: &str) -> String {
        let [wait_median, wait_most, wait_longest] = spread_in_ms(&self.waits);
        let [well_median, _, well_latest] = spread_in_ms(&self.back);
        let counts = [self.times, self.stale, self.refused, self.failed];
        let times = [wait_median, wait_most, wait_longest, well_median, well_latest];
        let cells: Vec<String> = counts.map(|it| it.to_string()).into_iter().chain(times).collect();
        row(name, &cells)
    }
}

/// What there is without a fault, in the columns of the waits.
fn quiet_row(waits: &[Duration]) -> String {
    let dashes = vec!["-".to_owned(); 4];
    row("none", &[dashes, spread_in_ms(waits).to_vec(), vec!["-".to_owned(); 2]].concat())
}

fn row(name: &str, cells: &[String]) -> String {
    cells.iter().fold(format!("{name:<32}"), |row, cell| format!("{row}{cell:>9}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use testkit::history::{Answer, History, Read, ServedFrom};

    use super::Tally;
    use crate::course::Incident;
    use crate::faults::Allows;

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn read(node: usize, begun: u64, answer: Answer) -> Read {
        let (begun, ended) = (at(begun), at(begun + 10));
        Read { node, path: "/".to_owned(), begun, ended, from: ServedFrom::Unsaid, own: None, answer }
    }

    fn refused(node: usize, begun: u64) -> Read {
        read(node, begun, Answer::Refused { says_when: true })
    }

    fn failed(node: usize, begun: u64) -> Read {
        read(node, begun, Answer::Failed("connection reset".to_owned()))
    }

    /// From 1,000 to 2,000 ms, and 500 ms until all is well again.
    fn incident(allows: Allows, node: Option<usize>) -> Incident {
        Incident { name: "it", allows, node, begun: at(1_000), healed: at(2_000), back: Some(at(500)) }
    }

    fn tally(reads: Vec<Read>, incidents: &[Incident]) -> Tally {
        Tally::of(&History { reads, ..History::default() }, at(100), incidents)
    }

    #[test]
    fn an_error_is_excused_only_by_a_fault_of_its_time_that_allows_it() {
        let reads = vec![refused(0, 900), refused(0, 1_500), refused(0, 2_400), refused(0, 2_600)];
        let found = tally(reads.clone(), &[incident(Allows::Refusals, None)]);
        assert_eq!((found.breaches.len(), found.errors["503"]), (2, (4, 2)), "{found}");
        assert_eq!((found.faults["it"].refused, found.faults["it"].waits.len()), (2, 1), "{found}");
        assert_eq!(tally(reads, &[incident(Allows::Nothing, None)]).violations(), 4);
    }

    #[test]
    fn a_node_that_answers_nobody_is_another_thing_than_one_that_refuses() {
        let reads = vec![failed(0, 1_500), refused(0, 1_500)];
        assert_eq!(tally(reads.clone(), &[incident(Allows::Refusals, None)]).violations(), 1);
        assert_eq!(tally(reads, &[incident(Allows::Failures, None)]).violations(), 0);
    }

    #[test]
    fn what_befalls_one_node_excuses_no_other() {
        let reads = vec![refused(0, 1_500), refused(1, 1_500)];
        assert_eq!(tally(reads, &[incident(Allows::Failures, Some(1))]).violations(), 1);
    }

    #[test]
    fn a_fault_that_is_not_got_over_in_time_is_a_breach() {
        let lasting = Incident { back: None, ..incident(Allows::Refusals, None) };
        assert_eq!(tally(Vec::new(), &[lasting]).violations(), 1);
    }

    #[test]
    fn what_was_asked_while_nothing_was_wrong_is_what_faults_are_compared_with() {
        let shown = |begun| read(0, begun, Answer::Refused { says_when: true });
        let found = tally(vec![shown(100), shown(1_500), shown(2_600)], &[incident(Allows::Refusals, None)]);
        assert_eq!(found.quiet, [at(10), at(10)]);
        assert!(found.to_string().contains("\nnone  "), "{found}");
    }

    #[test]
    fn rounds_add_up() {
        let one = || tally(vec![refused(0, 1_500), refused(0, 100)], &[incident(Allows::Refusals, None)]);
        let mut sum = one();
        sum.add(one());
        assert_eq!((sum.requests(), sum.violations(), sum.faults["it"].times), (4, 2, 2), "{sum}");
    }
}
