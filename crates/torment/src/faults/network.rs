//! What happens between a node and Redis, or a node and PostgreSQL: cut, a black hole, one way only.

use testkit::{Link, Weather};

use super::{Allows, Caused, Fault, Needs, Stage};
use crate::fleet::Roads;

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

/// Bad weather on the road of one node, or of all.
struct Road {
    name: &'static str,
    end: End,
    weather: Weather,
}

impl Fault for Road {
    fn name(&self) -> &'static str {
        self.name
    }

    fn needs(&self) -> Needs {
        match self.end {
            End::Redis => Needs::OneRedis,
            End::Postgres => Needs::Nothing,
        }
    }

    fn allows(&self) -> Allows {
        match self.end {
            End::Redis => Allows::Nothing,
            End::Postgres => Allows::Refusals,
        }
    }

    fn cause<'a>(&self, stage: &mut Stage<'a>) -> Caused<'a> {
        let (end, place) = (self.end, stage.any_node());
        let roads = &stage.fleet.roads;
        let is_everywhere = stage.dice.once_in(3);
        let concerned = if is_everywhere { &roads[..] } else { &roads[place..=place] };
        let turn =
            move |weather| concerned.iter().filter_map(|it| link(it, end)).for_each(|it| it.turn(weather));
        turn(self.weather);
        let caused = Caused::healed_by(move || turn(Weather::Clear));
        if is_everywhere { caused } else { caused.of_node(place) }
    }
}

fn link(roads: &Roads, end: End) -> Option<&Link> {
    match end {
        End::Redis => roads.to_redis.as_ref(),
        End::Postgres => Some(&roads.to_postgres),
    }
}
