//! One page: its bytes, in every coding, and what is said about them.

use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use super::coding::{self, Coding};
use super::groups;
use crate::entry::{Entry, Weigh};
use crate::shelve::Shelve;

const DIGEST_BYTES: usize = 15;
/// Whoever reads a page believes no length beyond this.
const LONGEST_BYTES: usize = 64 << 20;

/// A page for everybody: its bytes, their media type, and the links that belong to it.
///
/// It has no status, no cookies and no other header fields, so that nothing which concerns a single visitor can be in one. A
/// clone shares what is made of the bytes: each coding and each validator is made once.
#[derive(Debug, Clone)]
pub struct Page {
    content: Arc<Content>,
    pub(super) media_type: HeaderValue,
    pub(super) link: Option<HeaderValue>,
    is_worth_coding: bool,
    timing: Option<HeaderValue>,
}

#[derive(Debug)]
struct Content {
    /// Made of the zstd coding where it came in codings alone, by the first who wants it: hardly anybody does.
    plain: OnceLock<Bytes>,
    plain_bytes: usize,
    /// Of the media type and the bytes.
    digest: OnceLock<String>,
    coded: [OnceCell<Coded>; 4],
    groups: OnceLock<Option<HeaderValue>>,
}

/// The bytes in one coding, with what is said about them.
#[derive(Debug, Clone)]
pub(super) struct Coded {
    pub(super) coding: Coding,
    pub(super) bytes: Bytes,
    pub(super) length: HeaderValue,
    /// Strong: another coding is another representation (RFC 9110 §8.8.3.3).
    pub(super) etag: HeaderValue,
}

impl Page {
    /// A page of that media type.
    #[must_use]
    pub fn new(media_type: HeaderValue, body: impl Into<Bytes>) -> Page {
        let plain = body.into();
        let plain_bytes = plain.len();
        Page::of_content(media_type, plain.into(), plain_bytes)
    }

    fn of_content(media_type: HeaderValue, plain: OnceLock<Bytes>, plain_bytes: usize) -> Page {
        let is_worth_coding = coding::is_worth_it(media_type.to_str().unwrap_or_default(), plain_bytes);
        let content = Content {
            plain,
            plain_bytes,
            digest: OnceLock::new(),
            coded: std::array::from_fn(|_| OnceCell::new()),
            groups: OnceLock::new(),
        };
        Page { content: Arc::new(content), media_type, link: None, is_worth_coding, timing: None }
    }

    /// The same with a `Link` field (RFC 8288), such as that to the next page.
    #[must_use]
    pub fn with_link(self, link: HeaderValue) -> Page {
        Page { link: Some(link), ..self }
    }

    /// The same with a `Server-Timing` field (W3C Server Timing), which goes to whoever it was made for and to nobody after.
    #[must_use]
    pub fn with_timing(self, timing: HeaderValue) -> Page {
        Page { timing: Some(timing), ..self }
    }

    /// The `Server-Timing` field.
    #[must_use]
    pub fn timing(&self) -> Option<&HeaderValue> {
        self.timing.as_ref()
    }

    /// The bytes, in no coding.
    ///
    /// # Panics
    /// Never: what comes in codings alone was coded by a node of this very build, and is under its seal.
    #[must_use]
    pub fn plain(&self) -> &Bytes {
        self.content.plain.get_or_init(|| {
            let zstd = self.if_coded(Coding::Zstd).expect("a page has its bytes in no coding, or in each");
            coding::of_zstd(&zstd.bytes, self.content.plain_bytes).expect("a node of this build has coded it")
        })
    }

    /// The strong validator of the bytes in no coding.
    #[must_use]
    pub fn validator(&self) -> HeaderValue {
        self.etag(Coding::Identity)
    }

    /// Whether an entity tag is the strong validator of the page in some coding: whoever shows it has seen these bytes.
    #[must_use]
    pub fn has_validator(&self, entity_tag: &str) -> bool {
        let codings = Coding::COMPRESSED.into_iter().chain([Coding::Identity]);
        codings.into_iter().any(|coding| self.etag(coding).as_bytes() == entity_tag.as_bytes())
    }

    /// Whether both are made of the same bytes, digested and compressed once for both.
    #[must_use]
    pub fn shares_content_with(&self, other: &Page) -> bool {
        Arc::ptr_eq(&self.content, &other.content)
    }

    /// The coding in which this request gets it.
    pub(super) fn coding_for(&self, request: &HeaderMap) -> Coding {
        if self.is_worth_coding { Coding::negotiated(request) } else { Coding::Identity }
    }

    /// The page in a coding, if that has been made.
    pub(super) fn if_coded(&self, coding: Coding) -> Option<&Coded> {
        self.content.coded[coding as usize].get()
    }

    /// The page in a coding, made now if it has not been; in none where it can't be made.
    pub(super) async fn coded(&self, coding: Coding) -> Coded {
        let made = &self.content.coded[coding as usize];
        let encode = async || {
            let bytes = coding.encode(self.plain()).await.ok_or(())?;
            Ok::<_, ()>(self.with_validator(coding, bytes))
        };
        match made.get_or_try_init(encode).await {
            Ok(coded) => coded.clone(),
            Err(()) => self.with_validator(Coding::Identity, self.plain().clone()),
        }
    }

