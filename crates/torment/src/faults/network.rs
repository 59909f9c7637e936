//! What happens between a node and Redis, or a node and PostgreSQL: cut, a black hole, one way only.

use testkit::{Link, Weather};

use super::{Allows, Caused, Fault, Stage};
use crate::fleet::Shared;

pub(super) const ALL: &[&dyn Fault] = &[
    &Road { name: "network-redis-cut", end: End::Redis, weather: Weather::Cut },
    &Road { name: "network-redis-black-hole", end: End::Redis, weather: Weather::Still },
    &Road { name: "network-redis-deaf", end: End::Redis, weather: Weather::StillUp },
    &Road { name: "network-redis-mute", end: End::Redis, weather: Weather::StillDown },
    &Road { name: "network-postgres-cut", end: End::Postgres, weather: Weather::Cut },
    &Road { name: "network-postgres-black-hole", end: End::Postgres, weather: Weather::Still },
    &Road { name: "network-postgres-deaf", end: End::Postgres, weather: Weather::StillUp },
    &Road { name: "network-postgres-mute", end: End::Postgres, weather: Weather::StillDown },
];

/// Where a road leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Redis,
    Postgres,
}

/// Bad weather on the road of one node or of all; to a cluster, on that to one server or to all.
struct Road {
    name: &'static str,
    end: End,
    weather: Weather,
}

impl Fault for Road {
    fn name(&self) -> &'static str {
        self.name
    }

    fn allows(&self) -> Allows {
        match self.end {
            End::Redis => Allows::Nothing,
            End::Postgres => Allows::Refusals,
        }
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let fleet = stage.fleet;
        let mut links = match self.end {
            End::Redis => fleet.links_to_redis(),
            End::Postgres => fleet.roads.iter().map(|roads| &roads.to_postgres).collect(),
        };
        let place = stage.dice.below(links.len());
        let is_everywhere = stage.dice.once_in(3);
        if !is_everywhere {
            links = vec![links[place]];
        }
        turn(&links, self.weather);
        let caused = Caused::healed_by(move || turn(&links, Weather::Clear));
        // To a cluster all nodes go the same way.
        let is_of_all = is_everywhere || self.end == End::Redis && matches!(fleet.shared, Shared::Cluster(_));
        if is_of_all { caused } else { caused.of_node(place) }
    }
}

fn turn(links: &[&Link], weather: Weather) {
    for link in links {
        link.turn(weather);
    }
}
