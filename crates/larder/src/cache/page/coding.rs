//! Content codings: which one a request wants (RFC 9110 §12.5.3), and making it.

use std::io::{self, Write as _};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use tokio::sync::Semaphore;

/// Below this a coding saves nothing: head and body fit into one packet anyway.
const WORTH_BYTES: usize = 1_024;
/// Above this a body is compressed beside the request path, which it would hold up for milliseconds.
const BESIDE_BYTES: usize = 64 * 1_024;
/// So many of them are compressed at a time: more would only take the processors from everybody else.
static PLACES_BESIDE: Semaphore = Semaphore::const_new(2);

/// What the browsers of our day send, so that it need not be taken apart for every hit.
const OF_BROWSERS: &str = "gzip, deflate, br, zstd";

/// A content coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Zstd,
    Gzip,
    Identity,
}

/// Whether a body of that type and length gets smaller in a way that anybody notices.
pub(super) fn is_worth_it(content_type: &str, length: usize) -> bool {
    let is_text = ["text/", "json", "xml", "javascript"].iter().any(|part| content_type.contains(part));
    is_text && length >= WORTH_BYTES
}

impl Coding {
    /// Those that make a body smaller, the smallest first.
    pub(super) const COMPRESSED: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

    /// The coding that the request likes best; of those that it likes equally, the one that makes the body smallest.
    pub(super) fn negotiated(request: &HeaderMap) -> Coding {
        let mut fields = request.get_all(header::ACCEPT_ENCODING).iter();
        match (fields.next(), fields.next()) {
            (None, _) => return Coding::Identity,
            (Some(field), None) if field == OF_BROWSERS => return Coding::Brotli,
            _ => {}
        }
        let weights = weights(request);
        let weighed = Coding::COMPRESSED.into_iter().zip(weights);
        // `max_by_key` keeps the last of equals, so the list is walked from its end.
        let best = weighed.rev().max_by_key(|&(_, weight)| weight).filter(|&(_, weight)| weight > 0);
        best.map_or(Coding::Identity, |(coding, _)| coding)
    }

    /// The name in `Content-Encoding`; none for no coding.
    pub(super) fn name(self) -> Option<&'static str> {
        match self {
            Coding::Brotli => Some("br"),
            Coding::Zstd => Some("zstd"),
            Coding::Gzip => Some("gzip"),
            Coding::Identity => None,
        }
    }

    pub(super) fn etag_suffix(self) -> &'static str {
        match self {
            Coding::Brotli => "-br",
            Coding::Zstd => "-zstd",
            Coding::Gzip => "-gzip",
            Coding::Identity => "",
        }
    }

    /// The body in this coding; none where it could not be made.
    pub(super) async fn encode(self, body: &Bytes) -> Option<Bytes> {
        if self == Coding::Identity {
            return Some(body.clone());
        }
        if body.len() < BESIDE_BYTES {
            return Some(self.encoded(body));
        }
        let body = body.clone();
        beside(move || self.encoded(&body)).await
    }

    /// Writing into memory does not fail.
    fn encoded(self, body: &[u8]) -> Bytes {
        let coded = match self {
            Coding::Brotli => brotli(body),
            Coding::Zstd => zstd::bulk::compress(body, 3),
            Coding::Gzip => gzip(body),
            Coding::Identity => Ok(body.to_vec()),
        };
        coded.expect("memory takes what is written to it").into()
    }
}

/// Whether something says of itself that so many bytes were compressed by zstd to it: to look at that costs nothing.
pub(super) fn says_zstd(coded: &[u8], bytes: usize) -> bool {
    matches!(zstd::zstd_safe::get_frame_content_size(coded), Ok(Some(says)) if says == bytes as u64)
}

/// The bytes that were compressed by zstd and are so many; none where they are not.
pub(super) fn of_zstd(coded: &[u8], bytes: usize) -> Option<Bytes> {
    let plain = says_zstd(coded, bytes).then(|| zstd::bulk::decompress(coded, bytes).ok())??;
    (plain.len() == bytes).then(|| plain.into())
}

/// Does work on a thread where it holds nobody up; none where it fails or the program ends. It keeps its place until it is
/// done, whether or not somebody still waits for it.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let place = PLACES_BESIDE.acquire().await.ok()?;
    let work = move || {
        let _place = place;
        work()
    };
    tokio::task::spawn_blocking(work).await.ok()
}

