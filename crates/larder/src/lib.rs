//! A coherent cache.

pub mod clock;
pub mod freshness;
pub mod incarnation;
pub mod reading;
pub mod source;

pub use reading::Reading;
