//! Heads of hits, made beforehand: to copy one and give its fields their values is quicker than to put the same fields into an
//! empty one, where each has to be hashed and placed.

use std::array;

use http::header::{
    AGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, LINK, VARY,
};

use super::answer::{CACHE_GROUPS, CACHE_STATUS, PUBLIC, VARIES_BY};

/// Fields of every head, the same in all.
const CONSTANT: [(HeaderName, HeaderValue); 2] =
    [(CACHE_CONTROL, HeaderValue::from_static(PUBLIC)), (VARY, HeaderValue::from_static(VARIES_BY))];
/// Fields of every head, in each with a value of its own.
const ALWAYS: [HeaderName; 3] = [ETAG, AGE, CACHE_STATUS];
/// Fields that some heads have and others have not, all of one place or none.
fn sometimes() -> [Vec<HeaderName>; PLACES] {
    [vec![CONTENT_TYPE, CONTENT_LENGTH], vec![CONTENT_ENCODING], vec![LINK], vec![CACHE_GROUPS]]
}
const PLACES: usize = 4;

/// What decides which fields a head has, in the order of [`sometimes`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape(pub(super) [bool; PLACES]);

/// A head of each shape, whose fields have no values yet.
#[derive(Debug)]
pub(super) struct Heads {
    of_shapes: [HeaderMap; 1 << PLACES],
    /// How many fields come before those that are still to be filled.
    filled: usize,
}

/// The value of a field that has none yet.
const NOTHING: HeaderValue = HeaderValue::from_static("-");

impl Heads {
    /// Heads that have these fields too, with the values that they come with; none of those that are filled here.
    pub(super) fn with(fields: &HeaderMap) -> Heads {
        let mut constant = fields.clone();
        for name in ALWAYS.into_iter().chain(sometimes().into_iter().flatten()) {
            constant.remove(name);
        }
        for (name, value) in CONSTANT {
            constant.insert(name, value);
        }
        let of_shape = |number| {
            let has = |(place, _): &(usize, Vec<HeaderName>)| number >> place & 1 == 1;
            let sometimes = sometimes().into_iter().enumerate().filter(has).flat_map(|(_, names)| names);
            let mut head = constant.clone();
            head.extend(ALWAYS.into_iter().chain(sometimes).map(|name| (name, NOTHING)));
            head
        };
        Heads { of_shapes: array::from_fn(of_shape), filled: constant.len() }
    }

    /// A head of that shape, with these values. What there is none for stays as it is.
    pub(super) fn filled(
        &self,
        Shape(has): Shape,
        value_of: impl Fn(&HeaderName) -> Option<HeaderValue>,
    ) -> HeaderMap {
        let number = has.iter().rev().fold(0, |number, has| number << 1 | usize::from(*has));
        let mut head = self.of_shapes[number].clone();
        // In the order in which they lie: not one of them has to be looked for.
        for (field, value) in head.iter_mut().skip(self.filled) {
            if let Some(own) = value_of(field) {
                *value = own;
            }
        }
        head
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_has_the_fields_of_its_shape_and_no_others() {
        let own = CONSTANT.into_iter().chain([(http::header::SERVER, NOTHING)]).collect::<Vec<_>>();
        let given = own.iter().cloned().chain([(VARY, NOTHING), (ETAG, NOTHING)]).collect();
        let heads = Heads::with(&given);
        for has in [[false; 4], [true; 4], [true, false, false, true], [false, true, true, false]] {
            let head = heads.filled(Shape(has), |name| Some(HeaderValue::from(name.clone())));
            let mut expected = ALWAYS.to_vec();
            expected.extend(
                sometimes().into_iter().zip(has).filter(|(_, has)| *has).flat_map(|(names, _)| names),
            );
            assert_eq!(head.len(), own.len() + expected.len(), "{has:?}");
            assert!(own.iter().all(|(name, value)| head[name] == value), "{has:?}: as they came");
            assert!(expected.iter().all(|name| head[name] == name.as_str()), "{has:?}: each its own value");
        }
    }
}
