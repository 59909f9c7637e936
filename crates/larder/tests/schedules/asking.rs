//! What can be asked of a node: single values, and pages that are made of several.

use std::pin::Pin;

use larder::{Answer, DataCache, Failed, Reading, Weigh};
use serde::{Deserialize, Serialize};

use crate::database::{Homes, Question};
use crate::world::Shared;

/// One statement's question and the answer that it had.
pub(crate) type Seen = (Question, Homes);

/// An answer: all that was read for it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Shown(pub(crate) Vec<Seen>);

impl Weigh for Shown {
    fn bytes(&self) -> usize {
        size_of::<Shown>() + self.0.capacity() * size_of::<Seen>()
    }
}

/// A statement that failed.
#[derive(Debug, Clone)]
pub(crate) struct Broken;

/// A step of a loader.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Step {
    Ask(Question),
    /// A statement without a stamp, as in a transaction that writes.
    AskUnstamped(Question),
    /// A value out of the cache.
    Read(usize),
}

/// What can be asked for.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) name: &'static str,
    pub(crate) steps: &'static [Step],
    pub(crate) is_page: bool,
}

impl Named {
    /// What an answer shows, in its order.
    pub(crate) fn questions(&self) -> Vec<Question> {
        let of_step = |step: &Step| match *step {
            Step::Ask(question) | Step::AskUnstamped(question) => vec![question],
            Step::Read(inner) => ALL[inner].questions(),
        };
        self.steps.iter().flat_map(of_step).collect()
    }

    /// Whether some of it cannot be kept.
    pub(crate) fn is_unstamped(&self) -> bool {
        self.steps.iter().any(|step| match *step {
            Step::Ask(_) => false,
            Step::AskUnstamped(_) => true,
            Step::Read(inner) => ALL[inner].is_unstamped(),
        })
    }
}

const fn value(name: &'static str, steps: &'static [Step]) -> Named {
    Named { name, steps, is_page: false }
}

const fn page(name: &'static str, steps: &'static [Step]) -> Named {
    Named { name, steps, is_page: true }
}

use Question::{All, AtPlace, Home};
use Step::{Ask, AskUnstamped, Read};

pub(crate) const ALL: [Named; 12] = [
    value("home 0", &[Ask(Home(0))]),
    value("home 1", &[Ask(Home(1))]),
    value("home 3", &[Ask(Home(3))]),
    value("place 0", &[Ask(AtPlace(0))]),
    value("all", &[Ask(All)]),
    value("unstamped", &[AskUnstamped(Home(0))]),
    value("pair", &[Ask(Home(0)), Ask(AtPlace(1))]),
    page("two values", &[Read(0), Read(3)]),
    page("a value and a statement", &[Read(1), Ask(Home(0))]),
    page("a pair and all", &[Read(6), Read(4)]),
    page("a page, a value and a statement", &[Read(8), Read(2), Ask(AtPlace(0))]),
    page("an unstamped one", &[Read(5), Read(1)]),
];

pub(crate) type Outcome = Result<Answer<Shown>, Failed<Broken>>;

/// One node, as its handlers see it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) number: usize,
    pub(crate) world: Shared,
    pub(crate) data: DataCache<Shown>,
    pub(crate) pages: DataCache<Shown>,
}

impl Node {
    /// Boxed, since a page is made of pages.
    pub(crate) fn answer<'a>(
        &'a self,
        reading: &'a Reading,
        what: usize,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'a>> {
        Box::pin(async move {
            let cache = if ALL[what].is_page { &self.pages } else { &self.data };
            let node = self.clone();
            let load = move |reading| node.clone().load(reading, what);
            cache.answer(reading, ALL[what].name, load).await
        })
    }

    async fn load(self, reading: Reading, what: usize) -> Result<Shown, Broken> {
        let _loading = self.world.begin_load(self.number, what);
        let crashes = self.world.crashes();
        let mut shown = Vec::new();
        for step in ALL[what].steps {
            match *step {
                Step::Ask(question) => {
                    shown.push(self.ask(&reading, question, true, crashes).await?);
                }
                Step::AskUnstamped(question) => {
                    shown.push(self.ask(&reading, question, false, crashes).await?);
                }
                Step::Read(inner) => {
                    let inner = self.answer(&reading, inner).await.map_err(|_| Broken)?;
                    shown.extend_from_slice(&inner.value.0);
                }
            }
        }
        Ok(Shown(shown))
    }

    /// One statement. A loader's connection does not outlive a crash.
    async fn ask(
        &self,
        reading: &Reading,
        question: Question,
        is_stamped: bool,
        crashes: u64,
    ) -> Result<Seen, Broken> {
        self.world.pass_gate().await.map_err(|()| Broken)?;
        let (stamp, dependency, answer) = self.world.read(question, crashes).ok_or(Broken)?;
        reading.note(is_stamped.then_some(&stamp), vec![dependency]);
        self.world.pass_gate().await.map_err(|()| Broken)?;
        Ok((question, answer))
    }
}
