//! Words that samples are described with.

use crate::Kind;

pub(super) const NUMBERS: [&str; 10] =
    ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine"];

pub(super) fn noun(kind: Kind) -> &'static str {
    match kind {
        Kind::House => "house",
        Kind::Apartment => "apartment",
        Kind::Studio => "studio",
        Kind::Villa => "villa",
        Kind::Townhouse => "townhouse",
        Kind::Land => "building plot",
        Kind::Other => "workshop",
    }
}

/// Features at the head of the list that a plot may have as well as a building.
pub(super) const FEATURES_OF_LAND: usize = 12;

/// What a title ends with, and the sentence that goes with it.
pub(super) const FEATURES: [(&str, &str); 20] = [
    ("near the old market", "The old market is three streets away, and so is the best coffee."),
    ("by the river", "The river path begins at the end of the street."),
    ("in a quiet street", "A quiet street: neighbours know each other here."),
    ("close to the university", "Lecture halls and library are ten minutes away on foot."),
    ("facing the park", "Across the road lies the park with its old plane trees."),
    ("at the edge of town", "Town on one side, open fields on the other."),
    ("near the station", "The station is five minutes away, and out of earshot."),
    ("with mountain view", "On clear days the mountains stand right behind the trees."),
    ("with orchard", "Apples, pears and one very productive plum."),
    ("close to the beach", "Sand is four minutes away, barefoot."),
    ("under tall trees", "Tall trees give shade in summer and let the light through in winter."),
    ("near schools and shops", "Schools, bakery and pharmacy are all within a short walk."),
    ("with walled garden", "A walled garden keeps the street out and the afternoon sun in."),
    ("with roof terrace", "The roof terrace has room for a long table and a short night."),
    ("with double garage", "Two cars fit into the garage, or one car and a hobby."),
    ("with solar roof", "Panels on the roof make more power than the household uses."),
    ("with large balcony", "The balcony runs along the whole south side."),
    ("with pool", "The pool is twelve metres long and heated by the sun."),
    ("with sea view", "From the windows the view goes out over the water."),
    ("in the old town", "Thick walls and high ceilings, as they were built in the old town."),
];

/// Openings at the head of the list that suit a plot as well as a building.
pub(super) const OPENINGS_OF_LAND: usize = 3;

pub(super) const OPENINGS: [&str; 6] = [
    "This {noun} in {place} has been in one family for forty years.",
    "A well-kept {noun} in one of the most asked-for corners of {place}.",
    "Space, light and quiet: a {noun} in {place} that has all three.",
    "A bright {noun} in {place}, ready to move into.",
    "Newly renovated {noun} in {place}.",
    "A {noun} with character, twenty minutes from the centre of {place}.",
];

pub(super) const INSIDES: [&str; 8] = [
    "The kitchen was replaced two years ago and opens onto the dining room.",
    "Wooden floors throughout, new windows, and plenty of built-in storage.",
    "Two reception rooms, one of them with a working fireplace.",
    "An open plan downstairs, quiet bedrooms upstairs.",
    "Wiring, pipes and roof were all renewed in the last ten years.",
    "Generous rooms, a separate utility room, and a pantry that deserves the name.",
    "Fast internet, a study that is really a study, and thick doors.",
    "Step-free from the street to every room.",
];

pub(super) const GROUNDS: [&str; 3] = [
    "Level ground with water, power and sewer at the boundary.",
    "Planning permission for one home of two storeys is granted.",
    "Surveyed, fenced, and reached by a tarred road.",
];

pub(super) const SURROUNDINGS: [&str; 8] = [
    "A bus to the centre leaves every ten minutes.",
    "Parking in front of the door, bicycles in the yard.",
    "The nearest hospital is a short drive away.",
    "There is a playground around the corner.",
    "Saturday's farmers' market sets up two streets away.",
    "The neighbourhood has a library, a swimming pool and two parks.",
    "Restaurants near by, nightlife far enough away.",
    "Good schools within walking distance.",
];

pub(super) const CLOSINGS: [&str; 6] = [
    "Viewings by appointment, evenings too.",
    "Available at once.",
    "Free from the first of next month.",
    "The owners are flexible about the date.",
    "Call us for a floor plan.",
    "Come and see it on a weekday morning, when the light is best.",
];