/// How much the request likes each of [`Coding::COMPRESSED`], in thousandths (RFC 9110 §12.4.2); 0 where it does not accept
/// it. What is named twice counts where it comes first. Byte by byte, since it is asked of every hit.
fn weights(request: &HeaderMap) -> [u16; 3] {
    let (mut named, mut others) = ([None; 3], None);
    let values = request.get_all(header::ACCEPT_ENCODING).iter().map(HeaderValue::as_bytes);
    for (name, weight) in values.flat_map(|value| value.split(|byte| *byte == b',')).map(preference) {
        let is_it =
            |coding: &Coding| coding.name().is_some_and(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        match Coding::COMPRESSED.iter().position(is_it) {
            Some(place) => named[place] = named[place].or(Some(weight)),
            None if name == b"*" => others = others.or(Some(weight)),
            None => {}
        }
    }
    named.map(|weight| weight.or(others).unwrap_or_default())
}

/// One member of the list: the coding's name and its weight in thousandths; 1,000 where none is said.
fn preference(member: &[u8]) -> (&[u8], u16) {
    let Some(end) = member.iter().position(|byte| *byte == b';') else {
        return (member.trim_ascii(), 1_000);
    };
    let weight = match member[end + 1..].trim_ascii().strip_prefix(b"q=") {
        Some(weight) => str::from_utf8(weight).ok().and_then(|weight| weight.trim().parse().ok()),
        None => Some(1.0),
    };
    (member[..end].trim_ascii(), weight.map_or(0, thousandths))
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 … 1,000 just before"
)]
fn thousandths(weight: f32) -> u16 {
    (weight.clamp(0.0, 1.0) * 1_000.0) as u16
}

fn brotli(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut coded = Vec::with_capacity(body.len() / 4);
    let parameters = brotli::enc::BrotliEncoderParams { quality: 5, lgwin: 18, ..Default::default() };
    brotli::BrotliCompress(&mut &*body, &mut coded, &parameters).map(|_| coded)
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::new(6));
    encoder.write_all(body)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiated(accept: &'static str) -> Coding {
        Coding::negotiated(&HeaderMap::from_iter([(
            header::ACCEPT_ENCODING,
            HeaderValue::from_static(accept),
        )]))
    }

    #[test]
    fn the_best_liked_coding_wins_and_of_equals_the_smallest() {
        assert_eq!(negotiated(OF_BROWSERS), Coding::Brotli);
        assert_eq!(negotiated("gzip,deflate,br,zstd"), Coding::Brotli, "and so it is without a shortcut");
        assert_eq!(negotiated("gzip;q=0.9, br;q=0.1"), Coding::Gzip);
        assert_eq!(negotiated("GZIP"), Coding::Gzip);
        assert_eq!(negotiated("*"), Coding::Brotli);
        assert_eq!(negotiated("br;q=0, *;q=0.5"), Coding::Zstd);
    }

    #[test]
    fn what_is_not_accepted_is_not_sent() {
        for accept in ["", "identity", "deflate", "br;q=0", "gzip;q=nonsense", "*;q=0"] {
            assert_eq!(negotiated(accept), Coding::Identity, "{accept}");
        }
        assert_eq!(Coding::negotiated(&HeaderMap::new()), Coding::Identity);
    }

    #[test]
    fn what_zstd_made_of_another_number_of_bytes_is_not_taken() {
        let body = Bytes::from("A home by the sea. ".repeat(100));
        let coded = Coding::Zstd.encoded(&body);
        assert!(says_zstd(&coded, body.len()));
        assert_eq!(of_zstd(&coded, body.len()), Some(body.clone()));
        for bytes in [0, body.len() - 1, body.len() + 1, usize::MAX] {
            assert!(!says_zstd(&coded, bytes), "{bytes}");
            assert_eq!(of_zstd(&coded, bytes), None, "{bytes}");
        }
        assert!(!says_zstd(&body, body.len()));
    }

    #[tokio::test]
    async fn every_coding_can_be_read_again() {
        for text in ["A home by the sea. ".repeat(100), "x".repeat(200_000)] {
            let body = Bytes::from(text);
            let mut read = Vec::new();
            brotli::BrotliDecompress(&mut &*Coding::Brotli.encode(&body).await.unwrap(), &mut read).unwrap();
            assert_eq!(read, body);
            assert_eq!(zstd::decode_all(&*Coding::Zstd.encode(&body).await.unwrap()).unwrap(), body);
            let gzip = Coding::Gzip.encode(&body).await.unwrap();
            let mut read = Vec::new();
            io::copy(&mut flate2::read::GzDecoder::new(&*gzip), &mut read).unwrap();
            assert_eq!(read, body);
        }
    }

    #[tokio::test]
    async fn work_that_fails_has_no_outcome_and_gives_its_place_back() {
        for _ in 0..3 {
            assert_eq!(beside(|| panic!("a test wants this")).await, None::<()>);
        }
    }
}
