//! Pages with ordinary and with nasty content, for tests and for looking at.

use askama::Template;
use gable::drawing;
use gable::pages::card::{Badge, Card};
use gable::pages::error::ErrorPage;
use gable::pages::feed::{Feed, FeedEntry};
use gable::pages::form::{Field, Hidden, SearchForm};
use gable::pages::layout::{Assets, Layout, Link};
use gable::pages::listing::{ListingPage, Moment, Position};
use gable::pages::search::{FacetGroup, FacetValue, Outcome, Relaxation, Results, SearchPage};
use gable::pages::structured::{Described, StructuredData};
use gable::pages::wording;
use rust_decimal::Decimal;

/// What no page may hand through as it is.
pub(crate) const NASTY: &str = r#"</script><script>alert("x")</script> & <b onload='y'>"#;

/// Every fixture: its file name and its text.
pub(crate) fn pages() -> askama::Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("index.html", front().render()?),
        ("filtered.html", filtered().render()?),
        ("deeper.html", deeper().render()?),
        ("nothing.html", nothing().render()?),
        ("empty.html", empty().render()?),
        ("refused.html", refused().render()?),
        ("nasty.html", nasty().render()?),
        ("listing.html", listing().render()?),
        ("listing-bare.html", bare_listing().render()?),
        ("listing-nasty.html", nasty_listing().render()?),
        ("400.html", error(400).render()?),
        ("404.html", error(404).render()?),
        ("405.html", error(405).render()?),
        ("500.html", error(500).render()?),
        ("503.html", error(503).render()?),
    ])
}

fn layout(title: &str, path: &str) -> Layout {
    Layout {
        title: title.to_owned(),
        description: format!("{title}: with prices, areas and rooms, always up to date."),
        canonical: Some(format!("https://homes.example{path}")),
        image: Some("https://homes.example/drawings/house-3-4.svg".to_owned()),
        feed: Some(Link::new(title, "/feed.atom")),
        header_links: Vec::new(),
        assets: Assets::default(),
    }
}

