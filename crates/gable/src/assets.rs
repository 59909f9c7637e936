//! The files that pages load: embedded in the program, each under an address that changes with its content.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::pages::layout::Assets;
use crate::representation::Representation;

/// One embedded file.
struct File {
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
}

const FILES: [File; 5] = [
    File {
        name: "site.css",
        content_type: "text/css; charset=utf-8",
        bytes: include_bytes!("../static/site.css"),
    },
    File {
        name: "site.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../static/site.js"),
    },
    File {
        name: "favicon.svg",
        content_type: "image/svg+xml",
        bytes: include_bytes!("../static/favicon.svg"),
    },
    File {
        name: "docs.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../static/docs.js"),
    },
    File {
        name: "rapidoc-min.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("../static/vendor/rapidoc-min.js"),
    },
];

static HREFS: LazyLock<Assets> = LazyLock::new(|| Assets {
    css_href: href("site.css"),
    js_href: href("site.js"),
    icon_href: href("favicon.svg"),
});

/// The addresses of what every page loads.
#[must_use]
pub fn hrefs() -> Assets {
    HREFS.clone()
}

/// The address of a file, with its version.
///
/// # Panics
/// Where no file has that name: names are literals of this program.
#[must_use]
pub fn href(name: &str) -> String {
    let file = FILES.iter().find(|file| file.name == name).expect("a file from the table");
    format!("/static/{name}?v={}", version(file.bytes))
}

/// The file of that name. Under its versioned address a browser may keep it for good, under any other it asks again.
#[must_use]
pub fn find(name: &str, query: Option<&str>) -> Option<Representation> {
    let file = FILES.iter().find(|file| file.name == name)?;
    let representation = Representation::new(file.content_type, file.bytes);
    let is_versioned = query.and_then(|query| query.strip_prefix("v=")) == Some(&version(file.bytes));
    Some(if is_versioned { representation.immutable() } else { representation })
}

fn version(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..6])
}
