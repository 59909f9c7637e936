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
    version: String,
    representation: Representation,
}

/// Made once: what is compressed for one reader is there for the next.
static FILES: LazyLock<[File; 7]> = LazyLock::new(|| {
    [
        file("site.css", "text/css; charset=utf-8", include_bytes!("../static/site.css")),
        file("admin.css", "text/css; charset=utf-8", include_bytes!("../static/admin.css")),
        file("site.js", "text/javascript; charset=utf-8", include_bytes!("../static/site.js")),
        file("admin.js", "text/javascript; charset=utf-8", include_bytes!("../static/admin.js")),
        file("favicon.svg", "image/svg+xml", include_bytes!("../static/favicon.svg")),
        file("docs.js", "text/javascript; charset=utf-8", include_bytes!("../static/docs.js")),
        file(
            "rapidoc-min.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../static/vendor/rapidoc-min.js"),
        ),
    ]
});

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
    format!("/static/{name}?v={}", file.version)
}

/// The file of that name. Under its versioned address a browser may keep it for good, under any other it asks again.
#[must_use]
pub fn find(name: &str, query: Option<&str>) -> Option<Representation> {
    let file = FILES.iter().find(|file| file.name == name)?;
    let representation = file.representation.clone();
    let is_versioned = query.and_then(|query| query.strip_prefix("v=")) == Some(&file.version);
    Some(if is_versioned { representation.immutable() } else { representation })
}

fn file(name: &'static str, content_type: &'static str, bytes: &'static [u8]) -> File {
    let version = URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..6]);
    File { name, version, representation: Representation::new(content_type, bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_a_file_for_one_reader_is_there_for_the_next() {
        let versioned = href("rapidoc-min.js");
        let query = versioned.split_once('?').map(|(_, query)| query);
        let (one, other) = (find("rapidoc-min.js", query).unwrap(), find("rapidoc-min.js", None).unwrap());
        assert!(one.shares_content_with(&other));
    }
}
