//! What an answer depends on: whatever makes it another one touches it, and little else does.

mod question;
mod random;
mod writer;

use crate::stores::{TestStore, over_both_stores};

over_both_stores!(whatever_changes_an_answer_touches_it_and_most_else_does_not);

async fn whatever_changes_an_answer_touches_it_and_most_else_does_not(test: TestStore) {
    random::run(test).await;
}
