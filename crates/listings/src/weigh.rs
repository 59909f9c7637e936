//! How many bytes listings take in a cache.

use larder::Weigh;

use crate::Property;
use crate::read::{Count, Facet, Overview, Page};

impl Weigh for Property {
    fn bytes(&self) -> usize {
        let Property { title, description, location, .. } = self;
        size_of::<Property>() + title.capacity() + description.capacity() + location.capacity()
    }
}

impl Weigh for Page {
    fn bytes(&self) -> usize {
        size_of::<Page>() + self.properties.bytes()
    }
}

impl Weigh for Count {
    fn bytes(&self) -> usize {
        size_of::<Count>()
    }
}

impl Weigh for Overview {
    fn bytes(&self) -> usize {
        let facet = |facet: &Facet| {
            let values = facet.values.iter().map(|(value, _)| value.capacity()).sum::<usize>();
            size_of::<Facet>() + facet.values.capacity() * size_of::<(String, i64)>() + values
        };
        size_of::<Overview>() + self.facets.iter().map(facet).sum::<usize>()
    }
}
