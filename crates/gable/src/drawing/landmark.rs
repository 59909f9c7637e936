//! What is none of the other kinds: a barn, a windmill, a lighthouse, a tent of a house, a houseboat.

use super::canvas::Area;
use super::colour::{DARK, GLOW, ROOFS, STONE, TRUNK, WALLS, WHITE, rgb};
use super::sketch::{GROUND, Sketch};
use super::window::{Style, Windows, entrance, facade};
use super::{garden, roof};

pub(super) fn draw(sketch: &mut Sketch) {
    let middle = 320 + sketch.dice.between(-60, 60);
    garden::frame(sketch, middle - 120, middle + 120, false);
    match sketch.dice.between(0, 4) {
        0 => barn(sketch, middle),
        1 => windmill(sketch, middle),
        2 => lighthouse(sketch, middle),
        3 => tent(sketch, middle),
        _ => houseboat(sketch, middle),
    }
    garden::bushes(sketch, middle - 150, middle - 110);
}

fn barn(sketch: &mut Sketch, middle: i32) {
    let paint = sketch.dice.pick([rgb(0xa63d2f), rgb(0x5b6b5d), rgb(0x8a5f3f), rgb(0x3f5f7d)]);
    let cover = sketch.dice.pick(ROOFS);
    let (left, right, eave) = (middle - 95, middle + 95, GROUND - 84);
    let points = [
        (left, GROUND),
        (left, eave),
        (left + 34, eave - 56),
        (middle, eave - 84),
        (right - 34, eave - 56),
        (right, eave),
        (right, GROUND),
    ];
    sketch.shape(&points, paint);
    let data = format!(
        "M{} {}L{} {}L{middle} {}L{} {}L{} {}",
        left - 8,
        eave + 8,
        left + 34,
        eave - 58,
        eave - 88,
        right - 34,
        eave - 58,
        right + 8,
        eave + 8
    );
    sketch.line(&data, cover, 10);
    let door = Area::standing(middle - 40, GROUND, 80, 72);
    sketch.block(door, paint.darker());
    let (x, y) = (door.x, door.y);
    sketch.line(&format!("M{x} {y}h80v72h-80zl80 72m0-72l-80 72"), WHITE, 4);
    let style = Style::pick(sketch, false).sized(26, 26);
    facade(sketch, Area { x: middle - 24, y: eave - 46, width: 48, height: 34 }, 1, None, style);
    garden::path(sketch, middle);
}

fn windmill(sketch: &mut Sketch, middle: i32) {
    let paint = sketch.dice.pick(WALLS);
    sketch.shape(
        &[(middle - 56, GROUND), (middle - 34, 178), (middle + 34, 178), (middle + 56, GROUND)],
        paint,
    );
    sketch.paint(&format!("M{} 180q40-60 80 0z", middle - 40), sketch.season.leaves[1].mix(DARK, 60));
    let style = Style::pick(sketch, false).sized(18, 24);
    let mut windows = Windows::default();
    for y in [204, 250] {
        windows.add(sketch, style, middle, y);
    }
    windows.draw(sketch, style);
    entrance(sketch, middle, GROUND, 42);
    sketch.line(&format!("M{} 82l152 152m0-152l-152 152", middle - 76), TRUNK, 5);
    let sails = format!(
        "M{} 92l48 48 12-12-48-48zM{} 80l-48 48 12 12 48-48zM{} 224l48-48 12 12-48 48zM{} 236l-48-48 12-12 48 48z",
        middle - 68,
        middle + 56,
        middle - 68,
        middle + 56
    );
    sketch.paint(&sails, WHITE);
    sketch.canvas.circle((middle, 158), 7, DARK);
    garden::path(sketch, middle);
}

fn lighthouse(sketch: &mut Sketch, middle: i32) {
    let paint = sketch.dice.pick([rgb(0xc0392b), rgb(0x2b4570), rgb(0x1f6f6b)]);
    let cottage = Area::standing(middle + 20, GROUND, 110, 58);
    sketch.block(cottage, WHITE);
    roof::pitched(sketch, cottage, 34, 10, paint.darker());
    let style = Style::pick(sketch, true).sized(20, 24);
    facade(sketch, Area { x: cottage.x + 24, width: 86, ..cottage }, 1, Some(0), style);
    sketch.shape(
        &[(middle - 40, GROUND), (middle - 24, 134), (middle + 24, 134), (middle + 40, GROUND)],
        WHITE,
    );
    for (y, half) in [(170, 28), (230, 33), (290, 38)] {
        sketch.shape(
            &[
                (middle - half, y + 30),
                (middle - half + 3, y),
                (middle + half - 3, y),
                (middle + half, y + 30),
            ],
            paint,
        );
    }
    sketch.block(Area { x: middle - 32, y: 128, width: 64, height: 8 }, DARK);
    sketch.canvas.fill(&Area { x: middle - 15, y: 98, width: 30, height: 30 }.data(), GLOW);
    sketch.shape(&[(middle - 22, 99), (middle, 74), (middle + 22, 99)], paint);
    if sketch.hour.lit > 30 {
        sketch.canvas.haze((middle, 113), 56, GLOW, 30);
    }
}

/// A house that is all roof.
fn tent(sketch: &mut Sketch, middle: i32) {
    let (wood, cover) =
        (sketch.dice.pick([rgb(0xb98555), rgb(0x8a5f3f), rgb(0xd8c3a0)]), sketch.dice.pick(ROOFS));
    sketch.shape(&[(middle - 98, GROUND), (middle, 138), (middle + 98, GROUND)], wood);
    sketch.line(&format!("M{} {GROUND}L{middle} 138L{} {GROUND}", middle - 104, middle + 104), cover, 14);
    let style = Style::pick(sketch, false).sized(26, 40);
    facade(sketch, Area { x: middle - 36, y: 206, width: 72, height: 50 }, 1, None, style);
    sketch.block(Area { x: middle - 56, y: 264, width: 112, height: 6 }, TRUNK);
    facade(sketch, Area { x: middle - 72, y: 270, width: 144, height: GROUND - 270 }, 1, Some(1), style);
    garden::path(sketch, middle);
}

fn houseboat(sketch: &mut Sketch, middle: i32) {
    let water = sketch.hour.shade(rgb(0x3c8fae)).mix(sketch.hour.sky.0, 25);
    sketch.canvas.fill("M0 322q320-10 640 0V400H0z", water);
    let (paint, hull) = (sketch.dice.pick(WALLS), sketch.dice.pick(ROOFS));
    let cabin = Area::standing(middle - 100, 330, 190, 66);
    sketch.block(cabin, paint);
    roof::flat(sketch, cabin, hull.darker());
    let upper = Area::standing(middle - 60, cabin.y - 8, 90, 44);
    sketch.block(upper, paint.lighter());
    roof::flat(sketch, upper, hull);
    let style = Style::pick(sketch, false).sized(24, 26);
    facade(sketch, upper, 1, None, style);
    facade(sketch, cabin, 1, Some(2), style);
    sketch.paint(&format!("M{} 330h270q-8 40-36 40H{}q-30 0-40-40z", middle - 136, middle - 96), hull);
    sketch.line(&format!("M{} 330v-26m30 26v-26m-34 2h38", middle + 96), STONE, 3);
    sketch.canvas.stroke("M30 384h60m40 8h90m180-6h110m40 8h60", water.lighter(), 3);
}
