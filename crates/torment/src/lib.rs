//! Everything goes wrong around several nodes of gable, and every answer is judged.
//!
//! ```text
//! faults ──▶ Course ──▶ Fleet ◀── readers and writers (testkit::history)
//! (what)     (when)     PostgreSQL, Redis,      │
//!                       nodes, links            ▼
//!                       Tally ◀── judge, and what each fault allows
//! ```
//!
//! The judge is that of `testkit::history`. What is added here is the fleet, the faults, and one more question: whether an
//! answer was an error that no fault of the moment excuses.

pub mod course;
pub mod faults;
pub mod fleet;
pub mod tally;
mod tokens;

pub use course::{Course, Incident};
pub use faults::{Allows, Chosen, Fault, Subject};
pub use fleet::{Fleet, Plan};
pub use tally::Tally;
