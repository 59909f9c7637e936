//! Two requests have the same canonical form exactly when they have the same SQL and binds.

use listings::search::{Parameter, Position, Search, Unknown};
use listings::store::{Dialect, Statement, dialects, statement};
use proptest::prelude::*;

/// Values of each parameter: such as mean the same in other spellings, such as nearly do, and wrong ones.
fn values(parameter: Parameter) -> &'static [&'static str] {
    match parameter {
        Parameter::Q => &["sea view", " Sea  VIEW ", "view sea", "sea", "sea-view", "sea view sea", "!", ""],
        Parameter::Location => {
            &["accra", "Accra", "  ACCRA ", "Zürich", "zürich", "ZÜRICH", "cape town", "cape  town"]
        }
        Parameter::Kind => &["house", "villa", "House", ""],
        Parameter::Status => &["active", "sold", "pending", "x"],
        Parameter::MinPrice | Parameter::MaxPrice => {
            &["0", "100", "100.0", "100.00", "0100", "100.5", "99999999999", "1e3"]
        }
        Parameter::MinBedrooms | Parameter::MaxBedrooms | Parameter::MinBathrooms => {
            &["0", "2", "02", "1000", "-1", "+2"]
        }
        Parameter::MinArea | Parameter::MaxArea => &["0", "50", "050", "10000000", "1.5"],
        Parameter::Bbox => {
            &["-1,5,1,6", "-1.0,5.00,1,6", "-0,0,1,1", "0,0,1,1", "170,-20,-170,10", "1,2,3", "0,0,0,91"]
        }
        Parameter::Sort => {
            &["-created_at", "created_at", "price", "-price", "floor_area", "-floor_area", "id", "name"]
        }
        Parameter::Limit => &["20", "1", "100", "020", "0", "101", "x"],
        Parameter::Cursor => &[],
        Parameter::Count => &["true", "1", "false", "0", "yes"],
    }
}

prop_compose! {
    fn pair()(parameter in prop::sample::select(Parameter::ALL.to_vec()), choice in any::<prop::sample::Index>())
        -> (String, String)
    {
        let values = values(parameter);
        let value = if values.is_empty() { "" } else { values[choice.index(values.len())] };
        (parameter.name().to_owned(), value.to_owned())
    }
}

prop_compose! {
    /// A request: some parameters in any order, and perhaps a place to go on from.
    fn request()(pairs in prop::collection::vec(pair(), 0..6), after in prop::option::of((0..3_i64, 1..3_i64)))
        -> Option<Search>
    {
        let search = Search::parse(pairs, Unknown::Refuse).ok()?;
        Some(match after {
            Some((key, id)) if search.sort == listings::search::Sort::Id => search.after(Position { key: id, id: id + key - key }),
            Some((key, id)) => search.after(Position { key, id }),
            None => search,
        })
    }
}

fn asked(dialect: &Dialect, search: &Search) -> (Statement, bool) {
    (statement::page(dialect, search), search.count)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, max_global_rejects: 1_000_000, ..ProptestConfig::default() })]

    #[test]
    fn same_canonical_form_exactly_when_same_sql_and_binds(one in request(), other in request()) {
        prop_assume!(one.is_some() && other.is_some());
        let (one, other) = (one.unwrap(), other.unwrap());
        for dialect in dialects() {
            prop_assert_eq!(
                one.canonical() == other.canonical(),
                asked(dialect, &one) == asked(dialect, &other),
                "{} | {}", one.canonical(), other.canonical()
            );
        }
    }

    #[test]
    fn a_canonical_form_reads_back_as_the_same_search(search in request()) {
        prop_assume!(search.is_some());
        let search = search.unwrap();
        let canonical = search.canonical();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(canonical.as_bytes()).into_owned().collect();
        let again = Search::parse(pairs, Unknown::Refuse);
        prop_assert_eq!(again.as_ref().map(Search::canonical), Ok(canonical));
        prop_assert_eq!(again, Ok(search));
    }

    #[test]
    fn spelling_and_order_do_not_matter(mut pairs in prop::collection::vec(pair(), 0..6), by in 0..6_usize) {
        let one = Search::parse(pairs.clone(), Unknown::Refuse);
        let middle = by.min(pairs.len());
        pairs.rotate_left(middle);
        let other = Search::parse(pairs, Unknown::Refuse);
        if let (Ok(one), Ok(other)) = (one, other) {
            prop_assert_eq!(one.canonical(), other.canonical());
        }
    }

    #[test]
    fn any_text_that_is_understood_keeps_its_meaning(parameter in prop::sample::select(Parameter::ALL.to_vec()), value in any_text()) {
        let Ok(search) = Search::parse([(parameter.name(), value.as_str())], Unknown::Refuse) else { return Ok(()) };
        let canonical = search.canonical();
        let pairs: Vec<(String, String)> = form_urlencoded::parse(canonical.as_bytes()).into_owned().collect();
        prop_assert_eq!(Search::parse(pairs, Unknown::Refuse).map(|again| again.canonical()), Ok(canonical));
        for dialect in dialects() {
            let sql = statement::page(dialect, &search).sql;
            prop_assert!(value.len() < 12 || !sql.contains(&value), "{}", sql);
        }
    }
}