/// The sample listings: kind, title, place, price, bedrooms, bathrooms, area, badge.
type Sample = (&'static str, &'static str, &'static str, i64, u32, u32, i64, Option<Badge>);

const SAMPLES: [Sample; 12] = [
    ("house", "Family house with a walled garden", "East Legon, Accra", 385_000, 4, 3, 240, None),
    ("apartment", "Top-floor flat over the harbour", "Takoradi", 142_500, 2, 1, 84, None),
    ("villa", "Villa on the ridge, pool and guest wing", "Aburi", 1_250_000, 6, 5, 610, None),
    ("townhouse", "Terraced house near the market", "Osu, Accra", 210_000, 3, 2, 132, Some(Badge::Pending)),
    ("studio", "Bright studio, five minutes from campus", "Legon", 1_200, 1, 1, 34, None),
    ("land", "Level plot with road and water", "Prampram", 48_000, 0, 0, 900, None),
    ("other", "Old mill by the river", "Akosombo", 0, 3, 1, 175, None),
    ("house", "Bungalow under mango trees", "Kumasi", 175_000, 3, 2, 150, Some(Badge::Sold)),
    (
        "apartment",
        "New two-bedroom apartment with a wide balcony",
        "Cantonments, Accra",
        265_000,
        2,
        2,
        110,
        None,
    ),
    ("villa", "Quiet villa by the sea", "Kokrobite", 780_000, 5, 4, 420, None),
    ("townhouse", "Corner townhouse, renovated in 2024", "Tema", 198_000, 4, 2, 160, None),
    ("house", "Small house, large veranda", "Cape Coast", 96_000, 2, 1, 78, None),
];

fn card(id: i64, (kind, title, place, price, beds, baths, area, badge): Sample) -> Card {
    let known = |number: u32| (number > 0).then_some(number);
    Card {
        href: format!("/properties/{id}/"),
        drawing_href: drawing::href(kind, id, known(beds)),
        title: title.to_owned(),
        price: (price > 0).then(|| wording::price(Decimal::from(price))),
        location: place.to_owned(),
        facts: wording::short_facts(known(beds), known(baths), Some(Decimal::from(area))),
        badge,
    }
}

fn cards(from: i64) -> Vec<Card> {
    (from..).zip(SAMPLES).map(|(id, sample)| card(id, sample)).collect()
}

fn value(label: &str, count: u64, applied: bool) -> FacetValue {
    let count = Some(wording::number(count, false));
    FacetValue { label: label.to_owned(), count, href: format!("/?facet={label}"), applied }
}

fn facets() -> Vec<FacetGroup> {
    let group = |name: &str, values| FacetGroup { name: name.to_owned(), values };
    vec![
        group(
            "Kind",
            vec![value("House", 512, false), value("Apartment", 401, true), value("Land", 97, false)],
        ),
        group(
            "Location",
            vec![value("Accra", 820, false), value("Kumasi", 233, false), value("Tema", 88, false)],
        ),
        group("Bedrooms", vec![value("1 bedroom", 80, false), value("2 bedrooms", 310, false)]),
    ]
}

fn form() -> SearchForm {
    SearchForm {
        locations: vec!["Accra".to_owned(), "Kumasi".to_owned(), "Tema".to_owned()],
        ..SearchForm::default()
    }
}

fn search(outcome: Outcome) -> SearchPage {
    SearchPage {
        layout: layout("Homes for sale and to rent", "/"),
        heading: wording::search_heading(None, None),
        form: form(),
        chips: Vec::new(),
        facets: facets(),
        outcome,
        feed_href: Some("/feed.atom".to_owned()),
        csv_href: Some("/api/v1/properties/export.csv".to_owned()),
    }
}

fn results(count: u64, more: bool) -> Results {
    Results {
        count: wording::count(count, more, None),
        cards: cards(1),
        next_href: Some("/deeper.html?cursor=abc".to_owned()),
        first_href: None,
    }
}

/// The page without a search.
pub(crate) fn front() -> SearchPage {
    search(Outcome::Found(results(10_000, true)))
}

/// Some filters, two of them advanced.
pub(crate) fn filtered() -> SearchPage {
    SearchPage {
        heading: wording::search_heading(Some("apartment"), Some("Accra")),
        form: SearchForm {
            q: Field::new("balcony"),
            location: Field::new("Accra"),
            kind: Field::new("apartment"),
            max_price: Field::new("300000"),
            min_bedrooms: Field::new("2"),
            sort: Field::new("price"),
            hidden: vec![Hidden { name: "bbox".to_owned(), value: "-0.3,5.5,0.0,5.7".to_owned() }],
            ..form()
        },
        chips: [
            ("“balcony”", "q"),
            ("Accra", "location"),
            ("Apartments", "kind"),
            ("Up to 300,000", "max_price"),
            ("2 bedrooms or more", "min_bedrooms"),
        ]
        .map(|(label, name)| Link::new(label, format!("/?without={name}")))
        .to_vec(),
        ..search(Outcome::Found(results(1_234, false)))
    }
}

/// The page after "Load more".
pub(crate) fn deeper() -> SearchPage {
    search(Outcome::Found(Results {
        cards: cards(101),
        next_href: None,
        first_href: Some("/".to_owned()),
        ..results(24, false)
    }))
}

/// A search that finds nothing.
pub(crate) fn nothing() -> SearchPage {
    let relaxation = |label: &str, count: Option<u64>| Relaxation {
        label: label.to_owned(),
        href: "/?relaxed".to_owned(),
        count: count.map(|count| wording::count(count, false, None)),
    };
    SearchPage {
        facets: Vec::new(),
        ..SearchPage {
            outcome: Outcome::Nothing(vec![
                relaxation("Without the words “balcony”", Some(31)),
                relaxation("Without “Up to 300,000”", Some(4)),
                relaxation("Anywhere", None),
            ]),
            ..filtered()
        }
    }
}

/// A site with no listings at all.
pub(crate) fn empty() -> SearchPage {
    SearchPage { facets: Vec::new(), ..search(Outcome::Nothing(Vec::new())) }
}

/// A form with errors.
pub(crate) fn refused() -> SearchPage {
    SearchPage {
        facets: Vec::new(),
        chips: Vec::new(),
        form: SearchForm {
            kind: Field::refused(
                "castle",
                "must be one of house, apartment, studio, villa, townhouse, land, other",
            ),
            min_price: Field::refused("cheap", "must be a number, such as 250000"),
            max_bedrooms: Field::refused("-1", "must not be below 0"),
            sort: Field::refused("rank", "is not an order that this site knows"),
            other_errors: vec![
                "The map area (bbox) must be four numbers: west, south, east, north.".to_owned(),
            ],
            hidden: vec![Hidden { name: "bbox".to_owned(), value: "1,2".to_owned() }],
            ..filtered().form
        },
        ..search(Outcome::Refused)
    }
}

/// HTML, right-to-left script, emoji, 200 characters without a space, nothing known.
pub(crate) fn nasty() -> SearchPage {
    let titles = [
        NASTY.to_owned(),
        "بيت جميل مع حديقة كبيرة بالقرب من البحر".to_owned(),
        "W".repeat(200),
        format!("Straße 7 · дом · 家 · 🏡 {}", "very long title ".repeat(10)),
    ];
    let cards = titles.into_iter().zip(cards(50)).map(|(title, card)| Card {
        title,
        location: NASTY.to_owned(),
        price: None,
        facts: Vec::new(),
        ..card
    });
    SearchPage {
        heading: wording::search_heading(None, Some(NASTY)),
        form: SearchForm {
            q: Field::new(NASTY),
            location: Field::refused(NASTY, NASTY),
            hidden: vec![Hidden { name: "bbox".to_owned(), value: NASTY.to_owned() }],
            locations: vec![NASTY.to_owned()],
            ..form()
        },
        layout: layout(NASTY, "/?q=%3C"),
        chips: vec![Link::new(NASTY, "/?a=\"><script>")],
        facets: vec![FacetGroup { name: "Location".to_owned(), values: vec![value(NASTY, 1, false)] }],
        ..search(Outcome::Found(Results { cards: cards.collect(), ..results(4, false) }))
    }
}

/// A listing with everything.
pub(crate) fn listing() -> ListingPage {
    ListingPage {
        layout: layout("Family house with a walled garden", "/properties/3/"),
        id: 3,
        title: "Family house with a walled garden".to_owned(),
        price: Some(wording::price(Decimal::from(385_000))),
        kind: Link::new("House", "/?kind=house"),
        location: Link::new("East Legon, Accra", "/?location=East+Legon%2C+Accra"),
        badge: None,
        drawing_href: drawing::href("house", 3, Some(4)),
        facts: wording::facts(Some(4), Some(3), Some(Decimal::new(2405, 1))),
        description: wording::paragraphs(
            "A calm house at the end of a lane, built in 1998 and looked after ever since. The living room opens to a walled garden with a lemon tree, and the kitchen has room for a table of eight.\n\nUpstairs: four bedrooms, two bathrooms, and a veranda that looks west.\nDownstairs: a study, a third bathroom, storage.\n\nSchools, a clinic and the Saturday market are ten minutes away on foot.",
        ),
        position: Some(Position {
            text: wording::coordinates(5.635_72, -0.161_23),
            nearby_href: Some("/?bbox=-0.18,5.61,-0.14,5.65".to_owned()),
        }),
        listed: moment("2025-08-31T18:45:12Z", "31 August 2025"),
        updated: Some(moment("2025-09-14T07:02:00Z", "14 September 2025")),
        similar: cards(1).into_iter().filter(|card| card.drawing_href.contains("house")).take(4).collect(),
        similar_href: Some("/?kind=house&location=Accra".to_owned()),
        structured: structured("Family house with a walled garden", Some("385000.00")),
    }
}

/// A listing of which next to nothing is known.
pub(crate) fn bare_listing() -> ListingPage {
    ListingPage {
        layout: Layout { image: None, feed: None, ..layout("Plot", "/properties/9/") },
        id: i64::MAX,
        title: "Plot".to_owned(),
        price: None,
        kind: Link::new("Land", "/?kind=land"),
        location: Link::new("Ho", "/?location=Ho"),
        badge: Some(Badge::Sold),
        drawing_href: drawing::href("land", 9, None),
        facts: Vec::new(),
        description: Vec::new(),
        position: None,
        updated: None,
        similar: Vec::new(),
        similar_href: None,
        structured: structured("Plot", None),
        ..listing()
    }
}

/// A listing with HTML in every text, and a title as long as it may be.
pub(crate) fn nasty_listing() -> ListingPage {
    let title = format!("{NASTY}{}", "W".repeat(200 - NASTY.chars().count()));
    ListingPage {
        layout: layout(&title, "/properties/7/"),
        location: Link::new(NASTY, "/?location=\"><script>"),
        description: vec![NASTY.to_owned()],
        structured: structured(&title, Some("1.00")),
        title,
        ..listing()
    }
}

fn moment(machine: &str, human: &str) -> Moment {
    Moment { machine: machine.to_owned(), human: human.to_owned() }
}

fn structured(name: &str, price: Option<&str>) -> StructuredData {
    StructuredData::of(&Described {
        url: "https://homes.example/properties/3/",
        name,
        description: NASTY,
        image: "https://homes.example/drawings/house-3-4.svg",
        kind: "house",
        status: "active",
        location: "East Legon, Accra",
        price: price.map(str::to_owned),
        currency: None,
        bedrooms: Some(4),
        bathrooms: None,
        floor_area: Some(240.5),
        position: Some((5.635_72, -0.161_23)),
        published: "2025-08-31T18:45:12Z",
        modified: "2025-09-14T07:02:00Z",
    })
}

/// The page for a status, with what may come with it.
pub(crate) fn error(status: u16) -> ErrorPage {
    let problems = match status {
        400 => vec![
            "<limit> must be between 1 and 100, not 101.".to_owned(),
            "cursor belongs to another search.".to_owned(),
        ],
        _ => Vec::new(),
    };
    ErrorPage {
        problems,
        retry_after_seconds: (status == 503).then_some(5),
        request_id: (status == 500).then(|| "0190f3c2-7e1b".to_owned()),
        ..ErrorPage::new(status, Assets::default())
    }
}

/// A feed whose texts hold characters that XML can't.
pub(crate) fn feed() -> Feed {
    let entry = |id: i64, title: &str| FeedEntry {
        id: format!("https://homes.example/properties/{id}/"),
        title: title.to_owned(),
        href: format!("https://homes.example/properties/{id}/?a=1&b=\"2\""),
        updated: "2025-08-31T18:45:12Z".to_owned(),
        published: "2025-08-31T18:45:12Z".to_owned(),
        summary: format!("250,000 · {title}"),
    };
    Feed {
        id: "https://homes.example/feed.atom?q=a&kind=house".to_owned(),
        title: format!("Homes: {NASTY}"),
        self_href: "https://homes.example/feed.atom?q=a&kind=house".to_owned(),
        alternate_href: "https://homes.example/?q=a&kind=house".to_owned(),
        updated: "2025-08-31T18:45:12Z".to_owned(),
        entries: vec![
            entry(1, NASTY),
            entry(2, "bell \u{7} null \u{0} escape \u{1b} not a character \u{fffe} ]]> end"),
            entry(3, "🏡 بيت"),
        ],
    }
}
