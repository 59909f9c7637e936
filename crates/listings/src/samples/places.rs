//! Places that samples lie in.

/// A city, with about what a square metre costs there in euros.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) latitude: f64,
    pub(super) longitude: f64,
    pub(super) price_per_metre: i32,
}

const fn place(name: &'static str, latitude: f64, longitude: f64, price_per_metre: i32) -> Place {
    Place { name, latitude, longitude, price_per_metre }
}

/// Those at the head have the most listings.
pub(super) const PLACES: [Place; 36] = [
    place("Accra", 5.6037, -0.187, 1_100),
    place("Lisbon", 38.7223, -9.1393, 4_200),
    place("Nairobi", -1.2864, 36.8172, 1_000),
    place("Berlin", 52.52, 13.405, 5_200),
    place("Lagos", 6.5244, 3.3792, 1_200),
    place("São Paulo", -23.5505, -46.6333, 2_100),
    place("Cape Town", -33.9249, 18.4241, 1_900),
    place("Porto", 41.1579, -8.6291, 3_200),
    place("Toronto", 43.6532, -79.3832, 6_100),
    place("Kumasi", 6.6885, -1.6244, 600),
    place("Valencia", 39.4699, -0.3763, 2_400),
    place("Mexico City", 19.4326, -99.1332, 2_300),
    place("Kigali", -1.9441, 30.0619, 900),
    place("Zürich", 47.3769, 8.5417, 14_000),
    place("Dakar", 14.7167, -17.4677, 1_300),
    place("Leeds", 53.8008, -1.5491, 3_400),
    place("Kraków", 50.0647, 19.945, 3_000),
    place("Casablanca", 33.5731, -7.5898, 1_400),
    place("Montréal", 45.5019, -73.5674, 4_300),
    place("Malmö", 55.605, 13.0038, 3_600),
    place("Tamale", 9.4075, -0.8533, 400),
    place("Bordeaux", 44.8378, -0.5792, 4_500),
    place("Kampala", 0.3476, 32.5825, 700),
    place("Athens", 37.9838, 23.7275, 2_500),
    place("Medellín", 6.2442, -75.5812, 1_500),
    place("Takoradi", 4.8967, -1.7554, 500),
    place("Ghent", 51.0543, 3.7174, 3_700),
    place("Da Nang", 16.0544, 108.2022, 1_800),
    place("Windhoek", -22.5609, 17.0658, 1_000),
    place("Galway", 53.2707, -9.0568, 3_900),
    place("Graz", 47.0707, 15.4395, 3_800),
    place("Hobart", -42.8821, 147.3272, 4_700),
    place("Cape Coast", 5.1315, -1.2795, 450),
    place("Tartu", 58.378, 26.729, 2_200),
    place("Suva", -18.1416, 178.4419, 1_300),
    place("Tórshavn", 62.0107, -6.7741, 3_300),
];
