//! A house: one or two storeys under a roof of five shapes, perhaps with dormers, a chimney, a garage.

use super::canvas::Area;
use super::colour::{Colour, ROOFS, WALLS, WHITE};
use super::sketch::{GROUND, Sketch};
use super::window::{Style, facade};
use super::{garden, roof};

/// What a house is built of.
struct Plan {
    wall: Area,
    storeys: i32,
    rise: i32,
    paint: Colour,
    roof: Colour,
    style: Style,
}

pub(super) fn draw(sketch: &mut Sketch) {
    let plan = plan(sketch);
    let wall = plan.wall;
    garden::frame(sketch, wall.x - 60, wall.right() + 60, false);
    if sketch.rooms >= 4 {
        garage(sketch, &plan);
    }
    if sketch.dice.chance(70) {
        let x = wall.x + wall.width * sketch.dice.pick([2, 7]) / 10;
        roof::chimney(sketch, x, wall.y - plan.rise - 8, plan.rise);
    }
    sketch.block(wall, plan.paint);
    let door = match sketch.dice.between(0, 4) {
        0 => long_roof(sketch, &plan),
        1 => front_gable(sketch, &plan),
        2 => wing(sketch, &plan),
        3 => hipped(sketch, &plan),
        _ => twin_gables(sketch, &plan),
    };
    before(sketch, &plan, door);
}

fn plan(sketch: &mut Sketch) -> Plan {
    let storeys = if sketch.rooms >= 4 || (sketch.rooms == 3 && sketch.dice.chance(50)) { 2 } else { 1 };
    let width = (150 + sketch.rooms * 16 + sketch.dice.between(0, 30)).min(270);
    let height = storeys * sketch.dice.between(62, 68) + 6;
    let x = 320 - width / 2 + sketch.dice.between(-50, 50);
    Plan {
        wall: Area::standing(x, GROUND, width, height),
        storeys,
        rise: sketch.dice.between(58, 92),
        paint: sketch.dice.pick(WALLS),
        roof: sketch.dice.pick(ROOFS),
        style: Style::pick(sketch, true),
    }
}

fn openings(sketch: &mut Sketch, plan: &Plan) -> i32 {
    let door = sketch.dice.between(0, 3);
    facade(sketch, plan.wall, plan.storeys, Some(door), plan.style);
    plan.wall.middle()
}

fn long_roof(sketch: &mut Sketch, plan: &Plan) -> i32 {
    roof::pitched(sketch, plan.wall, plan.rise, plan.rise / 5, plan.roof);
    if sketch.dice.chance(60) {
        let count = if plan.wall.width > 200 { 3 } else { 2 };
        roof::dormers(sketch, plan.wall, count, (plan.paint, plan.roof), plan.style);
    }
    openings(sketch, plan)
}

fn front_gable(sketch: &mut Sketch, plan: &Plan) -> i32 {
    let rise = plan.wall.width * 2 / 5;
    roof::gable(sketch, plan.wall, rise, (plan.paint.lighter(), plan.roof));
    let attic = Area { x: plan.wall.middle() - 25, y: plan.wall.y - rise / 2 - 8, width: 50, height: 40 };
    facade(sketch, attic, 1, None, plan.style.bare().sized(24, 28));
    openings(sketch, plan)
}

fn wing(sketch: &mut Sketch, plan: &Plan) -> i32 {
    let wall = plan.wall;
    roof::pitched(sketch, wall, plan.rise, plan.rise / 5, plan.roof);
    let width = wall.width * 2 / 5;
    let left = sketch.dice.chance(50);
    let x = if left { wall.x - 8 } else { wall.right() - width + 8 };
    let front = Area { x, width, ..wall };
    let rest = Area { x: if left { x + width } else { wall.x }, width: wall.width - width + 8, ..wall };
    facade(sketch, rest, plan.storeys, Some(i32::from(!left) * 9), plan.style);
    sketch.block(front, plan.paint.lighter());
    roof::gable(sketch, front, width * 9 / 20, (plan.paint.lighter(), plan.roof.darker()));
    facade(sketch, front, plan.storeys, None, plan.style);
    rest.middle()
}

fn hipped(sketch: &mut Sketch, plan: &Plan) -> i32 {
    roof::pitched(sketch, plan.wall, plan.rise * 4 / 5, plan.wall.width / 4, plan.roof);
    openings(sketch, plan)
}

fn twin_gables(sketch: &mut Sketch, plan: &Plan) -> i32 {
    let half = plan.wall.width / 2;
    for x in [plan.wall.x, plan.wall.x + half] {
        let front = Area { x, width: half, ..plan.wall };
        roof::gable(sketch, front, half / 2, (plan.paint, plan.roof));
    }
    openings(sketch, plan)
}

fn garage(sketch: &mut Sketch, plan: &Plan) {
    let left = sketch.dice.chance(50);
    let x = if left { plan.wall.x - 84 } else { plan.wall.right() };
    let wall = Area::standing(x, GROUND, 84, 66);
    sketch.block(wall, plan.paint.darker());
    roof::pitched(sketch, wall, 26, 14, plan.roof.darker());
    sketch.block(Area::standing(x + 12, GROUND, 60, 46), WHITE);
    let data = format!("M{} {}h60m-60 11h60m-60 11h60", x + 12, GROUND - 35);
    sketch.line(&data, plan.paint.darker(), 2);
}

fn before(sketch: &mut Sketch, plan: &Plan, door: i32) {
    garden::path(sketch, door);
    garden::bushes(sketch, plan.wall.x - 30, plan.wall.x + 20);
    garden::bushes(sketch, plan.wall.right() - 24, plan.wall.right() + 40);
    if sketch.dice.chance(45) {
        garden::fence(sketch, door);
    }
}
