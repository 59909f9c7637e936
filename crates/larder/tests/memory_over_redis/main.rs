//! Several nodes over one Redis: what they give one another, and what becomes of them when it fails.
//!
//! In all of it one thing must hold: whatever Redis does may cost time, and never a wrong answer, an old one or an error.
//!
//! That these tests can find something was tried by hand: each safeguard was taken out in turn.
//!
//! | taken out | found by |
//! |---|---|
//! | what others kept is compared with all changes | `what_was_put_back_after_a_change_is_not_served` and six others |
//! | it is of this life of the database | `what_was_made_before_a_crash_is_not_served_after_it` |
//! | what is given is of the life that it was read in | `what_was_read_in_one_life_of_the_database_is_not_given_as_of_the_next` |
//! | and what is taken is judged by the life that it was taken in | `what_was_made_before_a_crash_is_not_served_after_it` |
//! | the key | `another_keys_bytes_are_not_served` |
//! | the MAC | `garbage_is_a_miss_of_that_key_alone` and another |
//! | the build | `two_builds_share_nothing_and_neither_do_two_sites` |
//! | no lifetime is longer than the policy's | `a_clock_that_is_an_hour_wrong_bounds_lifetimes_and_leaves_the_truth_alone` |
//! | enough is known before it is asked | `nobody_asks_the_tier_who_could_not_judge_its_answer` |
//! | enough is known when it has answered | `what_comes_when_nobody_can_judge_it_any_more_is_not_served` |
//! | what happened before only where reports are sure | `whoever_starts_where_changes_may_have_gone_unreported_takes_nothing_from_before` |
//! | a wait has an end | `where_each_look_takes_its_time_there_are_fewer_of_them` |
//! | nobody waits twice | `whoever_has_waited_with_another_request_in_vain_does_not_wait_again` |
//! | nor once for each of several | `several_wait_for_the_loads_of_others_no_longer_than_one` |
//! | a claim ends where nothing came of the load | `nobody_waits_until_a_claim_has_ended` and another |
//! | what is taken ahead of its end ends later | `what_is_close_to_its_end_is_taken_anew_from_whoever_has_made_it` |
//! | a page that grows is weighed again | `a_page_that_came_in_codings_weighs_more_once_somebody_wants_it_in_none` |
//! | a tier that takes nothing has cost no wait | `a_tier_that_takes_nothing_is_asked_for_the_next_value_of_the_request_too` |
//! | what stops being true by itself is not given | `what_stops_being_true_by_itself_stays_with_the_clock_that_it_was_made_by` |
//!
//! What others read while changes went unreported has its test in `ledger.rs`, the type of the value in `envelope.rs`.
#![expect(clippy::unwrap_used, reason = "a test that unwraps in vain has failed")]

mod access;
mod claims;
mod faults;
mod giving;
mod lying;
mod scene;
mod scripted;
mod waiting;
