//! Property listings.
