//! A value as bytes that another node can read.

use std::fmt;
use std::pin::Pin;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entry::Kept;

/// A value that can be kept where other nodes can reach it.
///
/// Whatever serde can write and read is one, in [postcard](https://postcard.jamesmunns.com/wire-format); its form may change
/// with any build of the program, since builds share nothing.
pub trait Shelve: Sized + Send + Sync + 'static {
    /// The value's bytes; none where it has none. Made off the path of requests.
    fn to_bytes(&self) -> impl Future<Output = Option<Vec<u8>>> + Send;

    /// The value of these bytes; none where they are no value's.
    fn of_bytes(bytes: &Bytes) -> Option<Self>;
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Shelve for T {
    async fn to_bytes(&self) -> Option<Vec<u8>> {
        postcard::to_stdvec(self).ok()
    }

    fn of_bytes(bytes: &Bytes) -> Option<T> {
        postcard::take_from_bytes(bytes).ok().filter(|(_, rest)| rest.is_empty()).map(|(value, _)| value)
    }
}

type Writing = Pin<Box<dyn Future<Output = Option<Vec<u8>>> + Send>>;

/// How values of a type become bytes and back.
pub(crate) struct Codec<T> {
    /// The type's name: what was written of another one is not read.
    pub(crate) of: &'static str,
    pub(crate) write: fn(Kept<T>) -> Writing,
    pub(crate) read: fn(&Bytes) -> Option<T>,
}

impl<T: Shelve> Codec<T> {
    pub(crate) fn new() -> Codec<T> {
        Codec {
            of: std::any::type_name::<T>(),
            write: |value| Box::pin(async move { value.to_bytes().await }),
            read: T::of_bytes,
        }
    }
}

impl<T> Clone for Codec<T> {
    fn clone(&self) -> Codec<T> {
        *self
    }
}

impl<T> Copy for Codec<T> {}

impl<T> fmt::Debug for Codec<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Codec(…)")
    }
}