/// Texts of any letters, and such as one of the parameters might take.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![".*", "\\PC{1,30}", "[\\p{L}\\p{M} ]{1,20}", "-?[0-9.,]{1,20}", "[İΣςǅŒß̇ ]{1,8}"]
}

fn refused(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let refusals = Search::parse(pairs.iter().copied(), Unknown::Refuse).unwrap_err();
    refusals.into_iter().map(|refusal| (refusal.parameter, refusal.rule)).collect()
}

#[test]
fn every_wrong_value_is_refused_by_name_and_rule() {
    for (name, value) in [
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "x"),
        ("limit", "99999999999999999999"),
        ("min_price", "1.001"),
        ("min_price", "1e400"),
        ("max_price", "-1"),
        ("bbox", "0,0,0,90.1"),
        ("bbox", "-180.1,0,0,0"),
        ("bbox", "0,10,0,5"),
        ("bbox", "0,0,NaN,1"),
        ("bbox", "1,2,3,4,5"),
        ("kind", "castle"),
        ("status", "Active"),
        ("sort", "random"),
        ("q", "?!"),
        ("count", "maybe"),
        ("min_bedrooms", "1001"),
        ("cursor", "AAAA"),
        ("cursor", "not base64!"),
    ] {
        let refused = refused(&[(name, value)]);
        assert_eq!(refused.len(), 1, "{name}={value}");
        assert_eq!(refused[0].0, name);
        assert!(refused[0].1.starts_with("must "), "{refused:?}");
    }
}

#[test]
fn everything_wrong_is_told_at_once() {
    let refused =
        refused(&[("limit", "0"), ("kind", "castle"), ("colour", "red"), ("page", "2"), ("cursor", "x")]);
    let names: Vec<&str> = refused.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["limit", "kind", "colour", "page"]);
}

#[test]
fn a_minimum_above_its_maximum_is_refused() {
    for (least, most) in
        [("min_price", "max_price"), ("min_bedrooms", "max_bedrooms"), ("min_area", "max_area")]
    {
        let refused = refused(&[(most, "2"), (least, "3")]);
        assert_eq!(refused[0].0, least);
        assert!(refused[0].1.contains(most), "{refused:?}");
    }
}

#[test]
fn a_parameter_given_twice_is_refused_but_an_empty_one_is_as_good_as_absent() {
    assert_eq!(refused(&[("kind", "house"), ("kind", "house")])[0].1, "must be given once");
    let search = Search::parse([("kind", ""), ("kind", "house"), ("q", "")], Unknown::Refuse).unwrap();
    assert_eq!(search.canonical(), "kind=house");
}

#[test]
fn an_unknown_parameter_is_refused_or_ignored_as_asked() {
    assert!(refused(&[("utm_source", "mail")])[0].1.starts_with("unknown parameter; known are q, location"));
    assert_eq!(Search::parse([("utm_source", "mail")], Unknown::Ignore), Ok(Search::default()));
}

#[test]
fn a_cursor_is_bound_to_its_search_and_to_every_bit_of_itself() {
    let search = Search::parse([("kind", "house")], Unknown::Refuse).unwrap();
    let cursor = Position { key: 1_700_000_000_000_000, id: 42 }.to_cursor(&search);
    let accepts = |pairs: &[(&str, &str)]| Search::parse(pairs.iter().copied(), Unknown::Refuse).is_ok();
    assert!(accepts(&[("kind", "house"), ("cursor", &cursor)]));
    assert!(accepts(&[("cursor", &cursor), ("kind", "house"), ("limit", "50"), ("count", "1")]));
    assert!(!accepts(&[("cursor", &cursor)]));
    assert!(!accepts(&[("kind", "villa"), ("cursor", &cursor)]));
    assert!(!accepts(&[("kind", "house"), ("sort", "price"), ("cursor", &cursor)]));
    let characters: Vec<char> = cursor.chars().collect();
    for place in 0..characters.len() {
        let mut altered = characters.clone();
        altered[place] = if altered[place] == 'A' { 'B' } else { 'A' };
        let altered: String = altered.into_iter().collect();
        assert!(!accepts(&[("kind", "house"), ("cursor", &altered)]), "{altered}");
    }
}
