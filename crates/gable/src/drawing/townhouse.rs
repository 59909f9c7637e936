//! A row of narrow houses, each with its own colour and gable; the one in the middle is the one.

use super::canvas::Area;
use super::colour::{Colour, ROOFS, WALLS, WHITE};
use super::sketch::{GROUND, Sketch};
use super::window::{Style, facade};
use super::{garden, roof};

pub(super) fn draw(sketch: &mut Sketch) {
    let count = sketch.dice.pick([3, 5]);
    let width = if count == 3 { sketch.dice.between(104, 120) } else { sketch.dice.between(84, 92) };
    let left = 320 - count * width / 2 + sketch.dice.between(-20, 20);
    garden::street(sketch);
    garden::frame(sketch, left, left + count * width, false);
    let mut before = WHITE;
    for index in 0..count {
        let own = index == count / 2;
        let paint = other_than(sketch, before);
        before = paint;
        let storeys = if own { (sketch.rooms - 1).clamp(2, 3) } else { sketch.dice.between(2, 3) };
        let wall = Area::standing(left + index * width, GROUND + 6, width, storeys * 54 + 8);
        narrow(sketch, wall, storeys, if own { paint.lighter() } else { paint });
    }
}

fn other_than(sketch: &mut Sketch, before: Colour) -> Colour {
    let paint = sketch.dice.pick(WALLS);
    if paint == before { sketch.dice.pick([WALLS[1], WALLS[6], WALLS[8]]).lighter() } else { paint }
}

fn narrow(sketch: &mut Sketch, wall: Area, storeys: i32, paint: Colour) {
    let cover = sketch.dice.pick(ROOFS);
    sketch.block(wall, paint);
    match sketch.dice.between(0, 4) {
        0 => stepped(sketch, wall, paint),
        1 => bell(sketch, wall, paint),
        2 => mansard(sketch, wall, cover),
        3 => cornice(sketch, wall, paint),
        _ => pointed(sketch, wall, (paint, cover)),
    }
    let style = Style::pick(sketch, false).sized(19, 31);
    let door = sketch.dice.between(0, 3);
    facade(sketch, wall, storeys, Some(door), style);
}

fn pointed(sketch: &mut Sketch, wall: Area, paints: (Colour, Colour)) {
    let inner = Area { x: wall.x + 8, width: wall.width - 16, ..wall };
    roof::gable(sketch, inner, wall.width * 9 / 20, paints);
    sketch.canvas.circle((wall.middle(), wall.y - wall.width / 6), 7, WHITE);
}

/// A gable of steps.
fn stepped(sketch: &mut Sketch, wall: Area, paint: Colour) {
    let step = wall.width / 8;
    for level in 0..4 {
        let area = Area {
            x: wall.x + step * level,
            y: wall.y - 14 * (level + 1),
            width: wall.width - 2 * step * level,
            height: 15,
        };
        sketch.block(area, paint);
        sketch.block(Area { height: 3, ..area }, WHITE);
    }
}

/// A gable curved like a bell.
fn bell(sketch: &mut Sketch, wall: Area, paint: Colour) {
    let (x, y, third) = (wall.x, wall.y + 1, wall.width / 3);
    let last = wall.width - 2 * third;
    let data = format!("M{x} {y}q{third} 0 {third}-44h{last}q0 44 {third} 44z");
    sketch.paint(&data, paint);
    sketch.paint(&format!("M{} {}a{} 14 0 0 1 {} 0z", x + third - 4, y - 43, last / 2 + 4, last + 8), WHITE);
    sketch.canvas.circle((wall.middle(), y - 22), 6, sketch.hour.shade(WHITE));
}

/// A steep roof with dormers.
fn mansard(sketch: &mut Sketch, wall: Area, cover: Colour) {
    let inner = Area { x: wall.x + 12, width: wall.width - 24, ..wall };
    roof::pitched(sketch, inner, 52, 12, cover);
    let style = Style::pick(sketch, false);
    roof::dormers(sketch, inner, 1, (WHITE, cover), style);
}

/// A straight top with a heavy moulding.
fn cornice(sketch: &mut Sketch, wall: Area, paint: Colour) {
    sketch.block(Area { x: wall.x, y: wall.y - 20, width: wall.width, height: 20 }, paint.darker());
    sketch.block(Area { x: wall.x - 2, y: wall.y - 26, width: wall.width + 4, height: 8 }, WHITE);
    sketch.block(Area { x: wall.x, y: wall.y - 2, width: wall.width, height: 4 }, WHITE);
}
