//! What every page has around its content: head, header, footer.

/// What a page needs besides its own content.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The title without the site's name, which is added: `Houses in Accra`.
    pub title: String,
    /// One sentence for search engines and link previews.
    pub description: String,
    /// Absolute address of this page in its canonical form. None on error pages, which are kept out of indexes.
    pub canonical: Option<String>,
    /// Absolute address of a picture for link previews.
    pub image: Option<String>,
    /// Atom feed that belongs to the page.
    pub feed: Option<Link>,
    /// Links at the right of the header, such as one to sign in. None are shown when there are none.
    pub header_links: Vec<Link>,
    /// Addresses of the files that every page loads.
    pub assets: Assets,
}

/// Addresses of static files, each with `?v=<hash>`.
#[derive(Clone, Debug)]
pub struct Assets {
    /// `static/site.css`.
    pub css_href: String,
    /// `static/site.js`.
    pub js_href: String,
    /// `static/favicon.svg`.
    pub icon_href: String,
}

/// A text with an address behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Link {
    /// What is read.
    pub label: String,
    /// Where it leads, relative to the site or absolute.
    pub href: String,
}

impl Default for Assets {
    /// The addresses without a version.
    fn default() -> Self {
        Self {
            css_href: "/static/site.css".to_owned(),
            js_href: "/static/site.js".to_owned(),
            icon_href: "/static/favicon.svg".to_owned(),
        }
    }
}

impl Link {
    /// A link that reads `label` and leads to `href`.
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into() }
    }
}
