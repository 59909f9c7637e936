//! **gable**: a property-listings platform: a site, a JSON API and a command line in one binary.
//!
//! | module | subject |
//! |---|---|
//! | [`commands`] | what `gable` can be told to do |
//! | [`settings`] | what it is told once, at its start |
//! | [`server`] | connections and requests, whatever clients do |
//! | [`router`] | which path is answered by what: the whole outside on one screen |
//! | [`access`] | who asks, and what they may |
//! | [`handlers`] | from a request, through the store, to a representation |
//! | [`pages`], [`drawing`] | what people see |
//! | [`caching`], [`catalogue`], [`reads`] | the cache: how it is set up, and what handlers read through it |
//! | [`documentation`] | what the OpenAPI document says of all operations alike |
//! | [`write_token`] | how a writer sees what was written |
//! | [`representation`], [`error`], [`deadline`] | how an answer is put on the wire, and how long it may take |

pub mod access;
pub mod application;
pub mod assets;
pub mod caching;
pub mod catalogue;
pub mod clock;
pub mod commands;
pub mod deadline;
pub mod documentation;
pub mod drawing;
pub mod error;
pub mod handlers;
pub mod metrics;
pub mod pages;
pub mod reads;
pub mod representation;
pub mod request_id;
pub mod router;
pub mod security;
pub mod server;
pub mod settings;
pub mod write_token;