    /// Makes every coding that somebody may ask for.
    pub(super) async fn code_all(&self) {
        self.coded(Coding::Identity).await;
        if self.is_worth_coding {
            for coding in Coding::COMPRESSED {
                self.coded(coding).await;
            }
        }
    }

    fn with_validator(&self, coding: Coding, bytes: Bytes) -> Coded {
        let etag = self.etag(coding);
        Coded { coding, length: HeaderValue::from(bytes.len()), bytes, etag }
    }

    /// The validator of the page in a coding, whether or not that has been made.
    pub(super) fn etag(&self, coding: Coding) -> HeaderValue {
        let parts = ["\"", self.digest(), coding.etag_suffix(), "\""];
        // In one block of just that size: there is one for each coding of each page that comes out of Redis.
        HeaderValue::from_maybe_shared(Bytes::from(parts.concat()))
            .expect("base64 is allowed in a field value")
    }

    fn digest(&self) -> &str {
        self.content.digest.get_or_init(|| {
            let digest = Sha256::new().chain_update(&self.media_type).chain_update(self.plain());
            URL_SAFE_NO_PAD.encode(&digest.finalize()[..DIGEST_BYTES])
        })
    }

    /// What caches in front may drop it by, made once.
    pub(super) fn groups(&self, entry: &Entry) -> Option<&HeaderValue> {
        self.content.groups.get_or_init(|| groups::of(entry.parts())).as_ref()
    }
}

/// A page as it is written: in every coding, so that whoever reads it makes none.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    media_type: &'a [u8],
    #[serde(borrow)]
    link: Option<&'a [u8]>,
    /// 20 characters, out of which the validators are made.
    #[serde(borrow)]
    digest: &'a str,
    plain_bytes: u64,
    /// The plain bytes, where the page is worth no coding; else in each of [`Coding::COMPRESSED`].
    #[serde(borrow)]
    bodies: Vec<&'a [u8]>,
}

impl Shelve for Page {
    async fn to_bytes(&self) -> Option<Vec<u8>> {
        self.code_all().await;
        let coded = |coding| Some(&*self.if_coded(coding)?.bytes);
        let bodies = if self.is_worth_coding {
            Coding::COMPRESSED.into_iter().map(coded).collect::<Option<Vec<_>>>()?
        } else {
            vec![&**self.plain()]
        };
        let written = Written {
            media_type: self.media_type.as_bytes(),
            link: self.link.as_ref().map(HeaderValue::as_bytes),
            digest: self.digest(),
            plain_bytes: self.content.plain_bytes as u64,
            bodies,
        };
        postcard::to_stdvec(&written).ok()
    }

    fn of_bytes(bytes: &Bytes) -> Option<Page> {
        let (written, []) = postcard::take_from_bytes::<Written<'_>>(bytes).ok()? else { return None };
        let is_digest =
            URL_SAFE_NO_PAD.decode(written.digest).is_ok_and(|digest| digest.len() == DIGEST_BYTES);
        if !is_digest {
            return None;
        }
        let plain_bytes =
            usize::try_from(written.plain_bytes).ok().filter(|&bytes| bytes <= LONGEST_BYTES)?;
        let media_type = HeaderValue::from_bytes(written.media_type).ok()?;
        let link = written.link.map(HeaderValue::from_bytes).transpose().ok()?;
        let plain = match &written.bodies[..] {
            [plain] if plain.len() == plain_bytes => bytes.slice_ref(plain).into(),
            [_, zstd, _] if coding::says_zstd(zstd, plain_bytes) => OnceLock::new(),
            _ => return None,
        };
        let page = Page { link, ..Page::of_content(media_type, plain, plain_bytes) };
        page.content.digest.set(written.digest.to_owned()).ok()?;
        let is_coded = written.bodies.len() > 1;
        let codings = if is_coded { &Coding::COMPRESSED[..] } else { &[Coding::Identity] };
        for (&coding, body) in codings.iter().zip(&written.bodies) {
            let coded = page.with_validator(coding, bytes.slice_ref(body));
            page.content.coded[coding as usize].set(coded).ok()?;
        }
        (page.is_worth_coding == is_coded).then_some(page)
    }
}

/// The bytes and their codings, as far as they are made.
impl Weigh for Page {
    fn bytes(&self) -> usize {
        /// The digest, four validators and lengths, and the groups: each a block of its own.
        const SMALL_THINGS_BYTES: usize = 32 + 4 * (64 + 32) + 256;
        let link = self.link.as_ref().map_or(0, HeaderValue::len);
        let plain = self.content.plain.get().map_or(0, Bytes::len);
        let coded =
            Coding::COMPRESSED.into_iter().filter_map(|coding| Some(self.if_coded(coding)?.bytes.len()));
        let bodies = plain + coded.sum::<usize>();
        size_of::<Page>() + size_of::<Content>() + bodies + link + SMALL_THINGS_BYTES
    }
}
