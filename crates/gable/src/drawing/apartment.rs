//! A block of flats: four to nine storeys, balconies, shops or trees below.

use super::canvas::{Area, push};
use super::colour::{Colour, DARK, DOORS, STONE, WALLS, WHITE, rgb};
use super::sketch::{GROUND, Sketch};
use super::window::{Style, Windows, entrance};
use super::{garden, roof};

pub(super) fn draw(sketch: &mut Sketch) {
    let storeys = sketch.dice.between(4, 8);
    let columns = sketch.dice.between(4, 6);
    let width = columns * sketch.dice.between(36, 42);
    let x = 320 - width / 2 + sketch.dice.between(-70, 70);
    let wall = Area::standing(x, GROUND + 6, width, storeys * 30 + 34);
    let paint = sketch.dice.pick(WALLS);
    garden::street(sketch);
    neighbour(sketch, wall, paint);
    top(sketch, wall);
    sketch.block(wall, paint);
    shaded_side(sketch, wall, paint);
    flats(sketch, wall, (columns, storeys), paint);
    ground_floor(sketch, wall, paint);
    garden::frame(sketch, wall.x, wall.right(), false);
    if sketch.dice.chance(70) {
        lamp(sketch, wall.x - 34);
    }
}

/// A lower part beside the tower.
fn neighbour(sketch: &mut Sketch, wall: Area, paint: Colour) {
    let width = sketch.dice.between(70, 120);
    let left = sketch.dice.chance(50);
    let x = if left { wall.x - width } else { wall.right() };
    let storeys = sketch.dice.between(2, 3);
    let side = Area::standing(x, wall.base(), width, storeys * 34 + 30);
    sketch.block(side, paint.darker());
    roof::flat(sketch, side, STONE);
    let style = Style::pick(sketch, false).sized(18, 22);
    super::window::facade(sketch, Area { height: storeys * 34, ..side }, storeys, None, style);
}

/// What stands on the roof, behind its edge.
fn top(sketch: &mut Sketch, wall: Area) {
    let x = wall.x + wall.width * sketch.dice.between(2, 6) / 10;
    match sketch.dice.between(0, 2) {
        0 => sketch.block(Area::standing(x, wall.y, 44, 24), STONE),
        1 => sketch.line(&format!("M{x} {}v-44m-8 12h16m-12 9h8", wall.y), DARK, 3),
        _ => {
            let leaf = sketch.season.leaves[1];
            let y = wall.y;
            sketch.paint(&format!("M{x} {y}a14 16 0 0 1 28 0zM{} {y}a11 12 0 0 1 22 0z", x + 30), leaf);
        }
    }
    roof::flat(sketch, wall, WHITE);
}

fn shaded_side(sketch: &mut Sketch, wall: Area, paint: Colour) {
    let width = sketch.dice.between(10, 20);
    sketch.block(Area { x: wall.right() - width, width, ..wall }, paint.darker());
}

fn flats(sketch: &mut Sketch, wall: Area, (columns, storeys): (i32, i32), paint: Colour) {
    let style = Style::pick(sketch, false).sized(17, 19);
    let rail = sketch.dice.pick([WHITE, DARK, paint.darker(), matching(paint)]);
    let stride = sketch.dice.between(2, 3);
    let (mut windows, mut balconies) = (Windows::default(), String::new());
    for level in 0..storeys {
        for column in 0..columns {
            let x = wall.x + wall.width * (column * 2 + 1) / (columns * 2) - 4;
            let y = wall.y + 8 + level * 30;
            windows.add(sketch, style, x, y);
            if column % stride == 0 {
                push(&mut balconies, format_args!("M{} {}h32v9h-32z", x - 16, y + 12));
            }
        }
    }
    windows.draw(sketch, style);
    sketch.paint(&balconies, rail);
}

/// A paint that goes with the walls.
fn matching(paint: Colour) -> Colour {
    paint.mix(rgb(0x2f6f73), 60)
}

fn ground_floor(sketch: &mut Sketch, wall: Area, paint: Colour) {
    let front = Area::standing(wall.x, wall.base(), wall.width, 34);
    sketch.block(front, paint.mix(DARK, 45));
    entrance(sketch, wall.middle(), wall.base() - 1, 28);
    if sketch.dice.chance(60) {
        let awning = sketch.dice.pick(DOORS);
        for x in [wall.x + 10, wall.right() - 66] {
            sketch
                .canvas
                .fill(&Area { x: x + 3, y: front.y + 12, width: 50, height: 16 }.data(), super::colour::GLOW);
            sketch.shape(
                &[(x, front.y + 13), (x + 8, front.y + 2), (x + 48, front.y + 2), (x + 56, front.y + 13)],
                awning,
            );
        }
    }
}

/// A street lamp.
fn lamp(sketch: &mut Sketch, x: i32) {
    sketch.line(&format!("M{x} 356v-70q0-10 14-10"), DARK, 4);
    if sketch.hour.lit > 30 {
        sketch.canvas.haze((x + 16, 280), 22, super::colour::GLOW, 35);
    }
    sketch.canvas.circle((x + 16, 279), 5, super::colour::GLOW);
}
