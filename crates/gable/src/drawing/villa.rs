//! A villa: long and low, flat or tiled, with a terrace, a pool and palms.

use super::canvas::{Area, push};
use super::colour::{Colour, ROOFS, STONE, TRUNK, WHITE, rgb};
use super::sketch::{GROUND, Sketch};
use super::window::{Style, Windows, facade};
use super::{garden, roof};

pub(super) fn draw(sketch: &mut Sketch) {
    let width = (250 + sketch.rooms * 12).min(340);
    let wall = Area::standing(320 - width / 2 + sketch.dice.between(-30, 30), GROUND, width, 74);
    let palms = sketch.dice.chance(70);
    garden::frame(sketch, wall.x, wall.right(), palms);
    if sketch.dice.chance(50) {
        modern(sketch, wall)
    } else {
        tiled(sketch, wall)
    }
    terrace(sketch, wall);
    pool(sketch);
    let left = sketch.dice.chance(50);
    let x = if left { wall.x - 36 } else { wall.right() + 36 };
    if palms {
        garden::palm(sketch, x, 120)
    } else {
        garden::tree(sketch, x, 120)
    }
    garden::bushes(sketch, wall.x - 50, wall.x - 6);
}

/// White boxes, one set on the other, with wide glass.
fn modern(sketch: &mut Sketch, wall: Area) {
    let paint = sketch.dice.pick([WHITE, rgb(0xeae4d8), rgb(0xdfe4e6)]);
    let accent = sketch.dice.pick([rgb(0x8a5f3f), rgb(0x4a5560), rgb(0xb5623f)]);
    let width = wall.width * sketch.dice.between(5, 7) / 10;
    let left = sketch.dice.chance(50);
    let upper = Area {
        x: if left { wall.x - 14 } else { wall.right() - width + 14 },
        y: wall.y - 66,
        width,
        height: 66,
    };
    sketch.block(wall, paint.darker());
    sketch.block(upper, paint);
    roof::flat(sketch, upper, paint.lighter());
    roof::flat(sketch, wall, paint.lighter());
    let panel = if left { upper.x + 8 } else { upper.right() - 48 };
    sketch.block(Area { x: panel, y: upper.y + 2, width: 40, height: 56 }, accent);
    let rest = Area { x: if left { upper.x + 50 } else { upper.x }, width: width - 50, ..upper };
    let style = Style::pick(sketch, false).bare().sized(40, 42);
    facade(sketch, rest, 1, None, style);
    facade(sketch, wall, 1, Some(1), style.sized(44, 48));
}

/// Tiles, arches and a tower.
fn tiled(sketch: &mut Sketch, wall: Area) {
    let paint = sketch.dice.pick([rgb(0xf6e7cd), rgb(0xf3ccab), rgb(0xfaf3e6), rgb(0xeac08d)]);
    let cover = sketch.dice.pick([rgb(0xb5623f), rgb(0xa5482f), ROOFS[2]]);
    let width = sketch.dice.between(90, 120);
    let x = sketch.dice.between(wall.x + 10, wall.right() - width - 10);
    let tower = Area { x, y: wall.y - 62, width, height: 90 };
    sketch.block(tower, paint.lighter());
    roof::pitched(sketch, tower, 34, 40, cover);
    let style = Style::pick(sketch, true).sized(22, 32);
    facade(sketch, Area { height: 58, ..tower }, 1, None, style);
    sketch.block(wall, paint);
    roof::pitched(sketch, wall, 36, 34, cover.darker());
    arches(sketch, wall, paint);
}

/// An arcade: arched openings, some with light behind them.
fn arches(sketch: &mut Sketch, wall: Area, paint: Colour) {
    let count = wall.width / 48;
    let (mut data, mut windows) = (String::new(), Windows::default());
    let style = Style::pick(sketch, false).sized(18, 30);
    for index in 0..count {
        let x = wall.x + wall.width * (index * 2 + 1) / (count * 2);
        push(&mut data, format_args!("M{} {GROUND}v-40a17 17 0 0 1 34 0v40z", x - 17));
        windows.add(sketch, style, x, GROUND - 34);
    }
    sketch.paint(&data, paint.darker().darker());
    windows.draw(sketch, style);
}

fn terrace(sketch: &mut Sketch, wall: Area) {
    sketch.block(Area { x: wall.x - 26, y: GROUND - 1, width: wall.width + 52, height: 12 }, STONE.lighter());
}

fn pool(sketch: &mut Sketch) {
    let x = sketch.dice.between(180, 400);
    let water = sketch.hour.shade(rgb(0x4fc0cf)).mix(sketch.hour.sky.0, 15);
    let (outer, inner) = ((104, 22), (96, 17));
    sketch.canvas.ellipse((x, 374), outer, sketch.hour.shade(WHITE));
    sketch.canvas.ellipse((x, 375), inner, water);
    let data = format!("M{} 371h34m14 6h40m-66 5h26", x - 50);
    sketch.canvas.stroke(&data, water.lighter(), 2);
    if sketch.dice.chance(60) {
        let x = x + 130;
        sketch.line(&format!("M{x} 388v-46"), TRUNK, 3);
        let shade = sketch.dice.pick([sketch.season.flowers, rgb(0x2f6f73), rgb(0xd9952b)]);
        sketch.paint(&format!("M{} 348q34-34 68 0z", x - 34), shade);
    }
}
